"""What a contract says of a resource's columns, as Flask-AppBuilder's views ask for it."""

from __future__ import annotations

import enum
import types
from typing import TYPE_CHECKING, Any, Final

from flask_appbuilder.models.base import BaseInterface

from admin.grpcfab.spec import Field, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from admin.grpcfab.spec import Resource

_STRINGS: Final = {Kind.TEXT, Kind.EMAIL, Kind.PHONE, Kind.URL, Kind.TIME_ZONE}


class Described(BaseInterface):  # type: ignore[misc]
    """Names, order and types of columns; nothing here asks a service."""

    resource: Resource

    # -- names and columns ------------------------------------------------------------------------------------------

    @property
    def model_name(self) -> str:
        return str(self.resource.message.DESCRIPTOR.name)

    @property
    def list_columns(self) -> dict[str, Any]:
        """Flask-AppBuilder's own form converter reads enums from here, as from SQLAlchemy's columns."""
        return {field.name: _column(field) for field in self.resource.fields.values()}

    def get_columns_list(self) -> list[str]:
        return list(self.resource.fields)

    def get_user_columns_list(self) -> list[str]:
        return [field.name for field in self.resource.visible()]

    def get_search_columns_list(self) -> list[str]:
        return [field.name for field in self.resource.chosen("filter")]

    def get_order_columns_list(self, list_columns: Sequence[str] | None = None) -> list[str]:
        sortable = [field.name for field in self.resource.chosen("sort")]
        return [name for name in sortable if list_columns is None or name in list_columns]

    def get_pk_name(self) -> str:
        return "id"

    # -- types ------------------------------------------------------------------------------------------------------

    def _is(self, col_name: str, *kinds: Kind) -> bool:
        field = self.resource.fields.get(col_name)
        return field is not None and not field.repeated and field.kind in kinds

    def is_text(self, col_name: str) -> bool:
        return self._is(col_name, Kind.MULTILINE)

    def is_string(self, col_name: str) -> bool:
        return self._is(col_name, *_STRINGS)

    def is_integer(self, col_name: str) -> bool:
        return self._is(col_name, Kind.INTEGER, Kind.BYTES)

    def is_float(self, col_name: str) -> bool:
        return self._is(col_name, Kind.NUMBER)

    def is_numeric(self, col_name: str) -> bool:
        return self._is(col_name, Kind.MONEY)

    def is_boolean(self, col_name: str) -> bool:
        return self._is(col_name, Kind.BOOLEAN)

    def is_date(self, col_name: str) -> bool:
        return self._is(col_name, Kind.DATE)

    def is_datetime(self, col_name: str) -> bool:
        return self._is(col_name, Kind.INSTANT)

    def is_enum(self, col_name: str) -> bool:
        return self._is(col_name, Kind.CHOICE)

    def is_choice_list(self, col_name: str) -> bool:
        field = self.resource.fields.get(col_name)
        return field is not None and field.repeated and field.kind is Kind.CHOICE

    def is_json(self, col_name: str) -> bool:
        return self._is(col_name, Kind.FIELDS)

    def is_binary(self, col_name: str) -> bool:
        return self._is(col_name, Kind.OPAQUE)

    def is_nullable(self, col_name: str) -> bool:
        field = self.resource.fields.get(col_name)
        return field is None or not field.required

    def is_pk(self, col_name: str) -> bool:
        return col_name == self.get_pk_name()

    def is_fk(self, col_name: str) -> bool:
        return self.is_relation(col_name)

    def get_max_length(self, col_name: str) -> int:
        field = self.resource.fields.get(col_name)
        return field.max_length if field and field.kind in {*_STRINGS, Kind.MULTILINE} else -1

    def is_relation(self, prop: str) -> bool:
        return self._is(prop, Kind.REFERENCE)


def _column(field: Field) -> types.SimpleNamespace:
    labels = {choice.value: choice.label for choice in field.choices}
    enum_class = enum.Enum(f"{field.name}_choices", labels) if labels else None
    return types.SimpleNamespace(type=types.SimpleNamespace(enum_class=enum_class, enums=list(labels)))
