"""Changes by the kit: rules, masks, etags, scope, uniqueness, references, audit, events, repeats."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from fieldmesh.common.v1 import types_pb2
from google.type.date_pb2 import Date
from sqlalchemy import select

from services.chassis.clock import ScriptedClock
from services.chassis.database import Database
from services.chassis.errors import AlreadyExists, InvalidRequest, NotAllowed, NotFound, StaleEtag, WrongState
from services.chassis.kit import OwnerOrganization
from services.chassis.tables import OWN
from tests.integration.kit.conftest import ADMIN, BLUEFERN, GADGETS, KESTREL, START, Gadget, GadgetChanged, Shop


def fields(refusal: Any) -> list[str]:
    return [violation.field for violation in refusal.value.violations]


def full() -> Any:
    return Gadget(
        name="Lathe",
        code="L-1",
        material="MATERIAL_STEEL",
        weight=0.0,
        quantity=3,
        address=types_pb2.Address(street="1 Mill Rd", city="Austin", country="US"),
        price=types_pb2.Money(currency_code="USD", micros=12_500_000),
        expiry_date=Date(year=2028, month=2, day=29),
        tags=["a", 'quo"te', "ünïcode"],
        stops=[types_pb2.Address(city="Reno"), types_pb2.Address(city="Mesa", postal_code="85201")],
        colour="red",
        email="ask@bluefern.example.com",
    )


def test_a_row_comes_back_as_it_was_sent(shop: Shop) -> None:
    sent = full()
    sent.make_time.FromDatetime(START + timedelta(microseconds=123_456))

    made = shop.call("CreateGadget", gadget=sent, request_id="r-1")
    read = shop.call("GetGadget", id=made.id)

    assert read == made
    assert (made.organization_id, made.active, made.version) == ("bluefern", True, 1)
    assert made.create_time.ToDatetime().isoformat() == "2027-03-01T12:00:00"
    for name in ("id", "etag", "version", "active", "organization_id", "create_time", "update_time"):
        read.ClearField(name)
    assert read == sent


def test_unset_stays_unset(shop: Shop) -> None:
    made = shop.call("GetGadget", id=shop.make("Plain", price=types_pb2.Money(currency_code="x")).id)

    assert not made.HasField("weight")
    assert not made.HasField("address")
    assert not made.HasField("expiry_date")
    assert made.HasField("price")


def test_every_wrong_field_is_named(shop: Shop) -> None:
    wrong = Gadget(
        name=" ",
        code="lower",
        material=7,
        weight=101,
        quantity=-1,
        address=types_pb2.Address(country="usa"),
        expiry_date=Date(year=2027, month=2, day=30),
        tags=["fine", "x" * 21, ""],
        stops=[types_pb2.Address(country="u")],
        parent_id="nobody",
        colour="green",
        email="no address",
    )

    with pytest.raises(InvalidRequest) as refused:
        shop.call("CreateGadget", gadget=wrong)

    assert fields(refused) == [
        "name",
        "code",
        "material",
        "weight",
        "quantity",
        "address.country",
        "expiry_date",
        "tags[1]",
        "tags[2]",
        "stops[0].country",
        "colour",
        "email",
        "parent_id",
    ]
    assert refused.value.reason == "INVALID_FIELDS"


def test_fields_of_the_server_are_ignored_on_creation(shop: Shop) -> None:
    made = shop.make("Own", id="mine", organization_id="kestrel", version=9, etag="e")

    assert made.id != "mine"
    assert (made.organization_id, made.version) == ("bluefern", 1)


def test_only_masked_fields_change_and_lists_are_replaced(shop: Shop) -> None:
    made = shop.call("CreateGadget", gadget=full())

    changed = shop.change(
        made,
        ["tags", "address.city", "weight", "expiry_date"],
        tags=["b"],
        address=types_pb2.Address(city="Dallas"),
        name="X",
    )

    assert list(changed.tags) == ["b"]
    assert (changed.address.street, changed.address.city) == ("1 Mill Rd", "Dallas")
    assert not changed.HasField("weight")
    assert not changed.HasField("expiry_date")
    assert (changed.name, changed.quantity, changed.version) == ("Lathe", 3, 2)
    assert changed == shop.call("GetGadget", id=made.id)


def test_a_masked_message_is_replaced_whole(shop: Shop) -> None:
    made = shop.call("CreateGadget", gadget=full())

    cleared = shop.change(made, ["address"])

    assert not cleared.HasField("address")
    assert cleared.price.micros == 12_500_000


def test_an_empty_mask_means_what_is_set(shop: Shop) -> None:
    made = shop.make("Vice")

    changed = shop.change(made, [], quantity=4)

    assert (changed.name, changed.quantity) == ("Vice", 4)


def test_wrong_mask_paths_are_all_named(shop: Shop) -> None:
    made = shop.make("Vice")

    with pytest.raises(InvalidRequest) as refused:
        shop.change(made, ["name", "nothing", "id", "code", "address.planet", "create_time", "version"])

    assert fields(refused) == ["nothing", "id", "code", "address.planet", "create_time", "version"]


def test_rules_hold_for_changed_fields_only(shop: Shop) -> None:
    made = shop.make("Vice")
    with shop.database.begin(actor=BLUEFERN) as transaction:
        transaction.execute(GADGETS.update().values(email="from before the rule"))

    assert shop.change(made, ["quantity"], quantity=2).quantity == 2
    with pytest.raises(InvalidRequest) as refused:
        shop.change(shop.call("GetGadget", id=made.id), ["name"])
    assert fields(refused) == ["name"]


def test_a_stale_etag_is_refused_and_a_missing_one_too(shop: Shop) -> None:
    made = shop.make("Vice")
    shop.change(made, ["quantity"], quantity=2)

    with pytest.raises(StaleEtag):
        shop.change(made, ["quantity"], quantity=3)
    with pytest.raises(StaleEtag):
        shop.call("DeleteGadget", id=made.id, etag=made.etag)
    with pytest.raises(InvalidRequest) as refused:
        shop.call("UpdateGadget", gadget=Gadget(id=made.id, quantity=3), update_mask={"paths": ["quantity"]})
    assert fields(refused) == ["etag"]


def test_the_same_content_again_changes_nothing(shop: Shop, clock: ScriptedClock) -> None:
    made = shop.make("Vice", quantity=2)
    clock.advance(timedelta(hours=1))

    again = shop.change(made, ["quantity"], quantity=2)

    assert again == made
    assert len(audits(shop.database)) == 1


def test_of_two_changes_at_once_one_is_refused(shop: Shop) -> None:
    made = shop.make("Vice")
    outcomes: list[str] = []
    start = threading.Barrier(4)

    def change(quantity: int) -> None:
        start.wait()
        try:
            shop.change(made, ["quantity"], quantity=quantity)
            outcomes.append("done")
        except StaleEtag:
            outcomes.append("stale")

    threads = [threading.Thread(target=change, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["done", "stale", "stale", "stale"]


def test_a_taken_value_names_its_field(shop: Shop) -> None:
    shop.make("Vice", code="V-1")

    with pytest.raises(AlreadyExists) as refused:
        shop.make("Other vice", code="V-1")

    assert (refused.value.reason, refused.value.metadata) == ("ALREADY_EXISTS", {"field": "code"})
    assert shop.make("Third vice", KESTREL, code="V-1").code == "V-1"
    with pytest.raises(AlreadyExists) as nested:
        shop.make("Fourth", price=types_pb2.Money(currency_code="Third vice"))
    assert fields(nested) == ["price.currency_code"]


def test_shared_rows_are_read_by_all_and_changed_by_their_organisation(shop: Shop) -> None:
    made = shop.make("Vice")

    assert shop.names(KESTREL) == ["Vice"]
    with pytest.raises(NotAllowed):
        shop.change(made, ["quantity"], KESTREL, quantity=2)
    with pytest.raises(NotAllowed):
        shop.call("DeleteGadget", KESTREL, id=made.id, etag=made.etag)
    assert shop.change(made, ["quantity"], ADMIN, quantity=2).quantity == 2


@pytest.mark.req("R-1")
def test_rows_of_another_organisation_are_hidden(database: Database, clock: ScriptedClock) -> None:
    shop = Shop(database, clock, scope=OwnerOrganization())
    mine, other = shop.make("Mine"), shop.make("Other", KESTREL)

    assert shop.names() == ["Mine"]
    assert shop.names(ADMIN) == ["Mine", "Other"]
    for attempt in (
        lambda: shop.call("GetGadget", id=other.id),
        lambda: shop.change(other, ["quantity"], quantity=2),
        lambda: shop.call("DeleteGadget", id=other.id, etag=other.etag),
        lambda: shop.call("GetGadget", id="nobody"),
    ):
        with pytest.raises(NotFound):
            attempt()
    answer = shop.call("BatchGetGadgets", ids=[other.id, mine.id, "nobody", mine.id])
    assert [gadget.id for gadget in answer.gadgets] == [mine.id]
    assert list(answer.missing_ids) == [other.id, "nobody"]
    with pytest.raises(InvalidRequest) as refused:
        shop.make("Child", parent_id=other.id)
    assert fields(refused) == ["parent_id"]


def test_a_batch_has_an_end(shop: Shop) -> None:
    with pytest.raises(InvalidRequest):
        shop.call("BatchGetGadgets", ids=[str(number) for number in range(201)])


def test_a_referenced_row_is_deactivated_not_deleted(shop: Shop) -> None:
    parent = shop.make("Car")
    child = shop.make("Wheel", parent_id=parent.id)

    with pytest.raises(WrongState) as refused:
        shop.call("DeleteGadget", id=parent.id, etag=parent.etag)
    assert refused.value.reason == "STILL_REFERENCED"
    parent = shop.change(parent, ["active"])
    assert not parent.active

    # what points to it already may stay, and nothing new may point to it
    child = shop.change(child, ["quantity", "parent_id"], quantity=2, parent_id=parent.id)
    with pytest.raises(InvalidRequest) as inactive:
        shop.make("Door", parent_id=parent.id)
    assert fields(inactive) == ["parent_id"]
    shop.call("DeleteGadget", id=child.id, etag=child.etag)
    shop.call("DeleteGadget", id=parent.id, etag=parent.etag)
    assert shop.names() == []


def audits(database: Database) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(select(OWN.audit).order_by(OWN.audit.c.id)).all())


def test_every_change_is_recorded_with_old_and_new_values(shop: Shop) -> None:
    made = shop.make("Vice", material="MATERIAL_WOOD")
    changed = shop.change(made, ["material", "tags", "weight"], material="MATERIAL_STEEL", tags=["x"], weight=2.5)
    shop.call("DeleteGadget", id=made.id, etag=changed.etag)

    rows = audits(shop.database)

    assert [row.verb for row in rows] == ["create", "update", "delete"]
    assert {(row.actor_subject, row.actor_name, row.resource_id) for row in rows} == {("p-1", "Pia Partner", made.id)}
    assert rows[1].changes == [
        {"field": "material", "old_value": "MATERIAL_WOOD", "new_value": "MATERIAL_STEEL"},
        {"field": "weight", "old_value": "", "new_value": "2.5"},
        {"field": "tags", "old_value": "", "new_value": '["x"]'},
    ]
    assert {"field": "name", "old_value": "Vice", "new_value": ""} in rows[2].changes


def test_every_change_publishes_the_row_with_its_version(shop: Shop) -> None:
    made = shop.make("Vice")
    changed = shop.change(made, ["quantity"], quantity=2)
    shop.call("DeleteGadget", id=made.id, etag=changed.etag)

    with shop.database.read() as connection:
        rows = connection.execute(select(OWN.outbox).order_by(OWN.outbox.c.sequence)).all()

    told = [GadgetChanged.FromString(row.payload) for row in rows]
    assert [(row.aggregate_type, row.aggregate_id, row.aggregate_version) for row in rows] == [
        ("Gadget", made.id, version) for version in (1, 2, 3)
    ]
    assert [(each.gadget.quantity, each.deleted) for each in told] == [(0, False), (2, False), (2, True)]
    assert told[1].gadget == changed


def test_a_repeated_request_gives_the_first_answer(shop: Shop) -> None:
    sent = Gadget(name="Vice", code="V-1")
    first = shop.call("CreateGadget", gadget=sent, request_id="once")
    changed = {"gadget": Gadget(id=first.id, etag=first.etag, quantity=2), "update_mask": {"paths": ["quantity"]}}
    second = shop.call("UpdateGadget", **changed, request_id="twice")

    assert shop.call("CreateGadget", gadget=sent, request_id="once") == first
    assert shop.call("UpdateGadget", **changed, request_id="twice") == second
    with pytest.raises(AlreadyExists) as refused:
        shop.call("CreateGadget", gadget=Gadget(name="Another"), request_id="once")
    assert refused.value.reason == "REQUEST_ID_REUSED"
    shop.call("DeleteGadget", id=first.id, etag=second.etag, request_id="thrice")
    shop.call("DeleteGadget", id=first.id, etag=second.etag, request_id="thrice")
    assert len(audits(shop.database)) == 3


def test_a_refused_request_may_be_tried_again(shop: Shop) -> None:
    blocked = shop.make("Vice", code="V-1")
    sent = Gadget(name="Second", code="V-1")
    with pytest.raises(AlreadyExists):
        shop.call("CreateGadget", gadget=sent, request_id="again")
    shop.call("DeleteGadget", id=blocked.id, etag=blocked.etag)

    assert shop.call("CreateGadget", gadget=sent, request_id="again").name == "Second"
