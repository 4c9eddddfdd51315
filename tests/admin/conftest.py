"""A running admin over a mesh in memory, and people who are signed in to it."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.serving import make_server

from admin.away import Watch
from admin.init import add_demo_logins, initialise
from admin.security.models import Attempts, CalendarLink
from admin.settings import AdminSettings
from services.chassis.settings import ServiceSettings
from tests.support import memory_data, memory_orders, memory_visits
from tests.support.memory_mesh import SERVICES, MemoryMesh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient

PASSWORD = "twelve quiet owls"


def settings_for(folder: Path, port: int, **more: Any) -> AdminSettings:
    services = {
        name: ServiceSettings(
            name=name, host="127.0.0.1", port=port, feed_port=1, metrics_port=1, database_url="sqlite:///unused"
        )
        for name in SERVICES
    }
    return AdminSettings(data=folder, demo_password=PASSWORD, **more).model_copy(update={"services": services})


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, MemoryMesh]]:
    folder = tmp_path_factory.mktemp("admin")
    from services.chassis.keys import ensure_keys

    ensure_keys(folder / "keys")
    mesh = MemoryMesh(folder / "keys")
    app = initialise(settings_for(folder, mesh.port))
    # Hashing slowly is the point of passwords, and not of these tests.
    app.config["FAB_PASSWORD_HASH_METHOD"] = "pbkdf2:sha256:10"
    with app.app_context():
        add_demo_logins(app, PASSWORD)
    yield app, mesh
    app.extensions["mesh"].close()
    app.extensions["logins"].dispose()
    mesh.stop()


class Seen(Watch):
    """What is down here: the services of a mesh in memory share one health."""

    def __init__(self, mesh: MemoryMesh, *more: Any) -> None:
        super().__init__(*more)
        self._found = mesh

    def serves(self, name: str) -> bool:
        return name not in self._found.down


@pytest.fixture
def mesh(served: tuple[Flask, MemoryMesh]) -> Iterator[MemoryMesh]:
    """The mesh with a fresh little world in it."""
    found = served[1]
    for kept in (found.rows, found.calls, found.down, found.refuse, found.entries, found.changes, found.stopped):
        kept.clear()
    memory_data.everything(found)
    served[0].extensions["watch"] = Seen(found, served[0].extensions["mesh"])
    return found


@pytest.fixture
def portal(mesh: MemoryMesh) -> Iterator[memory_orders.Portal]:
    """A work order in this world, with the verbs of the portal."""
    memory_orders.a_work_order(mesh)
    made = memory_orders.Portal()
    mesh.verbs.update(made.verbs)
    yield made
    for path in made.verbs:
        del mesh.verbs[path]


@pytest.fixture
def app(served: tuple[Flask, MemoryMesh], mesh: MemoryMesh) -> Flask:
    return served[0]


@pytest.fixture
def agreed(mesh: MemoryMesh) -> Iterator[memory_visits.Agreed]:
    """The orders that lists answer with, for calendars."""
    before = mesh.verbs.get(memory_visits.LIST)
    made = mesh.verbs[memory_visits.LIST] = memory_visits.Agreed()
    yield made
    if before is None:
        del mesh.verbs[memory_visits.LIST]
    else:
        mesh.verbs[memory_visits.LIST] = before


@pytest.fixture
def crew(mesh: MemoryMesh) -> Iterator[memory_visits.Crew]:
    """The technicians whose shifts and absences are known."""
    before, made = mesh.verbs[memory_visits.AVAILABILITY], memory_visits.Crew()
    mesh.verbs[memory_visits.AVAILABILITY] = made
    yield made
    mesh.verbs[memory_visits.AVAILABILITY] = before


class Person:
    """A browser without a screen: keeps cookies, sends the CSRF token that the last page carried."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = ""

    def get(self, url: str, **more: Any) -> Any:
        answer = self.client.get(url, **more)
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.text) if "html" in answer.mimetype else None
        self.token = found[1] if found else self.token
        return answer

    def post(self, url: str, data: dict[str, Any] | None = None, **more: Any) -> Any:
        return self.client.post(url, data={"csrf_token": self.token, **(data or {})}, **more)

    def fields(self, url: str, **changes: Any) -> dict[str, Any]:
        """What the first form of a page that is not hidden would send, with changes."""
        return {**form_values(self.get(url).text), **changes}


def form_values(page: str) -> dict[str, Any]:
    """Names and values of the inputs of the main form, as a browser would send them."""
    main = page[page.index("<main") :]
    form = main[main.index('<form method="post"') : main.index("</form>", main.index('<form method="post"'))]
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'\bname="([^"]+)"', tag), re.search(r'\bvalue="([^"]*)"', tag)
        if name and name[1] != "q" and ('type="checkbox"' not in tag or "checked" in tag):
            kept = found.get(name[1])
            fresh = _unescaped(value[1]) if value else ""
            found[name[1]] = fresh if kept is None else [*(kept if isinstance(kept, list) else [kept]), fresh]
    for name, body in re.findall(r'<textarea[^>]*\bname="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found[name] = _unescaped(body)
    for name, body in re.findall(r'<select[^>]*\bname="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        found[name] = chosen[1] if chosen else ""
    return found


def _unescaped(text: str) -> str:
    import html

    return html.unescape(text)


@pytest.fixture
def visitor(app: Flask) -> Person:
    """Somebody who is not signed in."""
    return Person(app.test_client())


@pytest.fixture
def sign_in(app: Flask) -> Callable[[str], Person]:
    """Signs somebody in by login name."""

    def enter(login: str) -> Person:
        person = Person(app.test_client())
        person.get("/login/")
        answer = person.post("/login/", {"username": login, "password": PASSWORD})
        assert answer.status_code == 302, answer.text
        return person

    return enter


@pytest.fixture
def dispatcher(sign_in: Callable[[str], Person]) -> Person:
    return sign_in("dispatcher")


@pytest.fixture
def planner(agreed: memory_visits.Agreed, app: Flask, sign_in: Callable[[str], Person]) -> Person:
    """A partner who has no calendar links yet, and from whose address nobody guessed one."""
    del agreed
    with app.app_context():
        session = app.appbuilder.session
        session.query(CalendarLink).delete()
        session.query(Attempts).delete()
        session.commit()
    return sign_in("partner")


@pytest.fixture(scope="session")
def site(served: tuple[Flask, MemoryMesh]) -> Iterator[str]:
    """The address of the admin for a browser."""
    server = make_server("127.0.0.1", 0, served[0], threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()
