"""Unique values that are taken, told by the field that people know."""

from __future__ import annotations

import re

from sqlalchemy import UniqueConstraint
from sqlalchemy.exc import IntegrityError

from services.chassis.errors import AlreadyExists, Violation
from services.chassis.kit.columns import field_columns
from services.chassis.kit.resource import Resource


def taken(resource: Resource, error: IntegrityError) -> AlreadyExists | None:
    """Give the refusal for a unique constraint that a row broke; None where the error is another one."""
    columns = _columns(resource, error)
    if not columns:
        return None
    dotted = {column.name: column for column in field_columns(resource.message.DESCRIPTOR)}
    # the last column is the value itself; those before it say within what it must be unique
    column = dotted.get(columns[-1])
    path = column.dotted if column else columns[-1]
    label = column.rules.label if column else path
    if path == "id":
        return AlreadyExists(f"This {resource.singular} exists already.", reason="ALREADY_EXISTS")
    return AlreadyExists(
        f"{label}: another {resource.singular} has it already.",
        reason="ALREADY_EXISTS",
        metadata={"field": path},
        violations=[Violation(path, f"another {resource.singular} has it already")],
    )


def _columns(resource: Resource, error: IntegrityError) -> list[str]:
    """The constraint's columns; SQLite names them, PostgreSQL names the constraint."""
    table = resource.table
    named = re.match(r"UNIQUE constraint failed: (.+)", str(error.orig))
    if named:
        places = [place.strip().rpartition(".") for place in named[1].split(",")]
        return [name for holder, _, name in places if holder == table.name]
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if constraint is None or getattr(error.orig, "sqlstate", "") != "23505":
        return []
    for unique in table.constraints:
        if isinstance(unique, UniqueConstraint) and unique.name == constraint:
            return [column.name for column in unique.columns]
    for index in table.indexes:
        if index.unique and index.name == constraint:
            return [column.name for column in index.columns]
    return ["id"] if constraint == f"{table.name}_pkey" else []
