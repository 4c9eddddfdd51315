"""The table of a resource, from its contract: columns, and the indexes that its lists need."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor
from google.protobuf.message import Message
from sqlalchemy import BigInteger, Column, Index, MetaData, Table, UniqueConstraint
from sqlalchemy.schema import SchemaItem

from services.chassis.fields import FieldKind, find_rules, resource_options
from services.chassis.filtering import ListColumn
from services.chassis.kit.columns import FieldColumn, field_columns
from services.chassis.kit.listing import ListPlan
from services.chassis.search import SearchIndex

VERSION = "version"
_LISTED = frozenset({FieldKind.TEXTS, FieldKind.LIST, FieldKind.BYTES})


def kit_table(  # noqa: PLR0913 - a table's parts
    metadata: MetaData,
    message: type[Message],
    name: str,
    *extra: SchemaItem,
    scope: Sequence[str] = (),
    unique: Iterable[Sequence[str]] = (),
    skip: Collection[str] = (),
) -> Table:
    """Define the table of a resource message.

    ``scope``: columns that its lists are narrowed by, first in every index; none where everybody sees every row.
    ``unique``: column lists that must not repeat. ``skip``: paths that are computed, not stored. ``extra``: further
    columns and indexes, which the contract does not show. A column ``version`` counts changes.
    """
    descriptor: Any = message.DESCRIPTOR
    kept = [column for column in field_columns(descriptor) if not _skipped(column, skip)]
    columns = [_column(column) for column in kept]
    if all(column.name != VERSION for column in kept):
        columns.append(Column(VERSION, BigInteger, nullable=False, server_default="1"))
    constraints = [UniqueConstraint(*names, name=f"uq_{name}_{'_'.join(names)}"[:60]) for names in unique]
    table = Table(name, metadata, *columns, *extra, *constraints)
    # A column of the scope needs none of its own: behind the scope it is one value.
    for column in dict.fromkeys(name for name in _indexed(descriptor, kept) if name not in scope):
        Index(f"ix_{name}_{column}"[:60], *(table.c[key] for key in scope), table.c[column], table.c.id)
    if scope:
        Index(f"ix_{name}_scope"[:60], *(table.c[key] for key in scope), table.c.id)
    return table


def list_plan(message: type[Message], table: Table) -> ListPlan:
    """What may be asked of a resource's list, by its options ``sort``, ``filter`` and ``search``."""
    descriptor: Any = message.DESCRIPTOR
    columns = {
        column.dotted: _list_column(column, table, _order_paths(descriptor))
        for column in field_columns(descriptor)
        if column.name in table.c
    }
    searched = [
        column.name
        for column in field_columns(descriptor)
        if column.rules.options.search and column.rules.kind is FieldKind.TEXT and column.name in table.c
    ]
    return ListPlan(
        name=descriptor.full_name,
        table=table,
        columns=columns,
        default_order=_default_order(descriptor),
        search=SearchIndex(table, searched) if searched else None,
    )


def _list_column(column: FieldColumn, table: Table, default: Sequence[str]) -> ListColumn:
    enum: EnumDescriptor | None = column.rules.descriptor.enum_type
    options = column.rules.options
    listed = column.rules.kind in _LISTED
    return ListColumn(
        column=table.c[column.name],
        kind=column.rules.kind,
        enum=enum,
        filterable=bool(options.filter) or column.dotted == "id",
        sortable=not listed and (bool(options.sort) or column.dotted in default),
        nullable=bool(table.c[column.name].nullable),
        selective=column.is_reference or column.dotted == "id",
    )


def _indexed(descriptor: Descriptor, columns: Iterable[FieldColumn]) -> list[str]:
    default = _order_paths(descriptor)
    return [
        column.name
        for column in columns
        if column.dotted != "id"
        and column.rules.kind not in _LISTED
        and (
            column.rules.options.sort
            or column.dotted in default
            or (column.rules.options.filter and column.is_reference)
        )
    ]


def _default_order(descriptor: Descriptor) -> str:
    order: str = resource_options(descriptor).default_order
    for path in _order_paths(descriptor):
        if find_rules(descriptor, path) is None:
            raise ValueError(f"{descriptor.full_name}: default_order names {path}, which is no field")
    return order


def _order_paths(descriptor: Descriptor) -> tuple[str, ...]:
    names = resource_options(descriptor).default_order.split(",")
    return tuple(name.strip().removeprefix("-") for name in names if name.strip())


def _skipped(column: FieldColumn, skip: Collection[str]) -> bool:
    return any(column.dotted == path or column.dotted.startswith(f"{path}.") for path in skip)


def _column(column: FieldColumn) -> Column[Any]:
    if column.dotted == "id":
        return Column("id", column.type(), primary_key=True)
    return Column(column.name, column.type(), nullable=column.nullable, server_default=column.default())
