"""Customers, their sites and stations."""

from fieldmesh.workorders.v1.account_pb2 import Account
from fieldmesh.workorders.v1.case_pb2 import Case
from fieldmesh.workorders.v1.contact_pb2 import Contact
from fieldmesh.workorders.v1.facility_pb2 import Facility
from fieldmesh.workorders.v1.station_pb2 import Station

from admin.grpcfab.panel import Panel


class AccountPanel(Panel):
    resource = Account
    menu = "Customers"


class ContactPanel(Panel):
    resource = Contact
    menu = "Customers"


class FacilityPanel(Panel):
    resource = Facility
    menu = "Customers"


class StationPanel(Panel):
    resource = Station
    menu = "Customers"


class CasePanel(Panel):
    resource = Case
    menu = "Customers"


PANELS = (AccountPanel, ContactPanel, FacilityPanel, StationPanel, CasePanel)
