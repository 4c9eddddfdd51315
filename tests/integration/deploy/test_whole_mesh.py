"""`make start` and `make stop` over the mesh itself: from nothing to everything serving, and again."""

from __future__ import annotations

import json
import urllib.request

import pytest

from deploy.launcher.lifeline import alive
from services.chassis.settings import SERVICES
from tests.support.whole import whole

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("walk")]


def fetched(address):
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - loopback
        return answer.read()


@pytest.mark.req("B-10")
def test_the_mesh_starts_from_nothing_stops_and_starts_again(first_start):
    assert "Demo data" in first_start.said
    assert "Databases" in first_start.said
    assert (first_start.data / "demo-password").read_text().strip() in first_start.said
    assert len(first_start.pids) == len(SERVICES) + 2
    assert not any(map(alive, first_start.pids))
    assert list(first_start.home.iterdir()) == []

    with whole(first_start.data) as again:
        assert "Demo data" not in again.said
        assert "Databases" not in again.said
        assert again.admin in again.said
        assert b"<form" in fetched(f"{again.admin}/login/")
        assert "messages" in json.loads(fetched(f"{again.mailbox}/api/messages"))
        assert "1 history is whole." in again.fieldmesh("verify", "20100001")
        pids = again.pids
        assert len(pids) == len(SERVICES) + 2
    assert not any(map(alive, pids))
