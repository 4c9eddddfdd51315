"""What the fields of a transition's form take where they take nothing else: each value with what people read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.workorders.domain.crew import crew_of
from services.workorders.domain.replacing import AFFECTED, taken
from services.workorders.domain.texts import text_of
from services.workorders.domain.work_order import LineItemState
from services.workorders.handlers import facts, wanted

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from services.workorders.domain.definition import Transition
    from services.workorders.domain.work_order import WorkOrder


# A guard that takes the organisation of now out of those to choose from.
ANOTHER = "executor_is_another"
PART = "inputs.part_id"
EXECUTOR = "inputs.executor_org"


@dataclass(frozen=True, slots=True)
class Choices:
    """All that a field of a form takes, each value with what people read; `none` says why there is nothing.

    `most` says by value how many of it may be taken, where a number of each is asked for.
    """

    values: Sequence[tuple[str, str]]
    none: str
    only: bool = True
    """False: others may be given as well, such as a freelancer."""
    most: Mapping[str, int] = field(default_factory=dict)


def choices_of(connection: Connection, order: WorkOrder, transition: Transition) -> Mapping[str, Choices]:
    """The choices of every field of a transition's form that has some, by the field's path."""
    asked = (field.path for field in transition.form_fields())
    return {path: _OFFERED[path](connection, order, transition) for path in asked if path in _OFFERED}


def choices_of_many(connection: Connection, transition: Transition) -> Mapping[str, Choices]:
    """The same for several orders at once: whoever does work anywhere; whether it fits an order is judged there."""
    if EXECUTOR not in {field.path for field in transition.form_fields()}:
        return {}
    return {EXECUTOR: Choices(facts.all_executors(connection), "No active partner or provider is known.")}


def _executors(connection: Connection, order: WorkOrder, transition: Transition) -> Choices:
    """Who serves the order's territory, but for the organisation that a reallocation takes it from."""
    others_only = any(guard.name == ANOTHER for guard in transition.guards)
    none = f"No {'other ' if others_only else ''}active partner or provider serves {order.territory_name}"
    found = facts.executors_of(connection, order)
    offered = [each for each in found if not others_only or each[0] != order.executor_org]
    return Choices(offered, f"{none}: add one to the territory first.")


def _cost_requests(connection: Connection, order: WorkOrder, transition: Transition) -> Choices:
    del connection, transition
    waiting = [(each.id, text_of(each).removesuffix(": requested")) for each in order.cost_requests if each.is_open]
    return Choices(waiting, "No cost or rate awaits a decision.")


def _directed_actions(connection: Connection, order: WorkOrder, transition: Transition) -> Choices:
    del connection, transition
    return Choices([(each.id, text_of(each)) for each in order.directed_actions if each.is_open], "No action is open.")


def _parts(connection: Connection, order: WorkOrder, transition: Transition) -> Choices:
    del transition
    return Choices(wanted.parts_of(connection, order), "No line item takes parts.")


def _affected(connection: Connection, order: WorkOrder, transition: Transition) -> Choices:
    """Every part of the line items that are not finished, and how many of it each takes."""
    del transition
    names = dict(wanted.parts_of(connection, order))
    left = [item for item in order.line_items if item.state is not LineItemState.FINISHED]
    most = {f"{item.id}/{part}": number for item in left for part, number in taken(item).items() if part in names}
    offered = [
        (f"{item.id}/{part}", f"{item.number} {item.work_type_name}: {names[part]}")
        for item in left
        for part in taken(item)
        if part in names
    ]
    return Choices(offered, "No line item that is left to do takes parts.", most=most)


def _line_items(connection: Connection, order: WorkOrder, transition: Transition) -> Choices:
    """The line items that are not finished; where a part is asked for as well, those that take parts."""
    del connection
    takes_part = any(field.path == PART for field in transition.form_fields())
    left = (item for item in order.line_items if item.state is not LineItemState.FINISHED)
    offered = [(each.id, f"{each.number} {each.work_type_name}") for each in left if each.parts or not takes_part]
    return Choices(offered, "No line item is left to do.")


def _approvers(connection: Connection, order: WorkOrder, transition: Transition) -> Choices:
    """Whom the creator may ask to approve: never themselves (PT-8)."""
    del transition
    none = "Nobody else of the facility's organisation may approve: somebody there has to be made an approver first."
    return Choices(facts.approvers_of(connection, order, order.creator_id), none)


def _assignees(connection: Connection, order: WorkOrder, transition: Transition) -> Choices:
    del transition
    return Choices(facts.assignees_of(connection, order), "The organisation that does the work has no active people.")


def _providers(connection: Connection, order: WorkOrder, transition: Transition) -> Choices:
    del transition
    return Choices(facts.providers_of(connection, order), f"No active provider serves {order.territory_name}.")


def _technicians(connection: Connection, order: WorkOrder, transition: Transition) -> Choices:
    """The technicians of the organisation that does the work, for when technicians cannot be asked; others may come."""
    del transition
    people = facts.colleagues(connection, order.executor_org)
    return Choices([(row.id, row.name) for row in people if row.technician_id], "", only=False)


def _present(connection: Connection, order: WorkOrder, transition: Transition) -> Choices:
    """Who is released, of all who come; or whose place somebody takes, of those who come beside the lead."""
    del connection
    replaces = any(field.path == "inputs.person_id" for field in transition.form_fields())
    present = order.further_technicians if replaces else crew_of(order)
    return Choices([(each.person_id, each.name) for each in present], "Nobody comes beside the lead.")


_OFFERED: Mapping[str, Callable[[Connection, WorkOrder, Transition], Choices]] = {
    EXECUTOR: _executors,
    "inputs.cost_request_id": _cost_requests,
    "inputs.directed_action_id": _directed_actions,
    "inputs.line_item_id": _line_items,
    PART: _parts,
    AFFECTED: _affected,
    "inputs.approver_id": _approvers,
    "inputs.assignee_id": _assignees,
    "inputs.provider_org": _providers,
    "inputs.person_id": _technicians,
    "inputs.present_person_id": _present,
}
