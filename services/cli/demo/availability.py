"""The demo's shifts and absences, entered by whoever plans for the technician; freelancers plan for themselves."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from fieldmesh.technicians.v1 import (
    shift_pattern_pb2,
    shift_pattern_pb2_grpc,
    technician_absence_pb2,
    technician_absence_pb2_grpc,
)

from services.chassis.ids import derive_id
from services.cli.demo import catalogue
from services.cli.demo.calls import assign

if TYPE_CHECKING:
    from services.chassis.grpc_channel import Channels
    from services.cli.demo.calls import Speaker
    from services.cli.demo.visits import Diary
    from services.cli.demo.world import World

# Who plans for the technicians of a company.
PLANNERS = {"bluefern": "megan", "kestrel": "kwame", "copperline": "luz", "millbrook": "ruth"}
WORKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
USUAL = {day: ["08:00-17:00"] for day in WORKDAYS}
SPLIT = {day: ["07:00-12:00", "13:00-17:00"] for day in WORKDAYS}
FOUR_DAYS = {day: ["07:00-17:30"] for day in WORKDAYS[:4]}
# Days from today on which a pattern begins, and its week, by technician.
PATTERNS = {
    "allan": ((-85, {**USUAL, "saturday": ["08:00-14:00"]}),),
    "joshua": ((-85, SPLIT),),
    "noor": ((-85, SPLIT),),
    "gus": ((-85, FOUR_DAYS),),
    "rosa": ((-85, USUAL), (21, FOUR_DAYS)),
}


class Absence(NamedTuple):
    """Who is away, why, from which day to which, counted from today, and between which times."""

    key: str
    kind: str
    first: int
    last: int
    note: str
    from_time: str = ""
    until_time: str = ""


ABSENCES = (
    Absence("joshua", "HOLIDAY", 3, 9, "Family visit."),
    Absence("priya", "TRAINING", 2, 2, "VT-40 refresher, in the morning.", "08:00", "12:00"),
    Absence("rosa", "SICK", -6, -5, ""),
    Absence("niels", "HOLIDAY", 14, 20, "Phone is off."),
    Absence("walt", "OTHER", 6, 6, "Dentist.", "13:00", "15:00"),
    Absence("ivo", "TRAINING", 4, 4, "Meter safety course."),
)


def make_availability(channels: Channels, speaker: Speaker, world: World, today: date, diary: Diary) -> None:
    """Enter everybody's shifts, freelancers' as nobody's but theirs, and absences; the diary keeps those free."""
    patterns = channels.stub(shift_pattern_pb2_grpc.ShiftPatternServiceStub, "technicians")
    people = {person.key: person for person in catalogue.PEOPLE if person.is_technician}
    for key, person in people.items():
        speaker.grant = world.grants[PLANNERS[person.company]] if person.company else None
        for days, week in PATTERNS.get(key, ((-85, USUAL),)):
            row = shift_pattern_pb2.ShiftPattern(technician_id=world.technicians[key])
            for day, shifts in week.items():
                getattr(row, day).extend(shifts)
            assign(row, "valid_from", today + timedelta(days=days))
            patterns.CreateShiftPattern(
                shift_pattern_pb2.CreateShiftPatternRequest(
                    shift_pattern=row, request_id=derive_id("demo", "shifts", key, days)
                )
            )
    absences = channels.stub(technician_absence_pb2_grpc.TechnicianAbsenceServiceStub, "technicians")
    for absence in ABSENCES:
        speaker.grant = world.grants[PLANNERS[people[absence.key].company]]
        first, last = (today + timedelta(days=days) for days in (absence.first, absence.last))
        away = technician_absence_pb2.TechnicianAbsence(
            technician_id=world.technicians[absence.key],
            kind=technician_absence_pb2.AbsenceKind.Value(f"ABSENCE_KIND_{absence.kind}"),
            from_time=absence.from_time,
            until_time=absence.until_time,
            note=absence.note,
        )
        assign(away, "first_day", first)
        assign(away, "last_day", last)
        absences.CreateTechnicianAbsence(
            technician_absence_pb2.CreateTechnicianAbsenceRequest(
                technician_absence=away, request_id=derive_id("demo", "absence", absence.key)
            )
        )
        diary.away(absence.key, first, last)
