"""What is approved with an order: action items, notes and estimates, served by the kit."""

from __future__ import annotations

from fieldmesh.workorders.v1 import action_item_pb2, estimate_pb2, note_pb2

from services.chassis.kit.table import kit_table
from services.workorders.tables.base import metadata

_OF_AN_ORDER = ("work_order_id",)

action_items = kit_table(
    metadata, action_item_pb2.ActionItem, "action_items", scope=_OF_AN_ORDER, unique=[("work_order_id", "number")]
)
notes = kit_table(metadata, note_pb2.Note, "notes", scope=_OF_AN_ORDER)
estimates = kit_table(metadata, estimate_pb2.Estimate, "estimates", scope=_OF_AN_ORDER)
