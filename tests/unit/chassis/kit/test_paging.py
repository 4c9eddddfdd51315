"""Segments of a page: every row comes after exactly one side of any position, whatever is unset."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, insert, select
from sqlalchemy.pool import StaticPool

from services.chassis.fields import FieldKind
from services.chassis.paging import SortKey, read_token, segments, write_token

ROWS = Table(
    "rows",
    MetaData(),
    Column("id", String, primary_key=True),
    Column("first", Integer),
    Column("second", Integer, nullable=False),
)
VALUES = st.one_of(st.none(), st.integers(0, 2))
LISTS = st.lists(st.tuples(VALUES, st.integers(0, 2)), min_size=1, max_size=12)


def keys(*descending: bool) -> list[SortKey]:
    return [
        SortKey(ROWS.c.first, FieldKind.INTEGER, descending[0], nullable=True),
        SortKey(ROWS.c.second, FieldKind.INTEGER, descending[1], nullable=False),
        SortKey(ROWS.c.id, FieldKind.TEXT, descending[1], nullable=False),
    ]


def read(connection: Any, order: Sequence[SortKey], position: Sequence[Any] | None) -> list[tuple[Any, ...]]:
    """All rows after a position, segment by segment."""
    found: list[tuple[Any, ...]] = []
    for part in segments(order, position):
        columns = [key.column for key in order]
        rows = connection.execute(select(*columns).where(part).order_by(*(key.ordered() for key in order)))
        found += [tuple(row) for row in rows]
    return found


@given(values=LISTS, one=st.booleans(), two=st.booleans())
def test_after_each_row_come_exactly_the_later_ones(*, values: list[tuple[Any, int]], one: bool, two: bool) -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    order = keys(one, two)
    with engine.begin() as connection:
        ROWS.create(connection)
        names = (f"{number:02}" for number in itertools.count())
        rows = [
            {"id": name, "first": first, "second": second} for name, (first, second) in zip(names, values, strict=False)
        ]
        connection.execute(insert(ROWS), rows)

        whole = read(connection, order, None)
        assert len(whole) == len(values)
        for place, row in enumerate(whole):
            position = read_token(write_token(row, "bound"), order, "bound")
            assert read(connection, order, position) == whole[place + 1 :]
    engine.dispose()
