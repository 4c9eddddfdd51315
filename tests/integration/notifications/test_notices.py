"""From events to queued messages, on both databases."""

from datetime import timedelta

import pytest
from fieldmesh.workorders.v1 import events_pb2
from sqlalchemy import select

from services.notifications import directory
from services.notifications.catalog import UnknownTemplate
from services.notifications.domain.people import RecipientUnknown
from services.notifications.tables import deliveries, messages
from services.notifications.tables import people as people_table
from tests.support.notices import moved, posted, snapshot

from .conftest import ACTOR, NOW, organization, person, team


def queued(database):
    with database.read() as connection:
        return connection.execute(select(messages).order_by(messages.c.recipient_id)).all()


def recipients(database):
    return [row.recipient_id for row in queued(database)]


def keep(database, *events):
    keepers = {
        "PersonChanged": directory.keep_person,
        "TeamChanged": directory.keep_team,
        "OrganizationChanged": directory.keep_organization,
    }
    with database.begin(actor=ACTOR) as transaction:
        for event in events:
            keepers[event.DESCRIPTOR.name](transaction, event)


def test_an_allocated_order_is_told_to_the_partner_and_nobody_else(database, people, tell):
    tell(moved(("work_order_assigned", ["executor_organization"])))

    rows = queued(database)
    assert [row.recipient_id for row in rows] == ["riley", "sam"]
    assert rows[0].subject == "Work order 20107925 allocated: Assure - VT-40 - Head replacement (Ver 03)"
    assert rows[0].recipient_email == "riley@bluefern.example.com"
    assert rows[0].content["url"].startswith("http://127.0.0.1:8080/work-orders/0197a1f2")
    assert (rows[0].parties_issuer_org, rows[0].parties_scope_version) == ("voltara", 2)
    assert rows[0].next_time == NOW


def test_an_event_that_comes_again_is_told_once(database, people, tell):
    event = moved(("work_order_assigned", ["executor_organization"]))

    tell(event)
    tell(event)

    assert recipients(database) == ["riley", "sam"]


def test_somebody_whom_two_notices_reach_gets_the_first_mail(database, people, tell):
    tell(moved(("appointment_saved", ["technician"]), ("parts_shipped", ["executor_organization", "technician"])))

    assert {row.recipient_id: row.template for row in queued(database)} == {
        "dana": "appointment_saved",
        "riley": "parts_shipped",
        "sam": "parts_shipped",
    }


def test_who_did_it_is_not_told(database, people, tell):
    tell(moved(("work_order_completed", ["issuer_dispatchers", "issuer_approvers"]), actor="morgan"))

    assert recipients(database) == ["cse", "lee"]


@pytest.mark.req("CP-57")
def test_a_mention_reaches_people_and_team_members_but_never_the_author(database, people, tell):
    keep(database, team("na", ["morgan", "lee", "dana"]))

    tell(posted("See @NA and @Dana", ("team", "na"), ("person", "dana")))

    assert recipients(database) == ["dana", "lee"]


def test_a_mention_in_what_a_transition_posted_is_not_a_second_mail(database, people, tell):
    tell(moved(("assistance_requested", ["customer_service_executive"]), actor="riley", comment="Help"))
    tell(posted("Help", ("person", "cse"), ("person", "lee"), author="riley"), event_id="event-2")

    assert {row.recipient_id: row.template for row in queued(database)} == {
        "cse": "assistance_requested",
        "lee": "mention",
    }


def test_a_later_mention_on_the_same_order_is_told(database, people, tell):
    tell(posted("One", ("person", "cse")))
    tell(posted("Two", ("person", "cse")), event_id="event-2", request_id="request-2")

    assert recipients(database) == ["cse", "cse"]


@pytest.mark.parametrize(
    ("payload", "missing"),
    [
        (moved(("technician_assigned", ["technician"])), "person"),
        (moved(("work_order_assigned", ["executor_organization"])), "organization"),
        (posted("Hi", ("team", "na")), "team"),
    ],
)
def test_a_recipient_who_is_not_known_yet_makes_the_event_wait(database, tell, payload, missing):
    with pytest.raises(RecipientUnknown) as refused:
        tell(payload)

    assert refused.value.metadata["what"] == missing
    assert queued(database) == []


def test_the_event_succeeds_once_the_directory_has_caught_up(database, tell):
    payload = moved(("technician_assigned", ["technician"]))
    with pytest.raises(RecipientUnknown):
        tell(payload)

    keep(database, person("dana"))
    tell(payload)

    assert recipients(database) == ["dana"]


def test_a_member_who_is_not_known_yet_makes_a_mention_of_the_team_wait(database, tell):
    keep(database, team("na", ["dana"]))

    with pytest.raises(RecipientUnknown, match="dana"):
        tell(posted("Hi", ("team", "na")))


def test_an_organisation_without_people_keeps_no_event_waiting(database, tell):
    keep(database, organization("bluefern"))

    tell(moved(("work_order_assigned", ["executor_organization"])))

    assert queued(database) == []


def test_deactivated_and_deleted_people_get_no_mail(database, people, tell):
    keep(database, person("riley", 2, active=False), person("sam", 2, deleted=True))

    tell(moved(("work_order_assigned", ["executor_organization"])))

    assert queued(database) == []


def test_an_older_event_never_overwrites_a_newer_one(database, people):
    keep(database, person("riley", 3, email="new@bluefern.example.com"), person("riley", 2, email="old@example.com"))

    with database.read() as connection:
        row = connection.execute(select(people_table).where(people_table.c.id == "riley")).one()
    assert (row.source_version, row.email) == (3, "new@bluefern.example.com")


def test_a_mail_that_a_workflow_invents_parks_the_event(database, people, tell):
    with pytest.raises(UnknownTemplate, match="greeting"):
        tell(moved(("greeting", ["technician"])))


def test_mail_on_what_happened_long_ago_is_marked_sent_and_not_sent(database, people, tell, sender, server):
    tell(moved(("technician_assigned", ["technician"])), at=NOW - timedelta(hours=25))

    assert sender.send_next() is None
    assert server.received == []
    (row,) = queued(database)
    assert (row.state, row.create_time, row.last_outcome) == (3, NOW - timedelta(hours=25), "backdated")
    with database.read() as connection:
        (tried,) = connection.execute(select(deliveries)).all()
    assert (tried.state, tried.smtp_text[:14], tried.issuer_org) == (3, "Marked as sent", "voltara")


def test_the_reader_is_told_why_it_came_to_them(database, people, tell):
    tell(
        moved(
            ("expected_delivery_changed", ["executor_organization", "followers"]), order=snapshot(follower_ids=["lee"])
        )
    )

    whys = {row.recipient_id: row.content["why"] for row in queued(database)}
    assert whys["lee"] == "You get this mail because you follow this work order."
    assert "Bluefern Dispatch" in whys["riley"]


@pytest.mark.req("CP-36")
def test_a_follower_is_told_of_a_new_state_unless_they_made_it_or_get_another_mail(database, people, tell):
    order = snapshot(follower_ids=["morgan", "riley", "lee"])

    tell(moved(("work_order_assigned", ["executor_organization"]), order=order, actor="morgan"))

    assert {row.recipient_id: row.template for row in queued(database)} == {
        "riley": "work_order_assigned",
        "sam": "work_order_assigned",
        "lee": "state_changed",
    }
    mail = next(row.content for row in queued(database) if row.recipient_id == "lee")
    assert mail["why"] == "You get this mail because you follow this work order."


@pytest.mark.req("CP-36")
def test_followers_are_not_told_where_the_state_stays_or_where_they_see_the_order_no_more(database, people, tell):
    keep(database, person("lee", 2, organization_id="kestrel", roles=["partner"]))
    stayed = moved(order=snapshot(follower_ids=["cse"]))
    stayed.from_state = stayed.to_state

    tell(stayed)
    tell(moved(order=snapshot(follower_ids=["lee"])), event_id="event-2", request_id="request-2")

    assert queued(database) == []


@pytest.mark.req("B-1")
def test_a_warning_waits_for_the_readers_working_hours(database, people, tell):
    tomorrow = NOW.date() + timedelta(days=1)
    warned = events_pb2.WorkOrderWarned(work_order=snapshot(), target_version=3, percent=75)
    warned.notices.add(template="target_warning", recipients=["executor_organization", "issuer_dispatchers"])
    warned.windows.add(weekday=tomorrow.isoweekday(), opens="08:00", closes="17:00")

    tell(warned)
    tell(warned)

    rows = queued(database)
    assert {"riley", "sam"} < {row.recipient_id for row in rows}
    assert len({row.recipient_id for row in rows}) == len(rows)
    assert all(row.next_time > NOW and row.next_time.minute == 0 for row in rows)
    assert "75 % of the time is used up" in rows[0].subject


@pytest.mark.req("B-1")
def test_a_missed_target_is_told(database, people, tell):
    warned = events_pb2.WorkOrderWarned(work_order=snapshot(), target_version=3, missed=True)
    warned.notices.add(template="target_missed", recipients=["executor_organization"])
    warned.due_time.FromDatetime(NOW - timedelta(hours=1))

    tell(warned)

    assert queued(database)[0].subject == "Work order 20107925 missed its target date"
    assert queued(database)[0].next_time == NOW


@pytest.mark.req("PT-10")
def test_an_absent_technician_is_told_to_the_executors_office_but_not_to_whoever_entered_it(database, people, tell):
    told = moved(("technician_absent", ["executor_organization"]), actor="sam")
    told.reason_label = "Ada Moss is absent"

    tell(told)

    (row,) = queued(database)
    assert row.recipient_id == "riley"
    assert row.subject == "Work order 20107925: its technician is absent at the appointment"
    assert "Ada Moss is absent at the appointment of work order 20107925" in str(row.content)
