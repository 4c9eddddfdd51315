"""The file that proves a certificate, as people upload, open and remove it (CP-92)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from fieldmesh.technicians.v1 import credential_service_pb2, evidence_service_pb2
from fieldmesh.technicians.v1.certification_pb2 import Certification
from fieldmesh.technicians.v1.technician_certification_pb2 import TechnicianCertification
from google.type.date_pb2 import Date

from services.chassis.blobs import FileTooLarge
from services.chassis.errors import InvalidRequest, NotFound, StaleEtag, Violation
from tests.support.markup import read
from tests.support.memory_data import ident

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = "/fieldmesh.technicians.v1.EvidenceService"
LISTED = "/fieldmesh.technicians.v1.CredentialService/ListCredentials"
HELD = "fieldmesh.technicians.v1.TechnicianCertification"
ROSA, CODE, ONE = ident("technician", 1), ident("certification", "VT40-CM"), ident("held", "VT40-CM")
RECORD = f"/technician-certifications/{ONE}"
FILE = f"{RECORD}/evidence"
PDF = b"%PDF-1.7 " + bytes(300_000)


class Cabinet:
    """Where the service keeps evidence; `sent` are the messages of each upload."""

    def __init__(self, mesh: Any) -> None:
        self.mesh, self.refusal, self.content = mesh, None, b""
        self.sent: list[list[Any]] = []
        self.removed: list[Any] = []
        mesh.put(Certification(id=CODE, code="VT40-CM", name="Corrective maintenance", active=True))
        issued = Date(year=2026, month=1, day=5)
        mesh.put(
            TechnicianCertification(
                id=ONE, technician_id=ROSA, certification_id=CODE, certification_code="VT40-CM", issue_date=issued
            )
        )
        self.verbs = {
            f"{FILES}/UploadEvidence": self.upload,
            f"{FILES}/RecordCertification": self.record,
            f"{FILES}/DownloadEvidence": self.download,
            f"{FILES}/RemoveEvidence": self.remove,
            LISTED: self.listed,
        }

    @property
    def held(self) -> Any:
        return self.mesh.rows[HELD][ONE]

    def keep(self, name: str = "rosa.pdf", kind: str = "application/pdf", content: bytes = PDF) -> Any:
        self.content = content
        held = self.held
        held.evidence_name, held.evidence_media_type, held.evidence_id = name, kind, "e-1"
        held.evidence_size_bytes = len(content)
        return held

    def upload(self, requests: Any, _caller: Any) -> Any:
        self.sent.append(requests)
        if self.refusal:
            raise self.refusal
        return self.keep(requests[0].description.name, content=b"".join(each.chunk for each in requests[1:]))

    def record(self, requests: Any, caller: Any) -> Any:
        made = self.upload(requests, caller)
        made.issue_date.CopyFrom(requests[0].description.technician_certification.issue_date)
        return made

    def download(self, _request: Any, _caller: Any) -> Any:
        if not self.held.evidence_name:
            raise NotFound("This certificate has no evidence file.")
        held = self.held
        described = evidence_service_pb2.EvidenceFile(
            name=held.evidence_name, media_type=held.evidence_media_type, size_bytes=held.evidence_size_bytes
        )
        answer = evidence_service_pb2.DownloadEvidenceResponse
        return iter([answer(file=described), answer(chunk=self.content)])

    def remove(self, request: Any, _caller: Any) -> Any:
        if self.refusal:
            raise self.refusal
        self.removed.append(request)
        self.held.evidence_name = ""
        return self.held

    def listed(self, _request: Any, _caller: Any) -> Any:
        held = self.held
        state = credential_service_pb2.CREDENTIAL_STATE_REVOKED if held.HasField("revoke_time") else 1
        told = credential_service_pb2.Credential(
            id=ONE, technician_name="Rosa Imani", code="VT40-CM", issue_date=held.issue_date, state=state,
            evidence_name=held.evidence_name, evidence_media_type=held.evidence_media_type,
            evidence_size_bytes=held.evidence_size_bytes, evidence_id=held.evidence_id,
        )  # fmt: skip
        return credential_service_pb2.ListCredentialsResponse(credentials=[told])


@pytest.fixture
def cabinet(mesh: Any) -> Iterator[Cabinet]:
    made = Cabinet(mesh)
    with mesh.answering(made.verbs):
        yield made


def shown(person: Any, url: str = RECORD) -> Any:
    answer = person.get(url)
    assert answer.status_code == 200, answer.text
    return read(answer.text).one("main")


def send(person: Any, content: bytes = PDF, name: str = "rosa.pdf", etag: str = "seen") -> Any:
    data = {"request_key": "key-1", "etag_seen": etag, "evidence": (io.BytesIO(content), name)}
    return person.post(FILE, data, content_type="multipart/form-data")


def card(main: Any) -> Any:
    return main.one("section", id="evidence-file")


@pytest.mark.req("CP-92")
@pytest.mark.parametrize("login", ["partner", "dispatcher", "admin"])
def test_a_file_is_uploaded_named_with_kind_and_size_and_downloaded(sign_in: Any, cabinet: Cabinet, login: str) -> None:
    person = sign_in(login)
    assert "No file yet." in card(shown(person)).text

    answer = send(person)

    assert (answer.status_code, answer.headers["Location"]) == (302, RECORD)
    first, *rest = cabinet.sent[0]
    described = first.description
    assert (described.id, described.etag, described.name) == (ONE, "seen", "rosa.pdf")
    assert (described.size_bytes, described.request_id) == (len(PDF), "key-1")
    assert [len(piece.chunk) for piece in rest] == [262_144, len(PDF) - 262_144]
    main = shown(person)
    assert main.one("div", class_="notice-success").text == "rosa.pdf was saved as evidence."
    assert "rosa.pdf PDF, 293.0 KiB" in card(main).text
    link = card(main).one("p", class_="evidence-file").one("a").attributes["href"]
    served = person.get(link)
    assert (served.data, served.mimetype) == (PDF, "application/octet-stream")
    assert served.headers["Content-Disposition"] == "attachment; filename*=UTF-8''rosa.pdf"
    assert served.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert (served.headers["X-Content-Type-Options"], served.headers["Content-Length"]) == ("nosniff", str(len(PDF)))


@pytest.mark.req("CP-92")
def test_a_picture_opens_in_the_page_and_can_be_downloaded(sign_in: Any, cabinet: Cabinet) -> None:
    cabinet.keep("Прова.png", "image/png", b"\x89PNG picture")
    person = sign_in("partner")

    served = person.get(FILE)
    shown_content = served.data
    saved = person.get(f"{FILE}?download=1")

    assert (shown_content, saved.data, served.mimetype) == (cabinet.content, cabinet.content, "image/png")
    assert served.headers["Content-Disposition"].startswith("inline; filename*=UTF-8''%D0%9F")
    assert saved.headers["Content-Disposition"].startswith("attachment;")


@pytest.mark.req("CP-92")
@pytest.mark.parametrize(
    ("refusal", "status", "said"),
    [
        (
            InvalidRequest(
                "The evidence must be a PDF.",
                violations=[Violation("evidence", "must be a PDF, JPEG or PNG; this is a text")],
            ),
            422,
            "rosa.pdf: Evidence must be a PDF, JPEG or PNG; this is a text.",
        ),
        (
            FileTooLarge("The evidence is large.", violations=[Violation("evidence", "must be of at most 10 MB")]),
            429,
            "rosa.pdf: Evidence must be of at most 10 MB.",
        ),
        (StaleEtag("changed"), 409, "rosa.pdf: Somebody else changed this since you opened it."),
    ],
    ids=["type", "size", "stale"],
)
def test_what_is_wrong_stands_beside_the_field(
    sign_in: Any, cabinet: Cabinet, refusal: Any, status: int, said: str
) -> None:
    partner = sign_in("partner")
    shown(partner)
    cabinet.refusal = refusal

    answer = send(partner)

    page = read(answer.text)
    field = page.one("input", id="evidence").attributes
    assert answer.status_code == status
    assert page.one("div", id="evidence-error").text.startswith(said)
    assert (field["aria-invalid"], field["aria-describedby"]) == ("true", "evidence-help evidence-error")
    nothing = partner.post(FILE, {"etag_seen": "seen"}, content_type="multipart/form-data")
    assert (nothing.status_code, read(nothing.text).one("div", id="evidence-error").text) == (
        422, "Choose a file first.",
    )  # fmt: skip


@pytest.mark.req("CP-92")
@pytest.mark.req("R-4")
def test_who_only_reads_opens_the_file_and_changes_nothing(sign_in: Any, cabinet: Cabinet) -> None:
    cabinet.keep()
    technician = sign_in("technician")

    main = shown(technician)

    assert card(main).all("form") == []
    assert technician.get(FILE).data == PDF
    assert send(technician).status_code == 403
    assert technician.post(f"{FILE}/remove", {}).status_code == 403
    assert (cabinet.sent, cabinet.removed) == ([], [])


@pytest.mark.req("CP-92")
def test_a_file_is_removed_after_a_question_and_stays_where_it_was_revoked(sign_in: Any, cabinet: Cabinet) -> None:
    cabinet.keep()
    partner = sign_in("partner")
    question = card(shown(partner)).one("dialog")
    form = question.one("form").attributes

    answer = partner.post(form["action"], {"etag_seen": "seen", "request_key": "key-2"})

    assert (form["action"], question.one("h2").text) == (f"{FILE}/remove", "Remove rosa.pdf?")
    assert answer.status_code == 302
    assert [(each.id, each.etag, each.request_id) for each in cabinet.removed] == [(ONE, "seen", "key-2")]
    assert "The evidence file was removed." in shown(partner).text
    assert partner.get(FILE).status_code == 404
    cabinet.keep()
    cabinet.held.revoke_time.GetCurrentTime()
    revoked = card(shown(partner))
    assert revoked.all("form") == []
    assert "its evidence stays as it is" in revoked.text
    cabinet.refusal = StaleEtag("changed")
    late = partner.post(f"{FILE}/remove", {"etag_seen": "old"})
    assert (late.status_code, "Somebody else changed this" in card(read(late.text)).text) == (409, True)


@pytest.mark.req("CP-92")
def test_a_new_certificate_comes_with_its_file_or_not_at_all(sign_in: Any, cabinet: Cabinet) -> None:
    dispatcher = sign_in("dispatcher")
    form = shown(dispatcher, "/technician-certifications/new").one("form", class_="resource-form")
    assert form.attributes["enctype"] == "multipart/form-data"

    def enter(**more: Any) -> Any:
        data = {
            "technician_id": ROSA, "certification_id": CODE, "issue_date": "2026-02-03", "request_key": "key-3",
            "evidence": (io.BytesIO(PDF), "new.pdf"), **more,
        }  # fmt: skip
        return dispatcher.post("/technician-certifications/new", data, content_type="multipart/form-data")

    wrong = Violation("evidence", "must be a PDF, JPEG or PNG; this is a text")
    cabinet.refusal = InvalidRequest("The evidence is wrong.", violations=[wrong])
    refused = enter()
    cabinet.refusal = None
    made = enter()

    page = read(refused.text)
    assert refused.status_code == 422
    assert page.one("div", id="evidence-error").text == "Evidence must be a PDF, JPEG or PNG; this is a text."
    assert "Choose the file again" in page.one("div", id="evidence-help").text
    assert page.one("input", name="issue_date").attributes["value"] == "2026-02-03"
    assert (made.status_code, made.headers["Location"]) == (302, RECORD)
    described = cabinet.sent[-1][0].description
    assert (described.name, described.size_bytes, described.request_id) == ("new.pdf", len(PDF), "key-3")
    assert described.technician_certification.technician_id == ROSA
    before = len(cabinet.sent)
    plain = enter(evidence=(io.BytesIO(b""), ""), request_key="key-4")
    assert (plain.status_code, len(cabinet.sent)) == (302, before)


@pytest.mark.req("CP-3")
@pytest.mark.req("CP-92")
def test_lists_and_the_university_open_the_file_and_ask_for_what_is_missing(sign_in: Any, cabinet: Cabinet) -> None:
    partner, technician = sign_in("partner"), sign_in("technician")

    def evidence(person: Any) -> Any:
        return shown(person, "/university/").one("td", **{"data-label": "Evidence"})

    missing = evidence(partner)
    assert missing.one("a").attributes["href"] == f"{RECORD}#evidence-file"
    assert evidence(technician).text == "–"
    cabinet.keep()
    there = evidence(partner)
    assert [link.attributes["href"] for link in there.all("a")] == [f"{FILE}?v=e-1"]
    assert there.text == "rosa.pdf PDF, 293.0 KiB"
    rows = shown(partner, "/technician-certifications/")
    cell = rows.one("td", **{"data-label": "Evidence file"})
    assert (cell.one("a").attributes["href"], cell.text) == (f"{FILE}?v=e-1", "rosa.pdf")
    assert "application/pdf" not in shown(partner).text
