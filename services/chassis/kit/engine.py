"""Reads and writes the rows of one resource: scope, rules, etag, audit and events, whoever asks.

The servicer calls it for requests; a service's own handlers call it inside their units of work.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from fieldmesh.common.v1 import list_pb2
from google.protobuf.message import Message
from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.chassis.errors import InvalidRequest, NotAllowed, NotFound, Violation
from services.chassis.etag import check_etag, etag_of
from services.chassis.fields import field_rules
from services.chassis.identity import Caller
from services.chassis.ids import new_id
from services.chassis.kit.audit import record_change
from services.chassis.kit.columns import message_of, row_of
from services.chassis.kit.conflicts import taken
from services.chassis.kit.listing import run_list
from services.chassis.kit.references import References
from services.chassis.kit.resource import Change, Resource, Verb
from services.chassis.kit.scope import Branches, granted, is_unbound, scope_key
from services.chassis.kit.table import VERSION, list_plan
from services.chassis.kit.validation import check_message
from services.chassis.masks import apply_paths, checked_paths
from services.chassis.unit_of_work import Transaction

MOST_IDS = 200


class ResourceEngine:
    """The standard methods of one resource on an open connection or unit of work."""

    def __init__(self, resource: Resource, references: References | None = None) -> None:
        self.resource = resource
        self._table = resource.table
        self._plan = list_plan(resource.message, resource.table)
        self._references = references or References([resource])
        self._fields = field_rules(resource.message.DESCRIPTOR)

    def page(
        self, connection: Connection, caller: Caller, query: list_pb2.ListQuery
    ) -> tuple[Sequence[Any], list_pb2.ListPage]:
        """Give a page of the rows that the caller sees. Raises InvalidRequest for a query that cannot be answered."""
        result = run_list(
            connection,
            self._plan,
            query,
            branches=self.resource.scope.readable(caller, self._table),
            scope=scope_key(caller),
            counter=self.resource.counter,
        )
        return self._messages(connection, caller, result.rows), result.page

    def get(self, connection: Connection, caller: Caller, row_id: str) -> Any:
        """Give one row. Raises NotFound where it is missing or hidden."""
        found = self._read(connection, caller, [row_id])
        if not found:
            raise self._missing(row_id)
        return self._messages(connection, caller, found)[0]

    def batch_get(
        self, connection: Connection, caller: Caller, row_ids: Sequence[str]
    ) -> tuple[Sequence[Any], Sequence[str]]:
        """Give the rows with these ids, in that order, and the ids that are missing or hidden.

        Raises InvalidRequest for more than 200.
        """
        asked = list(dict.fromkeys(row_ids))
        if len(asked) > MOST_IDS:
            wrong = Violation("ids", f"must be at most {MOST_IDS}")
            raise InvalidRequest("Too many ids.", reason="INVALID_FIELDS", violations=[wrong])
        rows = {row.id: row for row in self._read(connection, caller, asked)}
        messages = self._messages(connection, caller, [rows[row_id] for row_id in asked if row_id in rows])
        return messages, [row_id for row_id in asked if row_id not in rows]

    def create(self, transaction: Transaction, caller: Caller, message: Message, *, row_id: str = "") -> Any:
        """Store a new row and give it; fields that the server sets are ignored in ``message``.

        Raises InvalidRequest naming every wrong field, AlreadyExists, NotAllowed.
        """
        new = self._fresh(transaction, caller, message, row_id or new_id())
        change = Change("create", caller, None, new, frozenset(self._fields), 1)
        self._check(transaction, change)
        self._store(transaction, insert(self._table).values(self._row(transaction, change)))
        self._refuse_foreign(transaction.connection, caller, new.id)
        return self._finish(transaction, change)

    def update(
        self, transaction: Transaction, caller: Caller, message: Any, paths: Collection[str], *, etag: str | None = None
    ) -> Any:
        """Change the masked fields of the row with ``message.id`` and give it; nothing is written if nothing changes.

        ``etag`` defaults to the message's own. Raises NotFound, NotAllowed, StaleEtag, AlreadyExists, and
        InvalidRequest naming every wrong path and field.
        """
        row = self._lock(transaction.connection, caller, message.id)
        check_etag(message.etag if etag is None else etag, row.id, row.version)
        return self.rewrite(transaction, caller, row, message, checked_paths(message.DESCRIPTOR, paths, message))

    def rewrite(
        self, transaction: Transaction, caller: Caller, row: Row[Any], message: Any, paths: Sequence[str]
    ) -> Any:
        """Set leaf paths of a row read for update in this unit of work, also those that only the server sets."""
        before = self.message(row)
        after = self.resource.message()
        after.CopyFrom(before)
        apply_paths(after, message, paths)
        fields = frozenset(path.partition(".")[0] for path in paths)
        change = Change("update", caller, before, after, fields, row.version + 1)
        self._check(transaction, change)
        if after == before:
            return self._messages(transaction.connection, caller, [row])[0]
        self._stamp(after, "update_time", transaction)
        values = self._row(transaction, change)
        self._store(transaction, update(self._table).where(self._table.c.id == row.id).values(values))
        self._refuse_foreign(transaction.connection, caller, row.id)
        return self._finish(transaction, change)

    def delete(self, transaction: Transaction, caller: Caller, row_id: str, etag: str) -> None:
        """Delete a row. Raises NotFound, NotAllowed, StaleEtag, and WrongState while something refers to it."""
        row = self._lock(transaction.connection, caller, row_id)
        check_etag(etag, row.id, row.version)
        self._references.refuse_deletion(transaction, self.resource, row_id)
        gone = self.message(row)
        transaction.execute(delete(self._table).where(self._table.c.id == row_id))
        change = Change("delete", caller, gone, gone, frozenset(), row.version + 1)
        record_change(transaction, self.resource, row_id, "delete", (row_of(gone), {}))
        if self.resource.on_change:
            self.resource.on_change(transaction, change)

    def find_for_update(self, connection: Connection, row_id: str) -> Row[Any] | None:
        """Read a row, whoever may see it, and keep others from changing it until the unit of work ends."""
        return connection.execute(select(self._table).where(self._table.c.id == row_id).with_for_update()).first()

    def may_see(self, connection: Connection, caller: Caller, row_id: str) -> bool:
        """Tell whether the caller sees a row."""
        return bool(self._read(connection, caller, [row_id]))

    def _read(self, connection: Connection, caller: Caller, row_ids: Sequence[str]) -> Sequence[Row[Any]]:
        branches = self.resource.scope.readable(caller, self._table)
        if not branches or not row_ids:
            return []
        return connection.execute(select(self._table).where(self._table.c.id.in_(row_ids), granted(branches))).all()

    def _lock(self, connection: Connection, caller: Caller, row_id: str) -> Row[Any]:
        branches = self.resource.scope.readable(caller, self._table)
        row = self.find_for_update(connection, row_id)
        if row is None or not branches or not self._holds(connection, row_id, branches):
            raise self._missing(row_id)
        self._refuse_foreign(connection, caller, row_id)
        return row

    def _refuse_foreign(self, connection: Connection, caller: Caller, row_id: str) -> None:
        """Before a change: the row is the caller's to change; after it: it still is."""
        branches = self.resource.scope.writable(caller, self._table)
        if not branches or not self._holds(connection, row_id, branches):
            raise NotAllowed(
                f"This {self.resource.singular} belongs to another organisation.",
                reason="ROLE_NOT_ALLOWED",
                metadata={"id": row_id},
            )

    def _holds(self, connection: Connection, row_id: str, branches: Branches) -> bool:
        rows = select(self._table.c.id).where(self._table.c.id == row_id, granted(branches))
        return connection.execute(rows).first() is not None

    def _fresh(self, transaction: Transaction, caller: Caller, message: Message, row_id: str) -> Any:
        new: Any = self.resource.message()
        new.CopyFrom(message)
        for name, rules in self._fields.items():
            if rules.output_only:
                new.ClearField(name)
        new.id = row_id
        if "active" in self._fields:
            new.active = True
        owner = self._fields.get("organization_id")
        if owner is not None and owner.output_only:
            given = getattr(message, "organization_id", "") if is_unbound(caller) else ""
            new.organization_id = given or caller.organization_id
        self._stamp(new, "create_time", transaction)
        self._stamp(new, "update_time", transaction)
        return new

    def _stamp(self, message: Any, name: str, transaction: Transaction) -> None:
        if name in self._fields:
            getattr(message, name).FromDatetime(transaction.now)

    def _check(self, transaction: Transaction, change: Change) -> None:
        if self.resource.prepare:
            self.resource.prepare(transaction, change)
        wrong = check_message(change.after, change.fields)
        wrong += self._references.check(transaction, change)
        wrong += self.resource.validate(transaction, change) if self.resource.validate else ()
        if wrong:
            raise InvalidRequest(
                f"This {self.resource.singular} cannot be saved as it is.", reason="INVALID_FIELDS", violations=wrong
            )

    def _store(self, transaction: Transaction, statement: Any) -> None:
        try:
            transaction.execute(statement)
        except IntegrityError as error:
            refusal = taken(self.resource, error)
            if refusal is None:
                raise
            raise refusal from error

    def _finish(self, transaction: Transaction, change: Change) -> Any:
        verb: Verb = change.verb
        after = change.after
        self._complete(after, change.version)
        before = {} if change.before is None else row_of(change.before)
        record_change(transaction, self.resource, after.id, verb, (before, row_of(after)))
        if self.resource.on_change:
            self.resource.on_change(transaction, change)
        if self.resource.present:
            self.resource.present(transaction.connection, change.caller, [after])
        return after

    def _row(self, transaction: Transaction, change: Change) -> dict[str, Any]:
        columns = {name: value for name, value in row_of(change.after).items() if name in self._table.c}
        extra = self.resource.kept_back(transaction, change) if self.resource.kept_back else {}
        return {**columns, **extra, VERSION: change.version}

    def _messages(self, connection: Connection, caller: Caller, rows: Sequence[Row[Any]]) -> list[Any]:
        messages = [self.message(row) for row in rows]
        if self.resource.present and messages:
            self.resource.present(connection, caller, messages)
        return messages

    def message(self, row: Row[Any]) -> Any:
        """Give a row as the contract shows it, whoever asks; without what is computed when read."""
        message: Any = message_of(self.resource.message, row._mapping)  # type: ignore[arg-type]  # noqa: SLF001
        self._complete(message, row.version)
        return message

    def _complete(self, message: Any, version: int) -> None:
        if "etag" in self._fields:
            message.etag = etag_of(message.id, version)
        if VERSION in self._fields:
            message.version = version

    def _missing(self, row_id: str) -> NotFound:
        return NotFound(f"There is no such {self.resource.singular}.", reason="NOT_FOUND", metadata={"id": row_id})
