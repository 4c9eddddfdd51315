"""Files of an order (CP-46, CP-46a, hard-parts 24): contents in the blob store, everything else in a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, literal, select, union

from services.chassis.blobs import BlobStore, measured, spooled
from services.chassis.errors import InvalidRequest, NotAllowed, NotFound, Violation, WrongState
from services.chassis.file_names import bare_name
from services.chassis.file_types import detect, without_position
from services.chassis.ids import derive_id, new_id
from services.workorders.domain.definition import Category
from services.workorders.scope import sees_words, visible_order
from services.workorders.tables import attachments

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from services.chassis.database import Database
    from services.chassis.identity import Caller
    from services.workorders.definitions import Workflows

LARGEST = 25_000_000
LONGEST_TITLE = 200
LONGEST_DELIVERABLE = 120


@dataclass(frozen=True, slots=True)
class Upload:
    """What is uploaded; `deliverable` names a deliverable of a work type that it stands for, or is empty."""

    work_order_id: str
    title: str
    deliverable: str
    request_id: str


class Files:
    """Stores, reads and removes files of orders that the caller sees."""

    def __init__(self, database: Database, blobs: BlobStore, workflows: Workflows) -> None:
        self._database = database
        self._blobs = blobs
        self._workflows = workflows

    def upload(self, caller: Caller, upload: Upload, chunks: Iterable[bytes]) -> Mapping[str, Any]:
        """Store a file of at most 25 MB and give its row; the same request again gives the first one.

        Raises NotFound for a hidden order, WrongState for an ended one, InvalidRequest for a title that is none,
        FileTooLarge, FileTypeNotAllowed.
        """
        title = _checked_title(upload)
        with self._database.read() as connection:
            order = visible_order(connection, caller, upload.work_order_id)
            self._refuse_ended(order)
        identity = derive_id("attachment", caller.subject, upload.request_id) if upload.request_id else new_id()
        with spooled(chunks, limit=LARGEST) as content:
            media_type = detect(content.path, title)
            cleaned = measured(without_position(content.path, media_type))
            stored = self._stored(identity)
            if stored is not None:
                return stored
            self._blobs.put(identity, cleaned)
        row = {
            "id": identity,
            "work_order_id": order["id"],
            "title": title,
            "deliverable": upload.deliverable,
            "media_type": media_type,
            "size_bytes": cleaned.size,
            "sha256": cleaned.sha256,
            "owner_subject": caller.subject,
            "owner_display_name": caller.name,
            "owner_organization_id": caller.organization_id,
            "feed_post_id": "",
            "content_id": "",
        }
        with self._database.begin(actor=caller) as transaction:
            self._refuse_ended(visible_order(transaction.connection, caller, order["id"], lock=True))
            row["create_time"] = transaction.now
            transaction.execute(insert(attachments).values(**row))
        return row

    def open(self, caller: Caller, identity: str) -> tuple[Mapping[str, Any], Iterator[bytes]]:
        """Give a file's row and its content in chunks. Raises NotFound where file or order is missing or hidden."""
        with self._database.read() as connection:
            row = _visible(connection, caller, identity)
        return row, self._blobs.chunks(row["content_id"] or identity)

    def remove(self, caller: Caller, identity: str) -> None:
        """Remove a file while its order is not ended; its uploader, a dispatcher or an admin may (R-2)."""
        with self._database.begin(actor=caller) as transaction:
            row = _visible(transaction.connection, caller, identity)
            order = visible_order(transaction.connection, caller, row["work_order_id"], lock=True)
            self._refuse_ended(order)
            dispatches = caller.has("dispatcher") and order["issuer_org"] == caller.organization_id
            if not (caller.is_admin or dispatches or row["owner_subject"] == caller.subject):
                raise NotAllowed("Only who uploaded a file, a dispatcher or an admin may remove it.")
            transaction.execute(delete(attachments).where(attachments.c.id == identity))
            content = row["content_id"] or identity
            if not _holding(transaction.connection, [content]):
                transaction.after_commit(lambda: self._blobs.delete(content))

    def sweep(self, now: datetime) -> int:
        """Remove contents without a row that are older than a day; give their number."""
        return self._blobs.sweep(now, self._known)

    def _known(self, keys: list[str]) -> set[str]:
        with self._database.read() as connection:
            return _holding(connection, keys)

    def _refuse_ended(self, order: Mapping[str, Any]) -> None:
        workflow = self._workflows.of(order["workflow"], order["workflow_version"])
        if order["category"] == Category.DEAD or workflow.state(order["state"]).frozen:
            raise WrongState(
                f"The files of work order {order['number']} cannot change any more: it is {order['state_label']}."
            )

    def _stored(self, identity: str) -> Mapping[str, Any] | None:
        with self._database.read() as connection:
            found = connection.execute(select(attachments).where(attachments.c.id == identity)).mappings().one_or_none()
        return dict(found) if found else None


def _holding(connection: Connection, contents: list[str]) -> set[str]:
    """Which contents a file holds, its own or one that it was carried over with."""
    own = select(attachments.c.id).where(attachments.c.id.in_(contents))
    shared = select(attachments.c.content_id).where(attachments.c.content_id.in_(contents))
    return set(connection.execute(union(own, shared)).scalars())


def _visible(connection: Connection, caller: Caller, identity: str) -> dict[str, Any]:
    found = connection.execute(select(attachments).where(attachments.c.id == identity)).mappings().one_or_none()
    missing = f"There is no file {identity} that you may see."
    if found is None:
        raise NotFound(missing)
    order, author = literal(found["work_order_id"]), literal(found["owner_organization_id"])
    if not connection.scalar(select(sees_words(caller, order, author))):
        raise NotFound(missing)
    return dict(found)


def _checked_title(upload: Upload) -> str:
    title = bare_name(upload.title)
    problems = []
    if not 0 < len(title) <= LONGEST_TITLE:
        problems.append(Violation("title", f"A file needs a name of at most {LONGEST_TITLE} characters."))
    if len(upload.deliverable) > LONGEST_DELIVERABLE:
        problems.append(Violation("deliverable", f"At most {LONGEST_DELIVERABLE} characters."))
    if problems:
        raise InvalidRequest(problems[0].description, violations=problems)
    return title
