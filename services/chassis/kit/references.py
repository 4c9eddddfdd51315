"""References between the resources of one service: what is pointed to exists, and is not deleted meanwhile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, MetaData, Table, literal, select

from services.chassis.errors import Violation, WrongState
from services.chassis.fields import FieldKind
from services.chassis.filtering import list_holds
from services.chassis.identity import Caller
from services.chassis.kit.columns import FieldColumn, field_columns, read_leaf
from services.chassis.kit.resource import Change, Resource
from services.chassis.kit.scope import granted
from services.chassis.unit_of_work import Transaction


class References:
    """The references among the resources that one service serves; those to other services are taken on trust."""

    def __init__(self, resources: Collection[Resource]) -> None:
        self._local = {resource.full_name: resource for resource in resources}

    def check(self, transaction: Transaction, change: Change) -> list[Violation]:
        """Give the newly set references that lead nowhere, to a row the caller cannot see, or to a deactivated one."""
        wanted: defaultdict[str, list[tuple[FieldColumn, str]]] = defaultdict(list)
        for column in field_columns(change.after.DESCRIPTOR):
            target = column.rules.options.reference
            if target in self._local and column.path[0] in change.fields:
                known = _ids(change.before, column)
                wanted[target] += [(column, row_id) for row_id in _ids(change.after, column) if row_id not in known]
        wrong: list[Violation] = []
        for target, uses in wanted.items():
            wrong += self._check_target(transaction, change.caller, self._local[target], uses)
        return wrong

    def refuse_deletion(self, transaction: Transaction, resource: Resource, row_id: str) -> None:
        """Raise WrongState (STILL_REFERENCED) where something points to the row."""
        for holder, condition in self._uses(resource, row_id).items():
            if transaction.execute(select(literal(1)).select_from(holder).where(condition).limit(1)).first():
                raise WrongState(
                    f"This {resource.singular} is in use; deactivate it instead.",
                    reason="STILL_REFERENCED",
                    metadata={"id": row_id, "used_in": holder.name},
                )

    def _check_target(
        self, transaction: Transaction, caller: Caller, target: Resource, uses: list[tuple[FieldColumn, str]]
    ) -> list[Violation]:
        found = _read_targets(transaction, caller, target, {row_id for _, row_id in uses})
        wrong = []
        for column, row_id in uses:
            if row_id not in found:
                wrong.append(Violation(column.dotted, f"names no {target.singular} that you can see"))
            elif not found[row_id]:
                wrong.append(Violation(column.dotted, f"names a {target.singular} that is deactivated"))
        return wrong

    def _uses(self, resource: Resource, row_id: str) -> dict[Table, ColumnElement[bool]]:
        columns: dict[Any, bool] = dict.fromkeys(resource.referenced_by, False)
        columns |= dict.fromkeys(_foreign_keys(resource.table.metadata, resource.table), False)
        for holder in self._local.values():
            for column in field_columns(holder.message.DESCRIPTOR):
                if column.rules.options.reference == resource.full_name and column.name in holder.table.c:
                    columns[holder.table.c[column.name]] = column.rules.kind is FieldKind.TEXTS
        uses: dict[Table, ColumnElement[bool]] = {}
        for stored, is_list in columns.items():
            condition = list_holds(stored, row_id) if is_list else stored == row_id
            uses[stored.table] = uses[stored.table] | condition if stored.table in uses else condition
        return uses


def _read_targets(
    transaction: Transaction, caller: Caller, target: Resource, row_ids: Collection[str]
) -> Mapping[str, bool]:
    """Give, for the rows that are there, whether they are active; they stay until the unit of work ends."""
    branches = (target.referable or target.scope).readable(caller, target.table)
    if not branches or not row_ids:
        return {}
    table = target.table
    active: ColumnElement[bool] = table.c.active if "active" in table.c else literal(value=True)
    statement = select(table.c.id, active.label("active")).where(table.c.id.in_(row_ids), granted(branches))
    found = transaction.execute(statement.order_by(table.c.id).with_for_update(read=True, key_share=True, of=table))
    return {row.id: bool(row.active) for row in found}


def _ids(message: Any, column: FieldColumn) -> tuple[str, ...]:
    value = None if message is None else read_leaf(message, column)
    if not value:
        return ()
    return tuple(value) if column.rules.kind is FieldKind.TEXTS else (value,)


def _foreign_keys(metadata: MetaData, table: Table) -> list[ColumnElement[Any]]:
    return [
        column
        for other in metadata.tables.values()
        for column in other.columns
        for key in column.foreign_keys
        if key.column.table is table
    ]
