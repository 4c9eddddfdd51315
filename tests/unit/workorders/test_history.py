"""The chain of an order's history."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.workorders.domain.history import Entry, Head, append, verify
from services.workorders.domain.outcome import FieldChange
from tests.support.orders import DISPATCHER, NOW


def chain(length: int = 5):
    entry = Entry("order-1", DISPATCHER, NOW, "allocate")
    salts = iter(f"salt-{index}" for index in range(length))
    changes = [FieldChange("subject", f"old {index}", f"new {index}") for index in range(length)]
    return append(Head(), entry, changes, lambda: next(salts))


@pytest.mark.req("B-3")
def test_a_chain_verifies_also_when_it_grows_by_a_second_move():
    rows, head = chain()
    more, longer = append(
        head, Entry("order-1", DISPATCHER, NOW, "close"), [FieldChange("state", "a", "b")], lambda: "s"
    )

    assert verify(rows, head) is None
    assert verify((*rows, *more), longer) is None


@pytest.mark.req("B-3")
@pytest.mark.parametrize(
    "field", ["old_value", "new_value", "actor_name", "reason", "field", "transition", "actor_subject"]
)
def test_an_altered_row_is_named(field):
    rows, head = chain()
    forged = (*rows[:2], replace(rows[2], **{field: "forged"}), *rows[3:])

    broken = verify(forged, head)

    assert broken.sequence == 3
    assert "altered" in broken.fault


def test_a_row_altered_with_its_own_hashes_is_named_by_the_row_after():
    rows, head = chain()
    forged = replace(rows[2], new_value="forged")
    forged = replace(forged, commitment=forged.committed())
    forged = replace(forged, hash=forged.chained(rows[1].hash))

    assert verify((*rows[:2], forged, *rows[3:]), head).sequence == 4


def test_missing_inserted_and_cut_rows_are_named():
    rows, head = chain()

    assert verify((*rows[:2], *rows[3:]), head).fault == "Row 3 is missing."
    assert "twice" in verify((*rows[:3], rows[2], *rows[3:]), head).fault
    assert verify(rows[:-1], head).sequence == 5
    assert "cut" in verify(rows[:-1], head).fault
    assert verify((*rows, replace(rows[-1], sequence=6)), head).sequence == 6


def test_a_chain_that_was_cut_and_written_anew_does_not_fit_the_head():
    rows, head = chain()
    again, _ = append(
        Head(rows[3].hash, 4), Entry("order-1", DISPATCHER, NOW, "x"), [FieldChange("a", "", "b")], lambda: "s"
    )

    assert verify((*rows[:4], *again), head).sequence == 5


def test_erasing_a_person_leaves_the_chain_whole():
    rows, head = chain()
    erased = tuple(row.erased() for row in rows)

    assert verify(erased, head) is None
    assert {row.new_value for row in erased} == {""}
