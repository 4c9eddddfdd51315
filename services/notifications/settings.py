"""What the notifications service is told by its environment, beside what every service is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from services.chassis.settings import Settings


class NotificationsSettings(Settings):
    """FIELDMESH_SMTP_* say how to reach the mail server, FIELDMESH_MAIL_* what mails look like to it."""

    smtp_starttls: bool = False
    smtp_user: str = ""
    smtp_password: Annotated[str, Field(repr=False)] = ""
    mail_from: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] = "fieldmesh@mail.example.com"
    mail_from_name: str = "Fieldmesh"
    # Mails on what happened longer ago are marked sent and not sent: demo data lies in the past (hard-parts 26).
    mail_backdate_hours: Annotated[float, Field(gt=0)] = 24.0

    @property
    def backdated_after(self) -> timedelta:
        """Age from which nobody wants to be told any more."""
        return timedelta(hours=self.mail_backdate_hours)
