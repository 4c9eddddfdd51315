"""Posting over TLS: the name is verified, though the connection goes to a checked address."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from services.notifications.webhooks.posting import HttpPoster
from tests.support.receiver import receiver

NAME = "hooks.example.com"
pytestmark = pytest.mark.req("B-9")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A file with key and certificate of one name, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    return file


@pytest.fixture
def secure(certificate):
    with receiver(certificate=certificate) as running:
        yield running


def poster(certificate, **more):
    trust = ssl.create_default_context(cafile=str(certificate)) if certificate else ssl.create_default_context()
    return HttpPoster(private_networks=True, trust=trust, resolver=lambda *_: ["127.0.0.1"], **more)


def test_a_name_that_its_certificate_proves_gets_the_body(secure, certificate):
    answer = poster(certificate).post(f"https://{NAME}:{secure.port}/in", {"webhook-id": "1"}, b"{}")

    assert answer.arrived, answer
    (posted,) = secure.posted
    assert (posted.headers["host"], posted.body) == (f"{NAME}:{secure.port}", b"{}")


@pytest.mark.parametrize("case", ["another name", "an unknown signer"])
def test_nothing_is_said_to_somebody_else(secure, certificate, case):
    name = "other.example.com" if case == "another name" else NAME
    trusted = certificate if case == "another name" else None

    answer = poster(trusted).post(f"https://{name}:{secure.port}/", {}, b"{}")

    assert answer.status == 0
    assert "secure" in answer.text
    assert not secure.posted


def test_a_port_where_nobody_listens_is_said_so():
    with receiver() as gone:
        url = gone.url

    assert "No connection" in HttpPoster(private_networks=True).post(url, {}, b"{}").text


def test_a_host_without_an_address_is_said_so():
    def unknown(host, port):
        raise OSError("Name or service not known")

    assert "not known" in HttpPoster(resolver=unknown).post("https://nowhere.example.com/", {}, b"{}").text
