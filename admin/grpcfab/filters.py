"""Conditions on lists, as Flask-AppBuilder's filter classes over common.v1.Filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from fieldmesh.common.v1 import list_pb2
from flask_appbuilder.models.filters import BaseFilter, BaseFilterConverter, FilterRelation

from admin.grpcfab import values as plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from admin.grpcfab.rows import Row


class Condition(BaseFilter):  # type: ignore[misc]
    """Adds one condition to a ListQuery; `code` is its name in the address bar.

    `arg_name` stays unset on purpose: Flask-AppBuilder would put the class into a dictionary that all models share.
    """

    operator: ClassVar[list_pb2.FilterOperator.ValueType] = list_pb2.FILTER_OPERATOR_UNSPECIFIED
    code: ClassVar[str] = ""
    takes_value: ClassVar[bool] = True

    def apply(self, query: list_pb2.ListQuery, value: Any) -> list_pb2.ListQuery:
        texts = _texts(value) if self.takes_value else []
        operator = self.operator
        if operator == list_pb2.FILTER_OPERATOR_EQUALS and len(texts) > 1:
            operator = list_pb2.FILTER_OPERATOR_IN
        query.filters.add(field=self.column_name, operator=operator, values=texts)
        return query

    def holds(self, row: Row, value: Any) -> bool:  # noqa: ARG002 - for the classes below
        """Whether a row that was read otherwise satisfies the condition, for a view's base filters."""
        raise TypeError(f"{type(self).__name__} cannot be a base filter: it is not decided here")

    def _stored(self, row: Row) -> str:
        field = row.resource.fields[self.column_name]
        stored = getattr(row, self.column_name)
        choice = field.choice(stored)
        if isinstance(stored, bool):
            return str(stored).lower()
        return choice.value if choice else "" if stored is None else str(stored)


class FilterEqual(Condition):
    name = "is"
    operator = list_pb2.FILTER_OPERATOR_EQUALS
    code = "is"

    def holds(self, row: Row, value: Any) -> bool:
        return self._stored(row) in _texts(value)


class FilterNotEqual(Condition):
    name = "is not"
    operator = list_pb2.FILTER_OPERATOR_NOT_EQUALS
    code = "not"

    def holds(self, row: Row, value: Any) -> bool:
        return self._stored(row) not in _texts(value)


class FilterIn(FilterEqual):
    name = "is one of"
    operator = list_pb2.FILTER_OPERATOR_IN
    code = "in"


class FilterNotIn(FilterNotEqual):
    name = "is none of"
    operator = list_pb2.FILTER_OPERATOR_NOT_IN
    code = "not-in"


class FilterContains(Condition):
    name = "contains"
    operator = list_pb2.FILTER_OPERATOR_CONTAINS
    code = "has"


class FilterStartsWith(Condition):
    name = "starts with"
    operator = list_pb2.FILTER_OPERATOR_STARTS_WITH
    code = "starts"


class FilterAtLeast(Condition):
    name = "from"
    operator = list_pb2.FILTER_OPERATOR_AT_LEAST
    code = "from"


class FilterLess(Condition):
    name = "before"
    operator = list_pb2.FILTER_OPERATOR_LESS
    code = "before"


class FilterEmpty(Condition):
    name = "is empty"
    operator = list_pb2.FILTER_OPERATOR_IS_EMPTY
    code = "empty"
    takes_value = False

    def holds(self, row: Row, value: Any) -> bool:  # noqa: ARG002 - takes no value
        return plain.is_empty(getattr(row, self.column_name))


class FilterSet(Condition):
    name = "is set"
    operator = list_pb2.FILTER_OPERATOR_IS_SET
    code = "set"
    takes_value = False

    def holds(self, row: Row, value: Any) -> bool:  # noqa: ARG002 - takes no value
        return not plain.is_empty(getattr(row, self.column_name))


class FilterRelationOneToManyEqual(FilterEqual, FilterRelation):  # type: ignore[misc]
    """The rows that refer to one row; Flask-AppBuilder links related lists by it."""

    name = "is"
    code = "is"


class Converter(BaseFilterConverter):  # type: ignore[misc]
    """Which conditions a column offers; the relation's comes first, because related lists are linked by index 0."""

    conversion_table = (
        ("is_relation_many_to_one", [FilterRelationOneToManyEqual, FilterNotEqual, FilterIn, FilterEmpty, FilterSet]),
        ("is_enum", [FilterEqual, FilterNotEqual, FilterIn, FilterNotIn, FilterEmpty, FilterSet]),
        ("is_choice_list", [FilterIn, FilterEqual, FilterEmpty, FilterSet]),
        ("is_boolean", [FilterEqual, FilterNotEqual]),
        ("is_date", [FilterAtLeast, FilterLess, FilterEmpty, FilterSet]),
        ("is_datetime", [FilterAtLeast, FilterLess, FilterEmpty, FilterSet]),
        ("is_integer", [FilterEqual, FilterNotEqual, FilterAtLeast, FilterLess]),
        ("is_float", [FilterEqual, FilterNotEqual, FilterAtLeast, FilterLess]),
        ("is_text", [FilterContains, FilterStartsWith, FilterEqual, FilterNotEqual, FilterEmpty, FilterSet]),
        ("is_string", [FilterContains, FilterStartsWith, FilterEqual, FilterNotEqual, FilterEmpty, FilterSet]),
    )

    def convert(self, col_name: str) -> list[Condition] | None:
        for test, conditions in self.conversion_table:
            if getattr(self.datamodel, test)(col_name):
                return [condition(col_name, self.datamodel) for condition in conditions]
        return None  # Nothing to filter by, such as an address; not worth the warning that the base logs.


def _texts(value: Any) -> Sequence[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]
