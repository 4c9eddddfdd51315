"""What the progress of the parts means for the order (CP-71): states follow the parts and never go backwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.workorders.domain.definition import Definition, Transition

PHASES = ("placed", "opened", "shipped", "delivered")


def implied_transition(definition: Definition, state: str, phase: str) -> Transition | None:
    """The transition that the phase of the parts implies in a state; None where the order is there already, or past it.

    The phases before the present one are passed over, as in the source, where an order goes from Ship-To Received
    straight to Shipping when its order was opened at once.
    """
    moves = (move for move in definition.by_state.get(state, ()) if phase and move.phase == phase)
    return next(moves, None)
