"""What a report asks for, checked, and which transition of which workflow it stands for (reports.yaml)."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import marshmallow
import yaml
from fieldmesh.workorders.v1 import work_order_service_pb2
from google.protobuf import json_format
from marshmallow import fields, validate

from services.chassis.errors import InvalidRequest, Violation, WrongState

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE: Final = Path(__file__).with_name("reports.yaml")
_INPUTS: Final = "inputs."
ACTIONS: Final = ("sent", "set_up", "declined", "completed")


@dataclasses.dataclass(frozen=True)
class Report:
    """What the other side says of one order."""

    work_order: str
    action: str
    reference: str
    remark: str
    values: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Rule:
    """What an action means in a workflow: a transition, and paths for what comes along."""

    transition: str
    reference: str = ""
    remark: str = ""
    fixed: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def values_of(self, report: Report) -> dict[str, Any]:
        """The report's values by path; the other side's own win over those that always hold."""
        told = {self.reference: report.reference, self.remark: report.remark}
        given = {path: value for path, value in told.items() if path and value}
        return {**self.fixed, **given, **report.values}


class _ReportSchema(marshmallow.Schema):
    work_order = fields.String(required=True, validate=validate.Length(min=1, max=40))
    action = fields.String(required=True, validate=validate.OneOf(ACTIONS))
    reference = fields.String(load_default="", validate=validate.Length(max=200))
    remark = fields.String(load_default="", validate=validate.Length(max=4_000))
    values = fields.Dict(fields.String(validate=validate.Length(max=120)), load_default=dict)

    @marshmallow.post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Report:
        return Report(**data)


def read(body: bytes) -> Report:
    """The report in a body of JSON. Raises InvalidRequest naming every wrong field."""
    try:
        report: Report = _ReportSchema().loads(body)
    except marshmallow.ValidationError as error:
        raise _invalid(_problems(error.messages)) from error
    except (ValueError, RecursionError) as error:
        raise _invalid([Violation("", "The body must be a JSON object in UTF-8.")]) from error
    return report


def rule_for(workflow: str, action: str) -> Rule:
    """What an action means in a workflow. Raises WrongState where it means nothing there."""
    rule = rules().get(workflow, {}).get(action)
    if rule is None:
        raise WrongState(f"“{action}” cannot be reported for an order of the workflow {workflow}.")
    return rule


def fill(request: work_order_service_pb2.TransitionWorkOrderRequest, values: Mapping[str, Any]) -> None:
    """Puts values by path into a request, with their mask. Raises InvalidRequest for a path or value that is none."""
    for path, value in values.items():
        is_input = path.startswith(_INPUTS)
        target: Any = request.inputs if is_input else request.work_order
        made: Any = value
        for name in reversed(path.removeprefix(_INPUTS).split(".")):
            made = {name: made}
        try:
            target.MergeFrom(json_format.ParseDict(made, type(target)()))
        except (json_format.ParseError, ValueError, TypeError) as error:
            raise _invalid([Violation(path, "There is no such field, or this is no value of it.")]) from error
        if not is_input:
            request.update_mask.paths.append(path)


@cache
def rules() -> Mapping[str, Mapping[str, Rule]]:
    """What actions mean, by workflow and action."""
    found = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {workflow: {action: Rule(**rule) for action, rule in actions.items()} for workflow, actions in found.items()}


def _problems(messages: Any, path: str = "") -> list[Violation]:
    if isinstance(messages, dict):
        inside = ((f"{path}.{name}" if path else str(name), each) for name, each in messages.items())
        return [problem for name, each in inside for problem in _problems(each, "" if name == "_schema" else name)]
    return [Violation(path, str(each)) for each in messages]


def _invalid(wrong: list[Violation]) -> InvalidRequest:
    return InvalidRequest("Some fields are missing or wrong.", reason="INVALID_FIELDS", violations=wrong)
