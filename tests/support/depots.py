"""The service's half of one more resource: its table and its registration."""

from sqlalchemy import MetaData

from services.chassis.kit import Resource, kit_table
from tests.support import contracts

METADATA = MetaData()
contracts.compiled("fieldmesh/workorders/v1/depot.proto")
Depot = contracts.message("fieldmesh.workorders.v1.Depot")

DEPOTS = kit_table(METADATA, Depot, "depots", unique=(("organization_id", "name"),))
RESOURCES = (Resource(Depot, DEPOTS),)
