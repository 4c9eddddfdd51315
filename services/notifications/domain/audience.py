"""Who a notice is for: from the symbolic recipients of a workflow to people.

A workflow names its recipients symbolically, because only the directory knows who stands behind them at the moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from services.notifications.domain.people import Person


class Audience(StrEnum):
    """The symbolic recipients that a workflow may name."""

    EXECUTOR_ORGANIZATION = "executor_organization"
    ISSUER_DISPATCHERS = "issuer_dispatchers"
    ISSUER_APPROVERS = "issuer_approvers"
    CUSTOMER_SERVICE_EXECUTIVE = "customer_service_executive"
    TECHNICIAN = "technician"
    FOLLOWERS = "followers"
    MENTIONED = "mentioned"
    EXECUTOR_DISPATCHERS = "executor_dispatchers"
    SUBMITTER = "submitter"
    APPROVER = "approver"
    APPROVER_DELEGATE = "approver_delegate"
    ASSIGNEE = "assignee"
    FORMER_ASSIGNEE = "former_assignee"
    ASSIGNED_TECHNICIAN = "assigned_technician"
    RELEASED_TECHNICIANS = "released_technicians"
    CREDENTIAL_HOLDER = "credential_holder"
    CREDENTIAL_OFFICE = "credential_office"
    """The technician whose certificate it is about, and their organisation's office; no workflow names them."""
    ENDPOINT_DISPATCHERS = "endpoint_dispatchers"
    """Of the organisation whose webhook endpoint it is about; no workflow names them."""
    INVITED = "invited"
    """Whoever is invited to sign in; no workflow names them."""


@dataclass(frozen=True, slots=True)
class RoleHolders:
    """The active people of an organisation who hold a role in it."""

    organization_id: str
    role: str


@dataclass(frozen=True, slots=True)
class OnePerson:
    """One person, by id."""

    person_id: str


@dataclass(frozen=True, slots=True)
class TeamMembers:
    """The active members of a team."""

    team_id: str


@dataclass(frozen=True, slots=True)
class Outsider:
    """Somebody who is not in the directory: all that is known is what somebody typed (UM-5)."""

    name: str
    email: str


NOBODY = Outsider("", "")

Selector = RoleHolders | OnePerson | TeamMembers | Outsider


@dataclass(frozen=True, slots=True)
class Involved:
    """The organisations and people with a part in an order, as an event tells them; empty ids mean nobody."""

    issuer_org: str = ""
    executor_org: str = ""
    facility_org: str = ""
    customer_service_executive_id: str = ""
    technician_person_id: str = ""
    follower_ids: tuple[str, ...] = ()
    mentioned_person_ids: tuple[str, ...] = ()
    mentioned_team_ids: tuple[str, ...] = ()
    submitter_id: str = ""
    approver_id: str = ""
    approver_delegate_id: str = ""
    assignee_id: str = ""
    former_assignee_id: str = ""
    outside_assignee: Outsider = NOBODY
    former_outside_assignee: Outsider = NOBODY
    further_technician_ids: tuple[str, ...] = ()
    assigned_technician_id: str = ""
    released_technician_ids: tuple[str, ...] = ()


class UnknownAudience(Exception):
    """A workflow names a recipient that nobody defined; a fault of the definition."""


def selectors(audience: str, involved: Involved) -> tuple[Selector, ...]:
    """Whom to look up in the directory for a symbolic recipient.

    An order without a Customer Service Executive is looked after by the dispatchers who gave it out, so that no
    question of a partner is told to nobody (CP-61). Raises UnknownAudience.
    """
    try:
        return _SELECTORS[Audience(audience)](involved)
    except ValueError as error:
        raise UnknownAudience(f"No recipient is called {audience!r}.") from error


def _role(organization_id: str, role: str) -> tuple[Selector, ...]:
    return (RoleHolders(organization_id, role),) if organization_id else ()


def _people(*person_ids: str) -> tuple[Selector, ...]:
    return tuple(OnePerson(person_id) for person_id in person_ids if person_id)


def _one_of(person_id: str, outsider: Outsider) -> tuple[Selector, ...]:
    """A person of the directory, else somebody outside of it, else nobody."""
    return _people(person_id) or ((outsider,) if outsider.email else ())


def _office(organization_id: str, office: Outsider) -> tuple[Selector, ...]:
    """The office's own address, else everybody who works there."""
    return (office,) if office.email else _role(organization_id, "partner")


def _executive(involved: Involved) -> tuple[Selector, ...]:
    return _people(involved.customer_service_executive_id) or _role(involved.issuer_org, "dispatcher")


def _mentioned(involved: Involved) -> tuple[Selector, ...]:
    teams = tuple(TeamMembers(team_id) for team_id in involved.mentioned_team_ids if team_id)
    return (*_people(*involved.mentioned_person_ids), *teams)


_SELECTORS: Mapping[Audience, Callable[[Involved], tuple[Selector, ...]]] = {
    Audience.EXECUTOR_ORGANIZATION: lambda involved: _role(involved.executor_org, "partner"),
    Audience.ISSUER_DISPATCHERS: lambda involved: _role(involved.issuer_org, "dispatcher"),
    Audience.ISSUER_APPROVERS: lambda involved: _role(involved.issuer_org, "approver"),
    Audience.CUSTOMER_SERVICE_EXECUTIVE: _executive,
    Audience.TECHNICIAN: lambda involved: _people(involved.technician_person_id, *involved.further_technician_ids),
    Audience.FOLLOWERS: lambda involved: _people(*involved.follower_ids),
    Audience.MENTIONED: _mentioned,
    Audience.EXECUTOR_DISPATCHERS: lambda involved: _role(involved.executor_org, "dispatcher"),
    Audience.SUBMITTER: lambda involved: _people(involved.submitter_id),
    Audience.APPROVER: lambda involved: _people(involved.approver_id),
    Audience.APPROVER_DELEGATE: lambda involved: _people(involved.approver_delegate_id),
    Audience.ASSIGNEE: lambda involved: _one_of(involved.assignee_id, involved.outside_assignee),
    Audience.FORMER_ASSIGNEE: lambda involved: _one_of(involved.former_assignee_id, involved.former_outside_assignee),
    Audience.ASSIGNED_TECHNICIAN: lambda involved: _people(involved.assigned_technician_id),
    Audience.RELEASED_TECHNICIANS: lambda involved: _people(*involved.released_technician_ids),
    Audience.CREDENTIAL_HOLDER: lambda involved: _people(involved.technician_person_id),
    Audience.CREDENTIAL_OFFICE: lambda involved: _office(involved.executor_org, involved.outside_assignee),
    Audience.ENDPOINT_DISPATCHERS: lambda involved: _role(involved.issuer_org, "dispatcher"),
    Audience.INVITED: lambda involved: _one_of("", involved.outside_assignee),
}


def addressees(found: Mapping[str, Iterable[Person]], author: str) -> dict[str, tuple[Person, str]]:
    """Each person once with the first audience that reaches them, in the order of `found` (audience to people).

    Nobody is told what they did themselves (hard parts, 25), and nobody who was deactivated is told anything.
    """
    chosen: dict[str, tuple[Person, str]] = {}
    for audience, people in found.items():
        for person in people:
            if person.active and person.person_id != author:
                chosen.setdefault(person.person_id, (person, audience))
    return chosen


def sees(person: Person, involved: Involved) -> bool:
    """Whether a person may still be told of an order: an admin, its technicians, or of an organisation with a part."""
    parties = {involved.issuer_org, involved.executor_org, involved.facility_org} - {""}
    return (
        "admin" in person.roles
        or person.organization_id in parties
        or person.person_id in {involved.technician_person_id, *involved.further_technician_ids}
    )
