"""Our copy of the directory: kept up to date by events of technicians, read to find who gets a mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from services.notifications.domain.audience import OnePerson, RoleHolders, Selector, TeamMembers
from services.notifications.domain.people import Person, RecipientUnknown
from services.notifications.tables import organizations, people, teams

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fieldmesh.technicians.v1 import events_pb2
    from sqlalchemy import Connection

    from services.chassis.unit_of_work import Transaction


def keep_person(transaction: Transaction, event: events_pb2.PersonChanged) -> None:
    """Keeps a person as the event tells, unless a newer event came first; a deleted one stays as inactive."""
    person = event.person
    values = {
        "id": person.id,
        "version": person.version,
        "name": person.name,
        "email": person.email,
        "locale": person.locale,
        "time_zone": person.time_zone,
        "organization_id": person.organization_id,
        "roles": list(person.roles),
        "active": person.active and not event.deleted,
    }
    _keep_newest(transaction, people, values)


def keep_team(transaction: Transaction, event: events_pb2.TeamChanged) -> None:
    """Keeps a team as the event tells, unless a newer event came first."""
    team = event.team
    active = team.active and not event.deleted
    values = {"id": team.id, "version": team.version, "name": team.name, "member_ids": list(team.member_ids)}
    _keep_newest(transaction, teams, values | {"active": active})


def keep_organization(transaction: Transaction, event: events_pb2.OrganizationChanged) -> None:
    """Keeps an organisation as the event tells, unless a newer event came first."""
    organization = event.organization
    values = {"id": organization.id, "version": organization.version, "name": organization.name}
    _keep_newest(transaction, organizations, values | {"active": organization.active and not event.deleted})


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
        case TeamMembers(team_id):
            team = connection.execute(select(teams).where(teams.c.id == team_id)).one_or_none()
            if team is None:
                raise RecipientUnknown("team", team_id)
            return [_known(connection, member) for member in team.member_ids] if team.active else []
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
        active=row.active,
    )


def _keep_newest(transaction: Transaction, table: Table, values: dict[str, Any]) -> None:
    insert = postgresql.insert if transaction.connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(values)
    changed = {name: statement.excluded[name] for name in values if name != "id"}
    newer = table.c.version < statement.excluded.version
    transaction.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed, where=newer))
