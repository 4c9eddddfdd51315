"""Filters of common/v1/list.proto as conditions on columns, typed by the contract."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.common.v1 import list_pb2
from sqlalchemy import ColumnElement, String, and_, cast, false, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from services.chassis.errors import InvalidRequest, Violation
from services.chassis.fields import FieldKind

if TYPE_CHECKING:
    from google.protobuf.descriptor import EnumDescriptor
    from sqlalchemy.sql.compiler import SQLCompiler

EQUALS: Final = list_pb2.FILTER_OPERATOR_EQUALS
NOT_EQUALS: Final = list_pb2.FILTER_OPERATOR_NOT_EQUALS
IN: Final = list_pb2.FILTER_OPERATOR_IN
NOT_IN: Final = list_pb2.FILTER_OPERATOR_NOT_IN
CONTAINS: Final = list_pb2.FILTER_OPERATOR_CONTAINS
STARTS_WITH: Final = list_pb2.FILTER_OPERATOR_STARTS_WITH
LESS: Final = list_pb2.FILTER_OPERATOR_LESS
AT_LEAST: Final = list_pb2.FILTER_OPERATOR_AT_LEAST
IS_EMPTY: Final = list_pb2.FILTER_OPERATOR_IS_EMPTY
IS_SET: Final = list_pb2.FILTER_OPERATOR_IS_SET

MAX_FILTERS: Final = 20
MAX_VALUES: Final = 200
_LARGEST_INTEGER: Final = 2**63 - 1
_BY_SET: Final = frozenset({EQUALS, NOT_EQUALS, IN, NOT_IN})
_BY_ORDER: Final = frozenset({LESS, AT_LEAST})
_BY_TEXT: Final = frozenset({CONTAINS, STARTS_WITH})
_BY_PRESENCE: Final = frozenset({IS_EMPTY, IS_SET})
_OPERATORS: Final[Mapping[FieldKind, frozenset[int]]] = {
    FieldKind.TEXT: _BY_SET | _BY_ORDER | _BY_TEXT | _BY_PRESENCE,
    FieldKind.BOOLEAN: _BY_SET,
    FieldKind.ENUM: _BY_SET | _BY_PRESENCE,
    FieldKind.INTEGER: _BY_SET | _BY_ORDER | _BY_PRESENCE,
    FieldKind.NUMBER: _BY_SET | _BY_ORDER | _BY_PRESENCE,
    FieldKind.INSTANT: _BY_SET | _BY_ORDER | _BY_PRESENCE,
    FieldKind.DATE: _BY_SET | _BY_ORDER | _BY_PRESENCE,
    FieldKind.TEXTS: _BY_SET | {CONTAINS} | _BY_PRESENCE,
}


@dataclass(frozen=True, eq=False)
class ListColumn:
    """A field that lists can show, filter or sort by.

    ``column`` is what filters compare, ``order`` what sorting uses where that is another column (states sort by their
    rank). ``selective`` says that few rows share a value, so that an index on it beats the index of the sort order.
    ``nullable`` says whether ``order`` may be NULL; unset sorts before everything.
    """

    column: ColumnElement[Any]
    kind: FieldKind
    enum: EnumDescriptor | None = None
    filterable: bool = False
    sortable: bool = False
    order: ColumnElement[Any] | None = None
    order_kind: FieldKind | None = None
    nullable: bool = False
    selective: bool = False

    @property
    def ordering(self) -> ColumnElement[Any]:
        """The column that sorting uses."""
        return self.column if self.order is None else self.order

    @property
    def ordering_kind(self) -> FieldKind:
        """The kind of the column that sorting uses."""
        return self.order_kind or self.kind


@dataclass(frozen=True, eq=False)
class Condition:
    """One understood filter: the field, the operator, its typed values and the SQL condition."""

    field: str
    operator: int
    values: tuple[Any, ...]
    clause: ColumnElement[bool]


class unindexed(FunctionElement[Any]):  # noqa: N801 - reads as an SQL function
    """A column that SQLite's planner must not choose an index for: it would then sort what an index gives sorted.

    PostgreSQL weighs this by statistics and gets the plain column.
    """

    name = "unindexed"
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(unindexed)
def _plain(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(unindexed, "sqlite")
def _no_index(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return "+" + compiler.process(element.clauses, **options)


def parse_filters(filters: Iterable[list_pb2.Filter], columns: Mapping[str, ListColumn]) -> list[Condition]:
    """Give the conditions of a request's filters.

    Raises InvalidRequest naming every filter whose field, operator or values cannot be used.
    """
    asked = list(filters)
    conditions: list[Condition] = []
    wrong: list[Violation] = []
    if len(asked) > MAX_FILTERS:
        wrong.append(Violation("query.filters", f"are too many: at most {MAX_FILTERS}"))
    for index, one in enumerate(asked[:MAX_FILTERS]):
        try:
            conditions.append(_condition(one, columns))
        except _Wrong as problem:
            wrong.append(Violation(f"query.filters[{index}].{problem.part}", problem.text))
    if wrong:
        raise InvalidRequest("A filter cannot be used.", reason="INVALID_FIELDS", violations=wrong)
    return conditions


class _Wrong(Exception):
    def __init__(self, part: str, text: str) -> None:
        super().__init__(text)
        self.part = part
        self.text = text


def _condition(asked: list_pb2.Filter, columns: Mapping[str, ListColumn]) -> Condition:
    column = columns.get(asked.field)
    if column is None or not column.filterable:
        raise _Wrong("field", f"{asked.field or 'nothing'} cannot be filtered by")
    if asked.operator not in _OPERATORS.get(column.kind, frozenset()):
        raise _Wrong("operator", f"does not fit {asked.field}")
    operator = int(asked.operator)
    values = tuple(parse_value(text, column) for text in _texts(operator, asked.values))
    return Condition(asked.field, operator, values, clause_of(column, operator, values))


def _texts(operator: int, texts: Sequence[str]) -> Sequence[str]:
    if operator in _BY_PRESENCE:
        if texts:
            raise _Wrong("values", "must be empty with this operator")
    elif operator in {IN, NOT_IN}:
        if not 0 < len(texts) <= MAX_VALUES:
            raise _Wrong("values", f"must be between 1 and {MAX_VALUES}")
    elif len(texts) != 1:
        raise _Wrong("values", "must be exactly one with this operator")
    return texts


def parse_value(text: str, column: ListColumn) -> Any:
    """Give a filter's value in the column's type."""
    try:
        return _PARSERS[column.kind](text, column)
    except (ValueError, KeyError) as error:
        raise _Wrong("values", f"{text[:60]!r} is no {_NAMES[column.kind]}") from error


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _integer(text: str) -> int:
    value = int(text)
    if abs(value) > _LARGEST_INTEGER:
        raise ValueError(text)
    return value


def _instant(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError("an instant needs its offset")
    return value


def _text(text: str) -> str:
    if "\0" in text:
        raise ValueError("no text holds a zero character")
    return text


def _member(text: str, column: ListColumn) -> int:
    if column.enum is None:
        raise KeyError(text)
    number: int = column.enum.values_by_name[text].number
    return number


_PARSERS: Final[Mapping[FieldKind, Callable[[str, ListColumn], Any]]] = {
    FieldKind.TEXT: lambda text, _: _text(text),
    FieldKind.TEXTS: lambda text, _: _text(text),
    FieldKind.BOOLEAN: lambda text, _: _boolean(text),
    FieldKind.INTEGER: lambda text, _: _integer(text),
    FieldKind.NUMBER: lambda text, _: float(text),
    FieldKind.INSTANT: lambda text, _: _instant(text),
    FieldKind.DATE: lambda text, _: date.fromisoformat(text),
    FieldKind.ENUM: _member,
}
_NAMES: Final[Mapping[FieldKind, str]] = {
    FieldKind.TEXT: "text",
    FieldKind.TEXTS: "text",
    FieldKind.BOOLEAN: "yes or no (true, false)",
    FieldKind.INTEGER: "whole number",
    FieldKind.NUMBER: "number",
    FieldKind.INSTANT: "instant such as 2027-03-01T08:00:00Z",
    FieldKind.DATE: "date such as 2027-03-01",
    FieldKind.ENUM: "value of this field",
}


def clause_of(column: ListColumn, operator: int, values: Sequence[Any]) -> ColumnElement[bool]:
    """Give the SQL of one condition on one column; ``values`` are typed as ``parse_value`` gives them."""
    if column.kind is FieldKind.TEXTS:
        return _list_clause(column, operator, values)
    target = column.column if column.selective else unindexed(column.column)
    if operator in _BY_PRESENCE:
        empty = _is_unset(target, column.kind)
        return empty if operator == IS_EMPTY else ~empty
    return _CLAUSES[operator](target, values)


_CLAUSES: Final[Mapping[int, Callable[[Any, Sequence[Any]], ColumnElement[bool]]]] = {
    EQUALS: lambda target, values: target == values[0],
    NOT_EQUALS: lambda target, values: target.is_distinct_from(values[0]),
    IN: lambda target, values: target.in_(values),
    NOT_IN: lambda target, values: or_(target.not_in(values), target.is_(None)),
    CONTAINS: lambda target, values: target.icontains(values[0], autoescape=True),
    STARTS_WITH: lambda target, values: target.istartswith(values[0], autoescape=True),
    LESS: lambda target, values: target < values[0],
    AT_LEAST: lambda target, values: target >= values[0],
}


def _is_unset(target: Any, kind: FieldKind) -> ColumnElement[bool]:
    zero = {FieldKind.TEXT: "", FieldKind.ENUM: 0}.get(kind)
    return target.is_(None) if zero is None else or_(target.is_(None), target == zero)


def _list_clause(column: ListColumn, operator: int, values: Sequence[Any]) -> ColumnElement[bool]:
    """Whether a list of texts, stored as JSON, has one of the values as an element."""
    stored = cast(column.column, String)
    if operator in _BY_PRESENCE:
        empty = or_(stored.is_(None), stored == "[]")
        return empty if operator == IS_EMPTY else ~empty
    found = or_(false(), *(list_holds(column.column, value) for value in values))
    return ~and_(stored.is_not(None), found) if operator in {NOT_EQUALS, NOT_IN} else found


def list_holds(column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    """Whether a StringList column has a text as an element."""
    element = json.dumps(value, ensure_ascii=False)
    return cast(column, String).contains(element, autoescape=True)
