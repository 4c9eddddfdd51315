"""Whom the dispatcher may give an order to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.workorders.conftest import BLUEFERN, DISPATCHER, KESTREL, VENDOR


def asked(desk, order) -> Any:
    """The field of the Allocate form that names the organisation."""
    offered = desk.orders("ListAvailableTransitions", DISPATCHER, work_order_id=order.id).transitions
    form = next(each for each in offered if each.name == "allocate")
    return next(field for step in form.steps for field in step.fields if field.path == "inputs.executor_org")


def serve(desk, *organizations: str) -> None:
    territory = desk.kit("Territory", "GetTerritory", DISPATCHER, id=desk.ids["territory"])
    served = {"id": territory.id, "etag": territory.etag, "served_by": organizations}
    desk.kit("Territory", "UpdateTerritory", DISPATCHER, territory=served, update_mask={"paths": ["served_by"]})


@pytest.mark.req("R-2")
def test_allocating_offers_partners_and_providers_that_serve_the_territory_and_nobody_else(desk):
    order = desk.create()

    before = asked(desk, order)
    serve(desk, BLUEFERN, KESTREL, "city-light", VENDOR)
    after = asked(desk, order)

    assert before.choices_only
    assert [(each.value, each.label) for each in before.choices] == [(BLUEFERN, "Bluefern")]
    assert [each.value for each in after.choices] == [BLUEFERN, KESTREL]


def test_where_nobody_serves_the_territory_allocating_says_so(desk):
    order = desk.create()

    serve(desk)
    field = asked(desk, order)

    assert field.choices_only
    assert list(field.choices) == []
    assert field.help == "No active partner or provider serves Texas - Waco: add one to the territory first."
