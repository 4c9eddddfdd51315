"""What the launcher reads from the environment, beside the settings that every process shares."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from services.chassis.settings import Settings

Port = Annotated[int, Field(ge=1, le=65535)]


class LauncherSettings(Settings):
    """Settings of `make up` and its siblings; every variable is named in docs/operations.md."""

    admin_host: str = "127.0.0.1"
    admin_port: Port = 8080
    admin_threads: Annotated[int, Field(ge=1, le=256)] = 16
    mailbox_host: str = "127.0.0.1"
    mailbox_port: Port = 8025
    demo_password: SecretStr | None = None
    # How many work orders the first run makes; 0 for none.
    demo_orders: Annotated[int, Field(ge=0, le=20_000)] = 60
    start_seconds: Annotated[float, Field(gt=0, le=600)] = 90.0

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
