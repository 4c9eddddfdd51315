"""What work is made of: territories, kinds of work, parts, entitlements and reasons."""

from fieldmesh.workorders.v1.entitlement_pb2 import Entitlement
from fieldmesh.workorders.v1.part_pb2 import Part
from fieldmesh.workorders.v1.reason_code_pb2 import ReasonCode
from fieldmesh.workorders.v1.territory_pb2 import Territory
from fieldmesh.workorders.v1.work_type_pb2 import WorkType

from admin.grpcfab.panel import Panel


class TerritoryPanel(Panel):
    resource = Territory
    menu = "Catalogue"


class WorkTypePanel(Panel):
    resource = WorkType
    menu = "Catalogue"


class EntitlementPanel(Panel):
    resource = Entitlement
    menu = "Catalogue"


class PartPanel(Panel):
    resource = Part
    menu = "Catalogue"


class ReasonCodePanel(Panel):
    resource = ReasonCode
    menu = "Catalogue"
    columns = ("label", "kind", "code", "excused", "sort_rank", "active")


PANELS = (TerritoryPanel, WorkTypePanel, EntitlementPanel, PartPanel, ReasonCodePanel)
