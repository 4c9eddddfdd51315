"""Addresses that the typed beginning of a street suggests, for where parts are sent (CP-51)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fieldmesh.common.v1 import types_pb2
from fieldmesh.workorders.v1 import work_order_service_pb2
from sqlalchemy import func, select

from services.workorders.scope import visible_order
from services.workorders.tables import organizations, work_orders

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

    from services.chassis.database import Database
    from services.chassis.identity import Caller

FEWEST_LETTERS: Final = 2
MOST: Final = 8
_PARTS: Final = ("street", "city", "state", "postal_code", "country")

Request = work_order_service_pb2.SuggestAddressesRequest
Response = work_order_service_pb2.SuggestAddressesResponse
Suggestion = work_order_service_pb2.AddressSuggestion


def suggest(database: Database, caller: Caller, request: Request) -> Response:
    """At most eight addresses whose street holds the text, without regard to case; none for less than two letters.

    They are the executor's own, the site's, and those to which parts were sent for the executor before, the latest
    first. Raises NotFound for an order that the caller does not see.
    """
    text = request.street.strip()
    with database.read() as connection:
        order = visible_order(connection, caller, request.work_order_id)
        found = list(_known(connection, order, text)) if len(text) >= FEWEST_LETTERS else []
    once: dict[tuple[str, ...], Suggestion] = {}
    for label, parts in found:
        key = tuple(part.casefold() for part in parts)
        if text.casefold() in key[0]:
            address = types_pb2.Address(**dict(zip(_PARTS, parts, strict=True)))
            once.setdefault(key, Suggestion(address=address, label=label))
    return Response(suggestions=list(once.values())[:MOST])


def _known(connection: Connection, order: Mapping[str, Any], text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    own = [organizations.c[f"address_{part}"] for part in _PARTS]
    executor = connection.execute(
        select(organizations.c.name, *own).where(organizations.c.id == order["executor_org"])
    ).one_or_none()
    if executor is not None:
        yield executor[0], tuple(executor[1:])
    yield "The site", tuple(order[f"site_address_{part}"] for part in _PARTS)
    sent = [work_orders.c[f"ship_to_{part}"] for part in _PARTS]
    party = func.max(work_orders.c.ship_to_party)
    earlier = (
        select(party, *sent)
        .where(
            work_orders.c.executor_org == order["executor_org"],
            work_orders.c.ship_to_street.icontains(text, autoescape=True),
        )
        .group_by(*sent)
        .order_by(func.max(work_orders.c.accept_time).desc())
        .limit(MOST)
    )
    for row in connection.execute(earlier):
        yield row[0], tuple(row[1:])
