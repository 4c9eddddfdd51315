"""Our copy of the directory: kept up to date by events of technicians, read to find who gets a mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Row, select

from services.chassis.ids import derive_id
from services.chassis.projections import Projection
from services.notifications.domain.audience import OnePerson, Outsider, RoleHolders, Selector, TeamMembers
from services.notifications.domain.people import Person, RecipientUnknown
from services.notifications.tables import organizations, people, teams

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fieldmesh.technicians.v1 import events_pb2
    from sqlalchemy import Connection

    from services.chassis.unit_of_work import Transaction


class _Versioned(Protocol):
    id: str
    version: int


PEOPLE = Projection("technicians", "Person", people)
TEAMS = Projection("technicians", "Team", teams)
ORGANIZATIONS = Projection("technicians", "Organization", organizations)
PROJECTIONS = (PEOPLE, TEAMS, ORGANIZATIONS)
"""What `fieldmesh reconcile` compares with technicians."""


def keep_person(transaction: Transaction, event: events_pb2.PersonChanged) -> None:
    """Keeps a person as the event tells, unless a newer event came first."""
    person = event.person
    values = {
        "name": person.name,
        "email": person.work_email or person.email,
        "locale": person.locale,
        "time_zone": person.time_zone,
        "organization_id": person.organization_id,
        "roles": list(person.roles),
        "active": person.active,
    }
    _keep(transaction, PEOPLE, person, values, deleted=event.deleted)


def keep_team(transaction: Transaction, event: events_pb2.TeamChanged) -> None:
    """Keeps a team as the event tells, unless a newer event came first."""
    team = event.team
    values = {"name": team.name, "member_ids": list(team.member_ids), "active": team.active}
    _keep(transaction, TEAMS, team, values, deleted=event.deleted)


def keep_organization(transaction: Transaction, event: events_pb2.OrganizationChanged) -> None:
    """Keeps an organisation as the event tells, unless a newer event came first."""
    organization = event.organization
    values = {"name": organization.name, "active": organization.active}
    _keep(transaction, ORGANIZATIONS, organization, values, deleted=event.deleted)


def find(connection: Connection, wanted: Iterable[Selector]) -> list[Person]:
    """The people that selectors stand for, active or not, in order.

    Raises RecipientUnknown where somebody is named whom no event told of yet: the caller tries again later, so that
    a mail is late rather than lost.
    """
    return [person for selector in wanted for person in _find(connection, selector)]


def person(connection: Connection, person_id: str) -> Person | None:
    """One person, or None where no event told of them."""
    row = connection.execute(select(people).where(people.c.id == person_id)).one_or_none()
    return None if row is None else _person(row)


def _find(connection: Connection, selector: Selector) -> list[Person]:
    match selector:
        case OnePerson(person_id):
            return [_known(connection, person_id)]
        case Outsider(name, email):
            # The same address is the same addressee, and no id of the directory's.
            return [Person(derive_id("notifications.outsider", email.lower()), name, email)]
        case TeamMembers(team_id):
            team = connection.execute(select(teams).where(teams.c.id == team_id)).one_or_none()
            if team is None:
                raise RecipientUnknown("team", team_id)
            return (
                [_known(connection, member) for member in team.member_ids] if team.active and not team.deleted else []
            )
        case RoleHolders(organization_id, role):
            held = select(people).where(people.c.organization_id == organization_id).order_by(people.c.id)
            found = [_person(row) for row in connection.execute(held)]
            if not found and not _is_known(connection, organization_id):
                raise RecipientUnknown("organization", organization_id)
            return [each for each in found if role in each.roles]


def _known(connection: Connection, person_id: str) -> Person:
    found = person(connection, person_id)
    if found is None:
        raise RecipientUnknown("person", person_id)
    return found


def _is_known(connection: Connection, organization_id: str) -> bool:
    found = select(organizations.c.id).where(organizations.c.id == organization_id)
    return connection.execute(found).one_or_none() is not None


def _person(row: Row[Any]) -> Person:
    return Person(
        person_id=row.id,
        name=row.name,
        email=row.email,
        locale=row.locale,
        time_zone=row.time_zone,
        organization_id=row.organization_id,
        roles=frozenset(row.roles),
        active=row.active and not row.deleted,
    )


def _keep(
    transaction: Transaction, projection: Projection, source: _Versioned, values: dict[str, Any], *, deleted: bool
) -> None:
    keep = projection.bury if deleted else projection.upsert
    keep(transaction, source.id, source.version, values)
