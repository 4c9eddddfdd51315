"""What may be asked of the other side, and what becomes of it: costs to approve (CP-60, CP-84) and directed actions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.workorders.domain import paths
from services.workorders.domain.appointments import site_day
from services.workorders.domain.computations import computation
from services.workorders.domain.predicates import HOLDS, Objection, Objections, predicate
from services.workorders.domain.requests import CostDecision, CostKind, CostRequest, DirectedAction
from services.workorders.domain.texts import text_of
from services.workorders.domain.values import Money

if TYPE_CHECKING:
    from services.workorders.domain.situation import Situation

AGREED_RATE = "organization.cost_per_mile"
_CHOSEN, _ACTION = "inputs.cost_request_id", "inputs.directed_action_id"


@predicate()
def cost_awaits_decision(situation: Situation) -> Objections:
    """The partner asked for a cost or a rate, and nobody decided on it yet."""
    if any(request.is_open for request in situation.order.cost_requests):
        return HOLDS
    return (Objection("cost_awaits_decision", "No cost or rate awaits a decision."),)


@predicate()
def no_cost_awaits_decision(situation: Situation) -> Objections:
    """Every cost and rate that the partner asked for is decided; each one that is not is named (CP-60, CP-84)."""
    return tuple(
        Objection("no_cost_awaits_decision", f"Decide on this first: {_in_words(request)}.", "cost_requests")
        for request in situation.order.cost_requests
        if request.is_open
    )


@predicate(asks=(_CHOSEN,))
def cost_request_is_open(situation: Situation) -> Objections:
    """The chosen request is one of this order that awaits a decision."""
    if _chosen(situation) is not None:
        return HOLDS
    return (Objection("cost_request_is_open", "Choose a request that awaits a decision.", _CHOSEN),)


@predicate(asks=("inputs.amount",))
def amount_is_positive(situation: Situation) -> Objections:
    """The amount that is asked for is more than nothing."""
    amount = situation.inputs.amount
    if amount is None or amount.micros > 0:
        return HOLDS
    return (Objection("amount_is_positive", "Ask for an amount of more than nothing.", "inputs.amount"),)


@predicate()
def action_is_directed(situation: Situation) -> Objections:
    """The vendor directed a further action that is still to be done (CP-37)."""
    if any(action.is_open for action in situation.order.directed_actions):
        return HOLDS
    return (Objection("action_is_directed", "No further action is open."),)


@predicate(asks=(_ACTION,))
def directed_action_is_open(situation: Situation) -> Objections:
    """The chosen further action is one of this order that is still to be done."""
    wanted = situation.inputs.directed_action_id
    if any(action.is_open and action.id == wanted for action in situation.order.directed_actions):
        return HOLDS
    return (Objection("directed_action_is_open", "Choose a further action that is still to be done.", _ACTION),)


@predicate(asks=("inputs.due_date",))
def due_date_is_not_past(situation: Situation) -> Objections:
    """The day until which something is to be done is today at the site or later."""
    wanted = situation.inputs.due_date
    if wanted is None or wanted >= site_day(situation):
        return HOLDS
    return (Objection("due_date_is_not_past", "Choose today or a later day.", "inputs.due_date"),)


@computation
def costs_with_request(situation: Situation) -> tuple[CostRequest, ...]:
    """The order's cost requests, with the one that is asked for now."""
    given = situation.inputs
    amount = given.amount or Money("", 0)
    return _requested(situation, situation.order.cost_requests, CostKind(given.cost_kind), amount, given.comment)


@computation
def costs_with_rate(situation: Situation) -> tuple[CostRequest, ...]:
    """The order's cost requests, with one where the cost per mile is not the contract's (CP-53)."""
    agreed, asked = paths.read(situation.snapshots, AGREED_RATE), situation.order.travel.cost_per_mile
    before = tuple(
        _decided(situation, each, CostDecision.WITHDRAWN)
        if each.is_open and each.kind is CostKind.TRAVEL_RATE
        else each
        for each in situation.order.cost_requests
    )
    if agreed is None or asked is None or asked == agreed:
        return before
    details = f"The cost per mile is {asked}, the contract says {agreed}."
    return _requested(situation, before, CostKind.TRAVEL_RATE, asked, details)


@computation
def costs_with_completion(situation: Situation) -> tuple[CostRequest, ...]:
    """The order's cost requests, with the costs told at completion that nobody approved before (CP-83, CP-84)."""
    costs = situation.order.costs
    requests = situation.order.cost_requests
    told = (
        (CostKind.RENTAL, costs.rental_cost, costs.rental_details),
        (CostKind.PERMIT, costs.permit_cost, costs.permit_details),
    )
    for kind, amount, details in told:
        covered = any(_covers(each, kind, amount) for each in requests if amount is not None)
        if amount is not None and amount.micros > 0 and not covered:
            requests = _requested(situation, requests, kind, amount, details)
    return requests


@computation
def costs_approved(situation: Situation) -> tuple[CostRequest, ...]:
    """The order's cost requests, with the chosen one approved."""
    return _decide(situation, CostDecision.APPROVED)


@computation
def costs_declined(situation: Situation) -> tuple[CostRequest, ...]:
    """The order's cost requests, with the chosen one declined."""
    return _decide(situation, CostDecision.DECLINED)


@computation
def costs_withdrawn(situation: Situation) -> tuple[CostRequest, ...]:
    """The order's cost requests, with the chosen one taken back."""
    return _decide(situation, CostDecision.WITHDRAWN)


@computation
def rate_without_approval(situation: Situation) -> Money | None:
    """The cost per mile: the contract's where another one was declined or taken back, else what it is."""
    chosen, agreed = _chosen(situation), paths.read(situation.snapshots, AGREED_RATE)
    if chosen is not None and chosen.kind is CostKind.TRAVEL_RATE and isinstance(agreed, Money):
        return agreed
    return situation.order.travel.cost_per_mile


@computation
def actions_with_directed(situation: Situation) -> tuple[DirectedAction, ...]:
    """The order's further actions, with the one that is directed now."""
    given, earlier = situation.inputs, situation.order.directed_actions
    directed = DirectedAction(
        id=str(len(earlier) + 1),
        title=given.title.strip(),
        details=given.comment.strip(),
        due_date=given.due_date,
        directed_by=situation.actor.name,
        direct_time=situation.now,
    )
    return (*earlier, directed)


@computation
def actions_with_done(situation: Situation) -> tuple[DirectedAction, ...]:
    """The order's further actions, with the chosen one done, or taken back by who directed it."""
    given = situation.inputs
    return tuple(
        replace(each, done_by=situation.actor.name, done_time=situation.now, result=given.comment.strip())
        if each.id == given.directed_action_id
        else each
        for each in situation.order.directed_actions
    )


def _chosen(situation: Situation) -> CostRequest | None:
    wanted = situation.inputs.cost_request_id
    return next((each for each in situation.before.cost_requests if each.is_open and each.id == wanted), None)


def _requested(
    situation: Situation, earlier: tuple[CostRequest, ...], kind: CostKind, amount: Money, details: str
) -> tuple[CostRequest, ...]:
    made = CostRequest(
        id=str(len(earlier) + 1),
        kind=kind,
        amount=amount,
        details=details.strip(),
        requested_by=situation.actor.name,
        request_time=situation.now,
    )
    return (*earlier, made)


def _decide(situation: Situation, decision: CostDecision) -> tuple[CostRequest, ...]:
    chosen = _chosen(situation)
    return tuple(
        _decided(situation, each, decision, situation.inputs.comment.strip())
        if chosen and each.id == chosen.id
        else each
        for each in situation.order.cost_requests
    )


def _decided(situation: Situation, request: CostRequest, decision: CostDecision, comment: str = "") -> CostRequest:
    return replace(
        request, decision=decision, decided_by=situation.actor.name, decide_time=situation.now, comment=comment
    )


def _covers(request: CostRequest, kind: CostKind, amount: Money) -> bool:
    """Whether a request of the kind was made before: approved up to its amount, or awaiting the same decision."""
    if request.kind is not kind or request.amount.currency_code != amount.currency_code:
        return False
    if request.decision is CostDecision.APPROVED:
        return request.amount.micros >= amount.micros
    return request.is_open and request.amount == amount


def _in_words(request: CostRequest) -> str:
    return ", ".join(filter(None, (text_of(request.kind), str(request.amount), request.details.rstrip("."))))
