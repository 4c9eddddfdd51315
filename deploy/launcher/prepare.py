"""What a mesh needs before it starts: code, assets, keys, a demo password, tables, demo data."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.launcher.preflight import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deploy.launcher.settings import LauncherSettings
    from deploy.launcher.show import Screen

ROOT = Path(__file__).resolve().parents[2]
FIELDMESH = (sys.executable, "-m", "services.cli.main")


def environment(settings: LauncherSettings) -> dict[str, str]:
    """The environment of every process: this one's, with places that do not depend on the current folder."""
    found = {
        **os.environ,
        "FIELDMESH_DATA": str(settings.data),
        "FIELDMESH_PUBLIC_URL": settings.admin_url,
        "PYTHONUNBUFFERED": "1",
    }
    found.pop("FIELDMESH_DEMO_PASSWORD", None)
    return found


def prepare(settings: LauncherSettings, screen: Screen) -> None:
    """Makes what is missing; each step does nothing where nothing changed. Refused where one fails."""
    from deploy.build import assets, protos

    with screen.step("Contracts and assets"):
        _exit_as_refusal(protos.generate)
        _exit_as_refusal(assets.build)
    with screen.step("Keys"):
        make_keys(settings)
    variables = environment(settings)
    password, fresh = demo_password(settings)
    with screen.step("Databases"):
        _run([*FIELDMESH, "migrate"], variables, "The databases could not be migrated")
    loaded = settings.data / "run" / "demo-loaded"
    if fresh or not loaded.exists():
        screen.say("Demo data (first run) ...")
        _run(
            [*FIELDMESH, "demo"],
            {**variables, "FIELDMESH_DEMO_PASSWORD": password},
            "The demo data could not be loaded",
            show=True,
        )
        loaded.parent.mkdir(exist_ok=True)
        loaded.touch()


def make_keys(settings: LauncherSettings) -> None:
    """Creates the signing keys that are missing, readable by this user only."""
    from services.chassis.keys import ensure_keys

    ensure_keys(settings.keys_folder)


def demo_password(settings: LauncherSettings) -> tuple[str, bool]:
    """The demo logins' password, and whether it changed since the last run.

    FIELDMESH_DEMO_PASSWORD decides; otherwise it is made once and kept in the data folder.
    """
    file = settings.data / "demo-password"
    kept = file.read_text().strip() if file.exists() else ""
    wanted = settings.demo_password.get_secret_value() if settings.demo_password else kept
    if kept and wanted == kept:
        return kept, False
    password = wanted or secrets.token_urlsafe(9)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        os.fchmod(opened.fileno(), 0o600)
        opened.write(password + "\n")
    return password, True


def _exit_as_refusal(step: Callable[[], object]) -> None:
    try:
        step()
    except SystemExit as refused:
        raise Refused(str(refused)) from refused


def _run(command: list[str], variables: Mapping[str, str], complaint: str, *, show: bool = False) -> None:
    """Runs a step in a process of its own; what it printed appears at once with `show`, otherwise where it fails."""
    output = None if show else subprocess.PIPE
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=dict(variables),
        stdout=output,
        stderr=None if show else subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Refused(f"{(done.stdout or '').strip()}\n{complaint} (see above); nothing was started.".strip())
