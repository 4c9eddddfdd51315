"""Lists of orders: views, order, search, filters, totals, pages (CP-7 to CP-16)."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from fieldmesh.workorders.v1 import view_service_pb2
from sqlalchemy import event

from services.chassis.errors import InvalidRequest
from tests.integration.workorders.conftest import ADMIN, BLUEFERN, DISPATCHER, KESTREL, PARTNER, STRANGER, TECHNICIAN


@contextmanager
def counted_statements(database):
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    reader = database._storage._reader
    event.listen(reader, "before_cursor_execute", note)
    yield seen
    event.remove(reader, "before_cursor_execute", note)


def numbers(answer) -> list[str]:
    return [order.number for order in answer.work_orders]


@pytest.fixture
def orders(desk):
    """Five orders: unallocated, assigned, shipped, in progress, closed."""
    unallocated = desk.create(priority=1)
    assigned = desk.allocated(subject="Assure - VT-40 - Latch (Ver 01)", priority=4)
    shipped = desk.accepted()
    desk.parts(shipped, 3, 1)
    working = desk.at_work()
    return [unallocated, assigned, shipped, working]


@pytest.mark.req("CP-15")
def test_states_sort_in_lifecycle_order_and_back(desk, orders):
    ascending = desk.list(DISPATCHER, order_by="state")
    descending = desk.list(DISPATCHER, order_by="-state")

    assert [order.state for order in ascending.work_orders] == ["unallocated", "assigned", "shipped", "in_progress"]
    assert numbers(descending) == numbers(ascending)[::-1]


@pytest.mark.req("CP-14")
@pytest.mark.parametrize(
    "column",
    [
        "number", "case_number", "subject", "account_name", "territory_name", "state", "assigned_time",
        "entitlement_name",
        "appointment", "work_type_name", "priority",
    ],
)  # fmt: skip
def test_every_column_sorts(desk, orders, column):
    there, back = desk.list(DISPATCHER, order_by=column), desk.list(DISPATCHER, order_by=f"-{column}")

    assert sorted(numbers(there)) == sorted(numbers(back)) == sorted(order.number for order in orders)


def test_priorities_sort_by_urgency(desk, orders):
    found = desk.list(DISPATCHER, order_by="-priority").work_orders

    assert found[0].number == orders[1].number
    assert found[-1].number == orders[0].number


@pytest.mark.req("CP-7")
def test_a_partner_lists_its_own_orders_and_no_one_elses(desk, orders):
    desk.fire(desk.create(), "allocate", ADMIN, executor_org=BLUEFERN)

    assert desk.list(PARTNER).page.total_size == 4
    assert desk.list(STRANGER).page.total_size == 0
    assert {order.executor_org for order in desk.list(PARTNER).work_orders} == {BLUEFERN}
    assert desk.list(ADMIN).page.total_size == 5


def test_totals_come_from_counters_and_agree_with_counting(desk, orders):
    for caller in (DISPATCHER, PARTNER, ADMIN, STRANGER):
        whole = desk.list(caller, page_size=2)
        filtered = desk.list(
            caller, page_size=1, filters=[{"field": "state", "operator": 3, "values": ["assigned", "shipped"]}]
        )
        assert whole.page.total_size == len(desk.list(caller, page_size=200).work_orders)
        assert filtered.page.total_size == sum(
            order.state in {"assigned", "shipped"} for order in desk.list(caller, page_size=200).work_orders
        )
        assert whole.page.total_size_exact


def test_pages_follow_each_other_without_gap_or_repeat(desk, orders):
    seen, token = [], ""
    while True:
        answer = desk.list(DISPATCHER, page_size=3, order_by="state", page_token=token)
        seen += numbers(answer)
        token = answer.page.next_page_token
        if not token:
            break

    assert seen == numbers(desk.list(DISPATCHER, order_by="state"))
    first = desk.list(DISPATCHER, page_size=1, order_by="state").page.next_page_token
    with pytest.raises(InvalidRequest) as refused:
        desk.list(PARTNER, page_size=1, order_by="state", page_token=first)
    assert refused.value.reason == "PAGE_TOKEN_MISMATCH"


@pytest.mark.req("CP-10")
def test_search_stays_within_the_view(desk, orders):
    found = desk.list(DISPATCHER, search="latch")
    elsewhere = desk.list(DISPATCHER, view="completed_closed", search="latch")

    assert numbers(found) == [orders[1].number]
    assert numbers(desk.list(DISPATCHER, search=orders[2].number)) == [orders[2].number]
    assert numbers(elsewhere) == []


@pytest.mark.req("CP-11")
def test_views_narrow_the_list(desk, orders):
    for view, states in {
        "my_open": {"unallocated", "assigned", "shipped", "in_progress"},
        "completed_closed": set(),
        "ended": set(),
        "all": {"unallocated", "assigned", "shipped", "in_progress"},
    }.items():
        assert {order.state for order in desk.list(DISPATCHER, view=view).work_orders} == states
    with pytest.raises(InvalidRequest):
        desk.list(DISPATCHER, view="nonsense")
    with pytest.raises(InvalidRequest):
        desk.list(DISPATCHER, view="recently_viewed")


@pytest.mark.req("CP-11")
def test_recently_viewed_orders_are_the_callers_own_newest_first(desk, orders, clock):
    from datetime import timedelta

    for order in (orders[0], orders[2], orders[1]):
        clock.advance(timedelta(seconds=1))
        request = view_service_pb2.RecordVisitRequest(
            resource_type="fieldmesh.workorders.v1.WorkOrder", resource_id=order.id, title=order.number
        )
        desk.call(desk.app.views, "RecordVisit", DISPATCHER, request)

    seen = desk.list(DISPATCHER, view="recently_viewed_orders")

    assert numbers(seen) == [orders[1].number, orders[2].number, orders[0].number]
    assert desk.list(PARTNER, view="recently_viewed_orders").page.total_size == 0


def test_mine_are_followed_or_assigned(desk, orders):
    desk.orders("FollowWorkOrder", PARTNER, work_order_id=orders[1].id, follow=True)
    desk.fire(orders[3], "assign_technician", PARTNER, person_id="tech")
    technician = TECHNICIAN.__class__("tech", "Ada Moss", roles=frozenset({"technician"}), organization_id=BLUEFERN,
                                      organization_kind="partner", technician_id="t-1")  # fmt: skip

    assert numbers(desk.list(PARTNER, view="my_open", mine=True)) == [orders[1].number]
    assert numbers(desk.list(technician)) == [orders[3].number]
    assert desk.get(orders[1].id, PARTNER).followed
    assert not desk.get(orders[1].id, DISPATCHER).followed


def test_a_filter_by_another_organisation_shows_nothing_more(desk, orders):
    theirs = [{"field": "executor_org", "operator": 1, "values": [KESTREL]}]

    assert desk.list(PARTNER, filters=theirs).page.total_size == 0


def test_a_page_takes_a_fixed_number_of_statements(desk, orders):
    def statements(size: int) -> int:
        with counted_statements(desk.app.database) as seen:
            desk.list(DISPATCHER, page_size=size)
        return len([each for each in seen if each.lstrip().upper().startswith("SELECT")])

    assert statements(1) == statements(4) + 1 <= 4
