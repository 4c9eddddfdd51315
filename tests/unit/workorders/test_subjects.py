"""Subjects of orders, and what they contradict (CP-18)."""

import pytest

from services.workorders.domain.subjects import MODEL_FLAG, PLAN_FLAG, Subject, contradictions, parse

PLANS = ("Assure", "NonAssure", "Assure Pro")
pytestmark = pytest.mark.req("CP-18")


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Assure - CT4010-HD-GW - Head (Ver 08)", Subject("Assure", "CT4010-HD-GW", "Head", "08")),
        ("Assure-CT4020-HD-GW - SIM card", Subject("Assure", "CT4020-HD-GW", "SIM card")),
        ("Assure-250 -WAGO Block -Replace", Subject("Assure", "250", "WAGO Block - Replace")),
        ("assure pro - VT-40 - Latch (ver. 2)", Subject("Assure Pro", "VT-40", "Latch", "2")),
        ("Time and material - VX-60 - Commissioning", Subject("", "VX-60", "Commissioning")),
        ("Assured that it works", Subject()),
        ("Replace the head", Subject()),
        ("Assure", Subject("Assure")),
        ("", Subject()),
    ],
)  # fmt: skip
def test_a_subject_is_read_in_whatever_way_people_write_it(subject, expected):
    assert parse(subject, PLANS) == expected


@pytest.mark.parametrize(
    ("subject", "plan", "models", "codes"),
    [
        ("Assure - VT-40 - Head", "Assure", ["VT-40"], []),
        ("NonAssure - VT-40 - Head", "Assure", ["VT-40"], [PLAN_FLAG]),
        ("Assure - VT-40 - Head", "", [], [PLAN_FLAG]),
        ("Assure - VT-250 - Head", "Assure", ["VT-40", "VT-60"], [MODEL_FLAG]),
        ("NonAssure - VT-250 - Head", "Assure", ["VT-40"], [PLAN_FLAG, MODEL_FLAG]),
        ("Assure - CT4020 - Head", "Assure", ["CT4020-HD-GW"], []),
        ("Assure - 250 - Cable", "Assure", ["CPE250"], []),
        ("Assure - VT-250 - Head", "Assure", [""], []),
        ("Replace the head", "Assure", ["VT-40"], []),
    ],
)
def test_only_what_a_subject_really_says_is_held_against_the_order(subject, plan, models, codes):
    assert [flag.code for flag in contradictions(subject, plan, PLANS, models)] == codes


def test_a_contradiction_is_told_with_both_sides():
    (plan, model) = contradictions("NonAssure - VT-250 - Head", "Assure", PLANS, ["VT-40"])

    assert plan.message == "The subject names the plan NonAssure, the entitlement Assure."
    assert model.message == "The subject names the model VT-250, the stations are VT-40."
