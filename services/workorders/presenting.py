"""Orders, history and offers as messages of the contract."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from fieldmesh.common.v1 import types_pb2
from fieldmesh.workorders.v1 import (
    events_pb2,
    history_entry_pb2,
    work_order_pb2,
    work_order_service_pb2,
    work_type_pb2,
)
from sqlalchemy import select

from services.chassis.etag import etag_of
from services.workorders import wire
from services.workorders.domain.definition import Position
from services.workorders.domain.target import SlaState, SlaSummary
from services.workorders.domain.texts import text_of
from services.workorders.domain.values import Money
from services.workorders.rows import order_of
from services.workorders.tables import follows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from fieldmesh.shipping.v1 import sla_pb2
    from sqlalchemy import Connection

    from services.chassis.identity import Caller
    from services.workorders.domain.definition import FormField
    from services.workorders.domain.outcome import Caveat, FieldChange, Refusal
    from services.workorders.domain.predicates import Objection
    from services.workorders.domain.workflow import Offer
    from services.workorders.handlers.choices import Choices
    from services.workorders.handlers.facts import Reason

_SLA_STATES = work_order_pb2.SlaState.DESCRIPTOR
# Refusals that a user answers with a confirmation rather than with a correction.
TO_CONFIRM = frozenset({"APPOINTMENT_AFTER_TARGET", "TARGET_CHANGED"})


NO_CHOICES: Mapping[str, Choices] = MappingProxyType({})
_POSITIONS = {
    Position.HIDDEN: work_order_service_pb2.TRANSITION_POSITION_UNSPECIFIED,
    Position.BAR: work_order_service_pb2.TRANSITION_POSITION_BAR,
    Position.MORE: work_order_service_pb2.TRANSITION_POSITION_MORE,
    Position.INLINE: work_order_service_pb2.TRANSITION_POSITION_INLINE,
}


def order_message(row: Mapping[str, Any], *, followed: bool = False) -> work_order_pb2.WorkOrder:
    """An order's row as the contract shows it."""
    return wire.fill(
        work_order_pb2.WorkOrder(),
        order_of(row),
        etag=etag_of(row["id"], row["version"]),
        state_label=row["state_label"],
        state_rank=row["state_rank"],
        state_tone=row["state_tone"],
        category=row["category"],
        clock_running=row["clock_running"],
        frozen=row["frozen"],
        followed=followed,
    )


def order_messages(
    connection: Connection, caller: Caller, rows: Iterable[Mapping[str, Any]]
) -> list[work_order_pb2.WorkOrder]:
    """Rows as messages, with whether the caller follows each: one statement for all of them."""
    known = list(rows)
    followed = followed_of(connection, caller, [row["id"] for row in known])
    return [order_message(row, followed=row["id"] in followed) for row in known]


def followed_of(connection: Connection, caller: Caller, ids: Collection[str]) -> set[str]:
    """Which of some orders the caller follows."""
    asked = select(follows.c.work_order_id).where(
        follows.c.person_id == caller.subject, follows.c.work_order_id.in_(ids)
    )
    return set(connection.execute(asked).scalars())


def history_message(row: Mapping[str, Any]) -> history_entry_pb2.HistoryEntry:
    """A row of history as the contract shows it; salt and commitment stay here."""
    names = ("id", "work_order_id", "sequence", "field", "field_label", "old_value", "new_value")
    rest = ("transition", "reason", "evidence", "hash", "erased")
    return history_entry_pb2.HistoryEntry(
        **{name: row[name] for name in (*names, *rest)},
        change_time=wire.timestamp(row["change_time"]),
        actor=types_pb2.Actor(
            subject=row["actor_subject"],
            display_name=row["actor_display_name"],
            organization_id=row["actor_organization_id"],
        ),
    )


def offer_message(
    offer: Offer, reasons: Iterable[Reason] = (), choices: Mapping[str, Choices] = NO_CHOICES
) -> work_order_service_pb2.AvailableTransition:
    """A transition as the caller may use it now, with the reasons that it lets choose from.

    `choices` are those of the fields of its form that take nothing else, by their paths.
    """
    move = offer.transition
    return work_order_service_pb2.AvailableTransition(
        name=move.name,
        label=move.label,
        icon=move.icon,
        danger=move.danger,
        confirm=move.confirm,
        position=_POSITIONS[move.position],
        steps=[
            work_order_service_pb2.FormStep(
                title=step.title,
                intro=step.intro,
                fields=[_field_message(field, offer.defaults, choices) for field in step.fields],
            )
            for step in move.form
        ],
        reason_kind=move.reason,
        allowed=offer.allowed,
        refusals=[refusal_message(objection) for objection in offer.objections],
        bulk=move.bulk,
        help=move.help,
        done=move.done,
        drafts=move.drafts,
        reasons=[
            work_order_service_pb2.ReasonChoice(
                code=each.code, label=each.label, guidance=each.guidance, kind=each.kind
            )
            for each in reasons
        ],
    )


def refusal_messages(refusal: Refusal) -> list[work_order_service_pb2.GuardRefusal]:
    """Every reason of a refusal; one that has no objections, such as a wrong state, speaks for itself."""
    if refusal.objections:
        return [refusal_message(objection) for objection in refusal.objections]
    error = refusal.error
    blamed = error.violations[0].field if error.violations else ""
    return [work_order_service_pb2.GuardRefusal(guard=error.reason, message=str(error), field=blamed)]


def refusal_message(objection: Objection) -> work_order_service_pb2.GuardRefusal:
    """One reason why a transition is refused."""
    return work_order_service_pb2.GuardRefusal(guard=objection.guard, message=objection.message, field=objection.field)


def change_message(change: FieldChange, labels: Mapping[str, str]) -> history_entry_pb2.HistoryEntry:
    """A row that history would get."""
    label = labels.get(change.field, change.field)
    return history_entry_pb2.HistoryEntry(
        field=change.field, field_label=label, old_value=change.old, new_value=change.new
    )


def warning_messages(
    warnings: Iterable[Caveat], refusal: Refusal | None = None
) -> list[work_order_service_pb2.TransitionWarning]:
    """What the user should know, and what a refusal asks to confirm (CP-74)."""
    asked = (objection for objection in (refusal.objections if refusal else ()) if objection.code in TO_CONFIRM)
    told = [(warning.code, warning.message) for warning in warnings] + [(each.code, each.message) for each in asked]
    return [work_order_service_pb2.TransitionWarning(code=code, message=message) for code, message in told]


def _field_message(
    field: FormField, defaults: Mapping[str, object], choices: Mapping[str, Choices]
) -> work_order_service_pb2.FormField:
    offered = choices.get(field.path)
    default = form_text(defaults.get(field.path))
    if offered and offered.only and field.required and len(offered.values) == 1:
        # Where there is nothing to choose, nobody is asked to.
        default = offered.values[0][0]
    return work_order_service_pb2.FormField(
        path=field.path,
        label=field.label,
        help=offered.none if offered and offered.none and not offered.values else field.help,
        required=field.required,
        default_value=default,
        read_only=field.read_only,
        choices=[
            work_order_service_pb2.FormChoice(
                value=value, label=label, most=offered.most.get(value, 0) if offered else 0
            )
            for value, label in (offered.values if offered else ())
        ],
        choices_only=offered is not None and offered.only,
    )


def form_text(value: object) -> str:
    """A value as forms begin with it: codes, not labels; amounts as decimal number and currency."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Money):
        return str(value)
    return str(value) if isinstance(value, str) else text_of(value)


def work_type_event(
    work_type: work_type_pb2.WorkType, version: int, *, deleted: bool = False
) -> events_pb2.WorkTypeChanged:
    """What technicians need to know of a work type."""
    return events_pb2.WorkTypeChanged(
        work_type_id=work_type.id,
        name=work_type.name,
        certification_codes=work_type.certification_codes,
        technicians_needed=work_type.technicians_needed,
        version=version,
        active=work_type.active and not deleted,
    )


def sla_summary(target: sla_pb2.SlaTarget) -> SlaSummary:
    """A target of shipping as orders keep it."""
    names = ("due_time", "due_date", "warn_time")
    known: dict[str, Any] = {name: wire.read(target, name) for name in names}
    return SlaSummary(
        target_id=target.id,
        version=target.version,
        state=SlaState(wire.enum_code(_SLA_STATES, target.state)),
        time_zone=target.time_zone,
        as_of_time=wire.read(target, "compute_time"),  # type: ignore[arg-type]
        **known,
    )
