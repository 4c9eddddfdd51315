"""The resource kit: serves master data from its contract and one table (hard-parts 27; docs/extending.md)."""

from services.chassis.kit.columns import message_of, row_of
from services.chassis.kit.engine import ResourceEngine
from services.chassis.kit.listing import ListPlan, ListResult, run_list
from services.chassis.kit.references import References
from services.chassis.kit.resource import Change, Resource, publish_change
from services.chassis.kit.scope import OwnerOrganization, Scope, Shared, Where, is_unbound, owned, scope_key
from services.chassis.kit.servicer import KitServicer, kit_servicers
from services.chassis.kit.table import kit_table, list_plan

__all__ = [
    "Change",
    "KitServicer",
    "ListPlan",
    "ListResult",
    "OwnerOrganization",
    "References",
    "Resource",
    "ResourceEngine",
    "Scope",
    "Shared",
    "Where",
    "is_unbound",
    "kit_servicers",
    "kit_table",
    "list_plan",
    "message_of",
    "owned",
    "publish_change",
    "row_of",
    "run_list",
    "scope_key",
]
