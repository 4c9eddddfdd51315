"""Refusals of the domain, in the shape that every service boundary understands.

A refusal has a kind (which becomes the gRPC code), a reason (a member of the service's ErrorReason enum), a message for
people, metadata for programs, and one violation for each thing that is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NO_METADATA: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong: the field's path (empty where no field is to blame) and what to say about it."""

    field: str
    description: str


class WorkOrderError(Exception):
    """Base of every refusal in this domain; subclasses say which rule was broken."""

    kind: ClassVar[str] = "invalid"
    reason: str = "INVALID_FIELDS"

    def __init__(
        self,
        message: str,
        *,
        violations: Sequence[Violation] = (),
        metadata: Mapping[str, str] = NO_METADATA,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.violations = tuple(violations)
        self.metadata = metadata


class FieldsInvalid(WorkOrderError):
    """Inputs that the transition does not ask for, lacks, or cannot accept; every field is named."""


class ActorNotAllowed(WorkOrderError):
    """The actor's role, organisation or part in the order does not allow it."""

    kind = "forbidden"
    reason = "ROLE_NOT_ALLOWED"


class TransitionUnknown(WorkOrderError):
    """The order's workflow version has no transition of that name."""

    kind = "invalid"
    reason = "TRANSITION_UNKNOWN"


class StateDoesNotAllow(WorkOrderError):
    """The order stands in a state from which the transition does not start."""

    kind = "state"
    reason = "TRANSITION_UNKNOWN"


class GuardsRefuse(WorkOrderError):
    """One or several guards refuse; the violations hold every one of them."""

    kind = "state"
    reason = "TRANSITION_REFUSED"

    def __init__(
        self,
        message: str,
        *,
        reason: str,
        violations: Sequence[Violation],
        metadata: Mapping[str, str] = NO_METADATA,
    ) -> None:
        super().__init__(message, violations=violations, metadata=metadata)
        self.reason = reason


class AppointmentTimeInvalid(WorkOrderError):
    """A local time that the zone's clocks skip, or that they show twice without a choice (hard-parts 17)."""
