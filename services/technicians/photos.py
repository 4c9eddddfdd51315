"""Photos of technicians: one each, small, and without anything that the camera wrote beside it (R-1, R-4, B-6)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from fieldmesh.technicians.v1 import photo_service_pb2, technician_pb2
from sqlalchemy import delete, insert, select

from services.chassis.blobs import spooled
from services.chassis.errors import NotAllowed, NotFound
from services.chassis.idempotency import run_once
from services.chassis.identity import Caller, service_caller
from services.chassis.kit.scope import granted
from services.chassis.pictures import square_jpeg
from services.technicians.tables import technician_photos, technicians

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from services.chassis.database import Database
    from services.chassis.kit import ResourceEngine
    from services.chassis.unit_of_work import Transaction

LARGEST: Final = 5_000_000  # bytes
SIDE: Final = 512  # pixels
_UPLOAD: Final = "fieldmesh.technicians.v1.PhotoService.UploadTechnicianPhoto"
_REMOVE: Final = "fieldmesh.technicians.v1.PhotoService.RemoveTechnicianPhoto"
_VERSION_LENGTH: Final = 16
_PATH: Final = "photo_version"


class Photos:
    """Keeps, gives and removes photos of technicians whom the caller sees."""

    def __init__(self, service: str, database: Database, engine: ResourceEngine) -> None:
        self._own = service_caller(service)
        self._database = database
        self._technicians = engine

    def upload(
        self, caller: Caller, asked: photo_service_pb2.PhotoDescription, chunks: Iterable[bytes]
    ) -> technician_pb2.Technician:
        """Keep a photo of at most 5 MB and give the technician.

        Raises NotFound for a hidden technician, NotAllowed for somebody else's, FileTooLarge, FileTypeNotAllowed.
        """
        with self._database.read() as connection:
            self._refuse_others(connection, caller, asked.technician_id)
        with spooled(chunks, limit=LARGEST) as received:
            content = square_jpeg(received.path, SIDE)
        version = hashlib.sha256(content).hexdigest()[:_VERSION_LENGTH]

        def work(transaction: Transaction) -> technician_pb2.Technician:
            return self._keep(transaction, caller, asked.technician_id, version, content)

        same = photo_service_pb2.TechnicianPhoto(technician_id=asked.technician_id, photo_version=version)
        return run_once(
            self._database, caller, _UPLOAD, asked.request_id, same, technician_pb2.Technician, work,
            authorize=lambda transaction: self._refuse_others(transaction.connection, caller, asked.technician_id),
        )  # fmt: skip

    def get(self, caller: Caller, technician_id: str) -> photo_service_pb2.TechnicianPhoto:
        """Give a photo. Raises NotFound where there is none, or the technician is hidden."""
        with self._database.read() as connection:
            if not self._technicians.may_see(connection, caller, technician_id):
                raise _missing(technician_id)
            columns = technician_photos.c
            row = connection.execute(
                select(technician_photos).where(columns.technician_id == technician_id)
            ).one_or_none()
        if row is None:
            raise NotFound("This technician has no photo.")
        found = photo_service_pb2.TechnicianPhoto(
            technician_id=technician_id, content=row.content, photo_version=row.photo_version
        )
        found.update_time.FromDatetime(row.update_time)
        return found

    def remove(
        self, caller: Caller, request: photo_service_pb2.RemoveTechnicianPhotoRequest
    ) -> technician_pb2.Technician:
        """Remove a photo and give the technician. Raises NotFound, NotAllowed as uploading does."""

        def work(transaction: Transaction) -> technician_pb2.Technician:
            return self._keep(transaction, caller, request.technician_id, "", b"")

        return run_once(
            self._database, caller, _REMOVE, request.request_id, request, technician_pb2.Technician, work,
            authorize=lambda transaction: self._refuse_others(transaction.connection, caller, request.technician_id),
        )  # fmt: skip

    def _keep(
        self, transaction: Transaction, caller: Caller, technician_id: str, version: str, content: bytes
    ) -> technician_pb2.Technician:
        """Put a photo in place of the earlier one; without a version there is none any more."""
        row = self._technicians.find_for_update(transaction.connection, technician_id)
        self._refuse_others(transaction.connection, caller, technician_id)
        if row is None:
            raise _missing(technician_id)
        if row.photo_version != version:
            columns = technician_photos.c
            transaction.execute(delete(technician_photos).where(columns.technician_id == technician_id))
            if version:
                kept = {"technician_id": technician_id, "content": content, "photo_version": version}
                transaction.execute(insert(technician_photos).values(**kept, update_time=transaction.now))
        wanted = technician_pb2.Technician(photo_version=version)
        # As this service: technicians change nothing else of their row; the record of changes names the caller.
        changed: technician_pb2.Technician = self._technicians.rewrite(transaction, self._own, row, wanted, [_PATH])
        return changed

    def _refuse_others(self, connection: Connection, caller: Caller, technician_id: str) -> None:
        """Technicians change their own photo, and offices those of the technicians whom they keep."""
        if not self._technicians.may_see(connection, caller, technician_id):
            raise _missing(technician_id)
        if caller.technician_id == technician_id:
            return
        branches = self._technicians.resource.scope.writable(caller, technicians)
        mine = select(technicians.c.id).where(technicians.c.id == technician_id, granted(branches))
        if not branches or connection.execute(mine).first() is None:
            raise NotAllowed("This technician belongs to another organisation.", reason="ROLE_NOT_ALLOWED")


def _missing(technician_id: str) -> NotFound:
    return NotFound(f"There is no technician {technician_id} that you may see.")
