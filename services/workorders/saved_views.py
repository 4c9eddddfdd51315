"""List views that people save: their own, and those shared with their organisation (CP-13)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import work_order_pb2
from sqlalchemy import and_, delete, func, insert, or_, select, update

from services.chassis.errors import InvalidRequest, NotFound, Violation
from services.chassis.etag import check_etag, etag_of
from services.chassis.ids import derive_id, new_id
from services.workorders.order_list import plan
from services.workorders.tables import pinned_views, saved_views
from services.workorders.views import BY_CODE, VIEWS, View

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fieldmesh.workorders.v1 import view_service_pb2
    from sqlalchemy import ColumnElement, Connection

    from services.chassis.identity import Caller
    from services.chassis.unit_of_work import Transaction

MOST_VIEWS = 50
MOST_FILTERS = 20
MOST_VALUES = 50
LONGEST_LABEL = 80
LONGEST_TEXT = 200
FIELDS = frozenset(work_order_pb2.WorkOrder.DESCRIPTOR.fields_by_name)


def views_of(connection: Connection, caller: Caller) -> list[View]:
    """Every view that the caller sees: those that ship with the product, then saved ones by their label."""
    rows = connection.execute(select(saved_views).where(_seen_by(caller))).mappings()
    saved = [_view(dict(row), caller) for row in rows]
    shipped = (view for view in VIEWS if not view.roles or caller.roles & set(view.roles))
    return [*shipped, *sorted(saved, key=lambda view: (not view.own, view.label.casefold(), view.code))]


def view_of(connection: Connection, caller: Caller, code: str) -> View:
    """The view of a code. InvalidRequest for one that the caller does not see."""
    if code in BY_CODE:
        return BY_CODE[code]
    row = connection.execute(select(saved_views).where(saved_views.c.id == code, _seen_by(caller))).mappings().first()
    if row is None:
        message = f"There is no view {code!r} that you may see."
        raise InvalidRequest(message, violations=[Violation("view", message)])
    return _view(dict(row), caller)


def save(transaction: Transaction, caller: Caller, given: view_service_pb2.View, request_id: str) -> View:
    """Make a view of the caller's own, or change one.

    Raises InvalidRequest naming every wrong field, NotFound for a view that is not the caller's, and StaleEtag.
    """
    connection = transaction.connection
    row = {**_checked(given, caller), "update_time": transaction.now}
    if given.code:
        found = _own(connection, caller, given.code)
        check_etag(given.etag, found["id"], found["version"])
        values = {**row, "version": found["version"] + 1}
        transaction.execute(update(saved_views).where(saved_views.c.id == found["id"]).values(**values))
        return _view({**found, **values}, caller)
    mine = saved_views.c.owner_id == caller.subject
    if connection.execute(select(func.count()).select_from(saved_views).where(mine)).scalar_one() >= MOST_VIEWS:
        message = f"You have {MOST_VIEWS} views already: delete one first."
        raise InvalidRequest(message, violations=[Violation("view.label", message)])
    row |= {
        "id": derive_id("view", caller.subject, request_id) if request_id else new_id(),
        "owner_id": caller.subject,
        "owner_name": caller.name,
        "organization_id": caller.organization_id,
        "version": 1,
    }
    transaction.execute(insert(saved_views).values(**row))
    return _view(row, caller)


def remove(transaction: Transaction, caller: Caller, code: str) -> None:
    """Delete a view of the caller's own, with the pins on it. NotFound for another one."""
    found = _own(transaction.connection, caller, code)
    transaction.execute(delete(saved_views).where(saved_views.c.id == found["id"]))
    transaction.execute(delete(pinned_views).where(pinned_views.c.code == found["id"]))


def _seen_by(caller: Caller) -> ColumnElement[bool]:
    own = saved_views.c.owner_id == caller.subject
    if not caller.organization_id:
        return own
    return or_(own, and_(saved_views.c.shared, saved_views.c.organization_id == caller.organization_id))


def _own(connection: Connection, caller: Caller, code: str) -> Mapping[str, Any]:
    wanted = select(saved_views).where(saved_views.c.id == code, saved_views.c.owner_id == caller.subject)
    row = connection.execute(wanted).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such view of yours.")
    return dict(row)


def _view(row: Mapping[str, Any], caller: Caller) -> View:
    base = BY_CODE.get(row["base"], VIEWS[0])
    own = row["owner_id"] == caller.subject
    return replace(
        base,
        code=row["id"],
        label=row["label"],
        columns=tuple(row["columns"]),
        default_order=row["order_by"] or base.default_order,
        base=base.code,
        filters=tuple(row["filters"]),
        search=row["search"],
        mine=row["mine"],
        shared=row["shared"],
        own=own,
        owner_name=row["owner_name"],
        etag=etag_of(row["id"], row["version"]) if own else "",
    )


def _checked(given: view_service_pb2.View, caller: Caller) -> dict[str, Any]:
    """The columns of a view; every wrong field is named."""
    label, columns = " ".join(given.label.split()), list(dict.fromkeys(given.columns))
    order = given.default_order.removeprefix("-")
    sortable = plan().columns.get(order)
    unknown = [name for name in columns if name not in FIELDS]
    base = BY_CODE.get(given.base)
    checks = (
        ("label", 0 < len(label) <= LONGEST_LABEL, f"Give a name of at most {LONGEST_LABEL} characters."),
        (
            "columns",
            bool(columns) and not unknown,
            "Choose at least one column." if not columns else _no_field(unknown),
        ),
        ("base", base is not None and not base.mixed, "It has to narrow one of the views of work orders."),
        ("default_order", not order or (sortable is not None and sortable.sortable), f"{order} cannot be sorted by."),
        ("search", len(given.search) <= LONGEST_TEXT, f"At most {LONGEST_TEXT} characters."),
        ("filters", _filters_fit(given), f"At most {MOST_FILTERS} conditions with {MOST_VALUES} short values each."),
        ("shared", not given.shared or bool(caller.organization_id), "You belong to no organisation to share it with."),
    )
    wrong = [Violation(f"view.{name}", words) for name, fits, words in checks if not fits]
    if wrong:
        raise InvalidRequest("Some fields are missing or wrong.", violations=wrong)
    return {
        "label": label,
        "columns": columns,
        "base": given.base,
        "order_by": given.default_order,
        "filters": [
            {"field": each.field, "condition": each.condition, "values": list(each.values)} for each in given.filters
        ],
        "search": given.search.strip(),
        "mine": given.mine,
        "shared": given.shared,
    }


def _no_field(names: list[str]) -> str:
    return f"A work order has no field {', '.join(names)}."


def _filters_fit(given: view_service_pb2.View) -> bool:
    return len(given.filters) <= MOST_FILTERS and all(
        each.field.partition(".")[0] in FIELDS
        and len(each.condition) <= LONGEST_LABEL
        and len(each.values) <= MOST_VALUES
        and all(len(value) <= LONGEST_TEXT for value in each.values)
        for each in given.filters
    )
