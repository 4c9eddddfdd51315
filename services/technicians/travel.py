"""Drives between the visits of one person: told to those who see both visits, in words (hard case 9)."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, select

from services.chassis.identity import Caller
from services.chassis.kit.scope import granted
from services.technicians import repository
from services.technicians.domain.suggesting import Place
from services.technicians.domain.travel import Pace, Stop, squeezes
from services.technicians.domain.visits import Visit
from services.technicians.repository import Occasion
from services.technicians.scope import ASSIGNMENTS
from services.technicians.tables import assignments

# No drive between two visits takes longer than this.
_FURTHEST: Final = timedelta(days=1)


class Travel:
    """Looks for visits that leave too little time for the drive."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def conflicts(  # noqa: PLR0913, PLR0917 - who asks, for whom, when and where
        self,
        connection: Connection,
        caller: Caller,
        occasion: Occasion,
        executor: str,
        site: Place | None,
        technician_ids: Collection[str],
    ) -> Mapping[str, list[str]]:
        """Give the sentences on each technician, by id; one statement, however many. Nobody without any.

        Only visits of the same organisation that the caller sees count: of others only an overlap is ever told.
        Nothing is told where the visit is not scheduled, or either position is not known.
        """
        branches = ASSIGNMENTS.readable(caller, assignments)
        if occasion.visit is None or site is None or not technician_ids or not branches:
            return {}
        columns = assignments.c
        rows = connection.execute(
            select(assignments).where(
                columns.technician_id.in_(technician_ids),
                columns.work_order_id != occasion.work_order_id,
                columns.executor_org == executor,
                columns.site_latitude.is_not(None),
                columns.end_time > occasion.visit.start - _FURTHEST,
                columns.start_time < occasion.visit.end + _FURTHEST,
                repository.holds_time(occasion.now),
                granted(branches),
            )
        )
        stops: dict[str, list[Stop]] = defaultdict(list)
        for row in rows:
            where = Place(row.site_latitude, row.site_longitude)
            stops[row.technician_id].append(Stop(row.work_order_number, Visit(row.start_time, row.end_time), where))
        found = {one: squeezes(occasion.visit, site, theirs, self._pace) for one, theirs in stops.items()}
        return {one: [each.text for each in tight] for one, tight in found.items() if tight}
