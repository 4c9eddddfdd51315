"""What may be asked of the list of work orders: its columns, how they sort and how they narrow (hard-parts 22)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fieldmesh.workorders.v1 import work_order_pb2

from services.chassis.fields import FieldKind
from services.chassis.filtering import ListColumn
from services.chassis.kit.table import list_plan
from services.workorders.tables import work_orders

if TYPE_CHECKING:
    from services.chassis.kit.listing import ListPlan


def plan() -> ListPlan:
    """What may be asked of the list; states sort by their place in the lifecycle (CP-15)."""
    made = list_plan(work_order_pb2.WorkOrder, work_orders)
    columns = dict(made.columns)
    rank, appointment = work_orders.c.state_rank, work_orders.c.appointment_start_time
    columns["state"] = replace(columns["state"], order=rank, order_kind=FieldKind.INTEGER)
    columns["appointment"] = ListColumn(
        column=appointment, kind=FieldKind.INSTANT, filterable=True, sortable=True, nullable=True
    )
    columns["assignee"] = ListColumn(
        column=work_orders.c.assignee_person_id, kind=FieldKind.TEXT, filterable=True, sortable=False, nullable=False
    )
    for path in ("sla.due_time", "sla.warn_time"):
        column = work_orders.c[path.replace(".", "_")]
        columns[path] = ListColumn(
            column=column, kind=FieldKind.INSTANT, filterable=True, sortable=path == "sla.due_time", nullable=True
        )
    return replace(made, columns=columns)
