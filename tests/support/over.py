"""An admin over a running mesh, for browsers without a screen."""

from __future__ import annotations

import contextvars
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from admin.init import add_demo_logins, initialise
from admin.settings import AdminSettings
from services.chassis.settings import ServiceSettings
from tests.support.mesh import Mesh

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

PASSWORD = "twelve quiet owls"


@contextmanager
def app_over(running: Mesh, folder: Path) -> Iterator[Flask]:
    """The admin's application, with keys of the mesh and logins of its own."""
    services = {
        name: ServiceSettings(
            name=name, host="127.0.0.1", port=port, feed_port=1, metrics_port=1, database_url="sqlite:///unused"
        )
        for name, port in running.ports.items()
    }
    settings = AdminSettings(data=folder, keys=running.data / "keys", demo_password=PASSWORD)
    app = initialise(settings.model_copy(update={"services": services}))
    yield app
    app.extensions["mesh"].close()
    app.extensions["logins"].dispose()


class Visitor:
    """Somebody who is signed in. A page is a call of its own: its identity and deadline end with it."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client

    def get(self, url: str) -> Any:
        return contextvars.copy_context().run(self._client.get, url)

    def post(self, url: str, data: dict[str, Any]) -> Any:
        return contextvars.copy_context().run(self._client.post, url, data=data)


@contextmanager
def admin_over(running: Mesh, folder: Path) -> Iterator[Callable[[str], Visitor]]:
    """Gives what signs in people of the demo."""
    with app_over(running, folder) as app:
        app.config["FAB_PASSWORD_HASH_METHOD"] = "pbkdf2:sha256:10"
        with app.app_context():
            add_demo_logins(app, PASSWORD)

        def sign_in(login: str) -> Visitor:
            visitor = Visitor(app.test_client())
            page = visitor.get("/login/").text
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
            sent = {"csrf_token": token[1] if token else "", "username": login, "password": PASSWORD}
            assert visitor.post("/login/", sent).status_code == 302
            return visitor

        yield sign_in
