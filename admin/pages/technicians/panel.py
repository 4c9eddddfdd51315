"""The technicians' panel, with a photo on the record: shown, uploaded and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fieldmesh.technicians.v1 import photo_service_pb2, photo_service_pb2_grpc, technician_pb2
from flask import Response, flash, redirect, request

from admin.grpcfab.context import mesh
from admin.grpcfab.errors import sentence
from admin.grpcfab.panel import Panel
from admin.grpcfab.routes import expose, has_access
from admin.pages.files import pieces_of
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from google.protobuf.descriptor import MethodDescriptor
    from werkzeug.datastructures import FileStorage

_PHOTOS: Final = photo_service_pb2.DESCRIPTOR.services_by_name["PhotoService"]
_GUARDED_BY: Final = {
    "photo": "GetTechnicianPhoto",
    "upload_photo": "UploadTechnicianPhoto",
    "remove_photo": "RemoveTechnicianPhoto",
}


class TechnicianPanel(Panel):
    """Pages of technicians; who may see and change a photo is the service's to decide."""

    resource = technician_pb2.Technician
    menu = "People"
    show_template = "pages/technicians/show.html"

    def permissions(self) -> Mapping[str, MethodDescriptor]:
        own = {f"can_{route}": _PHOTOS.methods_by_name[method] for route, method in _GUARDED_BY.items()}
        return {**super().permissions(), **own}

    @expose("/<pk>/photo", methods=["GET"])
    @has_access
    def photo(self, pk: str) -> Any:
        """A technician's photo as a JPEG; 404 where there is none, or the technician is hidden (B-6)."""
        found = _service().GetTechnicianPhoto(photo_service_pb2.GetTechnicianPhotoRequest(technician_id=pk))
        return Response(
            found.content,
            mimetype="image/jpeg",
            headers={
                "Content-Disposition": "inline",
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "private, max-age=300",
            },
        )

    @expose("/<pk>/photo", methods=["POST"])
    @has_access
    def upload_photo(self, pk: str) -> Any:
        """Put a photo in place of the earlier one."""
        file = request.files.get("photo")
        if file is None or not file.filename:
            flash("Choose a photo first.", "danger")
            return redirect(self.url_of(pk))
        try:
            _service().UploadTechnicianPhoto(_pieces(pk, file, request.form.get("request_key", "")))
        except Refusal as refusal:
            _refused(refusal, f"{file.filename}: {sentence(refusal)}")
        else:
            flash("The photo was saved.", "success")
        return redirect(self.url_of(pk))

    @expose("/<pk>/photo/remove", methods=["POST"])
    @has_access
    def remove_photo(self, pk: str) -> Any:
        """Remove the photo."""
        asked = photo_service_pb2.RemoveTechnicianPhotoRequest(
            technician_id=pk, request_id=request.form.get("request_key", "")
        )
        try:
            _service().RemoveTechnicianPhoto(asked)
        except Refusal as refusal:
            _refused(refusal, sentence(refusal))
        else:
            flash("The photo was removed.", "success")
        return redirect(self.url_of(pk))


def _refused(refusal: Refusal, words: str) -> None:
    """Say why not; whoever does not see a technician is not told of one."""
    if refusal.kind == "missing":
        raise refusal
    flash(words, "danger")


def _pieces(
    technician_id: str, file: FileStorage, request_id: str
) -> Iterator[photo_service_pb2.UploadTechnicianPhotoRequest]:
    described = photo_service_pb2.PhotoDescription(technician_id=technician_id, request_id=request_id)
    yield photo_service_pb2.UploadTechnicianPhotoRequest(description=described)
    for chunk in pieces_of(file):
        yield photo_service_pb2.UploadTechnicianPhotoRequest(chunk=chunk)


def _service() -> photo_service_pb2_grpc.PhotoServiceStub:
    return mesh().stub(photo_service_pb2_grpc.PhotoServiceStub)
