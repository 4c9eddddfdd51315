"""Which rows a caller may see and change, as conditions on the table (hard-parts 2).

A scope answers branches: conditions, any of which grants a row. Lists read them as a UNION of pages. None at all means
that nothing is granted; the roles that may call a method at all are the interceptor's business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, Table, or_, true

from services.chassis.identity import Caller

Branches = Sequence[ColumnElement[bool]]
Grant = Callable[[Caller, Table], Branches]

EVERY_ROW: Final[Branches] = (true(),)
NO_ROW: Final[Branches] = ()


class Scope(Protocol):
    """Grants rows."""

    def readable(self, caller: Caller, table: Table) -> Branches:
        """Give the branches of rows that the caller sees; others answer NOT_FOUND."""
        ...

    def writable(self, caller: Caller, table: Table) -> Branches:
        """Give the branches of rows that the caller may change, among those that it sees."""
        ...


def is_unbound(caller: Caller) -> bool:
    """Whether row rules don't apply: admins, and services on their own account."""
    return caller.is_admin or caller.is_service


def owned(caller: Caller, column: ColumnElement[Any]) -> Branches:
    """Rows of the caller's organisation; none for a caller without one."""
    return (column == caller.organization_id,) if caller.organization_id else NO_ROW


@dataclass(frozen=True)
class Shared:
    """Everyone who is signed in reads every row; the organisation that maintains it changes it."""

    owner: str = "organization_id"

    def readable(self, caller: Caller, table: Table) -> Branches:
        del table
        return EVERY_ROW if caller.roles else NO_ROW

    def writable(self, caller: Caller, table: Table) -> Branches:
        if is_unbound(caller) or self.owner not in table.c:
            return EVERY_ROW
        return owned(caller, table.c[self.owner])


@dataclass(frozen=True)
class OwnerOrganization:
    """Only the organisation in a column sees and changes a row; admins and services all."""

    column: str = "organization_id"

    def readable(self, caller: Caller, table: Table) -> Branches:
        return EVERY_ROW if is_unbound(caller) else owned(caller, table.c[self.column])

    def writable(self, caller: Caller, table: Table) -> Branches:
        return self.readable(caller, table)


@dataclass(frozen=True)
class Where:
    """Rows by predicates of one's own; admins and services see and change all. Without ``write``, nobody else does."""

    read: Grant
    write: Grant | None = None

    def readable(self, caller: Caller, table: Table) -> Branches:
        return EVERY_ROW if is_unbound(caller) else self.read(caller, table)

    def writable(self, caller: Caller, table: Table) -> Branches:
        if is_unbound(caller):
            return EVERY_ROW
        return NO_ROW if self.write is None else self.write(caller, table)


def granted(branches: Branches) -> ColumnElement[bool]:
    """Give the branches as one condition, for reading single rows by id. ValueError without a branch."""
    if not branches:
        raise ValueError("nothing is granted: there is nothing to ask the database")
    return or_(*branches)


def scope_key(caller: Caller) -> str:
    """Give what a caller's scope follows from; page tokens are bound to it."""
    kind = "*" if caller.is_service else ""
    parts = (kind, caller.organization_id, caller.organization_kind, caller.technician_id, *sorted(caller.roles))
    return "|".join((*parts, caller.subject))
