"""Every reason that a refusal can carry stands in a contract: in the service's own, or in the one of all."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from fieldmesh.common.v1 import errors_pb2

from services.chassis.settings import SERVICES
from tests.support.reasons import Sources

ROOT = Path(__file__).resolve().parents[2]
FOUND = Sources.below(ROOT / "services").reasons()
COMMON = set(errors_pb2.ErrorReason.keys())
OWN = {name: set(importlib.import_module(f"fieldmesh.{name}.v1.errors_pb2").ErrorReason.keys()) for name in SERVICES}
# What only services with files use of the chassis; everything else there may speak for any service.
FILES = {"chassis/blobs.py", "chassis/file_types.py"}
KEEP_FILES = {"workorders", "technicians"}


def speakers(place):
    """The services in whose name a module refuses."""
    package = place.partition("/")[0]
    if package in SERVICES:
        return {package}
    return KEEP_FILES if place in FILES else set(SERVICES)


def test_every_reason_is_in_the_contract_of_whoever_gives_it():
    missing = {
        f"{reason} of {place}: not in {name}'s contract"
        for reason, places in FOUND.items()
        for place in places
        for name in speakers(place)
        if reason not in COMMON | OWN[name]
    }

    assert len(FOUND) > 40
    assert missing == set()


def test_every_reason_of_the_common_contract_is_given_by_something():
    assert COMMON - FOUND.keys() == set()


@pytest.mark.parametrize("contract", ["common", *SERVICES])
def test_every_reason_says_what_it_means(contract):
    text = (ROOT / "protos" / "fieldmesh" / contract / "v1" / "errors.proto").read_text(encoding="utf-8")
    values = re.findall(r"(//.*\n\s*)?([A-Z][A-Z_]+) = \d+;", text)

    assert len(values) > 5
    assert [name for comment, name in values if not comment] == []


@pytest.mark.parametrize(
    "source",
    [
        "raise WrongState('No.', reason='SPELT_OUT')",
        "LATER = 'SPELT_OUT'\nraise WrongState('No.', reason=LATER)",
        "class NotNow(Exception):\n    reason = 'SPELT_OUT'",
        "class NotNow(Refusal):\n    default_reason: str = 'SPELT_OUT'",
        "def refuse(text, reason): ...\nrefuse('No.', 'SPELT_OUT')",
        "class Refused:\n    def __init__(self, text, reason): ...\nRefused('No.', 'SPELT_OUT')",
        "class Objection:\n    guard: str\n    code: str = ''\nObjection('is_late', 'SPELT_OUT')",
        "LATER = 'SPELT_OUT'\ndef check(x):\n    reason = ''\n    if x:\n        reason = LATER",
        "error.reason = known or 'SPELT_OUT'",
    ],
)
def test_a_reason_is_found_however_it_is_given(source):
    assert "SPELT_OUT" in Sources({"module.py": source}).reasons()
