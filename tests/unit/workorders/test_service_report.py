"""What a service report says of a visit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.workorders.domain.service_report import Known, Station, service_report
from services.workorders.domain.values import Money
from services.workorders.domain.work_order import Costs, PartNeed, SiteTechnician, Visit
from tests.support.orders import line_item, order

pytestmark = pytest.mark.req("CP-36")
NOW = datetime(2026, 3, 5, 21, 0, tzinfo=UTC)
VISITED = order(
    "in_progress",
    executor_name="Bluefern Dispatch",
    technician=SiteTechnician(name="Rosa Imani", phone="555-0102"),
    visit=Visit(datetime(2026, 3, 5, 18, 40, tzinfo=UTC), datetime(2026, 3, 5, 20, 5, tzinfo=UTC)),
    costs=Costs(rental_details="Scissor lift", rental_cost=Money("USD", 120_000_000)),
    line_items=(replace(line_item(1), parts=(PartNeed("p-1", 2),), result="Replaced"), line_item(2)),
)
KNOWN = Known(
    "In Progress",
    stations=[Station("Bay 01", "SN-1", "00:24:81", "VT-40")],
    parts={"p-1": "VT40-HEAD Head"},
    required=("Photo before", "Photo after"),
    present=("Photo before",),
)


def sections(made):
    return {section.heading: section for section in made.sections}


def test_times_are_those_of_the_site_and_the_stay_is_counted():
    lines = dict(sections(service_report(VISITED, KNOWN, NOW))["Visit"].lines)

    assert lines["Arrived"] == "5 Mar 2026, 12:40 CST"
    assert lines["On site"] == "1 h 25 min"
    assert lines["Technician"] == "Rosa Imani, 555-0102"


def test_every_task_tells_its_result_and_parts_and_missing_deliverables_are_named():
    made = service_report(VISITED, KNOWN, NOW)

    tasks = sections(made)["Work done"].table
    assert tasks.rows[0][4:] == ("Replaced", "2 × VT40-HEAD Head")
    assert len(tasks.rows) == 2
    assert sections(made)["Stations"].table.rows == (("Bay 01", "VT-40", "SN-1", "00:24:81"),)
    assert dict(sections(made)["Deliverables"].lines) == {"Photo before": "there", "Photo after": "missing"}
    assert dict(sections(made)["Costs"].lines) == {"Rental equipment": "120.00 USD, Scissor lift"}
    assert made.signatures == ("Technician: Rosa Imani", "Customer")


def test_what_there_is_not_is_left_out():
    made = service_report(order("assigned", line_items=()), Known("Assigned"), NOW)

    assert set(sections(made)) == {"Work order"}
