"""People as the directory in technicians told them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may get mail."""

    person_id: str
    name: str
    email: str
    locale: str = "en"
    time_zone: str = ""
    organization_id: str = ""
    roles: frozenset[str] = frozenset()
    active: bool = True


class RecipientUnknown(Exception):
    """A recipient is not in our copy of the directory yet; the event waits in its lane and is tried again."""

    kind = "unavailable"
    reason = "SERVICE_UNAVAILABLE"
    violations = ()

    def __init__(self, what: str, identity: str) -> None:
        """Names what is missing (`person`, `team`, `organization`) and its id."""
        super().__init__(f"The {what} {identity} is not known here yet; the directory's event is still to come.")
        self.metadata = {"what": what, "id": identity}
