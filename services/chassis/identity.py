"""Who calls, and for how long: the call that surrounds the present code (hard-parts 5 and 13)."""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from services.chassis.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICE_ROLE: Final = "service"
ADMIN_ROLE: Final = "admin"
# A program of an organisation that signs in with an API key; it has no rows of its own to see.
INTEGRATION_ROLE: Final = "integration"
ROLES: Final = frozenset({
    "partner", "dispatcher", "approver", "requester", "technician", ADMIN_ROLE, INTEGRATION_ROLE, SERVICE_ROLE,
})  # fmt: skip
SUBJECT_PREFIX: Final = "service:"
# How long a person waits for a page before everything behind it gives up (hard-parts 13).
BROWSER_BUDGET_SECONDS: Final = 8.0


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified identity; every check of role, organisation and row asks this.

    `roles` is already narrowed to what both the user and the service acting for the user may do.
    """

    subject: str
    name: str = ""
    kind: Literal["user", "service"] = "user"
    roles: frozenset[str] = frozenset()
    organization_id: str = ""
    organization_kind: str = ""
    technician_id: str = ""
    acting_service: str = ""
    request_id: str = ""

    @property
    def is_service(self) -> bool:
        return self.kind == "service"

    @property
    def is_admin(self) -> bool:
        return ADMIN_ROLE in self.roles

    def has(self, role: str) -> bool:
        return role in self.roles


@dataclass(frozen=True, slots=True)
class Call:
    """What the code of one request or event runs under.

    `deadline` is an instant of time.monotonic, None where nobody waits (events, timers). `user_token` is the user's
    token as it came in, to be sent on. `served` is true inside an RPC of this process: somebody further out waits and
    retries, so this side does not.
    """

    caller: Caller
    request_id: str
    deadline: float | None = None
    user_token: str = ""
    served: bool = False

    @property
    def remaining(self) -> float | None:
        """Seconds until the caller gives up, negative when it has; None where nobody waits."""
        return None if self.deadline is None else self.deadline - time.monotonic()


_current: ContextVar[Call | None] = ContextVar("fieldmesh_call", default=None)


def service_caller(service: str, *, request_id: str = "") -> Caller:
    """The identity under which a service's own timers and event handlers act."""
    return Caller(
        subject=f"{SUBJECT_PREFIX}{service}",
        name=service,
        kind="service",
        roles=frozenset({SERVICE_ROLE}),
        request_id=request_id,
    )


def current_call() -> Call | None:
    """The surrounding call; None outside of any."""
    return _current.get()


def current_caller() -> Caller:
    """The verified caller of the surrounding call; Unauthenticated where there is none, so nothing runs by accident."""
    call = _current.get()
    if call is None:
        raise Unauthenticated("This needs a caller.", metadata={"cause": "NO_CALLER"})
    return call.caller


def enter(call: Call) -> None:
    """Set the surrounding call for the rest of the present context; for code that owns its context."""
    _current.set(call)


@contextmanager
def calling(call: Call) -> Iterator[Call]:
    """Run a block under a call, then restore what surrounded it."""
    token = _current.set(call)
    try:
        yield call
    finally:
        _current.reset(token)


@contextmanager
def as_service(service: str) -> Iterator[Call]:
    """Make the calls of a block as the service itself, though a user's call surrounds them.

    For methods that only services may call, such as a reservation. Budget and request id stay those of the user's call,
    and so does the duty not to retry.
    """
    outer = _current.get()
    request_id = outer.request_id if outer else ""
    own = Call(service_caller(service, request_id=request_id), request_id)
    if outer is not None:
        own = replace(own, deadline=outer.deadline, served=outer.served)
    with calling(own) as call:
        yield call


@contextmanager
def browser_call(caller: Caller, request_id: str, *, seconds: float = BROWSER_BUDGET_SECONDS) -> Iterator[Call]:
    """Run one page, or one command, under its budget: every call within shares the same deadline."""
    who = replace(caller, request_id=request_id)
    with calling(Call(who, request_id, deadline=time.monotonic() + seconds)) as call:
        yield call
