"""Caller tokens: what is not exactly right is refused (hard-parts 5)."""

import base64
import hmac
import json
import stat

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.chassis.errors import Unauthenticated
from services.chassis.keys import KeyFault, PublicKeys, SigningKey, ensure_keys, key_id, signing_key
from services.chassis.tokens import TokenSigner, TokenVerifier, UserGrant

NOW = 1_800_000_000.0
PARTNER = UserGrant("p-1", "Pat", frozenset({"partner"}), "org-1", "partner", "t-1")


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def folder(tmp_path):
    ensure_keys(tmp_path, ("admin", "cli", "workorders"))
    return tmp_path


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def signer(folder, clock):
    return TokenSigner(signing_key(folder, "admin"), now=clock)


@pytest.fixture
def verifier(folder, clock):
    return TokenVerifier("workorders", PublicKeys(folder), now=clock)


def refusal(verifier, token):
    with pytest.raises(Unauthenticated) as refused:
        verifier.verify(token)
    assert refused.value.reason == "UNAUTHENTICATED"
    return refused.value.metadata["cause"]


def test_a_user_token_says_who_where_and_as_what(signer, verifier):
    caller = verifier.verify(signer.user_token(PARTNER, "workorders"))

    assert (caller.subject, caller.name, caller.kind) == ("p-1", "Pat", "user")
    assert caller.roles == {"partner"}
    assert (caller.organization_id, caller.organization_kind, caller.technician_id) == ("org-1", "partner", "t-1")


def test_a_service_token_says_which_service(folder, clock, verifier):
    token = TokenSigner(signing_key(folder, "workorders"), now=clock).service_token("workorders")

    caller = verifier.verify(token)

    assert (caller.subject, caller.is_service, caller.roles) == ("service:workorders", True, {"service"})


def test_an_expired_token_is_refused_also_from_the_cache(signer, verifier, clock):
    token = signer.user_token(PARTNER, "workorders")
    verifier.verify(token)

    clock.now += 63

    assert refusal(verifier, token) == "TOKEN_EXPIRED"
    assert refusal(TokenVerifier("workorders", verifier._keys, now=clock), token) == "TOKEN_EXPIRED"


def test_a_token_from_the_future_is_refused(signer, verifier, clock):
    token = signer.user_token(PARTNER, "workorders")

    clock.now -= 30

    assert refusal(verifier, token) == "TOKEN_REFUSED"


def test_an_unsigned_token_is_refused(signer, verifier):
    head, body, _ = signer.user_token(PARTNER, "workorders").split(".")

    assert refusal(verifier, f"{head}.{body}.") == "TOKEN_REFUSED"
    assert refusal(verifier, f"{head}.{body}") == "TOKEN_MALFORMED"


def test_algorithm_none_is_refused_even_with_a_known_key_id(folder, verifier):
    kid = signing_key(folder, "admin").key_id
    body = {**PARTNER.claims(), "iss": "admin", "aud": "workorders", "iat": int(NOW), "exp": int(NOW) + 60}
    token = jwt.encode(body, None, algorithm="none", headers={"kid": kid})

    assert refusal(verifier, token) == "TOKEN_REFUSED"


def test_a_public_key_used_as_an_hmac_secret_is_refused(folder, verifier):
    key = signing_key(folder, "admin")
    secret = (folder / "public" / f"{key.key_id}.pem").read_bytes()
    claims = {**PARTNER.claims(), "iss": "admin", "aud": "workorders", "iat": int(NOW), "exp": int(NOW) + 60}
    head = {"alg": "HS256", "typ": "JWT", "kid": key.key_id}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (head, claims)]
    signed = hmac.digest(secret, b".".join(parts), "sha256")
    token = b".".join([*parts, base64.urlsafe_b64encode(signed).rstrip(b"=")]).decode()

    assert refusal(verifier, token) == "TOKEN_REFUSED"


def test_a_wrongly_signed_token_is_refused(folder, clock, verifier):
    known = signing_key(folder, "admin")
    forged = SigningKey("admin", known.key_id, Ed25519PrivateKey.generate())

    assert refusal(verifier, TokenSigner(forged, now=clock).user_token(PARTNER, "workorders")) == "TOKEN_REFUSED"


def test_an_unknown_key_is_refused(clock, verifier):
    private = Ed25519PrivateKey.generate()
    stranger = SigningKey("admin", key_id("admin", private.public_key()), private)

    assert refusal(verifier, TokenSigner(stranger, now=clock).user_token(PARTNER, "workorders")) == "TOKEN_KEY_UNKNOWN"


def test_another_audience_is_refused(signer, verifier):
    assert refusal(verifier, signer.user_token(PARTNER, "shipping")) == "TOKEN_REFUSED"


def test_a_token_that_lives_longer_than_a_minute_is_refused(signer, verifier):
    token = signer.sign(PARTNER.claims(), "workorders", lifetime=61)

    assert refusal(verifier, token) == "TOKEN_LIVES_TOO_LONG"


def test_a_token_that_never_expires_is_refused(folder, verifier):
    key = signing_key(folder, "admin")
    body = {**PARTNER.claims(), "iss": "admin", "aud": "workorders", "iat": int(NOW)}

    assert refusal(verifier, jwt.encode(body, key.private, "EdDSA", headers={"kid": key.key_id})) == "TOKEN_REFUSED"


def test_a_service_key_cannot_name_a_person_or_another_service(folder, clock, verifier):
    service = TokenSigner(signing_key(folder, "workorders"), now=clock)

    assert refusal(verifier, service.user_token(PARTNER, "workorders")) == "TOKEN_OVERREACHES"
    other = {"sub": "service:admin", "kind": "service", "roles": ["service"]}
    assert refusal(verifier, service.sign(other, "workorders")) == "TOKEN_OVERREACHES"
    more = {"sub": "service:workorders", "kind": "service", "roles": ["service", "admin"]}
    assert refusal(verifier, service.sign(more, "workorders")) == "TOKEN_OVERREACHES"


def test_a_person_cannot_hold_the_service_role_or_an_invented_one(signer, verifier):
    assert refusal(verifier, signer.sign({**PARTNER.claims(), "roles": ["service"]}, "workorders")) == (
        "TOKEN_OVERREACHES"
    )
    assert refusal(verifier, signer.sign({**PARTNER.claims(), "roles": ["root"]}, "workorders")) == "TOKEN_REFUSED"


def test_the_issuer_must_be_the_keys_owner(folder, verifier):
    key = signing_key(folder, "workorders")
    body = {**PARTNER.claims(), "iss": "admin", "aud": "workorders", "iat": int(NOW), "exp": int(NOW) + 60}

    assert refusal(verifier, jwt.encode(body, key.private, "EdDSA", headers={"kid": key.key_id})) == "TOKEN_REFUSED"


def test_text_that_is_no_token_is_refused(verifier):
    assert refusal(verifier, "hello") == "TOKEN_MALFORMED"
    assert refusal(verifier, "") == "TOKEN_MALFORMED"


def test_a_forwarded_user_token_must_be_made_for_the_service_that_forwards_it(signer, verifier):
    token = signer.user_token(PARTNER, "shipping")

    assert verifier.verify_forwarded(token, "shipping").subject == "p-1"
    with pytest.raises(Unauthenticated):
        verifier.verify_forwarded(token, "notifications")


def test_a_token_is_verified_once_and_then_remembered(signer, folder, clock):
    class CountingKeys(PublicKeys):
        found = 0

        def find(self, kid):
            self.found += 1
            return super().find(kid)

    keys = CountingKeys(folder)
    verifier = TokenVerifier("workorders", keys, now=clock)
    token = signer.user_token(PARTNER, "workorders")

    assert verifier.verify(token) is verifier.verify(token)
    assert keys.found == 1


def test_a_token_is_sent_for_half_its_life(signer, clock):
    first = signer.user_token(PARTNER, "workorders")
    clock.now += 29
    assert signer.user_token(PARTNER, "workorders") == first

    clock.now += 2
    assert signer.user_token(PARTNER, "workorders") != first
    assert signer.user_token(PARTNER, "shipping") != signer.user_token(PARTNER, "workorders")


def test_keys_are_created_once_and_private(tmp_path):
    assert ensure_keys(tmp_path, ("admin", "cli")) == ["admin", "cli"]
    before = (tmp_path / "private" / "admin.pem").read_bytes()

    assert ensure_keys(tmp_path, ("admin", "cli")) == []
    assert (tmp_path / "private" / "admin.pem").read_bytes() == before
    assert stat.S_IMODE((tmp_path / "private" / "admin.pem").stat().st_mode) == 0o600


def test_a_key_that_others_may_read_is_refused(folder):
    (folder / "private" / "cli.pem").chmod(0o644)

    with pytest.raises(KeyFault, match="chmod 600"):
        signing_key(folder, "cli")


def test_a_missing_key_names_the_command_that_makes_it(folder):
    with pytest.raises(KeyFault, match="fieldmesh keys"):
        signing_key(folder, "shipping")


def test_a_renamed_public_key_is_not_taken_for_anothers(folder, clock):
    service = signing_key(folder, "workorders")
    stolen = service.key_id.replace("workorders", "admin")
    (folder / "public" / f"{service.key_id}.pem").rename(folder / "public" / f"{stolen}.pem")

    assert PublicKeys(folder).find(stolen) is None


def test_a_rotated_key_is_found_without_a_restart(folder, monkeypatch):
    keys = PublicKeys(folder)
    assert keys.find("shipping.unknown") is None
    monkeypatch.setattr("services.chassis.keys._RELOAD_SECONDS", 0)

    ensure_keys(folder, ("shipping",))

    assert keys.find(signing_key(folder, "shipping").key_id) is not None
