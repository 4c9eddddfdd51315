"""Who does something, as data for histories, events and mails; never a credential."""

from dataclasses import dataclass
from typing import Protocol

from fieldmesh.common.v1 import types_pb2


class Acting(Protocol):
    """What a unit of work keeps of the one on whose behalf it writes; a Caller fits."""

    @property
    def subject(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def organization_id(self) -> str: ...
    @property
    def request_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Actor:
    """An actor by value: the person's id, or ``service:<name>`` for a service."""

    subject: str
    name: str = ""
    organization_id: str = ""
    request_id: str = ""


def service_actor(service: str, request_id: str = "") -> Actor:
    """Give the actor of a service that works on its own account: event handlers, timers (hard-parts 5)."""
    return Actor(f"service:{service}", service, "", request_id)


def actor_message(actor: Acting) -> types_pb2.Actor:
    """Give the actor as the contracts carry it."""
    return types_pb2.Actor(subject=actor.subject, display_name=actor.name, organization_id=actor.organization_id)
