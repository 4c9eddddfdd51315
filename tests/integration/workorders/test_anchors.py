"""Anchors of histories: what a chain cannot tell of itself, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import delete, select, update

from services.workorders.repository import history_row
from services.workorders.tables import history, work_orders
from tests.integration.workorders.conftest import ADMIN, DISPATCHER, PARTNER

pytestmark = pytest.mark.req("B-3")


def anchors(desk):
    return [anchor for page in desk.orders("ExportAnchors", ADMIN) for anchor in page.anchors]


def faults(desk, kept):
    return [
        (each.work_order_number, each.sequence, each.fault)
        for each in desk.orders("CheckAnchors", ADMIN, anchors=kept).faults
    ]


def chain_faults(desk):
    return [answer for answer in desk.orders("VerifyHistory", ADMIN) if answer.fault]


def rewritten(desk, order, keep=None, **changed):
    """Rewrites a chain so that it holds by itself: its first row says something else, and every hash follows."""
    with desk.app.database.begin(actor=ADMIN) as transaction:
        mine = history.c.work_order_id == order.id
        rows = transaction.execute(select(history).where(mine).order_by(history.c.sequence)).mappings().all()
        transaction.execute(delete(history).where(mine, history.c.sequence > (keep or len(rows))))
        previous = ""
        for number, row in enumerate(rows[:keep]):
            new = replace(history_row(dict(row)), **(changed if number == 0 else {}))
            new = replace(new, commitment=new.committed())
            new = replace(new, hash=new.chained(previous))
            previous = new.hash
            values = {**changed, "commitment": new.commitment, "hash": new.hash} if number == 0 else {"hash": new.hash}
            transaction.execute(update(history).where(history.c.id == row["id"]).values(**values))
        ends = {"history_head": previous, "history_length": len(rows[:keep])}
        transaction.execute(update(work_orders).where(work_orders.c.id == order.id).values(**ends))


def test_a_rewritten_chain_verifies_by_itself_and_only_the_anchor_finds_it(desk):
    order, other = desk.accepted(), desk.accepted()
    kept = anchors(desk)
    assert faults(desk, kept) == []

    rewritten(desk, order, new_value="Kestrel")

    length = next(anchor.length for anchor in kept if anchor.work_order_id == order.id)
    assert chain_faults(desk) == []
    assert faults(desk, kept) == [
        (order.number, length, f"The chain was rewritten: row {length} is not the one that the anchor holds.")
    ]
    assert other.number != order.number


def test_a_tail_that_was_cut_with_the_head_is_found_by_the_anchor(desk):
    order = desk.accepted()
    kept = anchors(desk)

    rewritten(desk, order, keep=1)

    assert chain_faults(desk) == []
    assert [fault for _, _, fault in faults(desk, kept)] == [
        f"The chain was cut: it had {kept[0].length} rows when the anchor was made."
    ]


def test_what_happens_after_the_anchor_leaves_it_valid_and_deleted_orders_are_named(desk):
    order, gone = desk.accepted(), desk.create()
    kept = anchors(desk)
    desk.fire(order, "request_assistance", PARTNER, comment="Which breaker is it?")
    desk.orders("DeleteWorkOrder", DISPATCHER, id=gone.id, etag=desk.get(gone.id).etag, request_id="delete")

    assert [(number, fault) for number, _, fault in faults(desk, kept)] == [
        (gone.number, "The work order was deleted with its history.")
    ]
