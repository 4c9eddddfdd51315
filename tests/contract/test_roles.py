"""docs/roles.md against the contracts, the workflow definition, and the running services, method by method."""

import importlib
import re
from pathlib import Path

import grpc
import pytest
import yaml
from google.protobuf import message_factory

from services.chassis.access import allowed_roles
from services.chassis.keys import signing_key
from services.chassis.settings import SERVICES
from services.chassis.tokens import TokenSigner, UserGrant
from tests.support.mesh import ROOT, mesh

ROLES = ("partner", "dispatcher", "approver", "requester", "technician", "admin", "service")
# The names of facility_approval's actors, by what the document calls them.
PARTS = {
    "company user": {"company_user"},
    "provider admin": {"provider_admin"},
    "creator": {"creating_user", "creating_provider"},
    "submitter": {"submitting_user", "submitting_provider"},
    "submitter's delegate": {"submitting_users_stand_in", "submitting_providers_stand_in"},
    "approver": {"approving_user", "approving_admin"},
    "approver's delegate": {"approving_users_stand_in", "approving_admins_stand_in"},
    "assignee": {"assignee"},
    "asked provider": {"asked_provider"},
    "admin": {"admin", "second_admin"},
}
# The names of utility_request's actors, by what the document calls them.
SERVICE_PARTS = {
    "office": {"office"},
    "provider": {"provider", "providers_dispatcher"},
    "assigned technician": {"technician"},
    "admin": {"admin"},
    "system": {"system"},
}
# Programs with an API key; what they may call is said in words.
INTEGRATION = "integration"
PACKAGES = (*SERVICES, "common")
DOCUMENT = (ROOT / "docs" / "roles.md").read_text()
KINDS = {
    "partner": "partner",
    "dispatcher": "vendor",
    "approver": "vendor",
    "requester": "facility_owner",
    "technician": "partner",
    "admin": "vendor",
}


def tables(columns):
    """Rows of every table of the document whose header ends with these columns."""
    wanted = " | ".join(columns)
    found, inside = [], False
    for line in DOCUMENT.splitlines():
        if line.startswith("|") and line.rstrip(" |").endswith(wanted.rstrip()):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not line.startswith("|---"):
            found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def documented():
    return {
        (row[0], row[1]): {role for role, mark in zip(ROLES, row[2:], strict=True) if mark == "✓"}
        for row in tables(ROLES)
    }


def contracts():
    """Every method of every contract, by its package."""
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / "gen" / "fieldmesh" / package / "v1").glob("*_pb2.py")):
            module = importlib.import_module(f"fieldmesh.{package}.v1.{path.stem}")
            for service in module.DESCRIPTOR.services_by_name.values():
                found += [(package, method) for method in service.methods]
    return found


@pytest.mark.req("R-1")
@pytest.mark.req("R-2")
@pytest.mark.req("R-3")
@pytest.mark.req("R-4")
def test_the_document_names_every_method_with_the_roles_of_its_contract():
    stated = documented()
    real = {(method.containing_service.name, method.name): set(allowed_roles(method)) for _, method in contracts()}

    assert stated.keys() == real.keys()
    assert {key: roles for key, roles in stated.items() if roles != real[key] - {INTEGRATION}} == {}
    assert [key for key, roles in real.items() if INTEGRATION in roles] == [("UtilityEventService", "RecordEvent")]


@pytest.mark.req("R-1")
@pytest.mark.req("R-2")
@pytest.mark.req("R-3")
@pytest.mark.req("R-4")
def test_the_document_names_every_transition_with_those_who_may_fire_it():
    definition = yaml.safe_load((ROOT / "services/workorders/workflows/partner_service.yaml").read_text())
    columns = ("partner", "dispatcher", "approver", "technician", "admin", "system")
    stated = {
        row[0]: {role for role, mark in zip(columns, row[1:], strict=True) if mark == "✓"} for row in tables(columns)
    }
    real = {name: set(transition["who"]) for name, transition in definition["transitions"].items()}
    real["create"] = set(definition["creators"])

    assert stated == real


@pytest.mark.req("R-2")
@pytest.mark.req("R-3")
@pytest.mark.req("R-4")
def test_the_document_names_every_transition_of_facility_approval_with_who_of_an_order_may_fire_it():
    definition = yaml.safe_load((ROOT / "services/workorders/workflows/facility_approval.yaml").read_text())
    stated = {
        row[0]: {part for part, mark in zip(PARTS, row[1:], strict=True) if mark == "✓"} for row in tables(tuple(PARTS))
    }
    real = {name: set(transition["who"]) for name, transition in definition["transitions"].items()}
    real["create"] = set(definition["creators"])

    assert stated == {name: {part for part, names in PARTS.items() if names & who} for name, who in real.items()}
    assert set().union(*real.values()) == set().union(*PARTS.values())


@pytest.mark.req("R-2")
@pytest.mark.req("R-4")
@pytest.mark.req("UM-11")
def test_the_document_names_every_transition_of_utility_request_with_who_of_an_order_may_fire_it():
    definition = yaml.safe_load((ROOT / "services/workorders/workflows/utility_request.yaml").read_text())
    stated = {
        row[0]: {part for part, mark in zip(SERVICE_PARTS, row[1:], strict=True) if mark == "✓"}
        for row in tables(tuple(SERVICE_PARTS))
    }
    real = {name: set(transition["who"]) for name, transition in definition["transitions"].items()}
    real["create"] = set(definition["creators"])

    assert stated == {
        name: {part for part, names in SERVICE_PARTS.items() if names & who} for name, who in real.items()
    }


@pytest.mark.req("R-1")
@pytest.mark.req("R-2")
@pytest.mark.req("R-3")
@pytest.mark.req("R-4")
def test_the_running_services_answer_as_the_document_says(tmp_path: Path):
    """Whoever is not named gets PERMISSION_DENIED for ROLE_NOT_ALLOWED; whoever is named gets anything else."""
    stated = documented()
    wrong = []
    with mesh(tmp_path) as running:
        people, services = (TokenSigner(signing_key(tmp_path / "keys", "cli")) for _ in range(2))
        for package, method in contracts():
            if method.containing_service.name == "FeedService":
                continue  # on the feed port, for one stream a consumer; tested with the feed
            for name in SERVICES if package == "common" else (package,):
                with grpc.insecure_channel(running.target(name)) as channel:
                    for role in ROLES:
                        grant = UserGrant("somebody", "Somebody", frozenset({role}), "an-org", KINDS.get(role, ""))
                        token = services.service_token(name) if role == "service" else people.user_token(grant, name)
                        refused = _is_refused(channel, method, token)
                        allowed = role in stated[method.containing_service.name, method.name]
                        if refused == allowed:
                            wrong.append(f"{name} {method.full_name}: {role} {'refused' if refused else 'let in'}")

    assert wrong == []


def _is_refused(channel, method, token):
    request = message_factory.GetMessageClass(method.input_type)()
    shape = f"{'stream' if method.client_streaming else 'unary'}_{'stream' if method.server_streaming else 'unary'}"
    call = getattr(channel, shape)(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=lambda content: content,
    )
    try:
        answer = call(
            iter([request]) if method.client_streaming else request,
            timeout=5,
            metadata=[("authorization", f"Bearer {token}")],
        )
        if method.server_streaming:
            next(answer, None)
            answer.cancel()
    except grpc.RpcError as error:
        failure = error
    else:
        return False
    assert failure.code() not in {grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.INTERNAL}, (method.full_name, failure)
    return failure.code() is grpc.StatusCode.PERMISSION_DENIED and bool(re.search("Your role", failure.details()))
