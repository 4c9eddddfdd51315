"""EvidenceService: files that prove certificates, as streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldmesh.technicians.v1 import evidence_service_pb2

from services.chassis.identity import current_caller
from services.chassis.uploads import parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fieldmesh.technicians.v1.technician_certification_pb2 import TechnicianCertification

    from services.technicians.evidence import Evidence


class EvidenceServicer:
    """What proves a certificate; see Evidence for the rules."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def UploadEvidence(
        self, request_iterator: Iterator[evidence_service_pb2.UploadEvidenceRequest], _context: Any
    ) -> TechnicianCertification:
        return self._evidence.upload(current_caller(), *parts_of(request_iterator))

    def RecordCertification(
        self, request_iterator: Iterator[evidence_service_pb2.RecordCertificationRequest], _context: Any
    ) -> TechnicianCertification:
        return self._evidence.record(current_caller(), *parts_of(request_iterator))

    def DownloadEvidence(
        self, request: evidence_service_pb2.DownloadEvidenceRequest, _context: Any
    ) -> Iterator[evidence_service_pb2.DownloadEvidenceResponse]:
        row, chunks = self._evidence.open(current_caller(), request.id)
        described = evidence_service_pb2.EvidenceFile(
            name=row.evidence_name,
            media_type=row.evidence_media_type,
            size_bytes=row.evidence_size_bytes,
            sha256=row.evidence_sha256,
        )
        yield evidence_service_pb2.DownloadEvidenceResponse(file=described)
        for chunk in chunks:
            yield evidence_service_pb2.DownloadEvidenceResponse(chunk=chunk)

    def RemoveEvidence(
        self, request: evidence_service_pb2.RemoveEvidenceRequest, _context: Any
    ) -> TechnicianCertification:
        return self._evidence.remove(current_caller(), request)
