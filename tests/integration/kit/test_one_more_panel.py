"""One more resource in the admin: its panel over the real kit, from the browser's form to the row (hard-parts 27)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from admin.app import create_app
from admin.init import add_demo_logins
from admin.security.secret import ensure_secret
from services.chassis.actors import service_actor
from services.chassis.database import Database
from services.chassis.grpc_server import RpcServer, ServerLimits
from services.chassis.keys import PublicKeys, ensure_keys
from services.chassis.kit import kit_servicers
from services.chassis.metrics import RpcMetrics
from services.chassis.tables import chassis_tables
from services.chassis.tokens import TokenVerifier
from tests.admin.conftest import PASSWORD, Person, settings_for
from tests.support import depots, memory_data
from tests.support.depot_panel import DepotPanel
from tests.support.memory_mesh import MemoryMesh

if "audit" not in depots.METADATA.tables:
    chassis_tables(depots.METADATA)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The admin with this one panel, the kit behind it, and a directory in memory for signing in."""
    folder = tmp_path_factory.mktemp("depots")
    ensure_keys(folder / "keys")
    directory = MemoryMesh(folder / "keys")
    memory_data.people(directory)
    server, database = _served(folder)
    settings = settings_for(folder, directory.port)
    depots_at = settings.services["workorders"].model_copy(update={"port": int(server.address.rpartition(":")[2])})
    settings = settings.model_copy(update={"services": {**settings.services, "workorders": depots_at}})
    ensure_secret(settings)
    app = create_app(settings, panels=(DepotPanel,), create_tables=True)
    with app.app_context():
        add_demo_logins(app, PASSWORD)
    yield app
    app.extensions["mesh"].close()
    app.extensions["logins"].dispose()
    server.stop(0).wait()
    directory.stop()
    database.close()


def _served(folder: Path) -> tuple[RpcServer, Database]:
    database = Database(f"sqlite:///{folder}/depots.sqlite3")
    with database.begin(actor=service_actor("tests")) as transaction:
        depots.METADATA.create_all(transaction.connection)
    verifier = TokenVerifier("workorders", PublicKeys(folder / "keys"))
    server = RpcServer("127.0.0.1:0", ServerLimits.main(4), verifier, RpcMetrics("workorders"))
    for resource in depots.RESOURCES:
        servicer = kit_servicers(depots.RESOURCES, database)[str(resource.descriptor.full_name)]
        server.add_servicer(resource.descriptor, servicer)
    server.start()
    server.serving()
    return server, database


def signed_in(app: Any, login: str) -> Person:
    person = Person(app.test_client())
    person.get("/login/")
    assert person.post("/login/", {"username": login, "password": PASSWORD}).status_code == 302
    return person


@pytest.mark.req("B-7")
def test_one_more_panel_has_forms_list_search_filters_and_export(world: Any) -> None:
    dispatcher = signed_in(world, "dispatcher")

    # a form with the contract's fields and rules, that keeps what was typed
    refused = dispatcher.post("/depots/new", dispatcher.fields("/depots/new", name="Reno", city="Reno", pallets="-1"))
    assert "needs another look" in refused.text
    assert 'value="Reno"' in refused.text
    for name, city in (("Reno North", "Reno"), ("Mesa Hub", "Mesa")):
        made = dispatcher.post("/depots/new", dispatcher.fields("/depots/new", name=name, city=city, pallets="40"))
        assert made.status_code == 302, made.text

    # what only the service knows stands at its field
    twice = dispatcher.post("/depots/new", dispatcher.fields("/depots/new", name="Mesa Hub", pallets="1"))
    assert "another depot has it already" in twice.text

    # the list with search, filter and order
    assert dispatcher.get("/depots/").text.index("Mesa Hub") < dispatcher.get("/depots/").text.index("Reno North")
    assert "Mesa Hub" not in dispatcher.get("/depots/?q=north").text
    assert "Reno North" not in dispatcher.get("/depots/?f.city.is=Mesa").text

    # export and change
    export = dispatcher.get("/depots/export.csv?sort=-name")
    assert [line.split(",")[0] for line in export.text.removeprefix("\ufeff").splitlines()[1:]] == [
        "Reno North",
        "Mesa Hub",
    ]
    page = made.location
    edit = f"{page.rstrip('/')}/edit"
    changed = dispatcher.post(edit, dispatcher.fields(edit, pallets="55"))
    assert changed.status_code == 302, changed.text
    assert "55" in dispatcher.get(page).text


def test_one_more_panel_offers_to_each_role_what_the_contract_allows(world: Any) -> None:
    partner = signed_in(world, "partner")

    assert partner.get("/depots/").status_code == 200
    assert "/depots/new" not in partner.get("/depots/").text
    assert partner.get("/depots/new").status_code in {302, 403, 404}
