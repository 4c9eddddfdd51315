"""Which certificates work needs, and which a technician holds on a day (CP-62 to CP-65)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one work type asks for: all of some certification codes, one of others, and so many technicians."""

    all_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    technicians: int = 0


class Held(NamedTuple):
    """A certificate of a technician; ``expires`` is the last day on which it is valid, None: for ever."""

    code: str
    issued: date
    expires: date | None = None
    revoked: date | None = None

    def valid_on(self, day: date) -> bool:
        """Tell whether it counts on a day: from its issue to its last day, and not from its revocation on."""
        if day < self.issued or (self.expires is not None and day > self.expires):
            return False
        return self.revoked is None or day < self.revoked


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the skills matrix; ``expires`` is that of the certificate that lasts longest, if it ever was held."""

    code: str
    held: bool
    expires: date | None


def needed_codes(requirements: Iterable[Requirement]) -> tuple[str, ...]:
    """Give every code that the work asks for, once each and in order: the columns of the matrix (CP-63)."""
    codes = [code for each in requirements for code in (*each.all_of, *each.any_of)]
    return tuple(dict.fromkeys(codes))


def technicians_needed(requirements: Iterable[Requirement]) -> int:
    """Give how many technicians the work takes: the most that a requirement asks for; at least one."""
    return max((each.technicians for each in requirements), default=0) or 1


def missing_codes(requirements: Iterable[Requirement], held: Iterable[Held], day: date) -> tuple[str, ...]:
    """Give the codes that keep a technician from being qualified on a day, once each and in order.

    Of alternatives of which none is held, all are named.
    """
    valid = {each.code for each in held if each.valid_on(day)}
    missing: list[str] = []
    for each in requirements:
        missing += [code for code in each.all_of if code not in valid]
        if each.any_of and valid.isdisjoint(each.any_of):
            missing += each.any_of
    return tuple(dict.fromkeys(missing))


def matrix_row(codes: Sequence[str], held: Sequence[Held], day: date) -> tuple[Cell, ...]:
    """Give the cells of one technician, in the order of the columns."""
    return tuple(_cell(code, [each for each in held if each.code == code], day) for code in codes)


def _cell(code: str, held: Sequence[Held], day: date) -> Cell:
    valid = any(each.valid_on(day) for each in held)
    lasting = any(each.expires is None for each in held)
    expires = None if lasting or not held else max(each.expires for each in held if each.expires is not None)
    return Cell(code, valid, expires)
