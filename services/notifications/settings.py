"""What the notifications service is told by its environment, beside what every service is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from services.chassis.settings import Settings


class NotificationsSettings(Settings):
    """FIELDMESH_SMTP_* say how to reach the mail server, FIELDMESH_MAIL_* what mails look like to it.

    FIELDMESH_WEBHOOK_* say where webhooks may go, and what their secrets are derived from.
    """

    smtp_starttls: bool = False
    smtp_user: str = ""
    smtp_password: Annotated[str, Field(repr=False)] = ""
    mail_from: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] = "fieldmesh@mail.example.com"
    mail_from_name: str = "Fieldmesh"
    # Mails on what happened longer ago are marked sent and not sent: demo data lies in the past (hard-parts 26).
    mail_backdate_hours: Annotated[float, Field(gt=0)] = 24.0
    # How long a link in a mail lets its reader decide without signing in.
    mail_link_days: Annotated[float, Field(gt=0, le=60)] = 7.0
    # Empty: made once, among the signing keys.
    webhook_secret: Annotated[str, Field(repr=False)] = ""
    # For development: receivers on this machine and in private networks.
    webhook_private_networks: bool = False

    @property
    def backdated_after(self) -> timedelta:
        """Age from which nobody wants to be told any more."""
        return timedelta(hours=self.mail_backdate_hours)
