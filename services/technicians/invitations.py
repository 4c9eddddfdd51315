"""Inviting people to sign in: for which organisation, with which roles, until when, and what becomes of it (R-1)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.technicians.v1 import events_pb2, invitation_pb2, person_pb2, team_pb2
from sqlalchemy import func, select

from services.chassis.actors import service_actor
from services.chassis.errors import InvalidRequest, NotFound, Violation
from services.chassis.idempotency import run_once
from services.chassis.identity import service_caller
from services.chassis.kit import is_unbound
from services.technicians.domain.errors import (
    EmailDomainMismatch,
    InvitationWrongState,
    PersonExists,
)
from services.technicians.people import GIVEN_BY_PARTNERS, HELD_BY_PEOPLE
from services.technicians.tables import invitations, organizations, people, teams

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Row

    from services.chassis.database import Database
    from services.chassis.identity import Caller
    from services.chassis.kit import ResourceEngine
    from services.chassis.unit_of_work import Transaction


OPEN, ACCEPTED = invitation_pb2.INVITATION_STATE_OPEN, invitation_pb2.INVITATION_STATE_ACCEPTED
WITHDRAWN, EXPIRED = invitation_pb2.INVITATION_STATE_WITHDRAWN, invitation_pb2.INVITATION_STATE_EXPIRED
DAYS: Final = 7.0
AGGREGATE: Final = "Invitation"
_SERVICE: Final = "fieldmesh.technicians.v1.InvitationDeskService"
_LABELS: Final = {OPEN: "open", ACCEPTED: "accepted already", WITHDRAWN: "withdrawn", EXPIRED: "expired"}
_LONGEST_LOGIN: Final = 50
_NO_LOGIN: Final = re.compile(r"[^a-z0-9._-]+")


class Invitations:
    """Invites, sends again, withdraws, and enters whoever accepts."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it writes through
        self,
        service: str,
        database: Database,
        invitation: ResourceEngine,
        person: ResourceEngine,
        team: ResourceEngine,
        lifetime: timedelta = timedelta(days=DAYS),
    ) -> None:
        self._own = service_caller(service)
        self._actor = service_actor(service)
        self._database = database
        self._invitations = invitation
        self._people = person
        self._teams = team
        self._lifetime = lifetime

    def invite(self, caller: Caller, request: invitation_pb2.InvitePersonRequest) -> invitation_pb2.Invitation:
        """Invite somebody for the caller's own organisation; admins name any.

        Raises InvalidRequest naming every wrong field, EmailDomainMismatch, and PersonExists.
        """
        asked = invitation_pb2.Invitation()
        asked.CopyFrom(request.invitation)
        asked.name, asked.email = asked.name.strip(), asked.email.strip().lower()
        asked.organization_id = asked.organization_id or caller.organization_id
        wrong = list(_wrong(caller, asked))
        if wrong:
            raise InvalidRequest("Nobody was invited.", reason="INVALID_FIELDS", violations=wrong)

        def work(transaction: Transaction) -> invitation_pb2.Invitation:
            _require_team(transaction, asked)
            _require_domain(transaction, asked)
            _require_new(transaction, asked.email)
            made = self._invitations.create(transaction, self._own, asked)
            return self._sent(transaction, made.id, caller.name, 1)

        return self._once(caller, "InvitePerson", request, work)

    def resend(self, caller: Caller, request: invitation_pb2.ResendInvitationRequest) -> invitation_pb2.Invitation:
        """Send the mail again with a new link. Raises NotFound, InvitationWrongState and PersonExists."""

        def work(transaction: Transaction) -> invitation_pb2.Invitation:
            row = self._theirs(transaction, caller, request.id)
            _require_new(transaction, row.email, row.id)
            return self._sent(transaction, row.id, caller.name, row.round + 1)

        return self._once(caller, "ResendInvitation", request, work)

    def withdraw(self, caller: Caller, request: invitation_pb2.WithdrawInvitationRequest) -> invitation_pb2.Invitation:
        """Take an invitation back. Raises NotFound and InvitationWrongState."""

        def work(transaction: Transaction) -> invitation_pb2.Invitation:
            row = self._theirs(transaction, caller, request.id)
            return self._ended(transaction, row, invitation_pb2.Invitation(state=WITHDRAWN))

        return self._once(caller, "WithdrawInvitation", request, work)

    def accept(
        self, caller: Caller, request: invitation_pb2.AcceptInvitationRequest
    ) -> invitation_pb2.AcceptInvitationResponse:
        """Enter the person in the directory, once, with a login made from the address.

        Raises NotFound, and InvitationWrongState where the link is used, old, withdrawn, or of an earlier mail.
        """

        def work(transaction: Transaction) -> invitation_pb2.AcceptInvitationResponse:
            row = self._invitations.find_for_update(transaction.connection, request.invitation_id)
            if row is None:
                raise NotFound("There is no such invitation.", reason="NOT_FOUND")
            _require_usable(transaction, row, request.round)
            _require_new(transaction, row.email, row.id)
            person = person_pb2.Person(
                name=row.name,
                email=row.email,
                login=_free_login(transaction, row.email),
                organization_id=row.organization_id,
                roles=row.roles,
            )
            entered = self._people.create(transaction, self._own, person)
            self._join(transaction, row.team_id, entered.id)
            self._ended(transaction, row, invitation_pb2.Invitation(state=ACCEPTED, person_id=entered.id))
            return invitation_pb2.AcceptInvitationResponse(person=entered)

        answer = invitation_pb2.AcceptInvitationResponse
        method = f"{_SERVICE}.AcceptInvitation"
        return run_once(self._database, caller, method, request.request_id, request, answer, work)

    def run_due(self, now: datetime) -> int:
        """Mark open invitations whose time is over; gives how many."""
        columns = invitations.c
        due = select(columns.id).where(columns.state == OPEN, columns.expire_time <= now).limit(100)
        with self._database.begin(actor=self._actor, now=now) as transaction:
            found = transaction.execute(due).scalars().all()
            for invitation_id in found:
                row = self._invitations.find_for_update(transaction.connection, invitation_id)
                if row is not None and row.state == OPEN:
                    expired = invitation_pb2.Invitation(state=EXPIRED)
                    self._invitations.rewrite(transaction, self._own, row, expired, ["state"])
        return len(found)

    def _once(self, caller: Caller, method: str, request: Any, work: Any) -> invitation_pb2.Invitation:
        found: invitation_pb2.Invitation = run_once(
            self._database,
            caller,
            f"{_SERVICE}.{method}",
            request.request_id,
            request,
            invitation_pb2.Invitation,
            work,
        )
        return found

    def _theirs(self, transaction: Transaction, caller: Caller, invitation_id: str) -> Row[Any]:
        """An invitation of the caller's organisation that did not end yet, locked."""
        row = self._invitations.find_for_update(transaction.connection, invitation_id)
        if row is None or not self._invitations.may_see(transaction.connection, caller, invitation_id):
            raise NotFound("There is no such invitation.", reason="NOT_FOUND")
        if row.state not in {OPEN, EXPIRED}:
            raise InvitationWrongState(_LABELS[row.state])
        return row

    def _sent(
        self, transaction: Transaction, invitation_id: str, inviter: str, number: int
    ) -> invitation_pb2.Invitation:
        """The invitation with a new link, told to whoever writes the mail."""
        row = self._invitations.find_for_update(transaction.connection, invitation_id)
        if row is None:
            raise NotFound("There is no such invitation.", reason="NOT_FOUND")
        wanted = invitation_pb2.Invitation(state=OPEN, inviter_name=inviter, round=number)
        wanted.invite_time.FromDatetime(transaction.now)
        wanted.expire_time.FromDatetime(transaction.now + self._lifetime)
        paths = ["state", "inviter_name", "round", "invite_time", "expire_time"]
        sent: invitation_pb2.Invitation = self._invitations.rewrite(transaction, self._own, row, wanted, paths)
        name = select(organizations.c.name).where(organizations.c.id == sent.organization_id)
        event = events_pb2.PersonInvited(invitation=sent, organization_name=transaction.execute(name).scalar() or "")
        transaction.publish(event, AGGREGATE, sent.id, row.version + 1)
        return sent

    def _ended(
        self, transaction: Transaction, row: Row[Any], wanted: invitation_pb2.Invitation
    ) -> invitation_pb2.Invitation:
        wanted.end_time.FromDatetime(transaction.now)
        paths = ["state", "end_time", *(["person_id"] if wanted.person_id else [])]
        ended: invitation_pb2.Invitation = self._invitations.rewrite(transaction, self._own, row, wanted, paths)
        return ended

    def _join(self, transaction: Transaction, team_id: str, person_id: str) -> None:
        """Put the person into the team, unless it is gone by now."""
        row = self._teams.find_for_update(transaction.connection, team_id) if team_id else None
        if row is not None:
            members = team_pb2.Team(member_ids=[*row.member_ids, person_id])
            self._teams.rewrite(transaction, self._own, row, members, ["member_ids"])


def _wrong(caller: Caller, asked: invitation_pb2.Invitation) -> Iterator[Violation]:
    """What the caller may not ask for, whatever the directory holds."""
    if not is_unbound(caller) and asked.organization_id != caller.organization_id:
        yield Violation("organization_id", "must be your own organisation")
    given = HELD_BY_PEOPLE if is_unbound(caller) else GIVEN_BY_PARTNERS
    refused = sorted(set(asked.roles) - given)
    if refused:
        yield Violation("roles", f"{', '.join(refused)} cannot be given: choose among {', '.join(sorted(given))}")
    if len(set(asked.roles)) != len(asked.roles):
        yield Violation("roles", "must not name a role twice")


def _require_team(transaction: Transaction, asked: invitation_pb2.Invitation) -> None:
    """The team is one of the organisation. Raises InvalidRequest."""
    home = select(teams.c.id).where(teams.c.id == asked.team_id, teams.c.organization_id == asked.organization_id)
    if asked.team_id and transaction.execute(home).first() is None:
        wrong = [Violation("team_id", "must be a team of the organisation")]
        raise InvalidRequest("Nobody was invited.", reason="INVALID_FIELDS", violations=wrong)


def _require_domain(transaction: Transaction, asked: invitation_pb2.Invitation) -> None:
    columns = organizations.c
    home = transaction.execute(select(columns.domains).where(columns.id == asked.organization_id)).first()
    if home is not None and asked.email.rpartition("@")[2].lower() not in home.domains:
        raise EmailDomainMismatch(home.domains, "email", "e-mail address")


def _require_new(transaction: Transaction, email: str, besides: str = "") -> None:
    """Nobody of the directory has the address, and no other invitation to it is open. Raises PersonExists."""
    columns = people.c
    if transaction.execute(select(columns.id).where(func.lower(columns.email) == email.lower()).limit(1)).first():
        raise PersonExists("belongs to somebody of the directory already")
    asked = invitations.c
    waiting = select(asked.id).where(asked.email == email.lower(), asked.state == OPEN, asked.id != besides)
    if transaction.execute(waiting.limit(1)).first():
        raise PersonExists("was invited already: send that invitation again")


def _require_usable(transaction: Transaction, row: Row[Any], number: int) -> None:
    if row.state != OPEN:
        raise InvitationWrongState(_LABELS[row.state])
    if row.expire_time <= transaction.now:
        raise InvitationWrongState(_LABELS[EXPIRED])
    if row.round != number:
        raise InvitationWrongState("sent again in a newer mail")
    home = select(organizations.c.active).where(organizations.c.id == row.organization_id)
    if not transaction.execute(home).scalar():
        raise InvitationWrongState("of an organisation that is not active any more")


def _free_login(transaction: Transaction, email: str) -> str:
    """A login that nobody has, from the part of the address before its sign."""
    wished = _NO_LOGIN.sub("-", email.partition("@")[0].lower()).strip("-")[:_LONGEST_LOGIN] or "person"
    columns = people.c
    taken = set(transaction.execute(select(columns.login).where(columns.login.startswith(wished))).scalars())
    number, login = 1, wished
    while login in taken:
        number += 1
        login = f"{wished}-{number}"
    return login
