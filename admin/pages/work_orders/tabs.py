"""Opening one tab of a record, whichever workflow its order belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import g, request

from admin.grpcfab.errors import sentence
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from admin.grpcfab.rows import Row

FIRST = "details"


@dataclass(frozen=True)
class Opened:
    """A tab with what it shows; where a service does not answer, that is `away`, and nothing else is known."""

    tab: str
    content: Mapping[str, Any]
    away: str = ""


def open_tab(panel: Any, row: Row, tabs: Collection[str], gather: Callable[[str], Mapping[str, Any]]) -> Opened:
    """The tab that the address asks for, else the first; its record is remembered as recently viewed."""
    asked = request.args.get("tab", "")
    tab = asked if asked in tabs else FIRST
    order: Any = row.message
    g.opened = (panel.datamodel.resource.full_name, row.id, f"{order.number} {order.subject}")
    try:
        return Opened(tab, gather(tab))
    except Refusal as refusal:
        if refusal.kind != "unavailable":
            raise
        return Opened(tab, {}, sentence(refusal))
