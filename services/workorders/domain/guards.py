"""The primitive predicates of field work: what definitions combine where comparing fields is not enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from services.workorders.domain.appointments import site_day
from services.workorders.domain.line_items import first_open, first_unfinished
from services.workorders.domain.predicates import HOLDS, Objection, Objections, predicate
from services.workorders.domain.texts import text_of
from services.workorders.domain.work_order import LineItemState

if TYPE_CHECKING:
    from services.workorders.domain.situation import Situation
    from services.workorders.domain.work_order import LineItem


LONGEST_HOLD = timedelta(days=366)


@predicate()
def needs_parts(situation: Situation) -> Objections:
    """A line item of the order takes parts, so that they must be shipped first."""
    return HOLDS if situation.order.parts_required else (Objection("needs_parts", "The order needs no parts."),)


@predicate(asks=("inputs.line_item_id",))
def line_item_is_next(situation: Situation) -> Objections:
    """The chosen line item is not finished, and every one with a lower number is (CP-44); a failed one is retried."""
    return _in_order(situation, "line_item_is_next", LineItemState.FINISHED, first_unfinished)


@predicate(asks=("inputs.line_item_id",))
def line_item_is_reached(situation: Situation) -> Objections:
    """The chosen line item is open, and every one with a lower number was finished or could not be (CP-44)."""
    chosen = situation.line_item
    if chosen is not None and chosen.state is LineItemState.FAILED:
        text = f"Line item {chosen.number} failed already."
        return (Objection("line_item_is_reached", text, "inputs.line_item_id"),)
    return _in_order(situation, "line_item_is_reached", LineItemState.FINISHED, first_open)


def _in_order(
    situation: Situation,
    guard: str,
    past: LineItemState,
    awaited_of: Callable[[tuple[LineItem, ...]], LineItem | None],
) -> Objections:
    chosen = situation.line_item
    if chosen is None:
        return (Objection(guard, "Choose a line item of this order.", "inputs.line_item_id"),)
    if chosen.state is past:
        text = f"Line item {chosen.number} is {text_of(chosen.state).lower()} already."
        return (Objection(guard, text, "inputs.line_item_id"),)
    awaited = awaited_of(situation.order.line_items)
    if awaited is None or awaited.number == chosen.number:
        return HOLDS
    failed = " and could not be" if awaited.state is LineItemState.FAILED else ""
    text = f"Line item {awaited.number} has to be done before {chosen.number}{failed}."
    metadata = {"waiting_for": awaited.number}
    return (Objection(guard, text, "inputs.line_item_id", "LINE_ITEM_OUT_OF_ORDER", metadata),)


@predicate()
def line_items_finished(situation: Situation) -> Objections:
    """Every line item is finished; each one that is not is named."""
    return tuple(
        Objection(
            "line_items_finished", f"Line item {item.number} ({item.work_type_name}) is not finished.", "line_items"
        )
        for item in situation.order.line_items
        if item.state is not LineItemState.FINISHED
    )


@predicate(snapshot="deliverables")
def deliverables_present(situation: Situation) -> Objections:
    """Every deliverable of the line items' work types is among the files (CP-69, CP-80); each missing one is named."""
    deliverables = cast("Mapping[str, tuple[str, ...]]", situation.snapshots["deliverables"])
    return tuple(
        Objection(
            "deliverables_present",
            f"The deliverable “{name}” is missing; upload it to Notes and Attachments.",
            "attachments",
        )
        for name in deliverables["required"]
        if name not in deliverables["present"]
    )


@predicate(asks=("inputs.executor_org",), snapshot="executor")
def executor_can_serve(situation: Situation) -> Objections:
    """The chosen organisation is an active partner or provider that serves the order's territory."""
    executor = cast("Mapping[str, object]", situation.snapshots["executor"])
    blame = "inputs.executor_org"
    if not executor:
        return (Objection("executor_can_serve", "There is no such organisation.", blame),)
    checks = (
        (executor["active"], f"{executor['name']} is not active."),
        (executor["kind"] in {"partner", "provider"}, f"{executor['name']} is neither a partner nor a provider."),
        (executor["serves"], f"{executor['name']} does not serve {situation.order.territory_name}."),
    )
    return tuple(Objection("executor_can_serve", text, blame) for holds, text in checks if not holds)


@predicate(asks=("inputs.executor_org",))
def executor_is_another(situation: Situation) -> Objections:
    """The chosen organisation is not the one that the order was allocated to."""
    if situation.inputs.executor_org != situation.order.executor_org:
        return HOLDS
    text = f"{situation.order.executor_name or 'This organisation'} has the order already; choose another one."
    return (Objection("executor_is_another", text, "inputs.executor_org"),)


@predicate(snapshot="continuation")
def no_open_continuation(situation: Situation) -> Objections:
    """No order that continues this one is still open: one follow-up at a time (CP-90)."""
    number = cast("Mapping[str, str]", situation.snapshots["continuation"])["open_number"]
    if not number:
        return HOLDS
    return (Objection("no_open_continuation", f"Work order {number} continues this one and is still open."),)


@predicate(snapshot="parcels")
def required_parcels_tracked(situation: Situation) -> Objections:
    """Every required parcel has a tracking number."""
    return _parcels(situation, "required_parcels_tracked", "untracked", _UNTRACKED)


@predicate(snapshot="parcels")
def required_parcels_delivered(situation: Situation) -> Objections:
    """No required parcel is still on its way."""
    return _parcels(situation, "required_parcels_delivered", "undelivered", _UNDELIVERED)


@predicate(asks=("inputs.parcel_id",), snapshot="parcels")
def parcel_is_on_its_way(situation: Situation) -> Objections:
    """The chosen parcel of the order was handed to its carrier, was not delivered, and still counts."""
    parcels = cast("Mapping[str, tuple[str, ...]]", situation.snapshots["parcels"])
    if not situation.inputs.parcel_id or situation.inputs.parcel_id in parcels["on_the_way"]:
        return HOLDS
    return (Objection("parcel_is_on_its_way", "Choose a parcel that is on its way.", "inputs.parcel_id"),)


@predicate(asks=("inputs.part_id",))
def part_is_of_order(situation: Situation) -> Objections:
    """The chosen part, where one is chosen, is one that a line item of the order takes."""
    chosen = situation.inputs.part_id
    if not chosen or any(need.part_id == chosen for item in situation.order.line_items for need in item.parts):
        return HOLDS
    return (Objection("part_is_of_order", "Choose a part of this order.", "inputs.part_id"),)


@predicate(snapshot="returns")
def returns_proved(situation: Situation) -> Objections:
    """There is proof that every part that must be returned is on its way (CP-83); each return without one is named."""
    returns = cast("Mapping[str, object]", situation.snapshots["returns"])
    old_parts = cast("Mapping[str, bool]", situation.snapshots.get("old_parts", {}))
    if not returns["known"]:
        # Parts that nobody wants back need no proof, whoever is down.
        return _returns_unknown("returns_proved", "proof of return") if old_parts.get("return") else HOLDS
    return tuple(
        Objection(
            "returns_proved",
            f"There is no proof of return {words} yet: record its tracking number, or upload the receipt and name it, "
            f"under Related RMA / FSO.",
            code="RETURN_PROOF_MISSING",
        )
        for words in cast("tuple[str, ...]", returns["unproved"])
    )


@predicate(snapshot="returns")
def no_open_return(situation: Situation) -> Objections:
    """No part is still to come back, or on its way back; each open return is named."""
    returns = cast("Mapping[str, object]", situation.snapshots["returns"])
    if not returns["known"]:
        return _returns_unknown("no_open_return", "returns") if situation.order.parts_required else HOLDS
    return tuple(
        Objection(
            "no_open_return",
            f"Return {words} is open: receive or cancel it under Related RMA / FSO.",
            code="RETURN_OPEN",
        )
        for words in cast("tuple[str, ...]", returns["open"])
    )


def _returns_unknown(guard: str, what: str) -> Objections:
    text = (
        f"The shipping service does not answer, so that the {what} of this work order cannot be looked up. Nothing was "
        "changed: try again in some minutes."
    )
    return (Objection(guard, text, code="SERVICE_UNAVAILABLE"),)


@predicate()
def no_blocking_flag(situation: Situation) -> Objections:
    """No flag of the order keeps it from being closed."""
    return tuple(
        Objection("no_blocking_flag", flag.message, "flags") for flag in situation.order.flags if flag.blocks_close
    )


@predicate()
def actor_is_not_executor(situation: Situation) -> Objections:
    """The actor does not belong to the organisation that did the work."""
    organization = situation.actor.organization_id
    if organization and organization == situation.order.executor_org:
        return (Objection("actor_is_not_executor", "The organisation that did the work cannot confirm it itself."),)
    return HOLDS


@predicate(asks=("inputs.resume_date",))
def resume_date_is_ahead(situation: Situation) -> Objections:
    """The day on which work goes on is after today at the site, and within a year."""
    wanted, today = situation.inputs.resume_date, site_day(situation)
    if wanted is None:
        return HOLDS
    if wanted <= today:
        return (Objection("resume_date_is_ahead", "Choose a day after today.", "inputs.resume_date"),)
    if wanted > today + LONGEST_HOLD:
        return (Objection("resume_date_is_ahead", "A hold lasts a year at most.", "inputs.resume_date"),)
    return HOLDS


_UNTRACKED = ("required parcel has no tracking number yet.", "required parcels have no tracking number yet.")
_UNDELIVERED = ("required parcel is not delivered yet.", "required parcels are not delivered yet.")


def _parcels(situation: Situation, guard: str, which: str, words: tuple[str, str]) -> Objections:
    """What is missing of the required parcels; `words` are those for one parcel and for several."""
    parcels = cast("Mapping[str, int]", situation.snapshots["parcels"])
    if not parcels["required"]:
        return (Objection(guard, "There are no required parcels yet."),)
    missing = parcels[which]
    return (Objection(guard, f"{missing} {words[missing > 1]}"),) if missing else HOLDS
