"""Who may be assigned: skills on the day of the visit, membership, overlap, reasons."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.technicians.domain.eligibility import Facts, Method, judge, require_assignable
from services.technicians.domain.errors import (
    AppointmentOverlap,
    OverrideReasonMissing,
    ReasonUnexplained,
    TechnicianNotEligible,
)
from services.technicians.domain.skills import Cell, Held, Requirement, matrix_row, missing_codes, needed_codes
from services.technicians.domain.visits import Visit, day_of, visit_of

DAY = date(2027, 3, 1)
CM = Held("VT40-CM", date(2026, 3, 1), date(2027, 3, 1))
NEEDS = (Requirement(all_of=("VT40-CM",)),)
ALLAN = Facts("t-1", "Allan Heward", active=True, organizations=frozenset({"bluefern"}), held=(CM,), busy=False)


@pytest.mark.req("CP-62")
def test_a_certificate_counts_from_its_issue_to_its_last_day() -> None:
    assert [CM.valid_on(DAY + timedelta(days=days)) for days in (-366, -365, 0, 1)] == [False, True, True, False]
    assert Held("X", DAY).valid_on(date(2099, 1, 1))


def test_a_revoked_certificate_ends_on_that_day() -> None:
    revoked = CM._replace(revoked=date(2027, 1, 5))

    assert revoked.valid_on(date(2027, 1, 4))
    assert not revoked.valid_on(date(2027, 1, 5))


@pytest.mark.req("CP-63")
def test_the_matrix_has_a_column_for_each_code_that_the_work_needs() -> None:
    needs = (Requirement(all_of=("A", "B")), Requirement(all_of=("B",), any_of=("C", "D")))
    held = [
        Held("A", DAY),
        Held("C", date(2020, 1, 1), date(2021, 1, 1)),
        Held("C", date(2022, 1, 1), date(2023, 1, 1)),
    ]

    assert needed_codes(needs) == ("A", "B", "C", "D")
    assert matrix_row(("A", "B", "C"), held, DAY) == (
        Cell("A", held=True, expires=None),
        Cell("B", held=False, expires=None),
        Cell("C", held=False, expires=date(2023, 1, 1)),
    )


def test_one_of_the_alternatives_is_enough() -> None:
    needs = (Requirement(all_of=("A",), any_of=("B", "C")),)

    assert missing_codes(needs, [Held("A", DAY), Held("C", DAY)], DAY) == ()
    assert missing_codes(needs, [Held("B", DAY)], DAY) == ("A",)
    assert missing_codes(needs, [], DAY) == ("A", "B", "C")


def test_a_qualified_member_needs_no_reason() -> None:
    verdict = judge(ALLAN, NEEDS, "bluefern", DAY)

    assert verdict.eligible
    assert verdict.method is Method.SKILL_MATCH
    require_assignable(ALLAN, verdict, "", "")


@pytest.mark.req("CP-65")
def test_a_missing_skill_on_the_day_of_the_visit_needs_a_reason() -> None:
    verdict = judge(ALLAN, NEEDS, "bluefern", DAY + timedelta(days=1))

    assert (verdict.eligible, verdict.eligible_with_reason, verdict.missing) == (False, True, ("VT40-CM",))
    assert verdict.method is Method.MANUAL_OVERRIDE
    with pytest.raises(OverrideReasonMissing) as refused:
        require_assignable(ALLAN, verdict, "", "")
    assert refused.value.metadata == {"missing": "VT40-CM"}
    with pytest.raises(ReasonUnexplained):
        require_assignable(ALLAN, verdict, "override_other", " ")
    require_assignable(ALLAN, verdict, "override_other", "Trained on site.")


@pytest.mark.req("CP-66")
def test_a_freelancer_always_needs_a_reason() -> None:
    freelancer = replace(ALLAN, organizations=frozenset())
    verdict = judge(freelancer, NEEDS, "bluefern", DAY)

    assert (verdict.freelancer, verdict.eligible, verdict.eligible_with_reason) == (True, False, True)
    assert verdict.method is Method.FREELANCER
    with pytest.raises(OverrideReasonMissing):
        require_assignable(freelancer, verdict, "", "")


@pytest.mark.parametrize(
    ("facts", "executor"),
    [
        (replace(ALLAN, active=False), "bluefern"),
        (replace(ALLAN, organizations=frozenset({"kestrel"})), "bluefern"),
        (ALLAN, ""),
    ],
)
def test_some_are_out_of_the_question_whatever_the_reason(facts: Facts, executor: str) -> None:
    verdict = judge(facts, NEEDS, executor, DAY)

    assert not verdict.eligible_with_reason
    with pytest.raises(TechnicianNotEligible):
        require_assignable(facts, verdict, "weather", "")


def test_a_busy_technician_cannot_be_assigned() -> None:
    busy = replace(ALLAN, busy=True)

    with pytest.raises(AppointmentOverlap):
        require_assignable(busy, judge(busy, NEEDS, "bluefern", DAY), "weather", "")


def test_visits_clash_only_where_they_share_time() -> None:
    noon = datetime(2027, 3, 1, 12, tzinfo=UTC)
    visit = visit_of(noon, 60)

    assert visit is not None
    assert not visit.overlaps(Visit(visit.end, visit.end + timedelta(hours=1)))
    assert visit.overlaps(Visit(noon + timedelta(minutes=59), noon + timedelta(hours=3)))
    assert visit_of(None, 60) is None
    assert visit_of(noon, 0) == Visit(noon, noon + timedelta(hours=2))


def test_the_day_is_that_of_the_site() -> None:
    late = datetime(2027, 3, 2, 4, tzinfo=UTC)

    assert day_of(late, "America/Chicago", late) == date(2027, 3, 1)
    assert day_of(None, "", late) == date(2027, 3, 2)
    assert day_of(late, "No/Where", late) == date(2027, 3, 2)
