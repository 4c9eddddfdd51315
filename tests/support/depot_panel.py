"""The admin's half of one more resource: its panel."""

from admin.grpcfab.panel import Panel
from tests.support.depots import Depot


class DepotPanel(Panel):
    resource = Depot
    menu = "Catalogue"
