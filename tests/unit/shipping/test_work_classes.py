"""Terms of a policy that differ by class of work, and the words that say why they count."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from services.shipping.domain.errors import InvalidPolicy
from services.shipping.domain.policy import AssignmentAnchor, ClassTerms, SlaInputs, Unit, WorkClass
from services.shipping.domain.sla import Target, compute
from tests.unit.shipping.test_sla_cases import ASSURE, CALENDAR, ZONE

REPAIR, INSTALLATION, COMMISSIONING = WorkClass.REPAIR, WorkClass.INSTALLATION, WorkClass.COMMISSIONING
POLICY = replace(
    ASSURE,
    class_terms=(
        ClassTerms(INSTALLATION, Unit.BUSINESS_DAYS, 10, due_time=time(12)),
        ClassTerms(COMMISSIONING, Unit.BUSINESS_HOURS, 4),
    ),
)
# Mon 2026-03-02 10:00 in Chicago.
ASSIGNED = AssignmentAnchor(datetime(2026, 3, 2, 16, tzinfo=UTC))

pytestmark = [pytest.mark.req("B-1"), pytest.mark.req("CP-73")]


def target(*classes: WorkClass, policy=POLICY) -> Target:
    return compute(SlaInputs(policy, CALENDAR, ZONE, ASSIGNED, work_classes=classes))


@pytest.mark.parametrize(
    ("classes", "due", "allowed", "why"),
    [
        ((INSTALLATION,), datetime(2026, 3, 16, 17, tzinfo=UTC), "10 business days",
         "All its line items are installation, which has terms of its own."),
        ((COMMISSIONING,), datetime(2026, 3, 2, 20, tzinfo=UTC), "4 business hours",
         "All its line items are commissioning, which has terms of its own."),
        ((REPAIR,), datetime(2026, 3, 4, 6, tzinfo=UTC), "1 business day",
         "There are no terms of their own for repair, so the general terms count."),
        ((REPAIR, INSTALLATION), datetime(2026, 3, 4, 6, tzinfo=UTC), "1 business day",
         "Its line items are of several classes (repair and installation), so the general terms count."),
        ((), datetime(2026, 3, 4, 6, tzinfo=UTC), "1 business day",
         "The class of its work is not known, so the general terms count."),
        ((WorkClass.UNKNOWN, INSTALLATION), datetime(2026, 3, 4, 6, tzinfo=UTC), "1 business day",
         "The class of its work is not known, so the general terms count."),
    ],
)  # fmt: skip
def test_the_terms_are_those_of_the_class_and_the_steps_say_why(classes, due, allowed, why) -> None:
    found = target(*classes)

    assert found.due_at == due
    assert found.words()[:2] == (f"Repair SLA Assure, version 1, allows {allowed}.", why)
    assert compute(found.inputs) == found


def test_a_policy_without_terms_by_class_says_nothing_of_classes() -> None:
    assert target(INSTALLATION, policy=ASSURE).steps == target(policy=ASSURE).steps
    assert target(policy=ASSURE).due_date == date(2026, 3, 3)


@pytest.mark.parametrize(
    "terms",
    [
        (ClassTerms(REPAIR, Unit.BUSINESS_HOURS, 0),),
        (ClassTerms(REPAIR, Unit.CLOCK_HOURS, 4, due_time=time(12)),),
        (ClassTerms(REPAIR, Unit.BUSINESS_DAYS, 1), ClassTerms(REPAIR, Unit.BUSINESS_DAYS, 2)),
        (ClassTerms(WorkClass.UNKNOWN, Unit.BUSINESS_DAYS, 1),),
    ],
)
def test_terms_that_no_target_could_count_by_are_refused(terms) -> None:
    with pytest.raises(InvalidPolicy, match="Repair SLA Assure"):
        replace(ASSURE, class_terms=terms)
