"""Lists of the kit: filters, search, order, pages, totals."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fieldmesh.common.v1 import list_pb2
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from sqlalchemy import Engine, event, insert

from services.chassis.actors import service_actor
from services.chassis.errors import InvalidRequest
from services.chassis.kit import OwnerOrganization, Where, row_of
from tests.integration.kit.conftest import ADMIN, BLUEFERN, GADGETS, KESTREL, Gadget, Shop

Collect = Callable[[], AbstractContextManager[list[str]]]
DAY = datetime(2027, 1, 1, tzinfo=UTC)


def stamp(moment: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(moment)
    return made


def condition(field: str, operator: str, *values: str) -> list_pb2.Filter:
    return list_pb2.Filter(field=field, operator=f"FILTER_OPERATOR_{operator}", values=values)


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    shop.make("Anvil", material="MATERIAL_STEEL", weight=80.0, quantity=1, tags=["heavy", "old"])
    shop.make("Bench", material="MATERIAL_WOOD", weight=30.0, quantity=5, make_time=stamp(DAY), tags=["old"])
    shop.make("Crate", material="MATERIAL_WOOD", quantity=5, expiry_date=Date(year=2027, month=5, day=4))
    shop.make(
        "Drill 50%", make_time=stamp(DAY + timedelta(days=2)), expiry_date=Date(year=2027, month=5, day=5), code="D-50"
    )
    return shop


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (condition("material", "EQUALS", "MATERIAL_WOOD"), ["Bench", "Crate"]),
        (condition("material", "NOT_EQUALS", "MATERIAL_WOOD"), ["Anvil", "Drill 50%"]),
        (condition("material", "IN", "MATERIAL_WOOD", "MATERIAL_STEEL"), ["Anvil", "Bench", "Crate"]),
        (condition("material", "IS_EMPTY"), ["Drill 50%"]),
        (condition("material", "IS_SET"), ["Anvil", "Bench", "Crate"]),
        (condition("weight", "NOT_IN", "80"), ["Bench", "Crate", "Drill 50%"]),
        (condition("weight", "NOT_EQUALS", "80"), ["Bench", "Crate", "Drill 50%"]),
        (condition("weight", "LESS", "80"), ["Bench"]),
        (condition("weight", "AT_LEAST", "30"), ["Anvil", "Bench"]),
        (condition("weight", "IS_EMPTY"), ["Crate", "Drill 50%"]),
        (condition("quantity", "EQUALS", "5"), ["Bench", "Crate"]),
        (condition("code", "CONTAINS", "en"), ["Bench"]),
        (condition("code", "STARTS_WITH", "d-"), ["Drill 50%"]),
        (condition("code", "CONTAINS", "%"), []),
        (condition("make_time", "LESS", "2027-01-02T00:00:00+01:00"), ["Bench"]),
        (condition("expiry_date", "AT_LEAST", "2027-05-05"), ["Drill 50%"]),
        (condition("tags", "EQUALS", "old"), ["Anvil", "Bench"]),
        (condition("tags", "IN", "heavy", "none"), ["Anvil"]),
        (condition("tags", "NOT_EQUALS", "heavy"), ["Bench", "Crate", "Drill 50%"]),
        (condition("tags", "IS_EMPTY"), ["Crate", "Drill 50%"]),
        (condition("active", "EQUALS", "true"), ["Anvil", "Bench", "Crate", "Drill 50%"]),
        (condition("active", "EQUALS", "false"), []),
    ],
    ids=lambda value: f"{value.field}-{value.operator}" if isinstance(value, list_pb2.Filter) else "",
)
def test_a_filter_answers_the_rows_that_fit(stocked: Shop, asked: list_pb2.Filter, names: list[str]) -> None:
    assert stocked.names(filters=[asked]) == names


def test_several_filters_all_hold(stocked: Shop) -> None:
    both = [condition("quantity", "EQUALS", "5"), condition("tags", "EQUALS", "old")]

    assert stocked.names(filters=both) == ["Bench"]


def test_every_wrong_filter_is_named(shop: Shop) -> None:
    wrong = [
        condition("email", "EQUALS", "x"),
        condition("active", "CONTAINS", "x"),
        condition("quantity", "EQUALS", "many"),
        condition("quantity", "EQUALS", "1", "2"),
        condition("make_time", "LESS", "2027-01-02T00:00:00"),
        condition("name", "UNSPECIFIED", "x"),
        condition("material", "EQUALS", "MATERIAL_GLASS"),
    ]

    with pytest.raises(InvalidRequest) as refused:
        shop.list(filters=wrong)

    assert [each.field for each in refused.value.violations] == [
        "query.filters[0].field",
        "query.filters[1].operator",
        "query.filters[2].values",
        "query.filters[3].values",
        "query.filters[4].values",
        "query.filters[5].field",
        "query.filters[6].values",
    ]


@pytest.mark.parametrize("asked", ["drill", "DRILL", "50%", "d-5", "ill 50", "an"])
def test_search_finds_words_anywhere_ignoring_case(stocked: Shop, asked: str) -> None:
    found = stocked.names(search=asked)

    assert found == (["Anvil"] if asked == "an" else ["Drill 50%"])


def test_search_follows_changes_and_deletions(stocked: Shop) -> None:
    crate = stocked.list(search="crate").gadgets[0]

    changed = stocked.change(crate, ["name"], name="Chest")

    # the code still says CRATE, and holds the word
    assert stocked.names(search="chest") == ["Chest"]
    assert stocked.names(search="chest crate") == ["Chest"]
    stocked.call("DeleteGadget", id=changed.id, etag=changed.etag)
    assert stocked.names(search="chest") == []


def test_search_answers_without_its_index_too(stocked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    search = stocked.servicer.engine._plan.search
    monkeypatch.setattr(search, "_has_trigrams", lambda _connection: False)

    assert stocked.names(search="enc ben") == ["Bench"]


def test_a_search_that_is_too_long_is_refused(shop: Shop) -> None:
    with pytest.raises(InvalidRequest):
        shop.list(search="x" * 201)


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("", ["Anvil", "Bench", "Crate", "Drill 50%"]),
        ("-name", ["Drill 50%", "Crate", "Bench", "Anvil"]),
        ("weight,name", ["Crate", "Drill 50%", "Bench", "Anvil"]),
        ("-weight,name", ["Anvil", "Bench", "Crate", "Drill 50%"]),
        ("-quantity,name", ["Bench", "Crate", "Anvil", "Drill 50%"]),
        ("make_time,-name", ["Crate", "Anvil", "Bench", "Drill 50%"]),
        ("quantity,-weight,name", ["Drill 50%", "Anvil", "Bench", "Crate"]),
    ],
)
def test_an_order_puts_unset_values_first_on_both_databases(stocked: Shop, order: str, names: list[str]) -> None:
    assert stocked.names(order_by=order) == names


@pytest.mark.parametrize("order", ["email", "name,", "name,name,name,name", "tags"])
def test_an_order_that_no_index_serves_is_refused(shop: Shop, order: str) -> None:
    if order == "name,":
        assert shop.names(order_by=order) == []
        return
    with pytest.raises(InvalidRequest) as refused:
        shop.list(order_by=order)
    assert refused.value.violations[0].field == "query.order_by"


def fill(shop: Shop, count: int, seed: int = 1) -> None:
    """Writes rows with many ties and many unset values, straight into the table."""
    dice = random.Random(seed)  # noqa: S311 - the same rows every time
    rows = []
    for number in range(count):
        gadget = Gadget(
            id=f"{number:05}", name=f"n{dice.randrange(count // 3)}", quantity=dice.randrange(4), active=True
        )
        gadget.organization_id = dice.choice(["bluefern", "kestrel"])
        gadget.code = f"C{number}"
        if dice.random() < 0.6:
            gadget.weight = dice.randrange(5)
        if dice.random() < 0.5:
            gadget.expiry_date.CopyFrom(Date(year=2027, month=1, day=dice.randrange(1, 6)))
        rows.append({**row_of(gadget), "version": 1, "price_currency_code": f"c{number}"})
    with shop.database.begin(actor=service_actor("tests")) as transaction:
        transaction.execute(insert(GADGETS), rows)


def walk(shop: Shop, caller: Any = BLUEFERN, **query: Any) -> list[str]:
    """Reads a list page by page to its end."""
    ids: list[str] = []
    token = ""
    for _ in range(200):
        answer = shop.list(caller, page_token=token, **query)
        ids += [gadget.id for gadget in answer.gadgets]
        token = answer.page.next_page_token
        if not token:
            return ids
    raise AssertionError("the list has no end")


ORDERS = [
    "name",
    "-name",
    "weight",
    "-weight",
    "expiry_date",
    "-expiry_date",
    "quantity,-weight",
    "-weight,expiry_date",
    "",
]


@pytest.mark.parametrize("order", ORDERS)
def test_pages_give_every_row_once_and_in_order(shop: Shop, order: str) -> None:
    fill(shop, 90)
    whole = walk(shop, order_by=order, page_size=200)

    assert sorted(whole) == [f"{number:05}" for number in range(90)]
    assert walk(shop, order_by=order, page_size=7) == whole


def test_two_grants_give_their_union_once(database: Any, clock: Any) -> None:
    def either(_caller: Any, table: Any) -> list[Any]:
        return [table.c.organization_id == "bluefern", table.c.quantity < 2, table.c.name == "n1"]

    shop = Shop(database, clock, scope=Where(either))
    fill(shop, 60)
    everything = walk(shop, ADMIN, order_by="-weight", page_size=200)
    seen = walk(shop, order_by="-weight", page_size=200)

    assert len(seen) == len(set(seen)) < len(everything)
    assert seen == [row for row in everything if row in set(seen)]
    assert walk(shop, order_by="-weight", page_size=7) == seen
    assert shop.list(page_size=5).page.total_size == len(seen)


def test_skip_passes_over_rows_after_the_token(shop: Shop) -> None:
    fill(shop, 40)
    whole = walk(shop, order_by="-weight", page_size=200)
    first = shop.list(order_by="-weight", page_size=5)

    later = shop.list(order_by="-weight", page_size=5, skip=10)
    on = shop.list(order_by="-weight", page_size=5, skip=10, page_token=first.page.next_page_token)

    assert [gadget.id for gadget in later.gadgets] == whole[10:15]
    assert [gadget.id for gadget in on.gadgets] == whole[15:20]


@pytest.mark.parametrize(
    "changed", [{"order_by": "-name"}, {"search": "n1"}, {"filters": [condition("quantity", "EQUALS", "1")]}]
)
def test_a_token_of_another_list_is_refused(shop: Shop, changed: dict[str, Any]) -> None:
    fill(shop, 40)
    token = shop.list(page_size=5).page.next_page_token

    with pytest.raises(InvalidRequest) as refused:
        shop.list(page_size=5, page_token=token, **changed)

    assert refused.value.reason == "PAGE_TOKEN_MISMATCH"


@pytest.mark.parametrize("token", ["x", "%%%", "e30", "AAAA" * 20])
def test_a_token_that_was_made_up_is_refused(shop: Shop, token: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        shop.list(page_token=token)
    assert refused.value.reason == "PAGE_TOKEN_MISMATCH"


def test_a_token_of_another_caller_is_refused(shop: Shop) -> None:
    fill(shop, 40)
    token = shop.list(page_size=5).page.next_page_token

    with pytest.raises(InvalidRequest):
        shop.list(KESTREL, page_size=5, page_token=token)


def test_page_sizes_have_bounds(shop: Shop) -> None:
    fill(shop, 300)

    assert len(shop.list().gadgets) == 25
    assert len(shop.list(page_size=1000).gadgets) == 200
    for wrong in ({"page_size": -1}, {"skip": -1}, {"skip": 10_001}):
        with pytest.raises(InvalidRequest):
            shop.list(**wrong)


def test_a_total_is_exact_up_to_a_cap_and_says_so(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(shop, 60)

    page = shop.list(page_size=5).page
    assert (page.total_size, page.total_size_exact) == (60, True)
    object.__setattr__(shop.servicer.engine._plan, "total_cap", 20)
    page = shop.list(page_size=5).page
    assert (page.total_size, page.total_size_exact) == (20, False)


@pytest.mark.parametrize("order", ["name", "-weight"])
def test_a_list_takes_at_most_three_statements_however_long(shop: Shop, statements: Collect, order: str) -> None:
    counts = []
    for more in (5, 200):
        with shop.database.begin(actor=service_actor("tests")) as transaction:
            transaction.execute(GADGETS.delete())
        fill(shop, more)
        token = shop.list(order_by=order, page_size=2).page.next_page_token
        with statements() as seen:
            shop.list(order_by=order, page_size=200 if more == 5 else 50)
            shop.list(order_by=order, page_size=3, page_token=token)
        counts.append(len(seen))

    assert max(counts) <= 6


def test_a_scope_without_any_grant_asks_nothing(database: Any, clock: Any, statements: Collect) -> None:
    shop = Shop(database, clock, scope=Where(lambda _caller, _table: []))
    with statements() as seen:
        answer = shop.list()

    assert not seen
    assert (list(answer.gadgets), answer.page.total_size, answer.page.total_size_exact) == ([], 0, True)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_order_of_a_page_comes_from_an_index(shop: Shop) -> None:
    owned = Shop(shop.database, shop.clock, scope=OwnerOrganization())
    asked: list[Any] = []

    def note(_connection: Any, statement: Any, *_: Any) -> None:
        asked.append(statement)

    event.listen(Engine, "before_execute", note)
    try:
        for order in ("name", "-weight", "expiry_date"):
            owned.list(order_by=order, page_size=5, filters=[condition("material", "EQUALS", "MATERIAL_WOOD")])
    finally:
        event.remove(Engine, "before_execute", note)

    with owned.database.read() as connection:
        for statement in asked:
            plain = statement.compile(connection, compile_kwargs={"literal_binds": True})
            steps = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {plain}")]
            read = [step for step in steps if "gadgets" in step]
            assert any("USING INDEX ix_gadgets_" in step and "organization_id=?" in step for step in read), steps
            assert not any(step.startswith("SCAN gadgets") for step in steps), steps
