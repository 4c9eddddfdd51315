from __future__ import annotations

import pytest
from fieldmesh.common.v1 import list_pb2
from fieldmesh.technicians.v1.organization_pb2 import Organization
from fieldmesh.workorders.v1.account_pb2 import Account
from fieldmesh.workorders.v1.contact_pb2 import Contact
from fieldmesh.workorders.v1.station_pb2 import Station
from fieldmesh.workorders.v1.work_type_pb2 import WorkType
from flask import g

from admin.grpcfab.interface import GrpcInterface
from admin.identity import ask_directory
from tests.support import memory_data


@pytest.fixture
def signed_in(app, mesh):
    with app.test_request_context():
        g.viewer = ask_directory(app.extensions["mesh"], login="dispatcher")
        yield


def test_columns_types_and_lengths_come_from_the_contract():
    stations, organizations = GrpcInterface(Station), GrpcInterface(Organization)

    assert stations.model_name == "Station"
    assert "id" not in stations.get_user_columns_list()
    assert stations.get_search_columns_list() == ["facility_id", "station_model", "active"]
    assert stations.get_order_columns_list() == ["name", "serial_number", "station_model"]
    assert stations.is_relation("facility_id")
    assert stations.is_string("name")
    assert stations.is_integer("port_count")
    assert stations.is_date("warranty_end_date")
    assert stations.is_datetime("create_time")
    assert stations.is_json("physical_address")
    assert organizations.is_numeric("travel_cost_per_mile")
    assert organizations.is_float("free_miles")
    assert organizations.is_enum("kind")
    assert not stations.is_nullable("serial_number")
    assert stations.get_max_length("mac_address") == 40
    assert stations.get_pk_name() == "id"


def test_enums_offer_labels_as_values():
    column = GrpcInterface(WorkType).list_columns["kind"]

    assert {member.name: member.value for member in column.type.enum_class} == {
        "WORK_TYPE_KIND_REPAIR": "Repair",
        "WORK_TYPE_KIND_INSTALLATION": "Installation",
        "WORK_TYPE_KIND_COMMISSIONING": "Commissioning",
    }


def test_rows_are_made_without_arguments_and_equal_by_key():
    rows = GrpcInterface(Account)
    one, same, other = rows.obj(Account(id="1", name="A")), rows.obj(Account(id="1")), rows.obj(Account(id="2"))

    assert one == same
    assert len({one, same, other}) == 2
    assert rows.obj() != rows.obj()
    assert str(one) == "A"
    with pytest.raises(AttributeError):
        _ = one.nonsense


def test_stock_queries_of_flask_appbuilder_work(signed_in, mesh):
    stations = GrpcInterface(Station)
    filters = stations.get_filters(stations.get_search_columns_list())
    filters.add_filter("active", stations.FilterEqual, "true")

    total, rows = stations.query(filters, "serial_number", "desc", page=1, page_size=10)

    query = mesh.asked("ListStations")[-1].query
    assert (query.order_by, query.skip, query.page_size) == ("-serial_number", 10, 10)
    assert total == sum(row.active for row in mesh.rows[Station.DESCRIPTOR.full_name].values())
    assert stations.get_keys(rows) == [row.id for row in rows]
    assert next(iter(stations.get_values(rows, ["station_model"])))["station_model"] in {"VT-40", "VT-250", "VX-60"}


def test_a_relation_is_filtered_by_index_zero(signed_in, mesh):
    """Flask-AppBuilder links related lists as `_flt_0_<column>` with a list of values."""
    contacts = GrpcInterface(Contact)
    filters = contacts.get_filters(["account_id"])

    filters.add_filter_index("account_id", 0, [memory_data.ident("account", 1)])
    contacts.query(filters)

    (each,) = mesh.asked("ListContacts")[-1].query.filters
    assert (each.field, each.operator) == ("account_id", list_pb2.FILTER_OPERATOR_EQUALS)
    assert filters.get_relation_cols() == ["account_id"]


@pytest.mark.parametrize("message", [Account, Contact, Station, WorkType, Organization])
def test_no_column_offers_more_than_ten_operators(message):
    """The address has one digit for the operator."""
    datamodel = GrpcInterface(message)

    assert all(len(found) <= 10 for found in datamodel.get_filters()._all_filters.values())


def test_relations_lead_to_the_other_resource(signed_in):
    contacts, accounts = GrpcInterface(Contact), GrpcInterface(Account)

    related = contacts.get_related_interface("account_id")

    assert related.resource.full_name == "fieldmesh.workorders.v1.Account"
    assert contacts.get_related_fk(accounts.obj) == "account_id"
    assert str(contacts.get_related_obj("account_id", memory_data.ident("account", 1))) == "Tamsin County Library"


def test_adding_editing_and_deleting_through_the_data_model(sign_in, mesh, app):
    with app.test_request_context():
        g.viewer = ask_directory(app.extensions["mesh"], login="dispatcher")
        accounts = GrpcInterface(Account)
        row = accounts.obj()
        row.name = "Pine Yard"
        accounts.add(row)
        row.notes = "Mind the dog."
        accounts.edit(row)
        found = accounts.get(row.id)
        accounts.delete(found)

        assert found.notes == "Mind the dog."
        assert list(mesh.asked("UpdateAccount")[-1].update_mask.paths) == ["notes"]
        assert accounts.get(row.id) is None
