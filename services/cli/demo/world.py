"""What the demo's world is known by: ids of what was made, and who may speak."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from fieldmesh.common.v1 import types_pb2

if TYPE_CHECKING:
    from services.chassis.tokens import UserGrant

MAINTAINER = "dana"


class Place(Protocol):
    """Anything of the catalogue with an address."""

    @property
    def street(self) -> str: ...
    @property
    def city(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def postal_code(self) -> str: ...


@dataclass
class World:
    """Ids of what was made, by the catalogue's keys and names."""

    organizations: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    technicians: dict[str, str] = field(default_factory=dict)
    teams: dict[str, str] = field(default_factory=dict)
    grants: dict[str, UserGrant] = field(default_factory=dict)
    territories: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    contacts: dict[str, str] = field(default_factory=dict)
    facilities: dict[str, str] = field(default_factory=dict)
    stations: dict[str, list[str]] = field(default_factory=dict)
    work_types: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    entitlements: dict[str, str] = field(default_factory=dict)


def address_of(place: Place) -> types_pb2.Address:
    """Where something of the catalogue is; no country where it says no city."""
    return types_pb2.Address(
        street=place.street,
        city=place.city,
        state=place.state,
        postal_code=place.postal_code,
        country="US" if place.city else "",
    )
