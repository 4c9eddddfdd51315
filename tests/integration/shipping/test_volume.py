"""Lists and bursts: how many statements they take."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event

from tests.integration.shipping.conftest import DISPATCHER, PARTNER, Desk, carrier_says

RESOURCES = ("PartsRequest", "FulfilmentOrder", "Shipment", "Parcel", "TrackingEvent", "SlaTarget")
BATCH = 100


@contextmanager
def counted() -> Iterator[list[str]]:
    """Statements that a block sends."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_list_takes_two_statements_however_many_rows(desk: Desk, resource: str) -> None:
    for number in range(6):
        order = f"w{number}"
        desk.accept(order)
        desk.track(carrier_says(1, 2, tracking=f"T{number}", order=desk.place(order=order).number))

    with counted() as seen:
        rows = desk.list(resource, PARTNER, page_size=4)

    assert len(rows) == 4
    assert len(seen) <= 2, seen


def test_what_a_message_costs_does_not_grow_with_the_batch(desk: Desk) -> None:
    desk.accept()
    number = desk.place(DISPATCHER).number
    desk.track(*(carrier_says(1, 1, tracking=f"T{each}", order=number) for each in range(BATCH)))

    with counted() as seen:
        results = desk.track(*(carrier_says(2, 2, tracking=f"T{each}") for each in range(BATCH)))

    assert all(each.applied for each in results)
    # Two for each message (the message, its parcel), and a fixed number for the batch.
    assert len(seen) <= 2 * BATCH + 20
