"""The primitive predicates of field work: what definitions combine where comparing fields is not enough."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from services.workorders.domain.appointments import site_day
from services.workorders.domain.line_items import first_open
from services.workorders.domain.predicates import HOLDS, Objection, Objections, predicate
from services.workorders.domain.texts import text_of
from services.workorders.domain.work_order import LineItemState

if TYPE_CHECKING:
    from services.workorders.domain.situation import Situation


LONGEST_HOLD = timedelta(days=366)


@predicate()
def needs_parts(situation: Situation) -> Objections:
    """A line item of the order takes parts, so that they must be shipped first."""
    return HOLDS if situation.order.parts_required else (Objection("needs_parts", "The order needs no parts."),)


@predicate(asks=("inputs.line_item_id",))
def line_item_is_next(situation: Situation) -> Objections:
    """The chosen line item is open, and every one with a lower number is done (CP-44)."""
    chosen = situation.line_item
    if chosen is None:
        return (Objection("line_item_is_next", "Choose a line item of this order.", "inputs.line_item_id"),)
    if chosen.state is not LineItemState.OPEN:
        text = f"Line item {chosen.number} is {text_of(chosen.state).lower()} already."
        return (Objection("line_item_is_next", text, "inputs.line_item_id"),)
    awaited = first_open(situation.order.line_items)
    if awaited is None or awaited.number == chosen.number:
        return HOLDS
    text = f"Line item {awaited.number} has to be done before {chosen.number}."
    metadata = {"waiting_for": awaited.number}
    return (Objection("line_item_is_next", text, "inputs.line_item_id", "LINE_ITEM_OUT_OF_ORDER", metadata),)


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


@predicate(snapshot="parcels")
def required_parcels_tracked(situation: Situation) -> Objections:
    """Every required parcel has a tracking number."""
    return _parcels(situation, "required_parcels_tracked", "untracked", "required parcels have no tracking number yet.")


@predicate(snapshot="parcels")
def required_parcels_delivered(situation: Situation) -> Objections:
    """No required parcel is still on its way."""
    return _parcels(situation, "required_parcels_delivered", "undelivered", "required parcels are not delivered yet.")


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


@predicate(asks=("inputs.person_id",), snapshot="eligibility")
def technician_can_be_assigned(situation: Situation) -> Objections:
    """Technicians says that the chosen person can be assigned: known, active and free at the appointment."""
    eligibility = cast("Mapping[str, object]", situation.snapshots["eligibility"])
    refusals = cast("tuple[str, ...]", eligibility["refusals"])
    return tuple(
        Objection("technician_can_be_assigned", text, "inputs.person_id", "TECHNICIAN_NOT_ELIGIBLE")
        for text in refusals
    )


@predicate(asks=("inputs.reason_code",), snapshot="eligibility")
def missing_skills_overridden(situation: Situation) -> Objections:
    """The technician has every certification that the work needs, or an override reason is given (CP-65)."""
    missing = cast("tuple[str, ...]", cast("Mapping[str, object]", situation.snapshots["eligibility"])["missing"])
    if not missing or situation.inputs.reason_code:
        return HOLDS
    text = f"Missing skills: {', '.join(missing)}. Choose a reason to override."
    metadata = {"missing": ",".join(missing)}
    return (Objection("missing_skills_overridden", text, "inputs.reason_code", "SKILLS_MISSING", metadata),)


@predicate(asks=("inputs.reason_code", "inputs.comment"))
def other_is_explained(situation: Situation) -> Objections:
    """The reason "other" comes with a text."""
    if not situation.inputs.reason_code.endswith("other") or situation.inputs.comment.strip():
        return HOLDS
    return (Objection("other_is_explained", "Say in a few words what the other reason is.", "inputs.comment"),)


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


def _parcels(situation: Situation, guard: str, which: str, text: str) -> Objections:
    parcels = cast("Mapping[str, int]", situation.snapshots["parcels"])
    if not parcels["required"]:
        return (Objection(guard, "There are no required parcels yet."),)
    return (Objection(guard, f"{parcels[which]} {text}"),) if parcels[which] else HOLDS
