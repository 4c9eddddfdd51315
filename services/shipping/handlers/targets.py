"""SLA targets: computed anew whenever an input changed, evaluated against appointments, previewed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from fieldmesh.shipping.v1 import events_pb2
from sqlalchemy import Connection, RowMapping

from services.chassis.clock import Clock
from services.chassis.ids import derive_id
from services.chassis.unit_of_work import Transaction
from services.shipping import wire
from services.shipping.domain.calendar import CalendarVersion
from services.shipping.domain.errors import NoSuchCalendar, NoSuchPolicy, ShippingRefusal
from services.shipping.domain.known_order import Fulfilment, KnownOrder, anchor_of
from services.shipping.domain.order_clock import OrderClock, SlaState, ending, standing
from services.shipping.domain.outcome import Warnings
from services.shipping.domain.policy import Anchor, Policy, SlaInputs
from services.shipping.domain.sla import Target, compute
from services.shipping.handlers.telling import Case
from services.shipping.repository import orders, reference, targets, warnings
from services.shipping.repository.reference import Draft
from services.shipping.repository.warnings import Planned
from services.shipping.schemas import TargetPreview
from services.shipping.seeds import DEFAULT_CALENDAR

_ENDED = frozenset({SlaState.MET, SlaState.MISSED, SlaState.VOID})
AGGREGATE = "SlaTarget"


class Targets:
    """Computes targets; calendars stay laid out between calls."""

    def __init__(self, calendars: reference.Calendars, clock: Clock) -> None:
        self._calendars = calendars
        self._clock = clock

    def year(self) -> int:
        """The present year, from which the horizon counts."""
        return self._clock.now().year

    def refresh(self, transaction: Transaction, cases: Sequence[Case]) -> None:
        """Computes targets anew; where one differs, its next version is stored and told to others."""
        shifts = self.would_be(transaction.connection, cases)
        refused = next((shift.refusal for shift in shifts if shift.refusal), None)
        if refused is not None:
            raise refused
        self.store(transaction, shifts)

    def would_be(self, connection: Connection, cases: Sequence[Case], draft: Draft | None = None) -> list[Shift]:
        """What targets are when computed now, and what they were; a draft counts as if in force. Stores nothing."""
        latest = targets.latest_targets(connection, (order.id for order, _ in cases))
        lookup = _Lookup(connection, self._calendars, draft)
        return [_shift(lookup, order, fulfilments, latest.get(order.id)) for order, fulfilments in cases]

    @staticmethod
    def store(transaction: Transaction, shifts: Iterable[Shift]) -> None:
        """Stores and tells the next versions of the targets that changed."""
        connection = transaction.connection
        kept = [shift for shift in shifts if shift.columns]
        rows = [{**(shift.columns or {}), "compute_time": transaction.now} for shift in kept]
        targets.add_targets(connection, rows)
        orders.save_target_versions(connection, {row["work_order_id"]: row["version"] for row in rows})
        planned = [
            Planned(row["work_order_id"], row["version"], row["due_time"], shift.warnings)
            for row, shift in zip(rows, kept, strict=True)
        ]
        if planned:
            warnings.plan(connection, planned, transaction.now)
        for row in rows:
            event = events_pb2.SlaTargetChanged(target=wire.target_message(row))
            transaction.publish(event, AGGREGATE, row["work_order_id"], row["version"])

    def preview(
        self, connection: Connection, asked: TargetPreview, organization_id: str, now: datetime
    ) -> wire.Columns:
        """The target of given inputs as a row that is not stored. Raises NoSuchPolicy and NoSuchCalendar."""
        policy = reference.find_policy(connection, asked.policy_code, organization_id)
        if policy is None:
            raise NoSuchPolicy(asked.policy_code)
        name = asked.calendar_name or DEFAULT_CALENDAR
        calendar = self._calendars.find(connection, name, organization_id)
        if calendar is None:
            raise NoSuchCalendar(name)
        target = compute(
            SlaInputs(policy, calendar, asked.zone, asked.anchor, asked.pauses, work_classes=asked.work_classes)
        )
        state = standing(target, OrderClock(asked.pauses))
        return {**wire.target_facts(state, target), "id": "", "version": 0, "latest": False, "compute_time": now}


@dataclass(frozen=True, slots=True)
class Shift:
    """What a computation made of an order's target: its next version (None: nothing changes), or why it could not."""

    order: KnownOrder
    before: RowMapping | None
    columns: wire.Columns | None = None
    warnings: Warnings = ()
    refusal: ShippingRefusal | None = None

    @property
    def moves(self) -> bool:
        """Whether it is due at another instant than before."""
        return (
            self.columns is not None and (self.before["due_time"] if self.before else None) != self.columns["due_time"]
        )


class _Lookup:
    """Policies and calendars in force, each read once for many orders."""

    def __init__(self, connection: Connection, calendars: reference.Calendars, draft: Draft | None = None) -> None:
        self._connection = connection
        self._draft = draft
        self._calendars = calendars
        self._policies: dict[tuple[str, str], Policy | None] = {}
        self._found: dict[tuple[str, str], CalendarVersion | None] = {}

    def policy(self, code: str, owner: str) -> Policy | None:
        """The policy with a code; None where there is none."""
        if (code, owner) not in self._policies:
            self._policies[code, owner] = reference.find_policy(self._connection, code, owner, self._draft)
        return self._policies[code, owner]

    def calendar(self, name: str, owner: str) -> CalendarVersion:
        """The calendar with a name, else the default one.

        A territory may name one that was never published: work must go on, and the steps name the one that counted.
        Raises NoSuchCalendar where the default is missing as well.
        """
        found = self._calendar(name, owner) or self._calendar(DEFAULT_CALENDAR, "")
        if found is None:
            raise NoSuchCalendar(name)
        return found

    def _calendar(self, name: str, owner: str) -> CalendarVersion | None:
        if (name, owner) not in self._found:
            self._found[name, owner] = self._calendars.find(self._connection, name, owner, self._draft)
        return self._found[name, owner]


def _shift(lookup: _Lookup, order: KnownOrder, fulfilments: Sequence[Fulfilment], latest: RowMapping | None) -> Shift:
    """What an order's target is when computed now. A refusal is kept: one order never stops the others."""
    try:
        columns, told = _next_version(lookup, order, fulfilments, latest)
        return Shift(order, latest, columns, told)
    except ShippingRefusal as refusal:
        return Shift(order, latest, refusal=refusal)


def _next_version(
    lookup: _Lookup, order: KnownOrder, fulfilments: Sequence[Fulfilment], latest: RowMapping | None
) -> tuple[wire.Columns | None, Warnings]:
    """The row of an order's next target, and what people are told of it.

    No row where nothing that anybody sees has changed, or the target is frozen.
    """
    anchor = anchor_of(order, fulfilments)
    if anchor is None or (latest is not None and order.clock.frozen and latest["state"] in _ENDED):
        return None, ()
    target, why_none = _compute(lookup, order, anchor)
    state = standing(target, order.clock)
    values = wire.target_columns(order, state, target, why_none, ending(target, order.clock))
    if latest is not None and targets.says_the_same(latest, values):
        return None, ()
    version = order.target_version + 1
    row = {**values, "id": derive_id("sla-target", order.id, version), "version": version, "latest": True}
    return row, target.warnings if target and state is SlaState.RUNNING else ()


def _compute(lookup: _Lookup, order: KnownOrder, anchor: Anchor) -> tuple[Target | None, str]:
    """The target, or why there is none, in words."""
    if not order.policy_code:
        return None, wire.no_sla(order.entitlement_name)
    owner = order.parties.issuer_org
    policy = lookup.policy(order.policy_code, owner)
    if policy is None:
        return None, f"There is no SLA policy “{order.policy_code}”, so there is no target."
    calendar = lookup.calendar(order.calendar_name or DEFAULT_CALENDAR, owner)
    inputs = SlaInputs(
        policy, calendar, order.site_time_zone, anchor, order.clock.pauses, work_classes=order.work_classes
    )
    return compute(inputs), ""
