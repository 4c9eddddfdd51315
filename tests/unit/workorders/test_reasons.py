"""Every reason that this service gives stands in its contract."""

from __future__ import annotations

import re
from pathlib import Path

from fieldmesh.workorders.v1 import errors_pb2

import services.workorders.domain
from services.workorders.domain import errors

SOURCES = Path(services.workorders.domain.__file__).parents[1]
NAMED = re.compile(r'(?:reason=|reason = |Objection\([^)]*?)"([A-Z]+(?:_[A-Z]+)+)"')


def test_reasons_are_those_of_the_contract():
    known = set(errors_pb2.ErrorReason.keys())
    found = {name for file in SOURCES.rglob("*.py") for name in NAMED.findall(file.read_text(encoding="utf-8"))}
    classes = {kind.reason for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "reason")}

    assert len(found) > 5
    assert found | classes <= known
