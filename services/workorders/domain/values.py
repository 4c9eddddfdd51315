"""Small values that the aggregate is made of."""

from __future__ import annotations

from dataclasses import dataclass

MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount; micros are millionths of the currency's unit."""

    currency_code: str
    micros: int

    def __str__(self) -> str:
        units, fraction = divmod(abs(self.micros), MICROS)
        cents = f"{fraction:06d}"
        kept = cents[:2] + cents[2:].rstrip("0")
        return f"{'-' if self.micros < 0 else ''}{units}.{kept} {self.currency_code}"


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; country is an ISO 3166 code."""

    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""

    def __str__(self) -> str:
        return postal_line(self.street, self.city, self.state, self.postal_code, self.country)


@dataclass(frozen=True, slots=True)
class Place:
    """A point on the globe, WGS 84."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as far as the rules of an order need to know.

    The subject is a person's id, or "service:<name>"; a service has the role "system" and no organisation.
    `stands_in_for` are the people who are away now and named the actor as their delegate.
    """

    subject: str
    name: str
    roles: frozenset[str]
    organization_id: str = ""
    organization_kind: str = ""
    technician_id: str = ""
    stands_in_for: frozenset[str] = frozenset()


def digits(value: float, grouping: str = "") -> str:
    """A number with all its digits, to a millionth; never as a power of ten. `grouping` parts the thousands."""
    return f"{value:{grouping}.6f}".rstrip("0").rstrip(".")


def postal_line(street: str, city: str, state: str, postal_code: str, country: str) -> str:
    """An address on one line, without what is empty."""
    region = " ".join(filter(None, (state, postal_code)))
    return ", ".join(filter(None, (street, city, region, country)))
