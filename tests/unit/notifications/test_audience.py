"""Who gets a notice."""

import pytest

from services.notifications.domain.audience import (
    Audience,
    Involved,
    OnePerson,
    RoleHolders,
    TeamMembers,
    UnknownAudience,
    addressees,
    selectors,
)
from services.notifications.domain.people import Person

ORDER = Involved(
    issuer_org="voltara",
    executor_org="bluefern",
    customer_service_executive_id="cse",
    technician_person_id="dana",
    follower_ids=("f1", "f2"),
)


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        ("executor_organization", (RoleHolders("bluefern", "partner"),)),
        ("issuer_dispatchers", (RoleHolders("voltara", "dispatcher"),)),
        ("issuer_approvers", (RoleHolders("voltara", "approver"),)),
        ("customer_service_executive", (OnePerson("cse"),)),
        ("technician", (OnePerson("dana"),)),
        ("followers", (OnePerson("f1"), OnePerson("f2"))),
        ("mentioned", ()),
    ],
)
def test_every_symbolic_recipient_leads_to_people(audience, expected):
    assert selectors(audience, ORDER) == expected


def test_every_audience_can_be_looked_up():
    for audience in Audience:
        selectors(audience, ORDER)


@pytest.mark.req("CP-61")
def test_an_order_without_executive_is_told_to_the_dispatchers_who_gave_it_out():
    found = selectors("customer_service_executive", Involved(issuer_org="voltara"))

    assert found == (RoleHolders("voltara", "dispatcher"),)


@pytest.mark.req("CP-57")
def test_a_mention_of_people_and_teams_reaches_both():
    found = selectors("mentioned", Involved(mentioned_person_ids=("p1",), mentioned_team_ids=("t1",)))

    assert found == (OnePerson("p1"), TeamMembers("t1"))


def test_an_unallocated_order_has_no_executor_to_tell():
    assert selectors("executor_organization", Involved(issuer_org="voltara")) == ()


def test_a_recipient_that_nobody_defined_is_a_fault_of_the_workflow():
    with pytest.raises(UnknownAudience, match="everybody"):
        selectors("everybody", ORDER)


def test_somebody_in_two_audiences_gets_one_mail_for_the_first():
    riley = Person("riley", "Riley Chen", "riley@bluefern.example.com")

    chosen = addressees({"executor_organization": [riley], "followers": [riley]}, author="morgan")

    assert chosen == {"riley": (riley, "executor_organization")}


def test_authors_are_not_told_of_what_they_did():
    riley = Person("riley", "Riley Chen", "riley@bluefern.example.com")

    assert addressees({"mentioned": [riley]}, author="riley") == {}


def test_deactivated_people_get_no_mail():
    gone = Person("gone", "Gone", "gone@bluefern.example.com", active=False)

    assert addressees({"followers": [gone]}, author="") == {}
