"""The service as a process of its own, at both sizes: events come in over the wire, mails go out."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from fieldmesh.common.v1 import events_pb2 as feed_pb2
from fieldmesh.notifications.v1 import message_pb2, message_pb2_grpc
from sqlalchemy import MetaData, select, update

from services.chassis.actors import Actor
from services.chassis.credentials import PersonCredentials
from services.chassis.database import Database
from services.chassis.epoch import ensure_epoch
from services.chassis.errors import NotAllowed, WrongState
from services.chassis.grpc_channel import Channels
from services.chassis.keys import ensure_keys, signing_key
from services.chassis.migrations import migrate
from services.chassis.process import open_process, service_targets
from services.chassis.settings import SERVICES, load_settings
from services.chassis.tables import chassis_tables
from services.chassis.tokens import TokenSigner, UserGrant
from services.chassis.traffic import EventTraffic
from services.notifications import build_templates
from services.notifications.tables import deliveries, messages, people
from tests.support.mail import MailServer, mail_server
from tests.support.mesh import free_ports, serving
from tests.support.notices import moved, posted
from tests.support.patience import eventually
from tests.support.servers import broker_vhost, postgres_database

from .conftest import PEOPLE, organization, person

ROOT = Path(__file__).parents[3]
FEED = feed_pb2.DESCRIPTOR.services_by_name["FeedService"]
METADATA = MetaData()
chassis_tables(METADATA)
ADMIN = UserGrant("root", "Root", frozenset({"admin"}))
DANA = UserGrant("dana", "Dana Ruiz", frozenset({"technician"}), organization_id="bluefern")
EMBEDDED = pytest.mark.parametrize("stage", ["embedded"], indirect=True)
WHO = Actor("morgan", "Morgan Hale", "voltara")


class Producer:
    """A service that only publishes."""

    def __init__(self, name, settings):
        self.process = open_process(name, settings)
        self.database = Database(self.process.own.database_url)
        with self.database.begin(actor=WHO) as transaction:
            METADATA.create_all(transaction.connection)
        ensure_epoch(self.database)
        self.traffic = EventTraffic(self.process, self.database, consumers=("notifications",))
        self.process.feed_server.add_servicer(FEED, self.traffic.servicer)
        self.process.feed_server.start()
        self.process.feed_server.serving()
        self.traffic.start()
        self.versions = {}

    def publish(self, payload, kind, identity, request_id=""):
        version = self.versions[identity] = self.versions.get(identity, 0) + 1
        actor = Actor(WHO.subject, WHO.name, WHO.organization_id, request_id)
        with self.database.begin(actor=actor) as transaction:
            return transaction.publish(payload, kind, identity, version)

    def stop(self):
        ended = self.process.feed_server.stop(1)
        self.traffic.stop()
        ended.wait(5)
        self.process.channels.close()
        self.database.close()


class Stage:
    """A notifications process between two producers and a mail server."""

    def __init__(self, settings, environment, server, producers):
        self.settings, self.environment, self.server = settings, environment, server
        self.workorders, self.technicians = producers
        self.database = Database(settings.service("notifications").database_url)
        self.running = None

    def start(self):
        log = (self.settings.data / "notifications.log").open("ab")
        self.running = subprocess.Popen(
            [sys.executable, "-m", "services.notifications"], cwd=ROOT, env=self.environment, stdout=log, stderr=log
        )
        log.close()
        eventually(lambda: serving(self.settings.service("notifications").target))

    def kill(self):
        self.running.send_signal(signal.SIGKILL)
        self.running.wait(10)

    def stop(self):
        if self.running and self.running.poll() is None:
            self.running.terminate()
            self.running.wait(20)
        self.database.close()

    def introduce(self, *identities):
        """Tells who there is, as technicians would."""
        for name in ("voltara", "bluefern"):
            self.technicians.publish(organization(name), "Organization", name)
        for identity in identities or PEOPLE:
            self.technicians.publish(person(identity), "Person", identity)

    def mention(self, number, *who):
        payload = posted(f"Post {number}", *(("person", each) for each in who))
        return self.workorders.publish(payload, "WorkOrder", f"order-{number}", f"request-{number}")

    def rows(self, table=messages):
        with self.database.read() as connection:
            return connection.execute(select(table)).all()

    def stub(self, stub_type, grant=ADMIN):
        signer = TokenSigner(signing_key(self.settings.keys_folder, "admin"))
        self.channels = Channels(service_targets(self.settings), PersonCredentials(signer, lambda: grant))
        return self.channels.stub(stub_type, "notifications")


@pytest.fixture(params=["embedded", "grown"])
def stage(request, tmp_path, monkeypatch):
    build_templates.compile_all()
    ensure_keys(tmp_path / "keys")
    monkeypatch.setenv("FIELDMESH_DATA", str(tmp_path))
    ports = iter(free_ports(3 * len(SERVICES)))
    for name in SERVICES:
        for kind in ("PORT", "FEED_PORT", "METRICS_PORT"):
            monkeypatch.setenv(f"FIELDMESH_{name.upper()}_{kind}", str(next(ports)))
    if request.param == "grown":
        monkeypatch.setenv("FIELDMESH_BROKER_URL", request.getfixturevalue("own_broker"))
        for name in SERVICES:
            monkeypatch.setenv(f"FIELDMESH_{name.upper()}_DATABASE_URL", request.getfixturevalue("databases")[name])
    with mail_server() as server:
        monkeypatch.setenv("FIELDMESH_SMTP_PORT", str(server.port))
        settings = load_settings()
        migrate("notifications", settings.service("notifications").database_url)
        producers = [Producer(name, settings) for name in ("workorders", "technicians")]
        made = Stage(settings, dict(os.environ), server, producers)
        try:
            yield made
        finally:
            made.stop()
            for producer in producers:
                producer.stop()
            if hasattr(made, "channels"):
                made.channels.close()


@pytest.fixture
def own_broker():
    with broker_vhost() as url:
        yield url


@pytest.fixture
def databases():
    with postgres_database() as one, postgres_database() as two, postgres_database() as three:
        yield {"notifications": one, "workorders": two, "technicians": three, "shipping": "postgresql://unused"}


def test_an_event_becomes_a_mail_that_people_can_read_again(stage):
    stage.introduce()
    stage.start()
    stage.workorders.publish(moved(("technician_assigned", ["technician"])), "WorkOrder", "order-1", "request-1")

    (mail,) = stage.server.wait_for(1)

    assert mail["To"] == "Dana Ruiz <dana@bluefern.example.com>"
    eventually(lambda: stage.rows()[0].state == message_pb2.DELIVERY_STATE_SENT)
    own = stage.stub(message_pb2_grpc.MessageServiceStub, DANA).ListMessages(message_pb2.ListMessagesRequest())
    assert [message.subject for message in own.messages] == [mail["Subject"]]
    shown = stage.stub(message_pb2_grpc.TemplateServiceStub).ListTemplates(message_pb2.ListTemplatesRequest())
    assert shown.page.total_size >= 12


@EMBEDDED
def test_the_verb_is_for_admins_and_never_sends_twice(stage):
    stage.introduce()
    stage.start()
    stage.mention(1, "dana")
    stage.server.wait_for(1)
    eventually(lambda: stage.rows()[0].state == message_pb2.DELIVERY_STATE_SENT)
    request = message_pb2.RetryDeliveryRequest(id=stage.rows(deliveries)[0].id, request_id="r")

    with pytest.raises(NotAllowed):
        stage.stub(message_pb2_grpc.MailServiceStub, DANA).RetryDelivery(request)
    with pytest.raises(WrongState) as refused:
        stage.stub(message_pb2_grpc.MailServiceStub).RetryDelivery(request)

    assert refused.value.reason == "NOT_RETRYABLE"


def test_a_mail_to_somebody_who_is_not_known_yet_is_late_and_not_lost(stage):
    stage.introduce("morgan")
    stage.start()
    stage.mention(1, "dana")
    stage.mention(2, "morgan", "dana")
    time.sleep(1.0)
    assert stage.server.received == []

    stage.introduce("dana")

    assert {mail["To"].addresses[0].username for mail in stage.server.wait_for(2)} == {"dana"}


def test_a_sender_that_is_killed_before_the_answer_sends_the_same_mail_again(stage):
    """SMTP is at least once: the receiver can tell by the Message-ID."""
    taken, go_on = threading.Event(), threading.Event()

    class Slow(MailServer):
        async def handle_DATA(self, *arguments):  # noqa: N802 - aiosmtpd's name
            answer = await super().handle_DATA(*arguments)
            if not taken.is_set():
                taken.set()
                await _asleep(go_on)
            return answer

    stage.server.__class__ = Slow
    stage.introduce()
    stage.start()
    stage.mention(1, "dana")
    assert taken.wait(20)

    stage.kill()
    go_on.set()
    (tried,) = stage.rows(deliveries)
    assert tried.outcome == "pending"
    if stage.settings.broker_url:
        _end_lease(stage)
    stage.start()

    first, second = stage.server.wait_for(2)
    assert first["Message-ID"] == second["Message-ID"]
    assert first.as_bytes() == second.as_bytes()
    eventually(lambda: stage.rows()[0].state == message_pb2.DELIVERY_STATE_SENT)
    outcomes = {tried.attempt: tried.outcome for tried in stage.rows(deliveries)}
    assert outcomes == {1: "interrupted", 2: "accepted"}


@pytest.mark.timeout(240)
def test_killing_the_service_under_load_loses_no_mail_and_doubles_no_message(stage):
    stage.introduce()
    stage.start()
    eventually(lambda: len(stage.rows(people)) == len(PEOPLE))
    for number in range(30):
        stage.mention(number, "dana", "lee")
        if number in {8, 18}:
            stage.kill()
            if stage.settings.broker_url:
                _end_lease(stage)
            stage.start()

    eventually(lambda: len({mail["Message-ID"] for mail in list(stage.server.received)}) == 60)
    eventually(lambda: {row.state for row in stage.rows()} == {message_pb2.DELIVERY_STATE_SENT})
    assert len(stage.rows()) == 60
    # At most the one mail at hand goes out again at each kill.
    assert len(stage.server.received) <= 62


@EMBEDDED
def test_each_post_brings_its_mail_without_waiting_for_the_next(stage):
    stage.introduce()
    stage.start()
    for number in range(21):
        stage.mention(number, "dana")
        stage.server.wait_for(number + 1)

    assert len(stage.server.received) == 21


@EMBEDDED
def test_a_wrong_setting_is_named_before_anything_listens(stage):
    environment = stage.environment | {"FIELDMESH_MAIL_FROM": "nobody"}

    done = subprocess.run(
        [sys.executable, "-m", "services.notifications"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (done.returncode, "FIELDMESH_MAIL_FROM" in done.stderr) == (2, True)


def _end_lease(stage):
    """What three minutes would do: other senders may now conclude that the try was interrupted."""
    with stage.database.begin(actor=WHO) as transaction:
        sending = messages.c.state == message_pb2.DELIVERY_STATE_SENDING
        transaction.execute(update(messages).where(sending).values(next_time=messages.c.create_time))


async def _asleep(until_set):
    await asyncio.get_running_loop().run_in_executor(None, until_set.wait, 20)
