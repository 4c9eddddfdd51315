"""Masks set fields one by one; merging would append to lists."""

from __future__ import annotations

import pytest
from fieldmesh.common.v1 import types_pb2
from fieldmesh.technicians.v1 import organization_pb2, technician_pb2

from services.chassis.errors import InvalidRequest
from services.chassis.etag import check_etag, etag_of
from services.chassis.masks import apply_paths, checked_paths, leaf_paths, value_at

ORGANIZATION = organization_pb2.Organization.DESCRIPTOR


def test_a_message_stands_for_its_leaves() -> None:
    assert leaf_paths(ORGANIZATION, "travel_cost_per_mile") == [
        "travel_cost_per_mile.currency_code",
        "travel_cost_per_mile.micros",
    ]
    assert leaf_paths(ORGANIZATION, "create_time") == ["create_time"]
    with pytest.raises(KeyError):
        leaf_paths(ORGANIZATION, "travel_cost_per_mile.cents")


def test_a_star_means_everything_that_may_be_changed() -> None:
    paths = checked_paths(ORGANIZATION, ["*"], organization_pb2.Organization())

    assert "name" in paths
    assert "address.city" in paths
    assert not {"id", "etag", "version", "create_time"} & set(paths)


def test_immutable_paths_are_refused() -> None:
    with pytest.raises(InvalidRequest) as refused:
        checked_paths(technician_pb2.Technician.DESCRIPTOR, ["person_id", "name"], technician_pb2.Technician())

    assert [violation.field for violation in refused.value.violations] == ["person_id"]


def test_lists_are_replaced_and_unset_messages_cleared() -> None:
    target = organization_pb2.Organization(
        name="Old", domains=["a.example.com", "b.example.com"], free_miles=30, address=types_pb2.Address(city="Reno")
    )
    source = organization_pb2.Organization(name="New", domains=["c.example.com"])

    apply_paths(target, source, ["domains", "free_miles", "address.city"])

    assert target == organization_pb2.Organization(name="Old", domains=["c.example.com"])


def test_a_leaf_of_an_unset_message_is_set_alone() -> None:
    target = organization_pb2.Organization()
    source = organization_pb2.Organization(address=types_pb2.Address(city="Reno", street="ignored"))

    apply_paths(target, source, ["address.city"])

    assert target.address == types_pb2.Address(city="Reno")
    assert value_at(target, "address.city") == "Reno"
    assert value_at(target, "travel_cost_per_mile.micros") is None
    assert value_at(target, "free_miles") is None


def test_an_etag_tells_versions_and_rows_apart() -> None:
    check_etag(etag_of("a", 1), "a", 1)

    assert len({etag_of("a", 1), etag_of("a", 2), etag_of("b", 1)}) == 3
