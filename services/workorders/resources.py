"""What the kit serves: master data, and what hangs on orders."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from fieldmesh.workorders.v1 import (
    account_pb2,
    action_item_pb2,
    attachment_pb2,
    case_pb2,
    contact_pb2,
    entitlement_pb2,
    estimate_pb2,
    facility_pb2,
    history_entry_pb2,
    line_item_pb2,
    note_pb2,
    part_pb2,
    reason_code_pb2,
    station_pb2,
    territory_pb2,
    work_type_pb2,
    workflow_pb2,
)
from sqlalchemy import ColumnElement, Table, Text, and_, literal, select, update

from services.chassis.kit import Change, Resource, Where, owned
from services.workorders import repository, tables
from services.workorders.presenting import work_type_event
from services.workorders.presenting_versions import with_open_orders
from services.workorders.scope import branches, branches_of_words
from services.workorders.tables import work_orders
from services.workorders.tables.workflows import DRAFT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from google.protobuf.message import Message

    from services.chassis.errors import Violation
    from services.chassis.identity import Caller
    from services.chassis.kit.scope import Branches
    from services.chassis.unit_of_work import Transaction

# Who is at home in an organisation that keeps master data; others see what their orders refer to.
KEEPERS = frozenset({"dispatcher", "approver"})


class Hooks(Protocol):
    """What changes of an order's parts go through."""

    def prepare(self, transaction: Transaction, change: Change) -> None: ...
    def validate(self, transaction: Transaction, change: Change) -> Iterable[Violation]: ...
    def on_change(self, transaction: Transaction, change: Change) -> None: ...


def resources(line_item_rules: Hooks, content_rules: Callable[[str], Hooks]) -> tuple[Resource, ...]:
    """Every resource of the kit in this service; `content_rules` gives those of one kind of approved content."""
    orders = work_orders.c
    return (
        Resource(
            account_pb2.Account,
            tables.accounts,
            scope=kept_or_ordered(lambda table: (table.c.id, orders.account_id)),
            on_change=renames(orders.account_id, orders.account_name, "name"),
        ),
        Resource(
            contact_pb2.Contact,
            tables.contacts,
            scope=kept_or_ordered(lambda table: (table.c.id, orders.contact_id)),
            on_change=renames(orders.contact_id, orders.contact_name, "name"),
        ),
        Resource(
            facility_pb2.Facility,
            tables.facilities,
            scope=Where(read=_facility_rows, write=_own_rows),
        ),
        Resource(
            station_pb2.Station,
            tables.stations,
            scope=Where(read=_station_rows, write=_own_rows),
        ),
        Resource(
            case_pb2.Case,
            tables.cases,
            scope=kept_or_ordered(lambda table: (table.c.id, orders.case_id)),
            prepare=number_case,
        ),
        Resource(
            territory_pb2.Territory,
            tables.territories,
            scope=CATALOGUE,
            on_change=renames(orders.territory_id, orders.territory_name, "name"),
        ),
        Resource(
            entitlement_pb2.Entitlement,
            tables.entitlements,
            scope=CATALOGUE,
            on_change=renames(orders.entitlement_id, orders.entitlement_name, "name"),
        ),
        Resource(work_type_pb2.WorkType, tables.work_types, scope=CATALOGUE, on_change=work_type_changed),
        Resource(part_pb2.Part, tables.parts, scope=CATALOGUE),
        Resource(reason_code_pb2.ReasonCode, tables.reason_codes, scope=REASONS),
        Resource(
            line_item_pb2.LineItem,
            tables.line_items,
            scope=Where(read=of_visible_orders, write=of_own_orders),
            prepare=line_item_rules.prepare,
            validate=line_item_rules.validate,
            on_change=line_item_rules.on_change,
        ),
        *(_content(message, table, content_rules(kind)) for kind, message, table in _CONTENT),
        Resource(history_entry_pb2.HistoryEntry, tables.history, scope=words_by("actor_organization_id")),
        Resource(attachment_pb2.Attachment, tables.attachments, scope=words_by("owner_organization_id")),
        WORKFLOW_VERSION,
    )


def _content(message: type[Message], table: Table, rules: Hooks) -> Resource:
    return Resource(
        message,
        table,
        scope=Where(read=of_visible_orders, write=of_own_orders),
        prepare=rules.prepare,
        validate=rules.validate,
        on_change=rules.on_change,
    )


def of_visible_orders(caller: Caller, table: Table) -> Branches:
    """Rows of the orders that a caller sees."""
    return _of_orders(table.c.work_order_id, branches(caller))


def words_by(author: str) -> Where:
    """Rows of visible orders that somebody wrote; `author` is the column with the writer's organisation."""

    def read(caller: Caller, table: Table) -> Branches:
        return _of_orders(table.c.work_order_id, branches_of_words(caller, table.c[author]))

    return Where(read=read)


def of_own_orders(caller: Caller, table: Table) -> Branches:
    """Rows of the orders that the caller's organisation gave out."""
    return _of_orders(table.c.work_order_id, owned(caller, work_orders.c.issuer_org))


def kept_or_ordered(link: Callable[[Table], tuple[ColumnElement[Any], ColumnElement[Any]]]) -> Where:
    """Rows of the caller's organisation, and for partners and technicians those that its orders refer to."""

    def read(caller: Caller, table: Table) -> Branches:
        here, there = link(table)
        own = owned(caller, table.c.organization_id) if caller.roles & KEEPERS else ()
        return (*own, *(here.in_(select(there).where(branch)) for branch in _as_guest(caller)))

    return Where(read=read, write=_own_rows)


def _facility_rows(caller: Caller, table: Table) -> Branches:
    """Those kept or ordered for; for their owner all of its own, for providers those that they serve (PT-3)."""
    found = kept_or_ordered(lambda table: (table.c.id, work_orders.c.facility_id)).readable(caller, table)
    return (*found, *_at_home(caller, table))


def _station_rows(caller: Caller, table: Table) -> Branches:
    """Those that are kept, and those at the facilities of the caller's orders, own sites or served sites."""
    found = kept_or_ordered(lambda table: (table.c.facility_id, work_orders.c.facility_id)).readable(caller, table)
    sites = _at_home(caller, tables.facilities)
    return (*found, *(table.c.facility_id.in_(select(tables.facilities.c.id).where(site)) for site in sites))


def _at_home(caller: Caller, table: Table) -> Branches:
    if caller.organization_kind == "facility_owner" and caller.roles & {"requester", "approver"}:
        return owned(caller, table.c.facility_org)
    if caller.organization_kind == "provider" and caller.has("dispatcher"):
        marked = tables.territories.c.served_by.cast(Text).contains(f'"{caller.organization_id}"')
        served = select(tables.territories.c.id).where(marked)
        return (and_(table.c.facility_org != "", table.c.territory_id.in_(served)),)
    return ()


def _of_orders(column: ColumnElement[Any], conditions: Branches) -> Branches:
    """Asked row by row: a list of all orders of an issuer would be made anew for every page."""
    return tuple(select(literal(1)).where(work_orders.c.id == column, condition).exists() for condition in conditions)


def _as_guest(caller: Caller) -> Branches:
    """The orders that a caller sees in other roles than those of a keeper, whose own rows are granted anyway."""
    return branches(replace(caller, roles=caller.roles - KEEPERS))


def _own_rows(caller: Caller, table: Table) -> Branches:
    return owned(caller, table.c.organization_id)


def _catalogue_rows(caller: Caller, table: Table) -> Branches:
    """The issuers' catalogues; partners and technicians work from those of whoever gives work out."""
    if caller.roles & KEEPERS:
        return _own_rows(caller, table)
    issuers = (select(work_orders.c.issuer_org).where(branch) for branch in _as_guest(caller))
    return tuple(table.c.organization_id.in_(each) for each in issuers)


def _reason_rows(caller: Caller, table: Table) -> Branches:
    """The reasons of a catalogue, and those that every installation starts with."""
    return (*_catalogue_rows(caller, table), table.c.organization_id == "")


def _published_rows(caller: Caller, table: Table) -> Branches:
    """How orders move is no secret; what somebody only thinks about is."""
    return (table.c.state != DRAFT,) if caller.roles else ()


_CONTENT = (
    ("action_item", action_item_pb2.ActionItem, tables.action_items),
    ("note", note_pb2.Note, tables.notes),
    ("estimate", estimate_pb2.Estimate, tables.estimates),
)
CATALOGUE = Where(read=_catalogue_rows, write=_own_rows)
REASONS = Where(read=_reason_rows, write=_own_rows)
# Written by handlers of its own; every use of it is audited as this resource.
WORKFLOW_VERSION = Resource(
    workflow_pb2.WorkflowVersion,
    tables.workflow_versions,
    scope=Where(read=_published_rows),
    present=with_open_orders,
)


def renames(key: ColumnElement[Any], column: ColumnElement[Any], name: str) -> Callable[[Transaction, Change], None]:
    """Bring the name that orders carry up to date; it is no change of an order, and no row of its history."""

    def rename(transaction: Transaction, change: Change) -> None:
        if change.verb == "update" and getattr(change.before, name) != getattr(change.after, name):
            fresh = {column.key: getattr(change.after, name)}
            transaction.execute(update(work_orders).where(key == change.after.id).values(fresh))

    return rename


def number_case(transaction: Transaction, change: Change) -> None:
    """Give a case without a number the next one (CP-17)."""
    if change.verb == "create" and not change.after.case_number:
        change.after.case_number = repository.next_number(transaction, "case")


def work_type_changed(transaction: Transaction, change: Change) -> None:
    """Tell technicians which certifications a work type needs, and orders its name."""
    work_type = change.after
    event = work_type_event(work_type, change.version, deleted=change.verb == "delete")
    transaction.publish(event, "WorkType", work_type.id, change.version)
    renames(work_orders.c.work_type_id, work_orders.c.work_type_name, "name")(transaction, change)
    if change.verb == "update":
        items = tables.line_items
        transaction.execute(
            update(items).where(items.c.work_type_id == work_type.id).values(work_type_name=work_type.name)
        )
