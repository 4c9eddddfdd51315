"""What the launcher reads from the environment, beside the settings of the processes it starts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from admin.settings import AdminSettings
from services.chassis.settings import Port


class LauncherSettings(AdminSettings):
    """Settings of `make up` and its siblings; every variable is named in docs/operations.md."""

    admin_threads: Annotated[int, Field(ge=1, le=256)] = 16
    mailbox_host: str = "127.0.0.1"
    mailbox_port: Port = 8025
    # How many work orders the first run makes; 0 for none.
    demo_orders: Annotated[int, Field(ge=0, le=20_000)] = 60
    start_seconds: Annotated[float, Field(gt=0, le=600)] = 180.0

    @property
    def admin_url(self) -> str:
        """Where people open the admin."""
        return (
            self.public_url if "public_url" in self.model_fields_set else f"http://{self.admin_host}:{self.admin_port}"
        )

    @property
    def mailbox_url(self) -> str:
        """Where people read the mails."""
        return f"http://{self.mailbox_host}:{self.mailbox_port}"
