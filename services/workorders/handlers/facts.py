"""Snapshots for the workflow that this service can tell itself: what guards and forms look at beside the order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import reason_code_pb2
from sqlalchemy import select

from services.workorders import wire
from services.workorders.domain.history import Evidence
from services.workorders.domain.values import Money
from services.workorders.handlers.draft_values import decoded
from services.workorders.tables import (
    attachments,
    drafts,
    organizations,
    reason_codes,
    territories,
    work_types,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from services.workorders.domain.definition import Transition
    from services.workorders.domain.situation import Inputs
    from services.workorders.domain.work_order import WorkOrder

_KINDS = reason_code_pb2.ReasonKind.DESCRIPTOR


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason that may be chosen, with its guidance."""

    code: str
    label: str
    guidance: str


def for_offers(connection: Connection, order: WorkOrder) -> dict[str, object]:
    """What forms and guards look at before anything is filled in."""
    return {name: tell(connection, order) for name, tell in _OF_ORDER.items()}


def for_move(connection: Connection, order: WorkOrder, transition: Transition, inputs: Inputs) -> dict[str, object]:
    """What a move looks at, with what its inputs point to."""
    known = for_offers(connection, order)
    if inputs.executor_org:
        known["executor"] = _executor(connection, order, inputs.executor_org)
    if transition.reason:
        reasons = {each.code: each.label for each in reasons_of(connection, order.issuer_org, transition.reason)}
        known["reasons"] = reasons
        known["reason"] = {"label": reasons.get(inputs.reason_code, "")}
    return known


def evidence_for(connection: Connection, inputs: Inputs, now: datetime) -> tuple[Evidence, ...]:
    """Which versions of other services' facts a move looks at that this service keeps copies of."""
    row = _organization_row(connection, inputs.executor_org) if inputs.executor_org else None
    return (Evidence("technicians' organisation", str(row.version), now),) if row is not None else ()


def reason_label(connection: Connection, organization_id: str, kind: str, code: str) -> str:
    """The label of a reason code of a kind; empty where there is none."""
    if not kind or not code:
        return ""
    return next((each.label for each in reasons_of(connection, organization_id, kind) if each.code == code), "")


def reasons_of(connection: Connection, organization_id: str, kind: str) -> list[Reason]:
    """The active reasons of a kind that an issuer's orders offer, in their order.

    These are its own, and those of every installation that it did not replace by one of the same code.
    """
    columns = reason_codes.c
    rows = connection.execute(
        select(columns.code, columns.label, columns.guidance, columns.active, columns.organization_id)
        .where(
            columns.organization_id.in_({organization_id, ""}),
            columns.kind == wire.enum_number(_KINDS, kind),
        )
        .order_by(columns.sort_rank, columns.code)
    ).all()
    own = {row.code for row in rows if row.organization_id}
    return [
        Reason(row.code, row.label, row.guidance)
        for row in rows
        if row.active and (row.organization_id or row.code not in own)
    ]


def executors_of(connection: Connection, order: WorkOrder) -> list[tuple[str, str]]:
    """Whom an order may be allocated to, by name: active partners and providers that serve its territory."""
    columns = organizations.c
    rows = connection.execute(
        select(columns.id, columns.name)
        .where(
            columns.id.in_(_served_by(connection, order)),
            columns.active,
            ~columns.deleted,
            columns.kind.in_(("partner", "provider")),
        )
        .order_by(columns.name, columns.id)
    )
    return [(row.id, row.name) for row in rows]


def _organization(connection: Connection, order: WorkOrder) -> dict[str, object]:
    row = _organization_row(connection, order.executor_org)
    if row is None:
        return {}
    columns = row._asdict()
    names = ("street", "city", "state", "postal_code", "country")
    currency = columns["travel_cost_per_mile_currency_code"]
    return {
        "name": columns["name"],
        "phone": columns["phone"],
        "time_zone": columns["time_zone"],
        "address": {name: columns[f"address_{name}"] for name in names},
        "free_miles": columns["free_miles"] or 0.0,
        "cost_per_mile": Money(currency, columns["travel_cost_per_mile_micros"]) if currency else None,
    }


def _territory(connection: Connection, order: WorkOrder) -> dict[str, object]:
    row = connection.execute(select(territories.c.zone).where(territories.c.id == order.territory_id)).one_or_none()
    return {"zone": row.zone if row else ""}


def _deliverables(connection: Connection, order: WorkOrder) -> dict[str, tuple[str, ...]]:
    """What the line items' work types ask for, and what was uploaded as such (CP-69, CP-80)."""
    types = {item.work_type_id for item in order.line_items}
    lists = connection.execute(
        select(work_types.c.deliverables).where(work_types.c.id.in_(types)).order_by(work_types.c.name)
    ).scalars()
    present = connection.execute(
        select(attachments.c.deliverable).where(
            attachments.c.work_order_id == order.id, attachments.c.deliverable != ""
        )
    ).scalars()
    required = dict.fromkeys(name for names in lists for name in names)
    return {"required": tuple(required), "present": tuple(dict.fromkeys(present))}


def _drafts(connection: Connection, order: WorkOrder) -> dict[str, object]:
    rows = connection.execute(select(drafts).where(drafts.c.work_order_id == order.id))
    return {row.transition: decoded(row.field_values) for row in rows}


def _executor(connection: Connection, order: WorkOrder, organization_id: str) -> dict[str, object]:
    row = _organization_row(connection, organization_id)
    if row is None or row.deleted:
        return {}
    serves = organization_id in _served_by(connection, order)
    return {"name": row.name, "kind": row.kind, "active": row.active, "serves": serves}


def _served_by(connection: Connection, order: WorkOrder) -> tuple[str, ...]:
    served_by = select(territories.c.served_by).where(territories.c.id == order.territory_id)
    return tuple(connection.execute(served_by).scalar_one_or_none() or ())


def _organization_row(connection: Connection, organization_id: str) -> Row[Any] | None:
    return connection.execute(select(organizations).where(organizations.c.id == organization_id)).one_or_none()


_OF_ORDER: Mapping[str, Callable[[Connection, WorkOrder], object]] = {
    "organization": _organization,
    "territory": _territory,
    "deliverables": _deliverables,
    "drafts": _drafts,
}
