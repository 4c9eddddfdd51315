"""What a mesh needs before it starts: code, assets, keys, a demo password, tables, demo data.

Every step does nothing where nothing changed since the last run, so that a second start takes seconds.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.launcher.health import serves
from deploy.launcher.lifeline import LAUNCHER
from deploy.launcher.preflight import Refused
from deploy.launcher.programs import mailbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from deploy.launcher.settings import LauncherSettings
    from deploy.launcher.show import Screen

ROOT = Path(__file__).resolve().parents[2]
FIELDMESH = (sys.executable, "-m", "services.cli.main")
DEMO_STEP_MINUTES = "20"
ADMIN = (sys.executable, "-m", "admin.init", "--demo")


def environment(settings: LauncherSettings) -> dict[str, str]:
    """The environment of every process: this one's, with places that do not depend on the current folder."""
    found = {
        **os.environ,
        "FIELDMESH_DATA": str(settings.data),
        "FIELDMESH_PUBLIC_URL": settings.admin_url,
        "PYTHONUNBUFFERED": "1",
    }
    found.pop("FIELDMESH_DEMO_PASSWORD", None)
    if settings.demo_orders:
        # Parcels of the demo move along by themselves, calmly; an installation without a demo has carriers of its own.
        found.setdefault("FIELDMESH_CARRIER_SIMULATOR", DEMO_STEP_MINUTES)
    return found


def prepare(settings: LauncherSettings, screen: Screen) -> None:
    """Makes what is missing. Refused, with what it printed, where a step fails."""
    from deploy.build import assets, protos

    (settings.data / "run").mkdir(exist_ok=True)
    with screen.step("Contracts and assets"):
        _exit_as_refusal(protos.generate)
        _exit_as_refusal(assets.build)
    with screen.step("Keys"):
        make_keys(settings)
    demo = DemoLoad(settings)
    demo.clean_up()
    password = demo_password(settings)
    variables = {**environment(settings), "FIELDMESH_DEMO_PASSWORD": password}
    prepared = settings.data / "run" / "prepared"
    if not prepared.exists() or prepared.read_text() != _fingerprint(settings, password):
        with screen.step("Databases and logins"):
            _run_all(
                {
                    "The databases could not be migrated": [*FIELDMESH, "migrate"],
                    "The admin's logins could not be made": list(ADMIN),
                },
                variables,
            )
        prepared.write_text(_fingerprint(settings, password))
    if demo.wanted:
        screen.say("Demo data (on the first run only) ...")
        demo.load(variables)


class DemoLoad:
    """The first run's demo data: loaded once, and anew where loading was interrupted."""

    def __init__(self, settings: LauncherSettings) -> None:
        self._settings = settings
        self._begun = settings.data / "run" / "demo-begun"
        self._done = settings.data / "run" / "demo-loaded"

    @property
    def wanted(self) -> bool:
        """Whether there is something to load."""
        return self._settings.demo_orders > 0 and not self._done.exists()

    def clean_up(self) -> None:
        """Removes the half of an interrupted load: nobody has worked with it yet, and it cannot be continued."""
        if not self._begun.exists() or self._done.exists():
            return
        if any(service.database == "postgresql" for service in self._settings.services.values()):
            raise Refused("Loading the demo data was interrupted: empty the services' databases and try again.")
        data = self._settings.data
        for name in self._settings.services:
            for file in data.glob(f"{name}.sqlite3*"):
                file.unlink()
        for folder in ("files", "evidence"):
            shutil.rmtree(data / folder, ignore_errors=True)
        self._begun.unlink()

    def load(self, variables: Mapping[str, str]) -> None:
        """Loads it in a process of its own, which shows its progress. Refused where that fails."""
        self._begun.touch()
        command = [*FIELDMESH, "demo", "--size", str(self._settings.demo_orders)]
        with self._mailbox(variables):
            code = subprocess.run(command, cwd=ROOT, env=dict(variables), check=False).returncode
        if code != 0:
            raise Refused("The demo data could not be loaded (see above); nothing was started.")
        self._done.touch()

    @contextmanager
    def _mailbox(self, variables: Mapping[str, str]) -> Iterator[None]:
        """The mailbox runs meanwhile: mails of the last day are sent at once."""
        program = mailbox(self._settings)
        tied = {**variables, LAUNCHER: str(os.getpid())}
        process = subprocess.Popen(program.command, cwd=ROOT, env=tied, stdout=subprocess.DEVNULL)
        try:
            while process.poll() is None and not serves(program.health):
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait()


def make_keys(settings: LauncherSettings) -> None:
    """Creates the signing keys that are missing, readable by this user only."""
    from services.chassis.keys import ensure_keys

    ensure_keys(settings.keys_folder)


def demo_password(settings: LauncherSettings) -> str:
    """The demo logins' password: FIELDMESH_DEMO_PASSWORD, or one made on the first run; kept in the data folder."""
    file = settings.data / "demo-password"
    kept = file.read_text().strip() if file.exists() else ""
    password = settings.demo_password or kept
    if password and password == kept:
        return kept
    password = password or secrets.token_urlsafe(9)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        os.fchmod(opened.fileno(), 0o600)
        opened.write(password + "\n")
    return password


def _fingerprint(settings: LauncherSettings, password: str) -> str:
    """What tables and logins are made from, and which databases are there."""
    digest = hashlib.sha256(password.encode())
    for service in settings.services.values():
        digest.update(service.database_url.encode() + b"\0")
    for path in (*_sources(), *sorted(settings.data.glob("*.sqlite3"))):
        # Databases change with every write: that they are there is what counts.
        digest.update(str(path).encode() + b"\0" + (b"" if path.suffix == ".sqlite3" else path.read_bytes()))
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    yield ROOT / "requirements.lock"
    for folder in (*(ROOT / "services").glob("*/migrations"), ROOT / "admin" / "security"):
        yield from sorted(folder.rglob("*.py"))
    yield ROOT / "admin" / "init.py"


def _exit_as_refusal(step: Callable[[], object]) -> None:
    try:
        step()
    except SystemExit as refused:
        raise Refused(str(refused)) from refused


def _run_all(steps: Mapping[str, list[str]], variables: Mapping[str, str]) -> None:
    """Runs steps that do not depend on each other side by side; Refused with what the first failed one printed."""
    running = {
        complaint: subprocess.Popen(
            command, cwd=ROOT, env=dict(variables), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for complaint, command in steps.items()
    }
    printed = {complaint: process.communicate()[0] for complaint, process in running.items()}
    for complaint, process in running.items():
        if process.returncode != 0:
            raise Refused(f"{printed[complaint].strip()}\n{complaint} (see above); nothing was started.")
