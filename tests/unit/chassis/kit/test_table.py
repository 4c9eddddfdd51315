"""The indexes of a resource's table: one for each way that its lists are asked."""

from __future__ import annotations

import pytest
from fieldmesh.technicians.v1 import team_pb2
from sqlalchemy import MetaData, Table

from services.chassis.kit import kit_table
from services.chassis.migrations import metadata_of
from services.chassis.settings import SERVICES


def indexes(table: Table) -> dict[str, list[str]]:
    return {str(index.name): [column.name for column in index.columns] for index in table.indexes}


def test_a_reference_that_is_filtered_has_an_index() -> None:
    table = kit_table(MetaData(), team_pb2.Team, "teams")

    assert indexes(table)["ix_teams_organization_id"] == ["organization_id", "id"]


def test_the_scope_comes_first_in_every_index_and_once() -> None:
    table = kit_table(MetaData(), team_pb2.Team, "teams", scope=("organization_id",))

    assert indexes(table) == {
        "ix_teams_name": ["organization_id", "name", "id"],
        "ix_teams_scope": ["organization_id", "id"],
    }


@pytest.mark.parametrize("service", SERVICES)
def test_no_index_names_a_column_twice(service: str) -> None:
    named = [columns for table in metadata_of(service).tables.values() for columns in indexes(table).values()]

    assert len(named) > 5
    assert [columns for columns in named if len(set(columns)) < len(columns)] == []
