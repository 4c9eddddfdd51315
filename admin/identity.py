"""Who is signed in, and how the services get to know it (hard-parts 1 and 5).

The directory in technicians says who a person is and what roles they hold. It is asked at sign-in, where no answer
means no entry, and again once a minute, so that a deactivation ends sessions within that minute. While the directory is
away, what it said last stays in force: nobody can be deactivated in it meanwhile.
"""

from __future__ import annotations

import dataclasses
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.technicians.v1 import technicians_service_pb2, technicians_service_pb2_grpc
from flask import g, has_request_context, session

from admin.grpcfab.cells import initials
from services.chassis.errors import NotFound, Refusal, Unavailable, WrongState
from services.chassis.identity import Caller, calling, current_call
from services.chassis.tokens import UserGrant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from admin.grpcfab.channels import Mesh

REFRESH_SECONDS: Final = 60
_SESSION_KEY: Final = "who"
PERSON_ROLES: Final = frozenset({"partner", "dispatcher", "approver", "requester", "technician", "admin"})


class SignedOut(Exception):
    """The directory no longer lets this session go on."""


@dataclasses.dataclass(frozen=True)
class Identity:
    """What the directory says of a person; `time_zone` is their own, else their organisation's."""

    person_id: str
    login: str
    name: str
    roles: frozenset[str]
    organization_id: str = ""
    organization_name: str = ""
    organization_kind: str = ""
    technician_id: str = ""
    time_zone: str = ""
    own_time_zone: str = ""
    locale: str = ""
    epoch: int = 0

    @property
    def grant(self) -> UserGrant:
        """The claims that the admin signs for this person."""
        return UserGrant(
            subject=self.person_id,
            name=self.name,
            roles=self.roles,
            organization_id=self.organization_id,
            organization_kind=self.organization_kind,
            technician_id=self.technician_id,
        )

    @property
    def initials(self) -> str:
        return initials(self.name)

    def has(self, *roles: str) -> bool:
        return not self.roles.isdisjoint(roles)

    def caller(self, request_id: str) -> Caller:
        """The identity under which a page's calls run."""
        return Caller(
            self.person_id, self.name, "user", self.roles, self.organization_id, self.organization_kind,
            self.technician_id, request_id=request_id,
        )  # fmt: skip

    def packed(self) -> dict[str, Any]:
        """For the signed session cookie."""
        return {**dataclasses.asdict(self), "roles": sorted(self.roles)}

    @classmethod
    def unpacked(cls, data: dict[str, Any]) -> Identity:
        return cls(**{**data, "roles": frozenset(data["roles"])})


def current_grant() -> UserGrant | None:
    """Whom calls are signed for now: another system that proved itself, or the person signed in.

    None means the admin itself, as before anybody signed in.
    """
    if not has_request_context() or getattr(g, "as_service", False):
        return None
    granted: UserGrant | None = g.get("granted")
    if granted is not None:
        return granted
    who = getattr(g, "viewer", None)
    return who.grant if who else None


@contextmanager
def acting_as(who: Identity) -> Iterator[None]:
    """Make the calls of a block as somebody who did not sign in, and be nobody again afterwards."""
    before, call = g.get("viewer"), current_call()
    if call is None:
        raise RuntimeError("pages run within a call")
    g.viewer = who
    try:
        with calling(dataclasses.replace(call, caller=who.caller(g.request_id))):
            yield
    finally:
        g.viewer = before


def ask_directory(mesh: Mesh, *, login: str = "", person_id: str = "") -> Identity:
    """What the directory says of a login or a person.

    Raises NotFound for unknown, WrongState for inactive people and those without any role, Unavailable where the
    directory does not answer.
    """
    stub = mesh.stub(technicians_service_pb2_grpc.DirectoryServiceStub)
    before = g.get("as_service", False)
    g.as_service = True  # The directory answers services only: nobody is signed in yet.
    try:
        answer = stub.ResolveLogin(technicians_service_pb2.ResolveLoginRequest(login=login, person_id=person_id))
    finally:
        g.as_service = before
    roles = frozenset(answer.person.roles) & PERSON_ROLES
    if not answer.person.active or not roles:
        raise WrongState("This person may not sign in.", reason="LOGIN_INACTIVE")
    return Identity(
        person_id=answer.person.id,
        login=answer.person.login,
        name=answer.person.name,
        roles=roles,
        organization_id=answer.person.organization_id,
        organization_name=answer.organization_name,
        organization_kind=answer.organization_kind,
        technician_id=answer.person.technician_id,
        time_zone=answer.time_zone,
        own_time_zone=answer.person.time_zone,
        locale=answer.person.locale,
        epoch=answer.person.session_epoch,
    )


def remember(identity: Identity) -> None:
    """Keep what the directory said in the signed session."""
    session[_SESSION_KEY] = {"at": int(time.time()), "is": identity.packed()}


def recall(mesh: Mesh, person_id: str) -> Identity:
    """Who this session belongs to, asked anew once a minute.

    Raises SignedOut where the session holds nobody, somebody else, or one whose sessions have been ended.
    """
    kept = session.get(_SESSION_KEY)
    if not kept or kept["is"]["person_id"] != person_id:
        raise SignedOut
    known = Identity.unpacked(kept["is"])
    if time.time() - kept["at"] < REFRESH_SECONDS:
        return known
    try:
        fresh = ask_directory(mesh, person_id=person_id)
    except (NotFound, WrongState) as error:
        raise SignedOut from error
    except Unavailable:
        return known
    except Refusal as error:
        raise SignedOut from error
    if fresh.epoch != known.epoch:
        raise SignedOut
    remember(fresh)
    return fresh
