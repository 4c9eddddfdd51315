"""Evidence of certificates: one file each, whole or not at all (CP-92, ADR 35)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.technicians.v1 import evidence_service_pb2, technician_certification_pb2
from sqlalchemy import select

from services.chassis.blobs import BlobStore, FileTooLarge, Spooled, measured, spooled
from services.chassis.errors import InvalidRequest, NotAllowed, NotFound, Refusal, Violation, WrongState
from services.chassis.etag import check_etag
from services.chassis.file_names import bare_name
from services.chassis.file_types import FileTypeNotAllowed, detect_one_of, without_metadata
from services.chassis.idempotency import run_once
from services.chassis.identity import Caller, service_caller
from services.chassis.ids import new_id
from services.chassis.kit.scope import granted
from services.technicians.scope import EVIDENCE
from services.technicians.tables import technician_certifications

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from services.chassis.database import Database
    from services.chassis.kit import ResourceEngine
    from services.chassis.unit_of_work import Transaction

LONGEST_NAME: Final = 200
ACCEPTED: Final = "a PDF, JPEG or PNG"
FIELD: Final = "evidence"
MEGABYTE: Final = 1_000_000
# Endings that a name may have, by what the content is; the first is added where none of them is there.
_ENDINGS: Final = {
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/png": (".png",),
}
_PATHS: Final = ("evidence_name", "evidence_media_type", "evidence_size_bytes", "evidence_sha256", "evidence_id")
_SERVICE: Final = "fieldmesh.technicians.v1.EvidenceService"
_HELD: Final = technician_certifications.c
TechnicianCertification = technician_certification_pb2.TechnicianCertification


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it was announced: the name that people gave it, and its size in bytes."""

    name: str
    size: int


class Evidence:
    """Keeps, gives and removes evidence of certificates that the caller sees; no file has more than `megabytes`."""

    def __init__(
        self, service: str, database: Database, held: ResourceEngine, blobs: BlobStore, megabytes: int
    ) -> None:
        self._own = service_caller(service)
        self._database = database
        self._held = held
        self._blobs = blobs
        self._limit = megabytes * MEGABYTE

    def upload(
        self, caller: Caller, asked: evidence_service_pb2.EvidenceDescription, chunks: Iterable[bytes]
    ) -> TechnicianCertification:
        """Keep a file in place of the earlier one and give the certificate; nothing is kept of what is refused.

        Raises NotFound for a hidden certificate, NotAllowed for somebody else's, WrongState for a revoked one,
        StaleEtag, FileTooLarge, and InvalidRequest naming `name`, `size_bytes` or `evidence`.
        """
        with self._database.read() as connection:
            self._refuse_others(connection, caller, asked.id)

        def work(transaction: Transaction, file: TechnicianCertification) -> TechnicianCertification:
            return self._put(transaction, self._locked(transaction, caller, asked.id, asked.etag), file)

        def again(transaction: Transaction) -> None:
            self._refuse_others(transaction.connection, caller, asked.id)

        same = TechnicianCertification(id=asked.id, etag=asked.etag)
        sent = Sent(asked.name, asked.size_bytes)
        return self._kept(caller, "UploadEvidence", asked.request_id, same, (sent, chunks), work, again)

    def record(
        self, caller: Caller, asked: evidence_service_pb2.CertificationDescription, chunks: Iterable[bytes]
    ) -> TechnicianCertification:
        """Enter a certificate together with its evidence and give it, or neither of them.

        Raises what entering one raises, FileTooLarge, and InvalidRequest naming `name`, `size_bytes` or `evidence`.
        """
        wanted = asked.technician_certification

        def work(transaction: Transaction, file: TechnicianCertification) -> TechnicianCertification:
            made = self._held.create(transaction, caller, wanted)
            return self._put(transaction, self._held.find_for_update(transaction.connection, made.id), file)

        sent = Sent(asked.name, asked.size_bytes)
        return self._kept(caller, "RecordCertification", asked.request_id, wanted, (sent, chunks), work)

    def open(self, caller: Caller, held_id: str) -> tuple[Row[Any], Iterator[bytes]]:
        """Give a certificate's row and its evidence in chunks. Raises NotFound where it has none, or is hidden."""
        with self._database.read() as connection:
            if not self._held.may_see(connection, caller, held_id):
                raise _missing(held_id)
            row = connection.execute(select(technician_certifications).where(_HELD.id == held_id)).one()
        if not row.evidence_id:
            raise NotFound("This certificate has no evidence file.")
        return row, self._blobs.chunks(row.evidence_id)

    def remove(self, caller: Caller, request: evidence_service_pb2.RemoveEvidenceRequest) -> TechnicianCertification:
        """Remove a file and give the certificate. Raises NotFound, NotAllowed, WrongState, StaleEtag."""

        def work(transaction: Transaction) -> TechnicianCertification:
            row = self._locked(transaction, caller, request.id, request.etag)
            return self._put(transaction, row, TechnicianCertification())

        return run_once(
            self._database, caller, f"{_SERVICE}.RemoveEvidence", request.request_id, request, TechnicianCertification,
            work, authorize=lambda transaction: self._refuse_others(transaction.connection, caller, request.id),
        )  # fmt: skip

    def sweep(self, now: datetime) -> int:
        """Remove contents that no certificate names and that are older than a day; give their number."""
        return self._blobs.sweep(now, self._known)

    def _known(self, keys: list[str]) -> set[str]:
        with self._database.read() as connection:
            return set(connection.execute(select(_HELD.evidence_id).where(_HELD.evidence_id.in_(keys))).scalars())

    def _kept(  # noqa: PLR0913, PLR0917 - the key of the command, what comes in, and what to do with it
        self,
        caller: Caller,
        method: str,
        request_id: str,
        asked: TechnicianCertification,
        upload: tuple[Sent, Iterable[bytes]],
        work: Callable[[Transaction, TechnicianCertification], TechnicianCertification],
        authorize: Callable[[Transaction], None] | None = None,
    ) -> TechnicianCertification:
        """Store a content, then commit what names it; what nothing names in the end is removed again."""
        file = self._stored(*upload)
        same = TechnicianCertification()
        same.CopyFrom(asked)
        same.evidence_name, same.evidence_sha256 = file.evidence_name, file.evidence_sha256
        try:
            made = run_once(
                self._database, caller, f"{_SERVICE}.{method}", request_id, same, TechnicianCertification,
                lambda transaction: work(transaction, file), authorize=authorize,
            )  # fmt: skip
        except Refusal:
            self._blobs.delete(file.evidence_id)
            raise
        if made.evidence_id != file.evidence_id:
            # The answer of an earlier run, which has stored its own.
            self._blobs.delete(file.evidence_id)
        return made

    def _stored(self, sent: Sent, chunks: Iterable[bytes]) -> TechnicianCertification:
        """Store a content that came whole and is what it may be; give the fields that name it."""
        _check(sent, self._limit)
        try:
            with spooled(chunks, limit=self._limit) as received:
                _refuse_half(sent, received)
                kind = detect_one_of(received.path, _ENDINGS, ACCEPTED)
                content = measured(without_metadata(received.path, kind))
                name = _named(sent.name, kind)
                key = new_id()
                self._blobs.put(key, content)
        except FileTooLarge as error:
            raise _too_large(self._limit) from error
        except FileTypeNotAllowed as error:
            raise _wrong(f"must be {ACCEPTED}; this is {error.found}", reason=error.reason) from error
        return TechnicianCertification(
            evidence_name=name,
            evidence_media_type=kind,
            evidence_size_bytes=content.size,
            evidence_sha256=content.sha256,
            evidence_id=key,
        )

    def _put(
        self, transaction: Transaction, row: Row[Any] | None, file: TechnicianCertification
    ) -> TechnicianCertification:
        """Let a row name a file, or none; the earlier content goes once that is certain."""
        if row is None:
            raise RuntimeError("a certificate is gone in the unit of work that made it")
        # As this service: offices change nothing else of the row; the record of changes names the caller.
        changed: TechnicianCertification = self._held.rewrite(transaction, self._own, row, file, _PATHS)
        if row.evidence_id and row.evidence_id != file.evidence_id:
            transaction.after_commit(lambda: self._blobs.delete(row.evidence_id))
        return changed

    def _locked(self, transaction: Transaction, caller: Caller, held_id: str, etag: str) -> Row[Any]:
        row = self._held.find_for_update(transaction.connection, held_id)
        self._refuse_others(transaction.connection, caller, held_id)
        if row is None:
            raise _missing(held_id)
        if row.revoke_time is not None:
            raise WrongState(
                f"This certificate for {row.certification_code} was revoked: its evidence stays as it is.",
                reason="CREDENTIAL_REVOKED",
            )
        check_etag(etag, row.id, row.version)
        return row

    def _refuse_others(self, connection: Connection, caller: Caller, held_id: str) -> None:
        if not self._held.may_see(connection, caller, held_id):
            raise _missing(held_id)
        branches = EVIDENCE.writable(caller, technician_certifications)
        mine = select(_HELD.id).where(_HELD.id == held_id)
        if not branches or connection.execute(mine.where(granted(branches))).first() is None:
            raise NotAllowed("This certificate is for another organisation to keep.", reason="ROLE_NOT_ALLOWED")


def _check(sent: Sent, limit: int) -> None:
    wrong = []
    if not 0 < len(bare_name(sent.name)) <= LONGEST_NAME:
        wrong.append(Violation("name", f"is required, of at most {LONGEST_NAME} characters"))
    if sent.size < 1:
        wrong.append(Violation("size_bytes", "must be the size of the file, which must not be empty"))
    if wrong:
        raise InvalidRequest("The evidence cannot be kept.", violations=wrong)
    if sent.size > limit:
        raise _too_large(limit)


def _refuse_half(sent: Sent, received: Spooled) -> None:
    """A stream that broke may end as one that is complete."""
    if received.size != sent.size:
        raise _wrong(f"did not come whole: {received.size:,} of {sent.size:,} bytes")


def _named(name: str, kind: str) -> str:
    """Give a name whose ending is that of what the content is."""
    bare, endings = bare_name(name), _ENDINGS[kind]
    if PurePath(bare).suffix.lower() in endings:
        return bare
    return f"{bare[: LONGEST_NAME - len(endings[0])]}{endings[0]}"


def _too_large(limit: int) -> FileTooLarge:
    words = f"must be of at most {limit // MEGABYTE} MB"
    return FileTooLarge(f"The evidence {words}.", violations=[Violation(FIELD, words)])


def _wrong(words: str, reason: str = "") -> InvalidRequest:
    return InvalidRequest(f"The evidence {words}.", reason=reason, violations=[Violation(FIELD, words)])


def _missing(held_id: str) -> NotFound:
    return NotFound("There is no such certificate.", reason="NOT_FOUND", metadata={"id": held_id})
