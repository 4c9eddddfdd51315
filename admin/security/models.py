"""The admin's own tables: logins and how often somebody tried them."""

from __future__ import annotations

from flask_appbuilder import Model
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import Float, Integer, String
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


class Attempts(Model):  # type: ignore[misc]
    """Failed sign-ins under one key: a hashed login name or a hashed address. Workers share it by the database."""

    __tablename__ = "login_attempts"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer, default=0, nullable=False)
    last_at: Mapped[float] = mapped_column(Float, default=0.0, nullable=False)
    locked_until: Mapped[float] = mapped_column(Float, default=0.0, nullable=False)
