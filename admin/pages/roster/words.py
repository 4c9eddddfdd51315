"""Certificates as the pages show them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.technicians.v1 import credential_service_pb2
from fieldmesh.ui.v1 import options_pb2

from admin.grpcfab.cells import byte_size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from google.type import date_pb2

_STATES: Final = credential_service_pb2.CredentialState.DESCRIPTOR
_TONES: Final = {
    options_pb2.TONE_SUCCESS: "success", options_pb2.TONE_WARNING: "warning", options_pb2.TONE_DANGER: "danger",
}  # fmt: skip
MICRO: Final = "micro_credential"
_FILES: Final = {"application/pdf": "PDF", "image/jpeg": "JPEG", "image/png": "PNG"}


@dataclasses.dataclass(frozen=True)
class Held:
    """A certificate in words: how it stands, until when, and how many days that is."""

    row: Any
    state: str
    tone: str
    issued: str
    expires: str
    left: str
    micro: bool
    file: str

    @property
    def file_url(self) -> str:
        """Where the evidence file opens."""
        return f"/technician-certifications/{self.row.id}/evidence?v={self.row.evidence_id}"

    @property
    def revoked(self) -> bool:
        return bool(self.row.state == credential_service_pb2.CREDENTIAL_STATE_REVOKED)

    @property
    def until(self) -> str:
        """What to say beside the state: how soon where it matters, else the last day."""
        if self.row.state == credential_service_pb2.CREDENTIAL_STATE_VALID:
            return f"until {self.expires}" if self.row.HasField("expiry_date") else ""
        return self.left


def held(rows: Iterable[Any]) -> list[Held]:
    """Certificates in words, in their order."""
    return [_held(row) for row in rows]


def state_label(number: int) -> str:
    """What people read for a state."""
    return str(_STATES.values_by_number[number].GetOptions().Extensions[options_pb2.value].label)


def day(value: date_pb2.Date) -> str:
    """A date as lists show it."""
    return f"{dt.date(value.year, value.month, value.day):%-d %b %Y}"


def file_words(held: Any) -> str:
    """What kind of file proves a certificate, and how large it is; empty without one."""
    if not held.evidence_name:
        return ""
    return f"{_FILES.get(held.evidence_media_type, 'File')}, {byte_size(held.evidence_size_bytes)}"


def _held(row: Any) -> Held:
    option = _STATES.values_by_number[row.state].GetOptions().Extensions[options_pb2.value]
    left = ""
    if row.HasField("expiry_date") and row.state != credential_service_pb2.CREDENTIAL_STATE_REVOKED:
        days = abs(row.days_left)
        many = f"{days:,} day{'' if days == 1 else 's'}"
        left = "today" if not days else f"in {many}" if row.days_left > 0 else f"{many} ago"
    return Held(
        row=row,
        state=option.label,
        tone=_TONES.get(option.tone, ""),
        issued=day(row.issue_date),
        expires=day(row.expiry_date) if row.HasField("expiry_date") else "never",
        left=left,
        micro=row.kind == MICRO,
        file=file_words(row),
    )
