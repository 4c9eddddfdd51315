"""SLA targets: computed anew whenever an input changed, evaluated against appointments, previewed."""

from collections.abc import Sequence
from datetime import datetime

from fieldmesh.shipping.v1 import events_pb2
from sqlalchemy import Connection, RowMapping

from services.chassis.ids import derive_id
from services.chassis.unit_of_work import Transaction
from services.shipping import wire
from services.shipping.domain.calendar import CalendarVersion
from services.shipping.domain.errors import NoSuchCalendar, NoSuchPolicy
from services.shipping.domain.known_order import Fulfilment, KnownOrder, anchor_of
from services.shipping.domain.order_clock import OrderClock, SlaState, standing
from services.shipping.domain.policy import Anchor, Policy, SlaInputs
from services.shipping.domain.sla import Target, compute
from services.shipping.repository import orders, reference, targets
from services.shipping.schemas import TargetPreview
from services.shipping.seeds import DEFAULT_CALENDAR

_ENDED = frozenset({SlaState.MET, SlaState.MISSED, SlaState.VOID})
AGGREGATE = "SlaTarget"
Case = tuple[KnownOrder, Sequence[Fulfilment]]
"""A work order with its fulfilment orders."""


class Targets:
    """Computes targets; calendars stay laid out between calls."""

    def __init__(self, calendars: reference.Calendars) -> None:
        self._calendars = calendars

    def refresh(self, transaction: Transaction, cases: Sequence[Case]) -> None:
        """Computes targets anew; where one differs, its next version is stored and told to others."""
        connection = transaction.connection
        latest = targets.latest_targets(connection, (order.id for order, _ in cases))
        lookup = _Lookup(connection, self._calendars)
        rows = []
        for order, fulfilments in cases:
            row = _next_version(lookup, order, fulfilments, latest.get(order.id))
            if row is not None:
                rows.append({**row, "compute_time": transaction.now})
        targets.add_targets(connection, rows)
        orders.save_target_versions(connection, {row["work_order_id"]: row["version"] for row in rows})
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
        target = compute(SlaInputs(policy, calendar, asked.zone, asked.anchor, asked.pauses))
        state = standing(target, OrderClock(asked.pauses))
        return {**wire.target_facts(state, target), "id": "", "version": 0, "latest": False, "compute_time": now}


class _Lookup:
    """Policies and calendars in force, each read once for many orders."""

    def __init__(self, connection: Connection, calendars: reference.Calendars) -> None:
        self._connection = connection
        self._calendars = calendars
        self._policies: dict[tuple[str, str], Policy | None] = {}
        self._found: dict[tuple[str, str], CalendarVersion | None] = {}

    def policy(self, code: str, owner: str) -> Policy | None:
        """The policy with a code; None where there is none."""
        if (code, owner) not in self._policies:
            self._policies[code, owner] = reference.find_policy(self._connection, code, owner)
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
            self._found[name, owner] = self._calendars.find(self._connection, name, owner)
        return self._found[name, owner]


def _next_version(
    lookup: _Lookup, order: KnownOrder, fulfilments: Sequence[Fulfilment], latest: RowMapping | None
) -> wire.Columns | None:
    """The row of an order's next target; None where nothing that anybody sees has changed, or it is frozen."""
    anchor = anchor_of(order, fulfilments)
    if anchor is None or (latest is not None and order.clock.frozen and latest["state"] in _ENDED):
        return None
    target, why_none = _compute(lookup, order, anchor)
    values = wire.target_columns(order, standing(target, order.clock), target, why_none)
    if latest is not None and targets.says_the_same(latest, values):
        return None
    version = order.target_version + 1
    return {**values, "id": derive_id("sla-target", order.id, version), "version": version, "latest": True}


def _compute(lookup: _Lookup, order: KnownOrder, anchor: Anchor) -> tuple[Target | None, str]:
    """The target, or why there is none, in words."""
    if not order.policy_code:
        return None, wire.NO_SLA
    owner = order.parties.issuer_org
    policy = lookup.policy(order.policy_code, owner)
    if policy is None:
        return None, f"There is no SLA policy “{order.policy_code}”, so there is no target."
    calendar = lookup.calendar(order.calendar_name or DEFAULT_CALENDAR, owner)
    return compute(SlaInputs(policy, calendar, order.site_time_zone, anchor, order.clock.pauses)), ""
