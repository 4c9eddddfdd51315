"""`python -m admin.init`: makes the admin's keys, tables and roles, and the demo logins where they are asked for.

A step of its own, so that workers never race for it (hard-parts 16). Run again, it changes nothing that is there.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from typing import TYPE_CHECKING, Final

from admin.security.secret import ensure_secret
from admin.settings import load_admin_settings
from services.chassis.keys import ensure_keys
from services.chassis.log import configure_logging
from services.chassis.settings import SettingsFault

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

    from admin.settings import AdminSettings

DEMO_LOGINS: Final = (
    "partner",
    "partner2",
    "dispatcher",
    "dispatcher2",
    "approver",
    "technician",
    "admin",
    "company",
    "company2",
    "provider",
    "utility",
    "reader",
)


def initialise(settings: AdminSettings, *, demo: bool = False) -> Flask:
    """Make what is missing; the application that did it is handed back for tests."""
    from flask_appbuilder import Model

    from admin.app import create_app

    settings.data.mkdir(parents=True, exist_ok=True)
    ensure_keys(settings.keys_folder)
    ensure_secret(settings)
    app = create_app(settings, create_tables=True)
    # Flask-AppBuilder makes tables only where its own are missing; ours may be newer than the database.
    Model.metadata.create_all(app.extensions["logins"])
    if demo:
        with app.app_context():
            add_demo_logins(app, demo_password(settings))
    return app


def demo_password(settings: AdminSettings) -> str:
    """The demo logins' password: FIELDMESH_DEMO_PASSWORD, or one made on first run and kept in the data folder."""
    if settings.demo_password:
        return settings.demo_password
    path = password_file(settings)
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(12) + "\n")
    return path.read_text().strip()


def password_file(settings: AdminSettings) -> Path:
    """Where the generated password is kept (mode 600)."""
    return settings.data / "demo-password"


def add_demo_logins(app: Flask, password: str) -> None:
    """Make the demo logins, or give them this password."""
    manager = app.appbuilder.sm  # type: ignore[attr-defined]
    for name in DEMO_LOGINS:
        known = manager.find_user(username=name)
        if known is None:
            manager.add_user(name, name, "", f"{name}@login.invalid", password=password)
        elif not _same(known.password, password):
            manager.reset_password(known.id, password)


def _same(stored: str, password: str) -> bool:
    from werkzeug.security import check_password_hash

    return check_password_hash(stored, password)


def main() -> int:
    """Run the step; 0 when all is there, 2 where the settings are wrong."""
    parser = argparse.ArgumentParser(prog="python -m admin.init", description=__doc__)
    parser.add_argument("--demo", action="store_true", help="also make the demo logins")
    wanted = parser.parse_args()
    try:
        settings = load_admin_settings()
        configure_logging("admin", form=settings.log_format, level="error")
        initialise(settings, demo=wanted.demo)
    except SettingsFault as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
