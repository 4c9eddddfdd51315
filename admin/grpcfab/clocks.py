"""Wall time and the instants behind it: what clocks show twice, and what they leave out (hard-parts 17)."""

from __future__ import annotations

import datetime as dt
from typing import Final, NamedTuple

FOLDS: Final = ("earlier", "later")
_LABELS: Final = ("Before the clock change", "After the clock change")


class Fold(NamedTuple):
    """One of the two instants that a wall time stands for on the day when clocks are set back."""

    value: str
    label: str


def instants_of(wall: dt.datetime, zone: dt.tzinfo) -> list[dt.datetime]:
    """The instants, in UTC, at which the clocks of a zone show a naive wall time.

    Mostly one; none where clocks are set forward over it, two, the earlier first, where they are set back over it.
    """
    meant = sorted({wall.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1)})
    return [instant for instant in meant if wall_of(instant, zone) == wall]


def wall_of(instant: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """What the clocks of a zone show at an instant, naive."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def folds_of(wall: dt.datetime, zone: dt.tzinfo) -> list[Fold]:
    """The two that a wall time can mean, with their offsets; empty where it is not in doubt."""
    instants = instants_of(wall, zone)
    if len(instants) < len(FOLDS):
        return []
    shown = [instant.astimezone(zone) for instant in instants]
    return [
        Fold(value, f"{label} ({local:%Z}, UTC{local.isoformat()[-6:]})")
        for value, label, local in zip(FOLDS, _LABELS, shown, strict=True)
    ]


def fold_of(instant: dt.datetime, zone: dt.tzinfo) -> str:
    """Which of the two an instant is; empty where its wall time is not in doubt."""
    instants = instants_of(wall_of(instant, zone), zone)
    return FOLDS[instants.index(instant)] if len(instants) == len(FOLDS) else ""
