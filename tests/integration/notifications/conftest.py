"""Both databases, a mail server, and a sender between them."""

from datetime import UTC, datetime, timedelta

import pytest
from fieldmesh.common.v1 import events_pb2 as envelope_pb2
from fieldmesh.technicians.v1 import events_pb2 as directory_events_pb2
from fieldmesh.technicians.v1 import organization_pb2, person_pb2, team_pb2
from sqlalchemy import delete

from services.chassis.actors import service_actor
from services.chassis.clock import ScriptedClock
from services.chassis.database import Database
from services.notifications import directory
from services.notifications.build_templates import compile_all
from services.notifications.catalog import Catalog
from services.notifications.handlers import MailPolicy, Notices
from services.notifications.layout import Layout
from services.notifications.mime import Sender
from services.notifications.sender import MailSender
from services.notifications.smtp import SmtpAddress, SmtpTransport
from services.notifications.tables import metadata
from tests.support.mail import mail_server
from tests.support.servers import postgres_database

NOW = datetime(2024, 12, 3, 15, 0, tzinfo=UTC)
SENDER = Sender("Fieldmesh", "fieldmesh@mail.example.com")
ACTOR = service_actor("notifications")
PEOPLE = {
    "riley": ("Riley Chen", "bluefern", ["partner"]),
    "sam": ("Sam Ortiz", "bluefern", ["partner", "technician"]),
    "dana": ("Dana Ruiz", "bluefern", ["technician"]),
    "morgan": ("Morgan Hale", "voltara", ["dispatcher"]),
    "cse": ("Casey Webb", "voltara", ["dispatcher"]),
    "lee": ("Lee Park", "voltara", ["approver"]),
}


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def prepared(request, tmp_path_factory):
    """A database with the tables, made once a session."""
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path_factory.mktemp('notifications')}/notifications.sqlite3")
        _make_tables(made)
        yield made
        made.close()
        return
    with postgres_database() as url:
        made = Database(url)
        _make_tables(made)
        yield made
        made.close()


def _make_tables(database):
    with database.begin(actor=ACTOR) as transaction:
        metadata.create_all(transaction.connection)


@pytest.fixture
def database(prepared):
    with prepared.begin(actor=ACTOR) as transaction:
        for table in reversed(metadata.sorted_tables):
            transaction.execute(delete(table))
    return prepared


@pytest.fixture
def clock():
    return ScriptedClock(NOW)


@pytest.fixture(scope="session")
def layout(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compiled")
    compile_all(folder)
    return Layout("http://127.0.0.1:8080", folder)


@pytest.fixture
def server():
    with mail_server() as running:
        yield running


@pytest.fixture
def transport(server):
    made = SmtpTransport(SmtpAddress("127.0.0.1", server.port, timeout=5))
    yield made
    made.close()


@pytest.fixture
def sender(database, layout, transport, clock):
    return MailSender(database, layout, transport, SENDER, clock)


@pytest.fixture
def notices(clock):
    policy = MailPolicy("mail.example.com", "http://127.0.0.1:8080")
    return Notices(Catalog.load(), policy, clock, wake=lambda: None)


@pytest.fixture
def people(database):
    with database.begin(actor=ACTOR) as transaction:
        for name in ("voltara", "bluefern"):
            directory.keep_organization(transaction, organization(name))
        for identity in PEOPLE:
            directory.keep_person(transaction, person(identity))
    return PEOPLE


@pytest.fixture
def tell(database, notices):
    """Hands an event of workorders to its handler, as an inbox lane does."""

    def deliver(payload, *, event_id="event-1", at=NOW, request_id="request-1"):
        event = envelope_pb2.Event(id=event_id, producer="workorders", request_id=request_id)
        event.occur_time.FromDatetime(at)
        handler = {
            "WorkOrderMoved": notices.work_order_moved,
            "WorkOrderWarned": notices.work_order_warned,
            "FeedPosted": notices.feed_posted,
        }
        with database.begin(actor=ACTOR, now=NOW) as transaction:
            handler[payload.DESCRIPTOR.name](transaction, event, payload)

    return deliver


def person(identity, version=1, *, deleted=False, **changes):
    name, organization_id, roles = PEOPLE[identity]
    values = {"name": name, "organization_id": organization_id, "roles": roles, "active": True, "locale": "en-US"}
    values |= {"email": f"{identity}@{organization_id}.example.com"} | changes
    row = person_pb2.Person(id=identity, version=version, **values)
    return directory_events_pb2.PersonChanged(person=row, deleted=deleted)


def team(identity, members, version=1, *, deleted=False):
    row = team_pb2.Team(id=identity, name="NA Field Service Team", member_ids=members, version=version, active=True)
    return directory_events_pb2.TeamChanged(team=row, deleted=deleted)


def organization(identity, version=1):
    row = organization_pb2.Organization(id=identity, name=identity.title(), version=version, active=True)
    return directory_events_pb2.OrganizationChanged(organization=row)


SECOND = timedelta(seconds=1)
