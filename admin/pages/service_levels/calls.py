"""What the pages of calendars and policies ask the service, and how they read what was typed."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.shipping.v1 import sla_draft_service_pb2_grpc, sla_pb2
from flask import request

from admin.grpcfab.context import mesh
from services.chassis.errors import InvalidRequest, Violation

if TYPE_CHECKING:
    from collections.abc import Sequence

BADGES: Final = {
    sla_pb2.VERSION_STATE_DRAFT: ("Draft", "warning"),
    sla_pb2.VERSION_STATE_IN_FORCE: ("In force", "success"),
    sla_pb2.VERSION_STATE_SUPERSEDED: ("Superseded", ""),
}
_SPAN = re.compile(r"(\d{1,2}(?::\d{2})?)\s*(?:-|–|to)\s*(\d{1,2}(?::\d{2})?)")


def drafts() -> Any:
    """The service that writes and publishes versions."""
    return mesh().stub(sla_draft_service_pb2_grpc.SlaDraftServiceStub)


def named() -> dict[str, str]:
    """What a form says of the version that it was drawn from."""
    return {"etag": request.form.get("etag_seen", ""), "request_id": request.form.get("request_key", "")}


def badge_of(version: sla_pb2.BusinessCalendar | sla_pb2.SlaPolicy) -> tuple[str, str]:
    """The state of a version in words, and the tone of its badge."""
    return BADGES.get(version.state, ("Published", ""))


def windows_of(field: str, text: str, weekday: int = 0) -> Sequence[sla_pb2.WorkingWindow]:
    """Windows as people write them: "08:00–12:00, 13:00–17:00"; none for nothing. Raises InvalidRequest."""
    windows = []
    for part in filter(None, (each.strip() for each in re.split(r"[,;]", text))):
        found = _SPAN.fullmatch(part)
        if found is None:
            wrong = Violation(field, f"“{part}” is not written as a span such as 08:00–17:00")
            raise InvalidRequest("Some fields are missing or wrong.", violations=[wrong])
        opens, closes = (_clock(each) for each in found.groups())
        windows.append(sla_pb2.WorkingWindow(weekday=weekday, opens=opens, closes=closes))
    return windows


def date_of(text: str) -> dt.date | None:
    """A date as addresses and forms write it; None for anything else."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def whole(text: str) -> int:
    """A whole number that was typed; zero for nothing, -1 for anything else, which the service refuses by name."""
    text = text.strip()
    if not text:
        return 0
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1  # noqa: PLR2004 - fits int32


def _clock(text: str) -> str:
    hours, _, minutes = text.partition(":")
    return f"{int(hours):02}:{minutes or '00'}"
