"""The form of a policy's draft: what is asked of the service, and what the form holds."""

from __future__ import annotations

from fieldmesh.shipping.v1 import sla_draft_service_pb2 as messages
from fieldmesh.shipping.v1 import sla_pb2
from fieldmesh.ui.v1 import options_pb2
from flask import request

from admin.pages.service_levels import calls

CLASSES = {each.number: each for each in sla_pb2.WorkClass.DESCRIPTOR.values if each.number}
SHARES = ("first_warning", "second_warning")
TEXTS = ("name", "cut_off", "due_time", "morning_warning", "note")


def asked_of(pk: str) -> messages.SavePolicyDraftRequest:
    """What the form says of a draft, as it is to be saved; the service names what is wrong."""
    form = request.form
    asked = messages.SavePolicyDraftRequest(
        id=pk,
        unit=max(calls.whole(form.get("unit", "")), 0),  # type: ignore[arg-type]
        amount=calls.whole(form.get("amount", "")),
        ignores_holds="ignores_holds" in form,
        etag=form.get("etag_seen", ""),
        request_id=form.get("request_key", ""),
    )
    for name in TEXTS:
        setattr(asked, name, form.get(name, "").strip())
    for name in SHARES:
        setattr(asked, name, calls.whole(form.get(name, "")))
    for number in CLASSES:
        given = {name: form.get(f"{name}_{number}", "").strip() for name in ("amount", "cut_off", "due_time")}
        if any(given.values()):
            asked.class_terms.add(
                work_class=number,
                unit=max(calls.whole(form.get(f"unit_{number}", "")), 0),
                # Times without an amount are no terms; the service says so.
                amount=calls.whole(given["amount"]) if given["amount"] else -1,
                cut_off=given["cut_off"],
                due_time=given["due_time"],
            )
    return asked


def class_labels() -> dict[int, str]:
    """Classes of work by number, as people read them."""
    labels = {number: each.GetOptions().Extensions[options_pb2.value].label for number, each in CLASSES.items()}
    return {number: label or CLASSES[number].name for number, label in labels.items()}


def places(asked: messages.SavePolicyDraftRequest) -> dict[str, str]:
    """The class of each terms of a request, by their path."""
    return {f"class_terms[{place}]": class_labels()[each.work_class] for place, each in enumerate(asked.class_terms)}


def told(version: sla_pb2.SlaPolicy) -> dict[str, str]:
    """What a policy says, as its form holds it."""
    values = {name: str(getattr(version, name)) for name in TEXTS}
    values |= {name: str(getattr(version, name) or "") for name in SHARES}
    held = {"ignores_holds": "y"} if version.ignores_holds else {}
    for each in version.class_terms:
        values |= {f"{name}_{each.work_class}": str(int(getattr(each, name))) for name in ("unit", "amount")}
        values |= {f"{name}_{each.work_class}": getattr(each, name) for name in ("cut_off", "due_time")}
    return {**values, **held, "unit": str(int(version.unit)), "amount": str(version.amount)}
