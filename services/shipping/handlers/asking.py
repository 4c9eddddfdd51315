"""What an event of workorders asks to ship: parts, address, and the ids that follow from it."""

from collections.abc import Callable
from functools import partial

from fieldmesh.workorders.v1 import events_pb2

from services.chassis.ids import derive_id
from services.shipping.domain.fulfilment import PartLine
from services.shipping.domain.ship_to import ShipTo


def part_lines(wanted: events_pb2.PartsWanted, line_id: Callable[[int], str]) -> tuple[PartLine, ...]:
    """The parts that a move asks for, each with its id."""
    return tuple(
        PartLine(
            line_id(place),
            line.line_item_id,
            line.part_id,
            line.part_number,
            line.part_name,
            line.quantity,
            line.returnable,
        )
        for place, line in enumerate(wanted.lines)
    )


def ship_to(wanted: events_pb2.PartsWanted) -> ShipTo:
    """Where a move asks to send parts."""
    given = wanted.ship_to
    return ShipTo(
        residential=given.residential,
        name=given.name,
        phone=given.phone,
        party=given.party,
        handling=given.handling,
        street=given.street,
        city=given.city,
        state=given.state,
        postal_code=given.postal_code,
        country=given.country,
    )


def line_ids(order_id: str, acceptance_version: int) -> Callable[[int], str]:
    """Ids of the lines of an acceptance, by their places."""
    return partial(derive_id, "fulfilment-line", order_id, acceptance_version)


def request_id(order_id: str, acceptance_version: int) -> str:
    """The id of the request that an acceptance opens."""
    return derive_id("parts-request", order_id, acceptance_version)
