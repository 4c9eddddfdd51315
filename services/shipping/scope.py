"""Which work orders' rows a caller sees in shipping: by the parties that every row carries (hard-parts 2 and 3)."""

from typing import Any

from sqlalchemy import ColumnElement, Table, select

from services.chassis.identity import Caller
from services.chassis.kit.scope import EVERY_ROW, NO_ROW, Branches, Where, is_unbound
from services.shipping.domain.known_order import Parties
from services.shipping.domain.versions import VersionState
from services.shipping.tables import order_technicians

# Whose rows a role sees (requirements ): the party that must be the caller's organisation.
_PARTIES = {
    "partner": ("executor_org",),
    "dispatcher": ("issuer_org",),
    "approver": ("issuer_org", "facility_org"),
}
TECHNICIAN = "technician"
VENDOR = "vendor"


def columns_of(caller: Caller) -> tuple[str, ...]:
    """The party columns that a caller's roles select, in order and once each."""
    if not caller.organization_id:
        return ()
    return tuple(dict.fromkeys(name for role in sorted(caller.roles) for name in _PARTIES.get(role, ())))


def _branches(caller: Caller, table: Table) -> Branches:
    found: list[ColumnElement[bool]] = [
        table.c[f"parties_{name}"] == caller.organization_id for name in columns_of(caller)
    ]
    if caller.has(TECHNICIAN) and caller.technician_id:
        own = select(order_technicians.c.work_order_id).where(order_technicians.c.technician_id == caller.technician_id)
        found.append(_work_order(table).in_(own))
    return found


def _work_order(table: Table) -> ColumnElement[Any]:
    return table.c.work_order_id


ROWS_OF_AN_ORDER = Where(read=_branches)
"""Unknown parties are seen by admins and services only: an empty column equals no organisation."""


def _vendors(caller: Caller, _table: Table) -> Branches:
    return EVERY_ROW if caller.has("dispatcher") and caller.organization_kind == VENDOR else NO_ROW


RECALCULATIONS = Where(read=_vendors)
"""They count the orders of everybody."""


def _published(caller: Caller, table: Table) -> Branches:
    """Drafts are read by admins, and by the dispatchers of vendors: they give the work out that is counted."""
    return _vendors(caller, table) or (table.c.state != VersionState.DRAFT,)


VERSIONS = Where(read=_published)
"""Versions of calendars and policies: what is published is read by everybody."""


def may_see(caller: Caller, parties: Parties) -> bool:
    """The same rule for one order at hand."""
    if is_unbound(caller):
        return True
    if any(getattr(parties, name) == caller.organization_id for name in columns_of(caller)):
        return True
    return caller.has(TECHNICIAN) and bool(caller.technician_id) and caller.technician_id in parties.technician_ids


def gave_it_out(caller: Caller, parties: Parties) -> bool:
    """Whether a caller dispatches for the organisation that issued an order; admins and services do for all (R-2)."""
    return is_unbound(caller) or (caller.has("dispatcher") and parties.issuer_org == caller.organization_id)


def returns_parts(caller: Caller, parties: Parties) -> bool:
    """Whether a caller may raise returns: who gave the work out, and the partner that does it (R-1, R-2)."""
    return gave_it_out(caller, parties) or (caller.has("partner") and parties.executor_org == caller.organization_id)


def does_the_work(caller: Caller, parties: Parties) -> bool:
    """Whether a caller belongs to those who do the work of an order: its partner, or its technician (R-1, R-4)."""
    if is_unbound(caller) or (caller.has("partner") and parties.executor_org == caller.organization_id):
        return True
    return caller.has(TECHNICIAN) and bool(caller.technician_id) and caller.technician_id in parties.technician_ids
