"""`make up`, `start`, `stop` and `reset`."""

from __future__ import annotations

import shutil
import signal
import sys
from typing import TYPE_CHECKING

from deploy.launcher import preflight
from deploy.launcher.manager import Manager
from deploy.launcher.preflight import Refused
from deploy.launcher.prepare import environment, prepare
from deploy.launcher.programs import mesh
from deploy.launcher.session import Session
from deploy.launcher.settings import LauncherSettings
from deploy.launcher.show import Screen
from services.chassis.settings import SettingsFault, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deploy.launcher.programs import Program

    Programs = Callable[[LauncherSettings], Sequence[Program]]
    Prepare = Callable[[LauncherSettings, Screen], None]

LOGINS = {
    "dispatcher": "creates and allocates work orders",
    "dispatcher2": "another vendor's, which has parts ordered by hand",
    "partner": "accepts, schedules and completes them",
    "partner2": "another organisation, which sees its own only",
    "technician": "does the work on site",
    "approver": "closes, or sends back",
    "admin": "manages everything",
    "company": "drafts work at a facility of its own, and submits it for approval",
    "company2": "approves or denies what is submitted to it",
    "provider": "drafts work at facilities that it serves, or takes it over",
    "utility": "gives out service orders, completes and cancels them",
    "reader": "reads meters for the utility",
}
STOPPED_BY_KEYBOARD = 130


class Launcher:
    """The launcher's commands over a set of programs; tests hand it others than the mesh's own."""

    def __init__(self, programs: Programs = mesh, make_ready: Prepare = prepare) -> None:
        self._programs = programs
        self._make_ready = make_ready
        self._screen = Screen()

    def run(self, command: str) -> int:
        """Runs one command; answers its exit code, after one sentence where it refuses."""
        commands = {"up": self.up, "start": self.start, "stop": self.stop, "reset": self.reset}
        # SIGINT too: a shell without job control starts what it puts in the background with SIGINT ignored.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        try:
            return commands[command](load_settings(LauncherSettings))
        except (Refused, SettingsFault) as refused:
            print(f"\n{refused}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return STOPPED_BY_KEYBOARD

    def up(self, settings: LauncherSettings) -> int:
        """Starts everything, shows its log, and stops it at Ctrl-C."""
        session = self._prepared(settings)
        try:
            log = session.start(environment(settings), foreground=True, seconds=settings.start_seconds)
            self._welcome(settings)
            self._screen.say("\nCtrl-C stops everything. What the processes write follows.", "dim")
            return session.follow(log)
        except KeyboardInterrupt:
            self._screen.say("")
            return 0
        finally:
            self._stop_undisturbed(session)

    def start(self, settings: LauncherSettings) -> int:
        """Starts everything in the background, where it is not running already."""
        if Manager(settings.data).pid() is None:
            session = self._prepared(settings)
            try:
                session.start(environment(settings), foreground=False, seconds=settings.start_seconds).close()
            except BaseException:
                self._stop_undisturbed(session)
                raise
        self._welcome(settings)
        self._screen.say(f"\n`make stop` stops everything. Logs are in {settings.data / 'log'}.", "dim")
        return 0

    def stop(self, settings: LauncherSettings) -> int:
        """Stops what runs on this data folder, in the background or not."""
        manager = Manager(settings.data)
        if manager.pid() is None:
            self._screen.say("Fieldmesh is not running.")
            return 0
        Session(manager, [], self._screen).stop()
        return 0

    def reset(self, settings: LauncherSettings) -> int:
        """Removes the data folder, after a question where somebody can answer it."""
        data = settings.data
        if Manager(data).pid() is not None:
            raise Refused("Fieldmesh is running: `make stop` first.")
        if not data.exists():
            self._screen.say(f"There is no data in {data}.")
            return 0
        if not (data / preflight.MARKER).exists():
            raise Refused(f"The folder {data} was not made by Fieldmesh and stays as it is.")
        if sys.stdin.isatty() and input(f"Remove everything in {data}? [y/N] ").strip().lower() not in {"y", "yes"}:
            self._screen.say("Nothing was removed.")
            return 0
        try:
            shutil.rmtree(data)
        except OSError as error:
            raise Refused(f"The data in {data} could not be removed completely: {error}.") from error
        self._screen.say(f"Removed {data}.")
        return 0

    def _prepared(self, settings: LauncherSettings) -> Session:
        manager = Manager(settings.data)
        if manager.pid() is not None:
            raise Refused(f"Fieldmesh is already running on {settings.admin_url}: `make stop` stops it.")
        programs = self._programs(settings)
        held = preflight.hold_ports(programs)
        preflight.claim_folder(settings.data)
        self._make_ready(settings, self._screen)
        return Session(manager, programs, self._screen, held)

    def _welcome(self, settings: LauncherSettings) -> None:
        password = settings.data / "demo-password"
        self._screen.table("Fieldmesh is up", {"Admin": settings.admin_url, "Mailbox": settings.mailbox_url})
        if password.exists():
            self._screen.table(f"Sign in with the password {password.read_text().strip()} as", LOGINS)

    def _stop_undisturbed(self, session: Session) -> None:
        """Stops in order; a second Ctrl-C does not leave half of it running."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        session.stop()
