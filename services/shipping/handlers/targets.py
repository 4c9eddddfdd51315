"""SLA targets: computed anew whenever an input changed, evaluated against appointments, previewed."""

from collections.abc import Sequence
from datetime import datetime

from fieldmesh.shipping.v1 import events_pb2
from sqlalchemy import Connection

from services.chassis.ids import derive_id
from services.chassis.unit_of_work import Transaction
from services.shipping import wire
from services.shipping.domain.errors import NoSuchCalendar, NoSuchPolicy
from services.shipping.domain.known_order import Fulfilment, KnownOrder, anchor_of
from services.shipping.domain.order_clock import OrderClock, SlaState, standing
from services.shipping.domain.policy import Anchor, SlaInputs
from services.shipping.domain.sla import Target, compute
from services.shipping.repository import orders, reference, targets
from services.shipping.schemas import TargetPreview
from services.shipping.seeds import DEFAULT_CALENDAR

_ENDED = frozenset({SlaState.MET, SlaState.MISSED, SlaState.VOID})
AGGREGATE = "SlaTarget"


class Targets:
    """Computes targets; calendars stay laid out between calls."""

    def __init__(self, calendars: reference.Calendars) -> None:
        self._calendars = calendars

    def refresh(self, transaction: Transaction, order: KnownOrder, fulfilments: Sequence[Fulfilment]) -> None:
        """Computes the target of an order anew; where it differs, the next version is stored and told to others."""
        connection = transaction.connection
        anchor = anchor_of(order, fulfilments)
        latest = targets.latest_target(connection, order.id)
        if anchor is None or (latest is not None and order.clock.frozen and latest["state"] in _ENDED):
            return
        target, why_none = self._compute(connection, order, anchor)
        state = standing(target, order.clock)
        values = wire.target_columns(order, state, target, why_none)
        if latest is not None and targets.says_the_same(latest, values):
            return
        version = order.target_version + 1
        row = {
            **values,
            "id": derive_id("sla-target", order.id, version),
            "version": version,
            "latest": True,
            "compute_time": transaction.now,
        }
        targets.add_target(connection, row)
        orders.save_target_version(connection, order.id, version)
        event = events_pb2.SlaTargetChanged(target=wire.target_message(row))
        transaction.publish(event, AGGREGATE, order.id, version)

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

    def _compute(self, connection: Connection, order: KnownOrder, anchor: Anchor) -> tuple[Target | None, str]:
        """The target, or why there is none, in words."""
        if not order.policy_code:
            return None, wire.NO_SLA
        owner = order.parties.issuer_org
        policy = reference.find_policy(connection, order.policy_code, owner)
        if policy is None:
            return None, f"There is no SLA policy “{order.policy_code}”, so there is no target."
        calendar = self._calendars.find(connection, order.calendar_name or DEFAULT_CALENDAR, owner)
        if calendar is None:
            # A territory may name a calendar that was never published; work must go on, and the steps name the other.
            calendar = self._calendars.find(connection, DEFAULT_CALENDAR, "")
        if calendar is None:
            raise NoSuchCalendar(order.calendar_name)
        return compute(SlaInputs(policy, calendar, order.site_time_zone, anchor, order.clock.pauses)), ""
