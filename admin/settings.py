"""Settings of the admin: those of the whole mesh, and its own."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from services.chassis.settings import Port, Settings, load_settings

SHORTEST_PASSWORD = 12


class AdminSettings(Settings):
    """Everything that the admin reads from the environment (FIELDMESH_…)."""

    admin_host: str = "127.0.0.1"
    admin_port: Port = 8080
    # Logins, and nothing else; may carry a password.
    admin_database_url: str = Field(default="", repr=False)
    # Signs session cookies; empty: the one that `python -m admin.init` made among the keys.
    admin_secret: Annotated[str, Field(repr=False)] = ""
    admin_session_hours: Annotated[float, Field(gt=0, le=24 * 30)] = 12
    # Proxies in front whose X-Forwarded-… headers are believed.
    admin_proxies: Annotated[int, Field(ge=0, le=5)] = 0
    # Password of the demo logins; empty: made on first run and kept in the data folder.
    demo_password: Annotated[str, Field(repr=False)] = ""

    @field_validator("demo_password")
    @classmethod
    def _refuse_short(cls, password: str) -> str:
        if password and len(password) < SHORTEST_PASSWORD:
            raise ValueError(f"it has to have at least {SHORTEST_PASSWORD} characters")
        return password

    @model_validator(mode="after")
    def _place_database(self) -> Self:
        if not self.admin_database_url:
            object.__setattr__(self, "admin_database_url", f"sqlite:///{self.data / 'admin.sqlite3'}")
        return self

    @property
    def secure_cookies(self) -> bool:
        """Cookies are for https only where the public address is."""
        return self.public_url.startswith("https://")


def load_admin_settings() -> AdminSettings:
    """Read the environment; raises SettingsFault with every fault."""
    return load_settings(AdminSettings)
