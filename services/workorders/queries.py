"""Reading orders: lists of a view, single orders, several by id (hard-parts 22)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldmesh.common.v1 import list_pb2
from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2
from sqlalchemy import ColumnElement, and_, or_, select

from services.chassis.counters import read_counters, sum_counters
from services.chassis.errors import InvalidRequest, Violation
from services.chassis.filtering import EQUALS, IN, Condition
from services.chassis.kit.listing import Counter, run_list
from services.chassis.kit.scope import scope_key
from services.chassis.paging import checked_skip, page_size
from services.workorders import wire
from services.workorders.awaiting import awaited_by, reviewed_by, tell_who_decides
from services.workorders.domain.target import SlaState
from services.workorders.order_list import plan
from services.workorders.presenting import order_messages
from services.workorders.repository import COUNTER
from services.workorders.saved_views import view_of
from services.workorders.scope import OWNER, OWNERS_WORKFLOWS, branches, comes_beside, grants, sees_all, visible_order
from services.workorders.tables import follows, visited_records, work_orders

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from services.chassis.clock import Clock
    from services.chassis.database import Database
    from services.chassis.identity import Caller
    from services.workorders.views import View

MOST_IDS = 200
RESOURCE = work_order_pb2.WorkOrder.DESCRIPTOR.full_name


class Queries:
    """Answers from this service's own columns."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._plan = plan()

    def list(
        self, caller: Caller, request: work_order_service_pb2.ListWorkOrdersRequest
    ) -> work_order_service_pb2.ListWorkOrdersResponse:
        """A page of a view; InvalidRequest names everything in the query that cannot be used."""
        with self._database.read() as connection:
            view = view_of(connection, caller, request.view) if request.view else None
        if view is not None and view.mixed:
            text = "shows records of every kind; ask ListVisits for it"
            raise InvalidRequest(f"This view {text}.", violations=[Violation("view", text)])
        query = list_pb2.ListQuery()
        query.CopyFrom(request.query)
        if view is not None and not query.order_by:
            query.order_by = view.default_order
        with self._database.read() as connection:
            base = _view_conditions(view, caller, mine=request.mine)
            if view is not None and view.awaiting:
                approved = view.workflow in OWNERS_WORKFLOWS
                base.append(awaited_by(connection, caller, self._clock.now()) if approved else reviewed_by(caller))
            if view is not None and view.at_risk:
                base.append(at_risk(self._clock.now()))
            if view is not None and view.visited and not query.order_by:
                rows, page = self._visited(connection, caller, query)
            else:
                counter = self._counter(caller) if not base else None
                result = run_list(
                    connection,
                    self._plan,
                    query,
                    branches=branches(caller),
                    scope=f"{scope_key(caller)}|{request.view}|{request.mine}",
                    base=base,
                    counter=counter,
                )
                rows, page = [row._asdict() for row in result.rows], result.page
            messages = self._messages(connection, caller, rows)
        return work_order_service_pb2.ListWorkOrdersResponse(
            work_orders=messages, page=page, read_time=wire.timestamp(self._clock.now())
        )

    def get(self, caller: Caller, order_id: str) -> work_order_pb2.WorkOrder:
        """One order by id or number. NotFound where it is missing or hidden."""
        with self._database.read() as connection:
            return self._messages(connection, caller, [visible_order(connection, caller, order_id)])[0]

    def batch_get(self, caller: Caller, ids: Iterable[str]) -> work_order_service_pb2.BatchGetWorkOrdersResponse:
        """Several orders in the order asked; hidden ones are among the missing."""
        asked = list(dict.fromkeys(ids))
        if len(asked) > MOST_IDS:
            raise InvalidRequest("Too many ids.", violations=[Violation("ids", f"must be at most {MOST_IDS}")])
        granted = branches(caller)
        with self._database.read() as connection:
            wanted = select(work_orders).where(work_orders.c.id.in_(asked), or_(*granted)) if granted else None
            found = connection.execute(wanted).mappings().all() if wanted is not None and asked else []
            known: dict[str, Mapping[str, Any]] = {row["id"]: dict(row) for row in found}
            rows = [known[order_id] for order_id in asked if order_id in known]
            messages = self._messages(connection, caller, rows)
        missing = [order_id for order_id in asked if order_id not in known]
        return work_order_service_pb2.BatchGetWorkOrdersResponse(work_orders=messages, missing_ids=missing)

    def _messages(
        self, connection: Connection, caller: Caller, rows: Iterable[Mapping[str, Any]]
    ) -> Sequence[work_order_pb2.WorkOrder]:
        messages = order_messages(connection, caller, rows)
        tell_who_decides(connection, messages, self._clock.now())
        return messages

    def _visited(
        self, connection: Connection, caller: Caller, query: list_pb2.ListQuery
    ) -> tuple[Sequence[Mapping[str, Any]], list_pb2.ListPage]:
        """The orders that the caller opened last, newest first; so few are kept that they are read at once."""
        granted = branches(caller)
        if not granted:
            return [], list_pb2.ListPage(total_size_exact=True)
        found = connection.execute(
            select(work_orders)
            .join(visited_records, visited_records.c.resource_id == work_orders.c.id)
            .where(
                visited_records.c.person_id == caller.subject,
                visited_records.c.resource_type == RESOURCE,
                or_(*granted),
                *([searched] if (searched := self._searched(connection, query.search)) is not None else []),
            )
            .order_by(visited_records.c.visit_time.desc(), work_orders.c.id)
        ).mappings()
        rows = [dict(row) for row in found]
        start, size = checked_skip(query.skip), page_size(query.page_size)
        return rows[start : start + size], list_pb2.ListPage(total_size=len(rows), total_size_exact=True)

    def _searched(self, connection: Connection, asked: str) -> ColumnElement[bool] | None:
        return self._plan.search.condition(connection, asked) if self._plan.search and asked else None

    def _counter(self, caller: Caller) -> Counter:
        """Totals from the kept counters, for one grant and conditions on nothing but the state."""

        def count(connection: Connection, conditions: Sequence[Condition]) -> int | None:
            held = {"*": ""} if sees_all(caller) else grants(caller)
            if (
                len(held) != 1
                or OWNER in held
                or any(each.field != "state" or each.operator not in {EQUALS, IN} for each in conditions)
            ):
                return None
            ((column, value),) = held.items()
            if not conditions:
                return sum_counters(connection, COUNTER, f"{column}:{value}:")
            states = frozenset.intersection(*(frozenset(each.values) for each in conditions))
            return sum(read_counters(connection, COUNTER, [f"{column}:{value}:{state}" for state in states]).values())

        return count


def at_risk(now: datetime) -> ColumnElement[bool]:
    """Orders whose SLA clock runs and that are at risk, or overdue, at an instant (hard-parts 22)."""
    columns = work_orders.c
    near = or_(columns.sla_warn_time <= now, columns.sla_due_time <= now)
    return and_(columns.sla_state == SlaState.RUNNING, near)


def _view_conditions(view: View | None, caller: Caller, *, mine: bool) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if view is not None and view.workflow:
        conditions.append(work_orders.c.workflow == view.workflow)
    if view is not None and view.categories:
        conditions.append(work_orders.c.category.in_(view.categories))
    if view is not None and view.scheduled is not None:
        unset = work_orders.c.appointment_start_time.is_(None)
        conditions.append(~unset if view.scheduled else unset)
    if view is not None and view.states:
        conditions.append(work_orders.c.state.in_(view.states))
    if view is not None and view.visited:
        opened = select(visited_records.c.resource_id).where(
            visited_records.c.person_id == caller.subject, visited_records.c.resource_type == RESOURCE
        )
        conditions.append(work_orders.c.id.in_(opened))
    if mine:
        followed = select(follows.c.work_order_id).where(follows.c.person_id == caller.subject)
        assigned = and_(work_orders.c.technician_person_id == caller.subject, work_orders.c.technician_person_id != "")
        beside = comes_beside(work_orders.c.id, caller.subject)
        conditions.append(or_(work_orders.c.id.in_(followed), assigned, beside))
    return conditions
