"""Migration 0003 on a database with calendars and running targets."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.chassis.migrations import metadata_of, migrate, migration_engine, scripts_of, upgrade
from services.shipping.tables import business_calendars, sla_policies, sla_targets, sla_warnings
from tests.support.migrations import Earlier, insert_earlier

WEEK = [{"weekday": 1, "opens": "08:00", "closes": "17:00"}]
DAYS = [
    {"date": {"year": 2026, "month": 12, "day": 25}, "name": "Christmas Day"},
    {
        "date": {"year": 2026, "month": 12, "day": 26},
        "name": "Open",
        "windows": [{"opens": "09:00", "closes": "12:00"}],
    },
]


@pytest.mark.req("B-1")
def test_what_was_there_is_published_and_running_targets_are_warned_of(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shipping.sqlite3'}"
    engine = migration_engine(url)
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    with engine.connect() as connection:
        upgrade(connection, Earlier(scripts_of("shipping"), "0002"))
        insert_earlier(
            connection, business_calendars, id="c", name="US", version=1, windows=WEEK, exceptions=DAYS, in_force=True
        )
        insert_earlier(connection, sla_policies, id="p", code="a", name="A", version=1, unit=1, amount=1, in_force=True)
        for order, state, due in (("w1", 3, soon), ("w2", 5, soon), ("w3", 3, soon - timedelta(days=9))):
            insert_earlier(connection, sla_targets, id=order, work_order_id=order, version=1, state=state, latest=True,
                     due_time=due, warn_time=due - timedelta(hours=2), inputs={}, steps=[])  # fmt: skip
        connection.commit()
    engine.dispose()

    migrate("shipping", url)

    assert metadata_of("shipping") is business_calendars.metadata
    with migration_engine(url).connect() as connection:
        calendar = connection.execute(sa.select(business_calendars)).mappings().one()
        policy = connection.execute(sa.select(sla_policies)).mappings().one()
        warnings = connection.execute(sa.select(sla_warnings).order_by(sla_warnings.c.kind)).all()
    assert (calendar["state"], calendar["country"], calendar["revision"]) == (2, "US", 0)
    assert [day.get("imported", False) for day in calendar["exceptions"]] == [True, False]
    assert (policy["state"], policy["first_warning"], policy["morning_warning"]) == (2, 50, "09:00")
    assert [(row.work_order_id, row.kind, row.due_time) for row in warnings] == [
        ("w1", 2, soon - timedelta(hours=2)),
        ("w1", 4, soon),
    ]
