"""Loads the demo: the directory, the master data, then every story in the order of time."""

from __future__ import annotations

import heapq
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from services.chassis.clock import ScriptedClock
from services.chassis.credentials import PersonCredentials
from services.chassis.errors import NotFound
from services.chassis.grpc_channel import Channels
from services.chassis.process import service_targets
from services.cli.connection import grant_for, signer
from services.cli.demo.altered import alter_a_history
from services.cli.demo.approvals import approval_stories
from services.cli.demo.availability import make_availability
from services.cli.demo.calls import Desk, Speaker
from services.cli.demo.certificates import make_certificates
from services.cli.demo.directory import make_directory
from services.cli.demo.master_data import make_master_data
from services.cli.demo.mesh import beside_hub, hidden_mesh, settle
from services.cli.demo.plans import plans
from services.cli.demo.second_vendor import make_second_vendor, vendor_stories
from services.cli.demo.stories import Story
from services.cli.demo.utility import make_utility, service_stories
from services.cli.demo.visits import Diary
from services.cli.demo.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from services.chassis.settings import Settings
    from services.cli.demo.approvals import Told

    Progress = Callable[[int, int], None]

SETTING_UP_DAYS = 90
# What a moment sets off in other services is recorded at its own time, give or take this.
STEADY = timedelta(minutes=10)
FIRST_LOGIN = "dispatcher"


class DemoExists(Exception):
    """The demo's world is there already; loading it twice would double its orders."""


def load_demo(size: int, progress: Progress, *, now: datetime | None = None) -> None:
    """Make the demo's world with `size` partner orders, and some that are approved first.

    `progress` is told moments done and moments in all.

    Needs the data folder to itself: run it before the services listen. Raises DemoExists where it was loaded before.
    """
    present = now or datetime.now(UTC)
    clock = ScriptedClock(present - timedelta(days=SETTING_UP_DAYS))
    with hidden_mesh(clock) as settings:
        beside_hub(lambda: _tell(settings, clock, size, present, progress))
    alter_a_history(settings)


def _tell(settings: Settings, clock: ScriptedClock, size: int, present: datetime, progress: Progress) -> None:
    speaker = Speaker()
    channels = Channels(service_targets(settings), PersonCredentials(signer(settings), speaker))
    quiet = Channels(service_targets(settings), PersonCredentials(signer(settings), lambda: None))
    world = World()
    try:
        if _exists(quiet):
            raise DemoExists("The demo data is there already.")
        today = present.date()
        make_directory(channels, speaker, world, today)
        settle(quiet)
        make_certificates(channels, speaker, world, today)
        diary = Diary()
        make_availability(channels, speaker, world, today, diary)
        make_master_data(channels, speaker, world)
        make_utility(channels, speaker, world)
        make_second_vendor(channels, speaker, world)
        settle(quiet)
        desk = Desk(channels, speaker, world.grants)
        stories: list[Told] = [Story(plan, world, desk, diary) for plan in plans(size, present)]
        told = len(stories)
        stories += approval_stories(world, desk, today, told)
        stories += service_stories(world, desk, today, len(stories), told)
        stories += vendor_stories(world, desk, today, len(stories), told)
        _tell_stories(stories, clock, present, lambda: settle(quiet), progress)
        clock.set(present)
        settle(quiet)
    finally:
        channels.close()
        quiet.close()


def _exists(channels: Channels) -> bool:
    try:
        grant_for(channels, FIRST_LOGIN)
    except NotFound:
        return False
    return True


def _tell_stories(
    stories: Sequence[Told], clock: ScriptedClock, present: datetime, rest: Callable[[], None], progress: Progress
) -> None:
    """Tell the stories' moments in one order of time; events rest before a story goes on, and before the clock does."""
    moments = list(heapq.merge(*(_ranked(story) for story in stories)))
    told = [moment for moment in moments if moment[0] <= present]
    restless: set[int] = set()
    for done, (when, rank, _, tell) in enumerate(told):
        if rank in restless or (restless and when - clock.now() > STEADY):
            rest()
            restless.clear()
        clock.set(when)
        tell(when)
        restless.add(rank)
        progress(done + 1, len(told))
    rest()


def _ranked(story: Told) -> Iterator[tuple[datetime, int, int, Any]]:
    for place, (when, tell) in enumerate(story.moments()):
        yield when, story.number, place, tell
