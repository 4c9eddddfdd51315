"""The caller as the rules of an order see it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.chassis.identity import INTEGRATION_ROLE
from services.workorders.domain.permissions import SYSTEM
from services.workorders.domain.values import Actor
from services.workorders.standing_in import represented_by

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from services.chassis.identity import Caller


def actor_of(caller: Caller) -> Actor:
    """The actor; a service on its own account, and an integration, is the system."""
    alone = (caller.is_service and not caller.acting_service) or caller.has(INTEGRATION_ROLE)
    return Actor(
        subject=caller.subject,
        name=caller.name,
        roles=frozenset({SYSTEM}) if alone else caller.roles,
        organization_id=caller.organization_id,
        organization_kind=caller.organization_kind,
        technician_id=caller.technician_id,
    )


def actor_now(connection: Connection, caller: Caller, now: datetime) -> Actor:
    """The actor, with those in whose place they act at this moment."""
    actor = actor_of(caller)
    return actor if caller.is_service else replace(actor, stands_in_for=represented_by(connection, caller.subject, now))
