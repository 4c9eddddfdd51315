"""Who sees what in shipping: the lists and the verbs apply one rule (R-1 to R-4, B-6)."""

from itertools import combinations

import pytest
from fieldmesh.common.v1 import types_pb2

from services.chassis.identity import Caller
from services.shipping.domain.known_order import Parties
from services.shipping.scope import may_see
from tests.integration.shipping.conftest import Desk

ROLES = ("partner", "dispatcher", "approver", "technician", "admin")
ORGANIZATIONS = ("voltara", "bluefern", "larkspur", "kestrel", "")
PARTIES = {
    "w1": Parties("voltara", "bluefern", "larkspur", ("t1", "t2"), 1),
    "w2": Parties("kestrel", "", "voltara", (), 1),
    "w3": Parties("", "", "", (), 1),
}


def callers() -> list[Caller]:
    sets = [*combinations(ROLES, 1), *combinations(ROLES, 2), ()]
    return [
        Caller("p", roles=frozenset(roles), organization_id=organization, technician_id=technician)
        for roles in sets
        for organization in ORGANIZATIONS
        for technician in ("t2", "t9", "")
    ]


@pytest.mark.req("B-6")
def test_lists_and_verbs_agree_on_every_row(desk: Desk) -> None:
    for order, parties in PARTIES.items():
        desk.accept(
            order,
            parties=types_pb2.Parties(
                issuer_org=parties.issuer_org,
                executor_org=parties.executor_org,
                facility_org=parties.facility_org,
                technician_ids=parties.technician_ids,
                scope_version=1,
            ),
        )

    for caller in callers():
        listed = {each.work_order_id for each in desk.list("PartsRequest", caller)}
        assert listed == {order for order, parties in PARTIES.items() if may_see(caller, parties)}, caller
