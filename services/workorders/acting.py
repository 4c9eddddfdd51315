"""The caller as the rules of an order see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.workorders.domain.permissions import SYSTEM
from services.workorders.domain.values import Actor

if TYPE_CHECKING:
    from services.chassis.identity import Caller


def actor_of(caller: Caller) -> Actor:
    """The actor; a service on its own account, and an integration, is the system."""
    alone = caller.is_service and not caller.acting_service
    return Actor(
        subject=caller.subject,
        name=caller.name,
        roles=frozenset({SYSTEM}) if alone else caller.roles,
        organization_id=caller.organization_id,
        organization_kind=caller.organization_kind,
        technician_id=caller.technician_id,
    )
