"""FileService: contents of attachments as streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldmesh.common.v1 import types_pb2
from fieldmesh.workorders.v1 import attachment_pb2, attachment_pb2_grpc
from google.protobuf import empty_pb2

from services.chassis.identity import current_caller
from services.chassis.uploads import parts_of
from services.workorders import wire
from services.workorders.handlers.files import Files, Upload

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import grpc

    from services.workorders.handlers.reporting import ServiceReports


class FileServicer(attachment_pb2_grpc.FileServiceServicer):
    """Streams contents in and out; see Files for the rules."""

    def __init__(self, files: Files, reports: ServiceReports) -> None:
        self._files = files
        self._reports = reports

    def UploadAttachment(
        self, request_iterator: Iterator[attachment_pb2.UploadAttachmentRequest], context: grpc.ServicerContext
    ) -> attachment_pb2.Attachment:
        del context
        described, chunks = parts_of(request_iterator)
        upload = Upload(described.work_order_id, described.title, described.deliverable, described.request_id)
        return message_of(self._files.upload(current_caller(), upload, chunks))

    def DownloadAttachment(
        self, request: attachment_pb2.DownloadAttachmentRequest, context: grpc.ServicerContext
    ) -> Iterator[attachment_pb2.DownloadAttachmentResponse]:
        del context
        row, chunks = self._files.open(current_caller(), request.id)
        yield attachment_pb2.DownloadAttachmentResponse(attachment=message_of(row))
        for chunk in chunks:
            yield attachment_pb2.DownloadAttachmentResponse(chunk=chunk)

    def DeleteAttachment(
        self, request: attachment_pb2.DeleteAttachmentRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        del context
        self._files.remove(current_caller(), request.id)
        return empty_pb2.Empty()

    def CreateServiceReport(
        self, request: attachment_pb2.CreateServiceReportRequest, context: grpc.ServicerContext
    ) -> attachment_pb2.Attachment:
        del context
        return message_of(self._reports.create(current_caller(), request.work_order_id, request.request_id))


def message_of(row: Mapping[str, Any]) -> attachment_pb2.Attachment:
    """The contract's message of a file's row."""
    owner = types_pb2.Actor(
        subject=row["owner_subject"],
        display_name=row["owner_display_name"],
        organization_id=row["owner_organization_id"],
    )
    return attachment_pb2.Attachment(
        id=row["id"],
        work_order_id=row["work_order_id"],
        title=row["title"],
        deliverable=row["deliverable"],
        media_type=row["media_type"],
        size_bytes=row["size_bytes"],
        sha256=row["sha256"],
        owner=owner,
        create_time=wire.timestamp(row["create_time"]),
        feed_post_id=row["feed_post_id"],
    )
