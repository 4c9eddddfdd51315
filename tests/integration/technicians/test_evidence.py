"""Evidence files of certificates: who keeps and reads them, what is taken, and that none is kept by halves (CP-92)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from fieldmesh.technicians.v1 import evidence_service_pb2, evidence_service_pb2_grpc, technician_certification_pb2
from PIL import Image
from sqlalchemy import select

from services.chassis.blobs import CHUNK_BYTES, FileTooLarge
from services.chassis.credentials import PersonCredentials
from services.chassis.errors import AlreadyExists, InvalidRequest, NotAllowed, NotFound, StaleEtag, WrongState
from services.chassis.grpc_channel import Channels
from services.chassis.grpc_server import RpcServer, ServerLimits
from services.chassis.identity import Call, Caller, calling
from services.chassis.keys import PublicKeys, ensure_keys, signing_key
from services.chassis.metrics import RpcMetrics
from services.chassis.tables import OWN
from services.chassis.tokens import TokenSigner, TokenVerifier, UserGrant
from tests.integration.technicians.conftest import CLI, MEGABYTES, House, day
from tests.support.patience import eventually
from tests.support.pictures import GPS, ORIENTATION, picture

S = evidence_service_pb2
PDF = b"%PDF-1.7\n" + b"a certificate\n" * 40_000 + b"%%EOF\n"
FILE = "evidence_name", "evidence_media_type", "evidence_size_bytes"


def pieces(description: Any, content: bytes, part: Any = S.UploadEvidenceRequest) -> Iterator[Any]:
    yield part(description=description)
    for start in range(0, len(content), CHUNK_BYTES):
        yield part(chunk=content[start : start + CHUNK_BYTES])


def upload(house: House, held: Any, content: bytes = PDF, caller: Any = None, **more: Any) -> Any:
    asked = {"id": held.id, "etag": held.etag, "name": "certificate.pdf", "size_bytes": len(content), **more}
    return sent(house, caller or house.partner, pieces(S.EvidenceDescription(**asked), content))


def sent(house: House, caller: Caller, parts: Iterable[Any], method: str = "UploadEvidence") -> Any:
    with calling(Call(caller, "r-1")):
        return getattr(house.app.evidence_files, method)(iter(parts), None)


def download(house: House, held: Any, caller: Any = None) -> tuple[Any, bytes]:
    with calling(Call(caller or house.partner, "r-1")):
        request = S.DownloadEvidenceRequest(id=held.id)
        first, *rest = house.app.evidence_files.DownloadEvidence(request, None)
    return first.file, b"".join(part.chunk for part in rest)


def remove(house: House, held: Any, caller: Any = None, **more: Any) -> Any:
    return house.call("RemoveEvidence", caller or house.partner, **{"id": held.id, "etag": held.etag, **more})


def row(house: House, held: Any) -> Any:
    return house.call("GetTechnicianCertification", id=held.id)


def stored(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def named(refusal: Any) -> list[tuple[str, str]]:
    return [(violation.field, violation.description) for violation in refusal.value.violations]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.fixture
def held(house: House) -> Any:
    return house.certify(house.technician("Rosa Imani", house.bluefern), "VT40-CM")


@pytest.mark.req("CP-92")
def test_a_pdf_comes_back_byte_by_byte_in_small_chunks(house: House, held: Any, folder: Path) -> None:
    kept = upload(house, held)

    file, content = download(house, held)

    assert [getattr(kept, name) for name in FILE] == ["certificate.pdf", "application/pdf", len(PDF)]
    assert (file.name, file.media_type, file.size_bytes) == ("certificate.pdf", "application/pdf", len(PDF))
    assert (content, file.sha256) == (PDF, kept.evidence_sha256)
    assert stored(folder) == [PDF]
    listed = house.call("ListCredentials", house.partner).credentials[0]
    assert [getattr(listed, name) for name in (*FILE, "evidence_id")] == [
        getattr(kept, name) for name in (*FILE, "evidence_id")
    ]


@pytest.mark.req("CP-92")
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_of_a_picture_everything_is_kept_but_what_the_camera_wrote(house: House, held: Any, kind: str) -> None:
    given = picture(kind, tags={ORIENTATION: 6})
    assert Image.open(io.BytesIO(given)).getexif().get_ifd(GPS)

    kept = upload(house, held, given, name="scan.pdf")
    file, content = download(house, held)

    ending = {"JPEG": ".jpg", "PNG": ".png"}[kind]
    assert (file.name, file.media_type) == (f"scan.pdf{ending}", f"image/{kind.lower()}")
    assert (file.size_bytes, kept.evidence_size_bytes) == (len(content), len(content))
    with Image.open(io.BytesIO(content)) as shown:
        assert (shown.format, shown.size, dict(shown.getexif())) == (kind, (900, 600), {ORIENTATION: 6})
        assert {"xmp", "comment"} & set(shown.info) == set()
    assert b"Phone maker" not in content
    assert b"Taken at home" not in content


@pytest.mark.req("CP-92")
@pytest.mark.parametrize(
    ("content", "found"),
    [
        (picture("GIF"), "a GIF picture"),
        (picture("WEBP"), "a WebP picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "HTML, XML or a script"),
        (b"certified", "a text"),
        (b"MZ" + bytes(200), "a kind of file that is not kept here"),
        (picture()[:-400], "a picture that cannot be read"),
    ],
    ids=["gif", "webp", "svg", "text", "program", "cut"],
)
def test_what_it_is_decides_and_not_its_name(house: House, held: Any, folder: Path, content: bytes, found: str) -> None:
    before = upload(house, held)

    with pytest.raises(InvalidRequest) as refusal:
        upload(house, before, content, name="certificate.pdf")

    assert refusal.value.reason == "FILE_TYPE_NOT_ALLOWED"
    assert named(refusal) == [("evidence", f"must be a PDF, JPEG or PNG; this is {found}")]
    assert row(house, held) == before
    assert stored(folder) == [PDF]


@pytest.mark.req("CP-92")
def test_a_file_is_as_large_as_the_installation_allows_and_no_larger(house: House, held: Any, folder: Path) -> None:
    limit = MEGABYTES * 1_000_000
    largest = b"%PDF-1.7\n".ljust(limit, b"x")

    fits = upload(house, held, largest)
    with pytest.raises(FileTooLarge) as announced:
        upload(house, fits, largest + b"x")
    with pytest.raises(FileTooLarge) as lied:
        upload(house, fits, largest + b"x", size_bytes=10)

    said = [("evidence", f"must be of at most {MEGABYTES} MB")]
    assert (named(announced), named(lied)) == (said, said)
    assert [len(content) for content in stored(folder)] == [limit]


def test_a_name_a_size_and_a_description_are_needed(house: House, held: Any, folder: Path) -> None:
    with pytest.raises(InvalidRequest) as nameless:
        upload(house, held, name=" / \n", size_bytes=0)
    with pytest.raises(InvalidRequest) as headless:
        sent(house, house.partner, [S.UploadEvidenceRequest(chunk=PDF)])
    with pytest.raises(InvalidRequest):
        upload(house, held, name="x" * 201)
    folders = upload(house, held, name="C:\\scans\\Rosa\u202e.PDF")

    assert [field for field, _ in named(nameless)] == ["name", "size_bytes"]
    assert [field for field, _ in named(headless)] == ["description"]
    assert folders.evidence_name == "Rosa.PDF"
    assert len(stored(folder)) == 1


@pytest.mark.req("CP-92")
@pytest.mark.req("R-4")
def test_evidence_is_read_with_the_certificate_and_kept_by_its_office(house: House, held: Any) -> None:
    noor = house.technician("Noor Aziz", house.bluefern)
    herself = house.caller("rosa", house.bluefern, "partner", held.technician_id)
    colleague = house.caller("noor", house.bluefern, "partner", noor.id)
    reviewer = Caller(
        "person-rev", "Rev", roles=frozenset({"approver"}), organization_id=house.bluefern.id,
        organization_kind="partner",
    )  # fmt: skip

    kept = upload(house, held)
    for reader in (herself, house.partner, house.dispatcher, reviewer, CLI):
        assert download(house, held, reader)[1] == PDF
    for stranger in (house.partner2, colleague):
        with pytest.raises(NotFound):
            download(house, kept, stranger)
        with pytest.raises(NotFound):
            upload(house, kept, caller=stranger)
        with pytest.raises(NotFound):
            remove(house, kept, stranger)
    for reader in (herself, reviewer):
        with pytest.raises(NotAllowed):
            upload(house, kept, caller=reader)
        with pytest.raises(NotAllowed):
            remove(house, kept, reader)

    assert row(house, held) == kept
    for office in (house.dispatcher, CLI):
        kept = upload(house, kept, caller=office)
    with pytest.raises(NotFound, match="no evidence"):
        download(house, house.certify(noor, "VT40-CM"))


@pytest.mark.req("CP-91")
@pytest.mark.req("CP-93")
def test_who_looks_for_somebody_free_is_told_of_certificates_and_not_of_files(house: House, held: Any) -> None:
    free = house.certify(house.technician("Free Hand", email="free@example.com"), "VT40-CM")
    upload(house, held)
    upload(house, free, caller=house.dispatcher, name="Free-Hand-1990-05-02.pdf")

    def told(**asked: Any) -> list[tuple[str, str, str]]:
        found = house.call("SearchRoster", house.partner, **asked).entries[0].credentials
        return [(each.code, each.evidence_name, each.evidence_id) for each in found]

    assert told(email="free@example.com") == [("VT40-CM", "", "")]
    assert [name for _, name, _ in told(my_organization=True)] == ["certificate.pdf"]
    with pytest.raises(NotFound):
        download(house, free)


@pytest.mark.req("CP-92")
def test_another_file_takes_its_place_and_the_record_of_changes_tells_of_both(
    house: House, held: Any, folder: Path
) -> None:
    other = b"%PDF-1.4 renewed"

    first = upload(house, held, name="old.pdf")
    with pytest.raises(StaleEtag):
        upload(house, held, other)
    assert stored(folder) == [PDF]
    second = upload(house, first, other, name="new.pdf")
    gone = remove(house, second)

    assert (first.evidence_id != second.evidence_id, second.evidence_sha256 != first.evidence_sha256) == (True, True)
    assert [getattr(gone, name) for name in (*FILE, "evidence_id")] == ["", "", 0, ""]
    assert stored(folder) == []
    with pytest.raises(NotFound):
        download(house, held)
    with pytest.raises(StaleEtag):
        remove(house, second)
    assert remove(house, gone) == gone
    with house.database.read() as connection:
        audited = connection.execute(select(OWN.audit).where(OWN.audit.c.resource_id == held.id)).all()
    told = [
        (each.actor_subject, change["old_value"], change["new_value"])
        for each in audited
        for change in each.changes
        if change["field"] == "evidence_name"
    ]
    assert sorted(told) == sorted([
        ("person-partner", "", "old.pdf"), ("person-partner", "old.pdf", "new.pdf"), ("person-partner", "new.pdf", ""),
    ])  # fmt: skip


def test_a_repeated_upload_is_done_once_and_stores_nothing_more(house: House, held: Any, folder: Path) -> None:
    first = upload(house, held, request_id="once")
    again = upload(house, held, request_id="once")
    with pytest.raises(AlreadyExists):
        upload(house, held, b"%PDF-1.4 another", request_id="once")
    removed = remove(house, first, request_id="gone")

    assert first == again
    assert remove(house, first, request_id="gone") == removed
    assert stored(folder) == []


@pytest.mark.req("CP-92")
def test_the_evidence_of_a_revoked_certificate_stays(house: House, held: Any, folder: Path) -> None:
    kept = upload(house, held)

    house.call("RevokeCredential", house.dispatcher, id=held.id, etag=kept.etag, reason="Issued in error")

    revoked = row(house, held)
    for changed in (lambda: upload(house, revoked, b"%PDF-1.4 other"), lambda: remove(house, revoked)):
        with pytest.raises(WrongState, match="stays as it is") as refusal:
            changed()
        assert refusal.value.reason == "CREDENTIAL_REVOKED"
    assert download(house, held)[1] == PDF
    assert stored(folder) == [PDF]
    assert revoked.evidence_id == kept.evidence_id


@pytest.mark.req("CP-92")
def test_a_certificate_is_entered_with_its_evidence_or_not_at_all(house: House, folder: Path) -> None:
    rosa = house.technician("Rosa Imani", house.bluefern)
    wanted = technician_certification_pb2.TechnicianCertification(
        technician_id=rosa.id, certification_id=house.certification("VT40-CM"), issue_date=day(date(2026, 6, 1))
    )

    def record(content: bytes = PDF, caller: Caller = house.dispatcher, **more: Any) -> Any:
        asked = {"technician_certification": wanted, "name": "proof.pdf", "size_bytes": len(content), **more}
        parts = pieces(S.CertificationDescription(**asked), content, S.RecordCertificationRequest)
        return sent(house, caller, parts, "RecordCertification")

    with pytest.raises(InvalidRequest) as wrong_file:
        record(b"no certificate")
    with pytest.raises(NotAllowed):
        record(caller=house.partner)
    assert (house.call("ListCredentials", house.partner).counts.total, stored(folder)) == (0, [])
    made = record(request_id="once")
    with pytest.raises(AlreadyExists):
        record()
    wanted.ClearField("issue_date")
    with pytest.raises(InvalidRequest) as dateless:
        record()

    assert [field for field, _ in named(wrong_file)] == ["evidence"]
    assert [field for field, _ in named(dateless)] == ["issue_date"]
    assert (made.certification_code, made.evidence_name) == ("VT40-CM", "proof.pdf")
    assert row(house, made) == made
    assert (download(house, made)[1], stored(folder)) == (PDF, [PDF])


@pytest.mark.req("CP-92")
def test_a_stream_that_breaks_leaves_nothing(house: House, held: Any, folder: Path) -> None:
    before = upload(house, held)
    described = S.EvidenceDescription(id=held.id, etag=before.etag, name="new.pdf", size_bytes=len(PDF))

    def broken() -> Iterator[Any]:
        parts = pieces(described, PDF)
        yield next(parts)
        yield next(parts)
        raise ConnectionError("the line went dead")

    with pytest.raises(ConnectionError):
        sent(house, house.partner, broken())
    with pytest.raises(InvalidRequest) as half:
        sent(house, house.partner, pieces(described, PDF[:1000]))

    assert named(half) == [("evidence", f"did not come whole: 1,000 of {len(PDF):,} bytes")]
    assert row(house, held) == before
    assert stored(folder) == [PDF]


@pytest.fixture
def over_the_wire(house: House, tmp_path: Path) -> Iterator[Callable[[Caller], Any]]:
    """Gives stubs of the service behind a real socket, for a person."""
    ensure_keys(tmp_path / "keys")
    verifier = TokenVerifier("technicians", PublicKeys(tmp_path / "keys"))
    server = RpcServer("127.0.0.1:0", ServerLimits.main(8), verifier, RpcMetrics("technicians"))
    server.add_servicer(S.DESCRIPTOR.services_by_name["EvidenceService"], house.app.evidence_files)
    server.start()
    server.serving()
    opened: list[Channels] = []

    def stub(caller: Caller) -> Any:
        grant = UserGrant(
            caller.subject, caller.name, caller.roles, caller.organization_id, caller.organization_kind,
            caller.technician_id,
        )  # fmt: skip
        signer = TokenSigner(signing_key(tmp_path / "keys", "admin"))
        opened.append(Channels({"technicians": server.address}, PersonCredentials(signer, lambda: grant)))
        return opened[-1].stub(evidence_service_pb2_grpc.EvidenceServiceStub, "technicians")

    yield stub
    for channels in opened:
        channels.close()
    server.stop(0).wait(5)


@pytest.mark.req("CP-92")
def test_over_a_socket_files_travel_and_refusals_name_the_field(
    house: House, held: Any, over_the_wire: Callable[[Caller], Any]
) -> None:
    office = over_the_wire(house.partner)
    described = S.EvidenceDescription(id=held.id, etag=held.etag, name="proof.pdf", size_bytes=len(PDF))

    kept = office.UploadEvidence(pieces(described, PDF))
    parts = list(office.DownloadEvidence(S.DownloadEvidenceRequest(id=held.id)))

    assert b"".join(part.chunk for part in parts) == PDF
    assert max(len(part.chunk) for part in parts) <= CHUNK_BYTES
    described.etag, described.size_bytes = kept.etag, 9
    with pytest.raises(InvalidRequest) as refusal:
        office.UploadEvidence(pieces(described, b"plain words"[:9]))
    assert [field for field, _ in named(refusal)] == ["evidence"]
    with pytest.raises(NotFound):
        list(over_the_wire(house.partner2).DownloadEvidence(S.DownloadEvidenceRequest(id=held.id)))
    herself = house.caller("rosa", house.bluefern, "partner", held.technician_id)
    with pytest.raises(NotAllowed):
        over_the_wire(herself).UploadEvidence(pieces(described, PDF))


@pytest.mark.req("CP-92")
def test_a_caller_who_leaves_in_the_middle_leaves_nothing(
    house: House, held: Any, folder: Path, over_the_wire: Callable[[Caller], Any]
) -> None:
    office = over_the_wire(house.partner)
    described = S.EvidenceDescription(id=held.id, etag=held.etag, name="proof.pdf", size_bytes=len(PDF))

    def leaving() -> Iterator[Any]:
        parts = pieces(described, PDF)
        yield next(parts)
        yield next(parts)
        raise grpc.RpcError

    with pytest.raises(Exception):  # noqa: B017, PT011 - grpc's own, of the call that ended
        office.UploadEvidence(leaving())
    again = eventually(lambda: office.UploadEvidence(pieces(described, PDF)))

    assert (row(house, held), stored(folder)) == (again, [PDF])


def test_only_old_contents_without_a_certificate_are_swept(house: House, held: Any, folder: Path) -> None:
    upload(house, held)
    (folder / "left-behind").write_bytes(b"%PDF-1.4 nobody's")
    tomorrow = datetime.now().astimezone() + timedelta(hours=25)

    young = house.app.evidence.sweep(datetime.now().astimezone())
    old = house.app.evidence.sweep(tomorrow)

    assert (young, old) == (0, 1)
    assert stored(folder) == [PDF]
