"""The admin's own tables: logins and how often somebody tried them."""

from __future__ import annotations

from flask_appbuilder import Model
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import Boolean, Float, Integer, String
from sqlalchemy.orm import Mapped, mapped_column


class Login(User):  # type: ignore[misc]
    """A name and a password; who that is, the directory in technicians says (hard-parts 1).

    Flask-AppBuilder's columns for names and e-mail addresses stay filled with the login's own name: the admin keeps no
    personal data.
    """

    __tablename__ = "ab_user"
    # Empty until the first sign-in, when the directory is asked for the login's name.
    person_id: Mapped[str] = mapped_column(String(36), default="", nullable=False, index=True)
    # Part of the session: counting it up ends every session, as a new password does.
    epoch: Mapped[int] = mapped_column(Integer, default=1, nullable=False)

    def get_id(self) -> str:
        """The session's name for this login; no longer valid once the epoch moves."""
        return f"{self.id}.{self.epoch}"


class ApiKey(Model):  # type: ignore[misc]
    """A key by which a program of an organisation calls us; what it says is known by its digest only (hard-parts 5)."""

    __tablename__ = "api_keys"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    organization_id: Mapped[str] = mapped_column(String(40), nullable=False, index=True)
    organization_name: Mapped[str] = mapped_column(String(255), default="", nullable=False)
    organization_kind: Mapped[str] = mapped_column(String(40), default="", nullable=False)
    name: Mapped[str] = mapped_column(String(60), nullable=False)
    # HMAC-SHA256 under the installation's secret: nobody who reads the table can use it.
    digest: Mapped[str] = mapped_column(String(64), nullable=False, unique=True)
    # The last letters, by which people tell keys apart.
    ending: Mapped[str] = mapped_column(String(8), nullable=False)
    made_by: Mapped[str] = mapped_column(String(255), default="", nullable=False)
    made_at: Mapped[float] = mapped_column(Float, nullable=False)
    revoked_at: Mapped[float] = mapped_column(Float, default=0.0, nullable=False)
    used_at: Mapped[float] = mapped_column(Float, default=0.0, nullable=False)
    # Calls of the running minute; workers share it by the database.
    minute: Mapped[int] = mapped_column(Integer, default=0, nullable=False)
    calls: Mapped[int] = mapped_column(Integer, default=0, nullable=False)


class CalendarLink(Model):  # type: ignore[misc]
    """A secret link to the visits that a person sees; its secret is known by its digest only (B-8)."""

    __tablename__ = "calendar_links"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(36), nullable=False, index=True)
    name: Mapped[str] = mapped_column(String(60), nullable=False)
    # Only visits that the person goes to.
    mine: Mapped[bool] = mapped_column(Boolean, default=False, nullable=False)
    digest: Mapped[str] = mapped_column(String(64), nullable=False, unique=True)
    made_at: Mapped[float] = mapped_column(Float, nullable=False)
    revoked_at: Mapped[float] = mapped_column(Float, default=0.0, nullable=False)
    used_at: Mapped[float] = mapped_column(Float, default=0.0, nullable=False)


class Attempts(Model):  # type: ignore[misc]
    """Failed sign-ins under one key: a hashed login name or a hashed address. Workers share it by the database."""

    __tablename__ = "login_attempts"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer, default=0, nullable=False)
    last_at: Mapped[float] = mapped_column(Float, default=0.0, nullable=False)
    locked_until: Mapped[float] = mapped_column(Float, default=0.0, nullable=False)
