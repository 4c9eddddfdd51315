"""The panel of certificates, with the file that proves one: uploaded, opened, replaced and removed (CP-92)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar, Final

from fieldmesh.technicians.v1 import evidence_service_pb2, evidence_service_pb2_grpc
from fieldmesh.technicians.v1.technician_certification_pb2 import TechnicianCertification
from flask import current_app, flash, g, redirect, request

from admin.grpcfab import cells
from admin.grpcfab.context import mesh
from admin.grpcfab.errors import http_status, sentence
from admin.grpcfab.interface import GrpcInterface
from admin.grpcfab.panel import Panel
from admin.grpcfab.routes import expose, has_access
from admin.pages.files import file_response, pieces_of, size_of
from admin.pages.roster.managing import keeps_evidence
from admin.pages.roster.words import file_words
from services.chassis.errors import Refusal
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from google.protobuf.descriptor import MethodDescriptor
    from werkzeug.datastructures import FileStorage

    from admin.grpcfab.rows import Row
    from admin.grpcfab.spec import Field

FIELD: Final = "evidence"
UNPROCESSABLE: Final = 422
_FILES: Final = evidence_service_pb2.DESCRIPTOR.services_by_name["EvidenceService"]
_GUARDED_BY: Final = {
    "evidence": "DownloadEvidence",
    "upload_evidence": "UploadEvidence",
    "remove_evidence": "RemoveEvidence",
}
_FILE_FIELDS: Final = frozenset({"evidence_name", "evidence_media_type", "evidence_size_bytes", "evidence_sha256"})
S = evidence_service_pb2


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What the page of a certificate says of its file, and what the viewer may do with it."""

    name: str
    words: str
    url: str
    may_change: bool
    revoked: bool
    limit: str
    problem: str


class CertificationInterface(GrpcInterface):
    """Certificates; a new one that comes with a file is entered together with it."""

    def add(self, item: Row, commit: bool = True) -> None:  # noqa: FBT001, FBT002 - the base's signature
        file = _sent()
        if file is None:
            super().add(item, commit)
            return
        described = S.CertificationDescription(
            name=file.filename or "", size_bytes=size_of(file), request_id=item.request_id or new_id()
        )
        described.technician_certification.CopyFrom(item.message)  # type: ignore[arg-type]
        try:
            made = _service().RecordCertification(_parts(S.RecordCertificationRequest, described, file))
        except Refusal as refusal:
            g.evidence_problem = _at_file(refusal)
            raise
        self._saved(item, made)


class TechnicianCertificationPanel(Panel):
    """Pages of certificates; who may read and keep their evidence is the service's to decide."""

    resource = TechnicianCertification
    menu = "People"
    interface: ClassVar[type[GrpcInterface]] = CertificationInterface
    show_template = "pages/technicians/certification.html"
    edit_template = "pages/technicians/certification_form.html"

    def permissions(self) -> Mapping[str, MethodDescriptor]:
        own = {f"can_{route}": _FILES.methods_by_name[method] for route, method in _GUARDED_BY.items()}
        return {**super().permissions(), **own}

    def facts(self, row: Row) -> Sequence[tuple[Field, cells.Cell]]:
        """Everything but the evidence file, which stands apart."""
        return [(field, cell) for field, cell in super().facts(row) if field.name not in _FILE_FIELDS]

    def drawn(self, row: Row, field: Field, known: cells.References) -> cells.Cell:
        held: Any = row.message
        if field.name == "evidence_name" and held.evidence_name:
            return cells.Cell("link", held.evidence_name, href=self.file_url(row))
        return super().drawn(row, field, known)

    def file_url(self, row: Row) -> str:
        """Where the evidence file of a certificate opens; another file has another address."""
        held: Any = row.message
        return f"{self.url(row.id, FIELD)}?v={held.evidence_id}"

    def evidence_of(self, row: Row) -> Evidence:
        """What the record page shows beside a certificate."""
        held: Any = row.message
        revoked = held.HasField("revoke_time")
        return Evidence(
            name=held.evidence_name,
            words=file_words(held),
            url=self.file_url(row),
            may_change=self.may("upload_evidence") and keeps_evidence() and not revoked,
            revoked=revoked,
            limit=self.limit,
            problem=g.get("evidence_problem", ""),
        )

    @property
    def limit(self) -> str:
        """The largest file, as people read it."""
        return f"{current_app.config['EVIDENCE_MEGABYTES']} MB"

    @expose("/<pk>/evidence", methods=["GET"])
    @has_access
    def evidence(self, pk: str) -> Any:
        """The evidence file; 404 where there is none, or the certificate is hidden."""
        parts = iter(_service().DownloadEvidence(S.DownloadEvidenceRequest(id=pk)))
        file = next(parts).file
        chunks = (part.chunk for part in parts)
        return file_response(file.name, file.media_type, file.size_bytes, chunks, download="download" in request.args)

    @expose("/<pk>/evidence", methods=["POST"])
    @has_access
    def upload_evidence(self, pk: str) -> Any:
        """Put a file in place of the earlier one; what is wrong with it stands beside the field."""
        file = _sent()
        if file is None:
            return self._refused(pk, "Choose a file first.", UNPROCESSABLE)
        described = S.EvidenceDescription(
            id=pk,
            etag=request.form.get("etag_seen", ""),
            name=file.filename or "",
            size_bytes=size_of(file),
            request_id=request.form.get("request_key", ""),
        )
        try:
            kept = _service().UploadEvidence(_parts(S.UploadEvidenceRequest, described, file))
        except Refusal as refusal:
            if refusal.kind == "missing":
                raise
            return self._refused(pk, f"{file.filename}: {_at_file(refusal) or sentence(refusal)}", http_status(refusal))
        flash(f"{kept.evidence_name} was saved as evidence.", "success")
        return redirect(self.url_of(pk))

    @expose("/<pk>/evidence/remove", methods=["POST"])
    @has_access
    def remove_evidence(self, pk: str) -> Any:
        """Remove the file."""
        asked = S.RemoveEvidenceRequest(
            id=pk, etag=request.form.get("etag_seen", ""), request_id=request.form.get("request_key", "")
        )
        try:
            _service().RemoveEvidence(asked)
        except Refusal as refusal:
            if refusal.kind == "missing":
                raise
            return self._refused(pk, sentence(refusal), http_status(refusal))
        flash("The evidence file was removed.", "success")
        return redirect(self.url_of(pk))

    def _refused(self, pk: str, words: str, status: int) -> Any:
        """The record again, with what is wrong beside its evidence."""
        g.evidence_problem = words
        return self.show(pk), status


def _sent() -> FileStorage | None:
    """The file that the browser sent, None where none was chosen."""
    file = request.files.get(FIELD)
    return file if file is not None and file.filename else None


def _parts(kind: Any, described: Any, file: FileStorage) -> Iterator[Any]:
    yield kind(description=described)
    for chunk in pieces_of(file):
        yield kind(chunk=chunk)


def _at_file(refusal: Refusal) -> str:
    """What is wrong with the file, as a sentence; empty where it is something else."""
    found = next((each.description for each in refusal.violations if each.field in {FIELD, "name", "size_bytes"}), "")
    return f"Evidence {found}." if found else ""


def _service() -> evidence_service_pb2_grpc.EvidenceServiceStub:
    return mesh().stub(evidence_service_pb2_grpc.EvidenceServiceStub)
