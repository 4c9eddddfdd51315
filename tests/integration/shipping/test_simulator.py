"""The carriers' simulator: every parcel arrives, step by step, at the pace that is set, and never out of order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.chassis.clock import ScriptedClock
from services.chassis.database import Database
from services.shipping import seeds
from services.shipping.bootstrap import NoFiles, Outside, assemble
from services.shipping.carriers.simulator import AT_ONCE, Simulator
from services.shipping.settings import ShippingSettings
from tests.integration.shipping.conftest import ME, Desk, carrier_says
from tests.integration.shipping.test_amending import end
from tests.integration.shipping.test_parts import organization

STEP = timedelta(minutes=20)
ANNOUNCED, HANDED_OVER, IN_TRANSIT, OUT, DELIVERED = 1, 2, 3, 4, 5


@pytest.fixture
def desk(database: Database, clock: ScriptedClock) -> Desk:
    app = assemble(database, clock, Outside(NoFiles(), carriers=[Simulator(STEP)]))
    with database.begin(actor=ME) as transaction:
        seeds.seed(transaction.connection)
    made = Desk(app, clock)
    organization(made, places=True, version=1)
    return made


def later(desk: Desk, steps: float = 1) -> int:
    desk.clock.set(desk.clock.now() + steps * STEP)
    return desk.app.carriers.run_due(desk.clock.now())


@pytest.mark.req("CP-71")
def test_what_was_ordered_is_packed_picked_up_and_delivered_step_by_step(desk: Desk) -> None:
    desk.accept(acceptance_version=1)

    states = []
    for _ in range(6):
        later(desk)
        states.append([each.state for each in desk.list("Parcel")])

    assert states == [[ANNOUNCED], [HANDED_OVER], [IN_TRANSIT], [OUT], [DELIVERED], [DELIVERED]]
    (order,) = desk.list("FulfilmentOrder")
    assert order.phase == 4
    events = desk.list("TrackingEvent", order_by="carrier_sequence")
    assert [each.carrier_sequence for each in events] == [1, 2, 3, 4, 5]
    assert all(each.applied for each in events)
    (parcel,) = desk.list("Parcel")
    assert [(each.part_number, each.quantity) for each in parcel.contents] == [("VT40-HEAD", 1)]


def test_nothing_moves_before_its_time_and_looking_twice_moves_nothing_twice(desk: Desk) -> None:
    desk.accept(acceptance_version=1)

    assert later(desk, 0.5) == 0
    assert later(desk, 0.5) == 1
    assert desk.app.carriers.run_due(desk.clock.now()) == 0
    assert later(desk, 0.9) == 0


def test_a_real_carriers_parcel_goes_on_from_where_it_is(desk: Desk) -> None:
    desk.accept(acceptance_version=1)
    number = desk.list("FulfilmentOrder")[0].number
    desk.track(carrier_says(70, IN_TRANSIT, tracking="T0", order=number))

    later(desk)

    (parcel,) = desk.list("Parcel")
    assert (parcel.tracking_number, parcel.state, parcel.carrier_sequence) == ("T0", OUT, 71)


@pytest.mark.req("CP-87")
def test_what_nobody_waits_for_any_more_stays_where_it_is(desk: Desk) -> None:
    desk.accept(acceptance_version=1)
    later(desk)
    end(desk)

    assert later(desk) == 0
    assert [each.state for each in desk.list("Parcel")] == [ANNOUNCED]


def test_few_parcels_move_at_once(desk: Desk) -> None:
    for number in range(AT_ONCE + 2):
        desk.accept(f"w{number}", acceptance_version=1)

    assert later(desk) == AT_ONCE
    assert desk.app.carriers.run_due(desk.clock.now()) == 2


def test_it_is_off_unless_a_pace_is_set() -> None:
    assert ShippingSettings().simulated() == ()
    assert ShippingSettings(carrier_simulator=5).simulated() == (Simulator(timedelta(minutes=5)),)
