"""Links in mails: only the sender of mails signs them, nobody changes them, and they grow old."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from services.chassis.errors import Unauthenticated
from services.chassis.keys import PublicKeys, ensure_keys, signing_key
from services.chassis.links import Decision, LinkExpired, LinkInvalid, read, sign
from services.chassis.tokens import TokenSigner, TokenVerifier

WEEK = timedelta(days=7)
DECISION = Decision("person-1", "order-1", 2)


@pytest.fixture
def folder(tmp_path):
    ensure_keys(tmp_path / "keys")
    return tmp_path / "keys"


@pytest.fixture
def token(folder):
    return sign(signing_key(folder, "notifications"), DECISION, WEEK)


@pytest.mark.req("B-8")
def test_a_link_names_the_person_the_order_and_the_submission(folder, token):
    assert read(PublicKeys(folder), token) == DECISION


@pytest.mark.req("B-8")
def test_a_link_that_was_changed_or_that_another_service_signed_is_not_valid(folder, token):
    head, body, signature = token.split(".")

    for forged in (
        f"{head}.{body[:-2]}AA.{signature}",
        "nonsense",
        sign(signing_key(folder, "shipping"), DECISION, WEEK),
    ):
        with pytest.raises(LinkInvalid):
            read(PublicKeys(folder), forged)


@pytest.mark.req("B-8")
def test_a_link_grows_old(folder):
    old = sign(signing_key(folder, "notifications"), DECISION, WEEK, now=lambda: time.time() - 8 * 86_400)

    with pytest.raises(LinkExpired):
        read(PublicKeys(folder), old)


def test_a_link_is_no_token_and_a_token_no_link(folder, token):
    with pytest.raises(Unauthenticated):
        TokenVerifier("workorders", PublicKeys(folder)).verify(token)
    own = TokenSigner(signing_key(folder, "notifications")).service_token("decision-link")
    with pytest.raises(LinkInvalid):
        read(PublicKeys(folder), own)
