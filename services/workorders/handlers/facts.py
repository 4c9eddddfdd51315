"""Snapshots for the workflow that this service can tell itself: what guards and forms look at beside the order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import reason_code_pb2
from sqlalchemy import select

from services.workorders import wire
from services.workorders.domain.approval import may_approve
from services.workorders.domain.definition import Category
from services.workorders.domain.history import Evidence
from services.workorders.domain.values import Money
from services.workorders.handlers import wanted
from services.workorders.handlers.draft_values import decoded
from services.workorders.tables import (
    attachments,
    drafts,
    organizations,
    people,
    reason_codes,
    territories,
    work_orders,
    work_types,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from services.workorders.domain.definition import Transition
    from services.workorders.domain.situation import Inputs
    from services.workorders.domain.work_order import WorkOrder

ADMINS_ONLY = "admins_only"
_KINDS = reason_code_pb2.ReasonKind.DESCRIPTOR


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason that may be chosen, with its guidance."""

    code: str
    label: str
    guidance: str
    kind: str = ""


def for_offers(connection: Connection, order: WorkOrder) -> dict[str, object]:
    """What forms and guards look at before anything is filled in."""
    return {name: tell(connection, order) for name, tell in _OF_ORDER.items()}


def for_move(connection: Connection, order: WorkOrder, transition: Transition, inputs: Inputs) -> dict[str, object]:
    """What a move looks at, with what its inputs point to."""
    known = for_offers(connection, order)
    if inputs.executor_org:
        known["executor"] = _executor(connection, order, inputs.executor_org)
    if inputs.part_id or inputs.affected_parts:
        known["part"] = wanted.part_told(connection, order, inputs)
    asked = {field.path for field in transition.form_fields()}
    for name, path, given in (
        ("approver", "inputs.approver_id", inputs.approver_id),
        ("assignee", "inputs.assignee_id", inputs.assignee_id),
    ):
        if path in asked:
            known[name] = _person(connection, given)
    if "inputs.provider_org" in asked:
        known["provider"] = _executor(connection, order, inputs.provider_org)
    if transition.reason:
        offered = reasons_of(connection, order.issuer_org, transition.reason_kinds)
        chosen = next((each for each in offered if each.code == inputs.reason_code), None)
        known["reasons"] = {each.code: each.label for each in offered}
        known["reason"] = {"label": chosen.label, "kind": chosen.kind} if chosen else {"label": "", "kind": ""}
    return known


def evidence_for(connection: Connection, inputs: Inputs, now: datetime) -> tuple[Evidence, ...]:
    """Which versions of other services' facts a move looks at that this service keeps copies of."""
    row = _organization_row(connection, inputs.executor_org) if inputs.executor_org else None
    return (Evidence("technicians' organisation", str(row.version), now),) if row is not None else ()


def reason_label(connection: Connection, organization_id: str, kinds: Sequence[str], code: str) -> str:
    """The label of a reason code of one of some kinds; empty where there is none."""
    if not kinds or not code:
        return ""
    return next((each.label for each in reasons_of(connection, organization_id, kinds) if each.code == code), "")


def reasons_of(connection: Connection, organization_id: str, kinds: Sequence[str]) -> list[Reason]:
    """The active reasons of some kinds that an issuer's orders offer, kind by kind, each in its order.

    These are its own, and those of every installation that it did not replace by one of the same code.
    """
    return [each for kind in kinds for each in _reasons_of_kind(connection, organization_id, kind)]


def _reasons_of_kind(connection: Connection, organization_id: str, kind: str) -> list[Reason]:
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
        Reason(row.code, row.label, row.guidance, kind)
        for row in rows
        if row.active and (row.organization_id or row.code not in own)
    ]


def executors_of(connection: Connection, order: WorkOrder) -> list[tuple[str, str]]:
    """Whom an order may be allocated to, by name: active partners and providers that serve its territory."""
    served_by = _served_by(connection, order)
    return [(executor, name) for executor, name in all_executors(connection) if executor in served_by]


def all_executors(connection: Connection) -> list[tuple[str, str]]:
    """Whom orders may be allocated to, by name: active partners and providers, whatever territories they serve."""
    columns = organizations.c
    rows = connection.execute(
        select(columns.id, columns.name)
        .where(columns.active, ~columns.deleted, columns.kind.in_(("partner", "provider")))
        .order_by(columns.name, columns.id)
    )
    return [(row.id, row.name) for row in rows]


def providers_of(connection: Connection, order: WorkOrder) -> list[tuple[str, str]]:
    """Whom an order may be handed to, by name: active providers that serve its territory (PT-6)."""
    columns = organizations.c
    rows = connection.execute(
        select(columns.id, columns.name)
        .where(
            columns.id.in_(_served_by(connection, order)), columns.active, ~columns.deleted, columns.kind == "provider"
        )
        .order_by(columns.name, columns.id)
    )
    return [(row.id, row.name) for row in rows]


def approvers_of(connection: Connection, order: WorkOrder, submitter: str) -> list[tuple[str, str]]:
    """Whom somebody may ask to approve an order, by name (PT-5, PT-8)."""
    admins_only = bool(_approval_policy(connection, order).get("admins_only"))
    own = order.issuer_org == order.facility_org
    return [
        (row.id, row.name)
        for row in colleagues(connection, order.facility_org)
        if row.id != submitter and may_approve(row.roles, admins_only=admins_only, own_order=own)
    ]


def assignees_of(connection: Connection, order: WorkOrder) -> list[tuple[str, str]]:
    """Who may go to the site, by name: the people of the organisation that does the work (PT-4, PT-6)."""
    home = order.executor_org if order.handover.accept_time else order.issuer_org
    return [(row.id, row.name) for row in colleagues(connection, home)]


def colleagues(connection: Connection, organization_id: str) -> Sequence[Row[Any]]:
    """The active people of an organisation, by name."""
    held = select(people).where(people.c.organization_id == organization_id, people.c.active, ~people.c.deleted)
    return connection.execute(held.order_by(people.c.name, people.c.id)).all()


def _person(connection: Connection, person_id: str) -> dict[str, object]:
    row = connection.execute(select(people).where(people.c.id == person_id, ~people.c.deleted)).one_or_none()
    if row is None:
        return {}
    names = ("name", "email", "active", "organization_id")
    return {**{name: getattr(row, name) for name in names}, "roles": frozenset(row.roles)}


def _approval_policy(connection: Connection, order: WorkOrder) -> dict[str, object]:
    """How the facility's organisation lets its people approve; nothing for an order that is not approved."""
    if not order.content_version:
        return {}
    row = _organization_row(connection, order.facility_org)
    return {"admins_only": row is not None and row.approvers == ADMINS_ONLY}


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


def _continuation(connection: Connection, order: WorkOrder) -> dict[str, str]:
    """The number of the order that continues this one, where it is still open; only the latest can be."""
    if not order.successor.id:
        return {"open_number": ""}
    open_number = connection.execute(
        select(work_orders.c.number).where(
            work_orders.c.id == order.successor.id, work_orders.c.category.in_((Category.OPEN, Category.HELD))
        )
    ).scalar_one_or_none()
    return {"open_number": open_number or ""}


def _drafts(connection: Connection, order: WorkOrder) -> dict[str, object]:
    rows = connection.execute(select(drafts).where(drafts.c.work_order_id == order.id))
    return {row.transition: decoded(row.field_values) for row in rows}


def _meter(connection: Connection, order: WorkOrder) -> dict[str, object]:
    """What the order's meter showed last in another order of its issuer's."""
    if not order.utility.meter:
        return {}
    columns = work_orders.c
    row = connection.execute(
        select(columns.utility_meter_read, columns.utility_read_unit, columns.utility_read_time)
        .where(
            columns.issuer_org == order.issuer_org,
            columns.utility_meter == order.utility.meter,
            columns.utility_read_time.is_not(None),
            columns.id != order.id,
        )
        .order_by(columns.utility_read_time.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return {}
    return {"value": row.utility_meter_read, "unit": row.utility_read_unit, "read_time": row.utility_read_time}


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
    "old_parts": wanted.old_parts,
    "drafts": _drafts,
    "continuation": _continuation,
    "approval_policy": _approval_policy,
    "meter": _meter,
}
