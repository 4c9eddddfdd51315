"""Keyset paging: an order, a position in it, and the token that carries the position.

A page is read as a few index ranges ("segments") instead of one condition with "or", which no index serves. Unset
values sort before everything else, on both databases, in a segment of their own.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from fieldmesh.common.v1 import list_pb2
from sqlalchemy import ColumnElement, and_, or_, true

from services.chassis.errors import InvalidRequest, Violation
from services.chassis.fields import FieldKind
from services.chassis.filtering import ListColumn

DEFAULT_PAGE: Final = 25
LARGEST_PAGE: Final = 200
FARTHEST_SKIP: Final = 10_000
_MOST_KEYS: Final = 3


@dataclass(frozen=True, eq=False)
class SortKey:
    """One column of an order."""

    column: ColumnElement[Any]
    kind: FieldKind
    descending: bool
    nullable: bool

    def ordered(self) -> ColumnElement[Any]:
        """The column with its direction, unset first when ascending."""
        plain = self.column.desc() if self.descending else self.column.asc()
        if not self.nullable:
            return plain
        return plain.nulls_last() if self.descending else plain.nulls_first()

    def equals(self, value: Any) -> ColumnElement[bool]:
        return self.column.is_(None) if value is None else self.column == value

    def beyond(self, value: Any) -> list[ColumnElement[bool]]:
        """Conditions, in order, that together hold for what comes after a value."""
        if value is None:
            return [] if self.descending else [self.column.is_not(None)]
        after = self.column < value if self.descending else self.column > value
        return [after, self.column.is_(None)] if self.nullable and self.descending else [after]


def page_size(asked: int) -> int:
    """Rows a page: 25 when none are asked for, at most 200. Raises InvalidRequest below zero."""
    if asked < 0:
        raise _invalid("query.page_size", "must not be negative")
    return min(asked or DEFAULT_PAGE, LARGEST_PAGE)


def checked_skip(asked: int) -> int:
    """Rows to pass over. Raises InvalidRequest outside 0 to 10,000."""
    if not 0 <= asked <= FARTHEST_SKIP:
        raise _invalid("query.skip", f"must be between 0 and {FARTHEST_SKIP:,}; narrow the list by filters instead")
    return asked


def parse_order(order_by: str, columns: Mapping[str, ListColumn], identity: ColumnElement[Any]) -> list[SortKey]:
    """Give the keys of an order such as "-assigned_time, name", closed by the row's id in the last key's direction.

    Raises InvalidRequest for a field that cannot be sorted by, or more than three.
    """
    keys: list[SortKey] = []
    names = [name.strip() for name in order_by.split(",") if name.strip()]
    if len(names) > _MOST_KEYS:
        raise _invalid("query.order_by", f"must name at most {_MOST_KEYS} fields")
    for name in names:
        path = name.removeprefix("-")
        column = columns.get(path)
        if column is None or not column.sortable:
            raise _invalid("query.order_by", f"{path} cannot be sorted by")
        keys.append(SortKey(column.ordering, column.ordering_kind, name.startswith("-"), column.nullable))
    descending = keys[-1].descending if keys else False
    return [*keys, SortKey(identity, FieldKind.TEXT, descending, nullable=False)]


def segments(keys: Sequence[SortKey], position: Sequence[Any] | None) -> list[ColumnElement[bool]]:
    """Give disjoint conditions that cover, one after the other, all rows after a position (None: all rows)."""
    first = keys[0]
    if position is None:
        if not first.nullable:
            return [true()]
        unset, valued = first.column.is_(None), first.column.is_not(None)
        return [valued, unset] if first.descending else [unset, valued]
    found: list[ColumnElement[bool]] = []
    for length in range(len(keys) - 1, -1, -1):
        same = [key.equals(value) for key, value in zip(keys[:length], position, strict=False)]
        parts = keys[length].beyond(position[length])
        if length == 0:
            found += parts
        elif parts:
            found.append(and_(*same, or_(*parts)))
    return found


def fingerprint(*parts: str) -> str:
    """Give what binds a token to a list, its filters, search, order and caller's scope."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:24]


def query_fingerprint(plan: str, query: list_pb2.ListQuery, order_by: str, scope: str) -> str:
    """Give the fingerprint of a list request; page size and skip may change from page to page."""
    bound = list_pb2.ListQuery(filters=query.filters, search=query.search, order_by=order_by)
    return fingerprint(plan, bound.SerializeToString(deterministic=True).hex(), scope)


def write_token(position: Sequence[Any], bound: str) -> str:
    """Give the token of a position. It is bound, not secret: the caller's scope is applied to every page anyway."""
    body = json.dumps([_plain(value) for value in position], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(f"{fingerprint(bound, body)}{body}".encode()).decode().rstrip("=")


def read_token(token: str, keys: Sequence[SortKey], bound: str) -> list[Any] | None:
    """Give the position that a token carries, None for the first page.

    Raises InvalidRequest (PAGE_TOKEN_MISMATCH) for a token of another list, filter, search, order or scope.
    """
    if not token:
        return None
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        mark, body = text[:24], text[24:]
        if not hmac.compare_digest(mark.encode(), fingerprint(bound, body).encode()):
            raise _mismatch()
        return [_typed(value, key.kind) for value, key in zip(json.loads(body), keys, strict=True)]
    except (binascii.Error, ValueError) as error:
        raise _mismatch() from error


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def _typed(value: Any, kind: FieldKind) -> Any:
    if value is None:
        return None
    if kind is FieldKind.INSTANT:
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if kind is FieldKind.DATE else value


def _invalid(field: str, text: str) -> InvalidRequest:
    return InvalidRequest(f"{field} {text}.", reason="INVALID_FIELDS", violations=[Violation(field, text)])


def _mismatch() -> InvalidRequest:
    text = "belongs to another list, filter, search or order; start again at the first page"
    return InvalidRequest(
        f"The page token {text}.", reason="PAGE_TOKEN_MISMATCH", violations=[Violation("query.page_token", text)]
    )
