"""Logins on PostgreSQL, as a grown installation keeps them."""

from __future__ import annotations

from pathlib import Path

from admin.init import add_demo_logins, initialise
from tests.admin.conftest import PASSWORD, Person, settings_for
from tests.support import servers


def test_tables_logins_and_lockouts_work_on_postgresql(served, mesh):
    folder = Path(served[0].extensions["logins"].url.database).parent
    with servers.postgres_database() as url:
        settings = settings_for(folder, mesh.port, admin_database_url=url.replace("+psycopg", ""))
        initialise(settings).extensions["logins"].dispose()
        app = initialise(settings)
        app.config["FAB_PASSWORD_HASH_METHOD"] = "pbkdf2:sha256:10"
        with app.app_context():
            add_demo_logins(app, PASSWORD)
        person = Person(app.test_client())
        person.get("/login/")

        refused = person.post("/login/", {"username": "dispatcher", "password": "wrong"})
        entered = person.post("/login/", {"username": "dispatcher", "password": PASSWORD})
        page = person.get("/accounts/")
        app.extensions["mesh"].close()
        app.extensions["logins"].dispose()

    assert (refused.status_code, entered.status_code, page.status_code) == (403, 302, 200)
