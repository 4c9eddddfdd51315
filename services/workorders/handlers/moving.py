"""Firing transitions: gather, then one unit of work with state, history, feed and event (hard-parts 13)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import feed_pb2
from sqlalchemy import delete, insert

from services.chassis.ids import derive_id, new_id
from services.workorders import repository
from services.workorders.acting import actor_now, actor_of
from services.workorders.definitions.contract import history_labels
from services.workorders.domain.changes import changes_between
from services.workorders.domain.crew import too_few
from services.workorders.domain.history import Entry
from services.workorders.domain.outcome import Outcome, Refusal
from services.workorders.domain.situation import Inputs
from services.workorders.handlers import collaboration, continuing, facts, moved, wanted
from services.workorders.handlers.draft_values import encoded
from services.workorders.registry import latest_workflow
from services.workorders.tables import drafts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from services.chassis.identity import Caller
    from services.chassis.unit_of_work import Transaction
    from services.workorders.domain.history import Evidence
    from services.workorders.domain.outcome import Caveat, FeedDraft
    from services.workorders.domain.workflow import Workflow
    from services.workorders.repository import Stored


@dataclass(frozen=True, slots=True)
class Move:
    """A transition that somebody wants to fire.

    `remote` are snapshots of other services, taken before the commit; `evidence` says which versions they are.
    `caveats` are what other services let users know when it happens.
    """

    transition: str
    inputs: Inputs
    request_id: str = ""
    remote: Mapping[str, object] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    assignment_id: str = ""
    caveats: tuple[Caveat, ...] = ()

    def told(self, name: str, snapshot: object, evidence: Evidence | None) -> Move:
        """The move with one more snapshot, which takes the place of an earlier one of the same source."""
        others = tuple(each for each in self.evidence if evidence is None or each.source != evidence.source)
        seen = (evidence,) if evidence is not None else ()
        return replace(self, remote={**self.remote, name: snapshot}, evidence=(*others, *seen))


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did: the order afterwards, the outcome, and the rows that history got."""

    stored: Stored
    outcome: Outcome
    history: list[dict[str, Any]]


def judge(  # noqa: PLR0913, PLR0917 - who, what, with what, and when
    connection: Connection, caller: Caller, workflow: Workflow, stored: Stored, move: Move, now: datetime
) -> Outcome | Refusal:
    """What a move would do; nothing is stored."""
    transition = workflow.definition.transitions.get(move.transition)
    known = facts.for_move(connection, stored.order, transition, move.inputs) if transition else {}
    actor = actor_now(connection, caller, now)
    result = workflow.fire(stored.order, move.transition, move.inputs, actor, now, {**known, **move.remote})
    if isinstance(result, Refusal) or not result.happened:
        return result
    return replace(
        result,
        changes=(*result.changes, *wanted.ordered_again(result.effects, known)),
        warnings=(*result.warnings, *move.caveats, *too_few(result.order, move.transition)),
    )


def commit(transaction: Transaction, caller: Caller, workflow: Workflow, stored: Stored, move: Move) -> Moved:
    """Fire a move on an order whose row is locked in this unit of work, with everything that follows from it.

    Raises the refusal's error, which lists everything that is in the way.
    """
    result = judge(transaction.connection, caller, workflow, stored, move, transaction.now)
    if isinstance(result, Refusal):
        raise result.error
    if result.draft is not None:
        _keep_draft(transaction, stored.order.id, result.transition.drafts, result.draft)
    if not result.happened or result.draft is not None:
        return Moved(stored, result, [])
    result = _continued(transaction, caller, workflow, stored, result, move)
    label = facts.reason_label(
        transaction.connection, stored.order.issuer_org, result.transition.reason_kinds, move.inputs.reason_code
    )
    entry = Entry(
        result.order.id,
        actor_of(caller),
        transaction.now,
        move.transition,
        ": ".join(filter(None, (label, move.inputs.reason_text.strip(), move.inputs.comment.strip()))),
        (*move.evidence, *facts.evidence_for(transaction.connection, move.inputs, transaction.now)),
    )
    order, rows = repository.record(transaction, result.order, entry, result.changes, history_labels())
    saved = repository.save(transaction, workflow, stored, order)
    _forget_draft(transaction, order.id, move.transition)
    if result.post is not None:
        _write_post(transaction, caller, saved, result.post, move)
    moved.announce(
        transaction,
        saved,
        move.transition,
        from_state=result.from_state,
        effects=result.effects,
        notices=result.notices,
        inputs=move.inputs,
        reason_label=label,
        assignment_id=move.assignment_id,
        before=stored.order,
    )
    return Moved(saved, result, rows)


def _continued(  # noqa: PLR0913, PLR0917 - what a move is made of
    transaction: Transaction, caller: Caller, workflow: Workflow, stored: Stored, outcome: Outcome, move: Move
) -> Outcome:
    """The outcome with the order that goes on with the task, where the transition begins one."""
    continuation = outcome.transition.continuation
    if continuation is None:
        return outcome
    # It begins now, in the newest version; the order that it continues keeps the one that it began with.
    newest = latest_workflow(transaction.connection, stored.order.workflow) or workflow
    begun = continuing.begin(transaction, caller, newest, stored.order, continuation)
    if continuation.then and move.inputs.executor_org:
        allocation = Move(continuation.then, Inputs(executor_org=move.inputs.executor_org))
        begun = commit(transaction, caller, newest, begun, allocation).stored
    after = replace(outcome.order, successor=continuing.link_to(begun.order))
    changes = changes_between(outcome.order, after, ("successor",), ("successor",))
    return replace(outcome, order=after, changes=(*outcome.changes, *changes))


def _keep_draft(transaction: Transaction, order_id: str, transition: str, values: Mapping[str, object]) -> None:
    _forget_draft(transaction, order_id, transition)
    transaction.execute(
        insert(drafts).values(
            work_order_id=order_id,
            transition=transition,
            field_values=encoded(values),
            update_time=transaction.now,
        )
    )


def _forget_draft(transaction: Transaction, order_id: str, transition: str) -> None:
    transaction.execute(delete(drafts).where(drafts.c.work_order_id == order_id, drafts.c.transition == transition))


def _write_post(transaction: Transaction, caller: Caller, stored: Stored, post: FeedDraft, move: Move) -> None:
    """A transition's own post; those it mentions get its mail, not a second one for the mention."""
    order = stored.order
    mentions = []
    if "customer_service_executive" in post.mentions and order.customer_service_executive_id:
        mentions.append(
            collaboration.Mention(
                feed_pb2.MENTION_KIND_PERSON,
                order.customer_service_executive_id,
                order.customer_service_executive_name,
            )
        )
    post_id = derive_id("post", order.id, move.transition, move.request_id) if move.request_id else new_id()
    collaboration.write_post(
        transaction,
        caller,
        order.id,
        post.body,
        mentions,
        post_id=post_id,
        facts=post.facts,
        transition=move.transition,
    )
