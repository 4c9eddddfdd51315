"""Named resolvers of the state that a transition leads to, where that depends on more than the transition.

A definition names one under `to` with the states that it may give, so that checks and diagrams know them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from services.workorders.domain.fulfilment import implied_transition

if TYPE_CHECKING:
    from services.workorders.domain.definition import Definition
    from services.workorders.domain.situation import Situation

Resolver = Callable[["Definition", "Situation"], str]

RESOLVERS: dict[str, Resolver] = {}


def resolver(resolve: Resolver) -> Resolver:
    """Register a function as a named resolver."""
    RESOLVERS[getattr(resolve, "__name__", "")] = resolve
    return resolve


@resolver
def state_after_hold(definition: Definition, situation: Situation) -> str:
    """The state before the hold, or what the parts imply by now where they went on meanwhile (hard case 3)."""
    held = situation.before
    implied = implied_transition(definition, held.hold.from_state, held.fulfilment.phase)
    return implied.to if implied else held.hold.from_state
