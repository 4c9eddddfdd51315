"""One real server a test, keys made once."""

import pytest

from services.chassis.credentials import PersonCredentials, ServiceCredentials
from services.chassis.grpc_channel import Channels
from services.chassis.grpc_server import RpcServer, ServerLimits
from services.chassis.keys import PublicKeys, ensure_keys, signing_key
from services.chassis.metrics import RpcMetrics
from services.chassis.tokens import TokenSigner, TokenVerifier, UserGrant

from . import probe

PARTNER = UserGrant("p-1", "Pat", frozenset({"partner"}), "org-1", "partner")


@pytest.fixture(scope="session")
def keys_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    ensure_keys(folder)
    return folder


@pytest.fixture
def start(keys_folder):
    """Start a server for one service name; everything is stopped at the end."""
    servers = []

    def make(name="workorders", servicer=None, *, workers=8, limits=None):
        metrics = RpcMetrics(name)
        verifier = TokenVerifier(name, PublicKeys(keys_folder))
        server = RpcServer("127.0.0.1:0", limits or ServerLimits.main(workers), verifier, metrics)
        server.metrics = metrics
        server.add_servicer(probe.PROBE, servicer or probe.ProbeServicer())
        server.start()
        server.serving()
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.stop(0).wait(5)


@pytest.fixture
def person(keys_folder):
    """Channels of the admin, which vouches for a person."""
    opened = []

    def make(server, grant=PARTNER, name="workorders"):
        signer = TokenSigner(signing_key(keys_folder, "admin"))
        channels = Channels({name: server.address}, PersonCredentials(signer, lambda: grant))
        opened.append(channels)
        return channels

    yield make
    for channels in opened:
        channels.close()


@pytest.fixture
def service(keys_folder):
    """Channels of a service, which calls as itself or for its caller."""
    opened = []

    def make(targets, name="workorders"):
        channels = Channels(targets, ServiceCredentials(TokenSigner(signing_key(keys_folder, name))))
        opened.append(channels)
        return channels

    yield make
    for channels in opened:
        channels.close()
