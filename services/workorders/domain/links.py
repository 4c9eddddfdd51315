"""Orders that continue others: given to somebody else before the work began, or for what could not be completed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LinkKind(StrEnum):
    """Why one order continues another."""

    UNSPECIFIED = "unspecified"
    REALLOCATION = "reallocation"
    FOLLOW_UP = "follow_up"


@dataclass(frozen=True, slots=True)
class LinkedOrder:
    """The other end of a link between two orders; blank where there is none."""

    id: str = ""
    number: str = ""
    kind: LinkKind = LinkKind.UNSPECIFIED
