"""Who changed which field of master data from what to what, in the transaction that changed it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import insert

from services.chassis.fields import FieldKind
from services.chassis.ids import new_id
from services.chassis.kit.columns import FieldColumn, field_columns
from services.chassis.kit.resource import Resource, Verb
from services.chassis.tables import OWN
from services.chassis.unit_of_work import Transaction

_UNTOLD: Final = frozenset({"id", "create_time", "update_time", "version"})


def record_change(
    transaction: Transaction,
    resource: Resource,
    row_id: str,
    verb: Verb,
    rows: tuple[Mapping[str, Any], Mapping[str, Any]],
) -> None:
    """Write one audit row; ``rows`` is the row before and after, empty where there is none."""
    before, after = rows
    changes = field_changes(field_columns(resource.message.DESCRIPTOR), before, after)
    actor = transaction.actor
    transaction.execute(
        insert(OWN.audit).values(
            id=new_id(),
            create_time=transaction.now,
            actor_subject=actor.subject,
            actor_name=actor.name,
            actor_organization_id=actor.organization_id,
            resource_type=resource.full_name,
            resource_id=row_id,
            verb=verb,
            changes=changes,
        )
    )


def field_changes(
    columns: Sequence[FieldColumn], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[dict[str, str]]:
    """Give what differs between two rows, as FieldChange of common/v1/operations.proto in JSON."""
    changes = []
    for column in columns:
        old, new = as_text(column, before.get(column.name)), as_text(column, after.get(column.name))
        if old != new and column.dotted not in _UNTOLD:
            changes.append({"field": column.dotted, "old_value": old, "new_value": new})
    return changes


def as_text(column: FieldColumn, value: Any) -> str:
    """Give a column's value as people and programs can read it; empty for unset."""
    if value is None:
        return ""
    kind = column.rules.kind
    if kind is FieldKind.ENUM:
        enum = column.rules.descriptor.enum_type
        return str(enum.values_by_number[value].name if enum is not None and value else "")
    if kind is FieldKind.BOOLEAN:
        return str(bool(value)).lower()
    if kind in {FieldKind.TEXTS, FieldKind.LIST}:
        return json.dumps(list(value), ensure_ascii=False) if value else ""
    if kind is FieldKind.BYTES:
        return f"{len(value)} bytes"
    return value.isoformat() if isinstance(value, date) else str(value)
