"""How the command line reaches the services: as itself, or for a person whom it vouches for."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.technicians.v1 import technicians_service_pb2 as directory_pb2
from fieldmesh.technicians.v1 import technicians_service_pb2_grpc as directory_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.chassis.credentials import PersonCredentials
from services.chassis.errors import Unavailable
from services.chassis.grpc_channel import Channels
from services.chassis.keys import signing_key
from services.chassis.process import service_targets
from services.chassis.settings import Settings, load_settings
from services.chassis.tokens import TokenSigner, UserGrant

if TYPE_CHECKING:
    from collections.abc import Iterator

ISSUER: Final = "cli"
_PATIENCE_SECONDS: Final = 1.0
# Whoever may read the keys in the data folder runs the system; no person of the directory stands behind this one.
OPERATOR: Final = UserGrant(subject="operator", name="Operator", roles=frozenset({"admin"}))


def signer(settings: Settings) -> TokenSigner:
    """The signer of the command line; KeyFault names the file and the remedy where there is no key."""
    return TokenSigner(signing_key(settings.keys_folder, ISSUER))


@contextmanager
def connected(who: UserGrant | None = None, settings: Settings | None = None) -> Iterator[Channels]:
    """Channels to all services: for a person, or as the service `cli` where `who` is None."""
    found = settings or load_settings()
    channels = Channels(service_targets(found), PersonCredentials(signer(found), lambda: who))
    try:
        yield channels
    finally:
        channels.close()


def answers(channels: Channels, service: str) -> bool:
    """Whether a service listens, whatever it says of its health."""
    stub: Any = channels.stub(health_pb2_grpc.HealthStub, service)
    try:
        stub.Check(health_pb2.HealthCheckRequest(), timeout=_PATIENCE_SECONDS)
    except Unavailable:
        return False
    return True


def grant_for(channels: Channels, login: str) -> UserGrant:
    """What the directory says of a login; NotFound for an unknown one, WrongState for an inactive one."""
    desk = channels.stub(directory_grpc.DirectoryServiceStub, "technicians")
    found = desk.ResolveLogin(directory_pb2.ResolveLoginRequest(login=login))
    person = found.person
    return UserGrant(
        subject=person.id,
        name=person.name,
        roles=frozenset(person.roles),
        organization_id=person.organization_id,
        organization_kind=found.organization_kind,
        technician_id=person.technician_id,
    )
