"""One more resource costs at most sixty lines and gets everything (hard-parts 27)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fieldmesh.common.v1 import list_pb2
from sqlalchemy import select

from services.chassis.access import allowed_roles, find_method
from services.chassis.actors import service_actor
from services.chassis.database import Database
from services.chassis.errors import AlreadyExists, InvalidRequest, NotAllowed, StaleEtag
from services.chassis.identity import Call, Caller, calling
from services.chassis.kit import kit_servicers
from services.chassis.tables import OWN, chassis_tables
from tests.support import contracts, depots

SUPPORT = Path(depots.__file__).parent
VOLTARA = Caller("p-3", "Dee Dispatcher", roles=frozenset({"dispatcher"}), organization_id="voltara")
PARTNER = Caller("p-1", "Pia Partner", roles=frozenset({"partner"}), organization_id="bluefern")
if "audit" not in depots.METADATA.tables:
    chassis_tables(depots.METADATA)


@pytest.fixture
def servicer(tmp_path: Path) -> Iterator[Any]:
    database = Database(f"sqlite:///{tmp_path}/depots.sqlite3")
    with database.begin(actor=service_actor("tests")) as transaction:
        depots.METADATA.create_all(transaction.connection)
    yield kit_servicers(depots.RESOURCES, database)["fieldmesh.workorders.v1.DepotService"]
    database.close()


def call(servicer: Any, method: str, caller: Caller = VOLTARA, **request: Any) -> Any:
    with calling(Call(caller, "r-1")):
        return getattr(servicer, method)(contracts.message(f"fieldmesh.workorders.v1.{method}Request")(**request), None)


@pytest.mark.req("B-7")
def test_one_more_resource_costs_at_most_sixty_lines() -> None:
    parts = ("protos/fieldmesh/workorders/v1/depot.proto", "depots.py", "depot_panel.py")

    assert sum(len((SUPPORT / part).read_text().splitlines()) for part in parts) <= 60


@pytest.mark.req("B-7")
def test_one_more_resource_gets_everything(servicer: Any) -> None:
    reno = call(servicer, "CreateDepot", depot=depots.Depot(name="Reno North", city="Reno", pallets=40), request_id="1")
    for city in ("Mesa", "Austin", "Dallas"):
        call(servicer, "CreateDepot", depot=depots.Depot(name=f"{city} Hub", city=city, pallets=len(city)))

    # list, search, filters, sort, paging
    first = call(servicer, "ListDepots", PARTNER, query=list_pb2.ListQuery(page_size=3, order_by="-pallets"))
    assert [depot.city for depot in first.depots] == ["Reno", "Dallas", "Austin"]
    assert (first.page.total_size, first.page.total_size_exact) == (4, True)
    token = first.page.next_page_token
    rest = call(
        servicer, "ListDepots", PARTNER, query=list_pb2.ListQuery(page_size=3, order_by="-pallets", page_token=token)
    )
    assert [depot.city for depot in rest.depots] == ["Mesa"]
    found = call(servicer, "ListDepots", query=list_pb2.ListQuery(search="hub"))
    assert [depot.city for depot in found.depots] == ["Austin", "Dallas", "Mesa"]
    in_reno = list_pb2.Filter(field="city", operator=list_pb2.FILTER_OPERATOR_EQUALS, values=["Reno"])
    assert call(servicer, "ListDepots", query=list_pb2.ListQuery(filters=[in_reno])).depots[0] == reno

    # mask and etag
    wanted = depots.Depot(id=reno.id, etag=reno.etag, pallets=50, city="ignored")
    changed = call(servicer, "UpdateDepot", depot=wanted, update_mask={"paths": ["pallets"]})
    assert (changed.pallets, changed.city) == (50, "Reno")
    with pytest.raises(StaleEtag):
        call(servicer, "UpdateDepot", depot=wanted, update_mask={"paths": ["pallets"]})

    # rules, scope, unique values, repeats, audit
    with pytest.raises(InvalidRequest):
        call(servicer, "CreateDepot", depot=depots.Depot(pallets=-1))
    with pytest.raises(NotAllowed):
        call(servicer, "DeleteDepot", PARTNER, id=reno.id, etag=changed.etag)
    with pytest.raises(AlreadyExists):
        call(servicer, "CreateDepot", depot=depots.Depot(name="Mesa Hub"))
    again = call(
        servicer, "CreateDepot", depot=depots.Depot(name="Reno North", city="Reno", pallets=40), request_id="1"
    )
    assert again == reno
    call(servicer, "DeleteDepot", id=reno.id, etag=changed.etag)
    assert list(call(servicer, "BatchGetDepots", ids=[reno.id]).missing_ids) == [reno.id]
    with servicer.database.read() as connection:
        trail = connection.execute(select(OWN.audit.c.verb).where(OWN.audit.c.resource_id == reno.id)).scalars().all()
    assert sorted(trail) == ["create", "delete", "update"]


@pytest.mark.parametrize(
    ("method", "roles"), [("ListDepots", {"partner", "dispatcher", "admin"}), ("DeleteDepot", {"dispatcher", "admin"})]
)
def test_one_more_resource_gets_its_roles_from_its_contract(method: str, roles: set[str]) -> None:
    found = find_method(f"/fieldmesh.workorders.v1.DepotService/{method}")

    assert found is not None
    assert allowed_roles(found) == roles
