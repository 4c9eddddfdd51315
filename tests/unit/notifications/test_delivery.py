"""What becomes of a message after an attempt."""

from datetime import UTC, datetime, timedelta

import pytest

from services.notifications.domain.delivery import (
    DEFERRALS,
    GIVE_UP_AFTER,
    MessageState,
    NotRetryable,
    Outcome,
    Result,
    check_retryable,
    is_backdated,
    standing_after,
)

NOW = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)


def stand(outcome, *, attempts=1, age=timedelta(), jitter=0.0):
    return standing_after(Result(outcome), attempts=attempts, written=NOW - age, now=NOW, jitter=jitter)


def test_an_accepted_message_is_sent_and_stays_so():
    assert stand(Outcome.ACCEPTED) == (standing := stand(Outcome.BACKDATED))
    assert (standing.state, standing.next_try) == (MessageState.SENT, None)


def test_a_refusal_is_permanent():
    assert stand(Outcome.REFUSED).state is MessageState.FAILED


@pytest.mark.parametrize("attempts", range(1, 15))
def test_deferred_messages_wait_longer_each_time_up_to_a_limit(attempts):
    standing = stand(Outcome.DEFERRED, attempts=attempts)

    assert standing.state is MessageState.QUEUED
    assert standing.next_try == NOW + DEFERRALS[min(attempts, len(DEFERRALS)) - 1]


def test_waits_never_shrink():
    assert list(DEFERRALS) == sorted(DEFERRALS)


def test_jitter_stretches_a_wait_by_at_most_a_fifth():
    assert stand(Outcome.DEFERRED, jitter=1.0).next_try == NOW + DEFERRALS[0] * 1.2


def test_a_message_that_is_deferred_for_three_days_is_given_up():
    assert stand(Outcome.DEFERRED, attempts=20, age=GIVE_UP_AFTER).state is MessageState.FAILED
    assert stand(Outcome.INTERRUPTED, attempts=20, age=GIVE_UP_AFTER).state is MessageState.FAILED


def test_a_server_that_is_gone_is_no_reason_to_give_a_message_up():
    standing = stand(Outcome.UNREACHABLE, attempts=5_000, age=timedelta(days=30))

    assert standing.state is MessageState.QUEUED
    assert standing.next_try == NOW + timedelta(seconds=30)


def test_an_interrupted_attempt_is_made_again():
    assert stand(Outcome.INTERRUPTED).state is MessageState.QUEUED


def test_mail_on_what_happened_more_than_a_day_ago_is_backdated():
    assert is_backdated(NOW - timedelta(hours=24, seconds=1), NOW)
    assert not is_backdated(NOW - timedelta(hours=24), NOW)


@pytest.mark.parametrize(
    ("state", "last"),
    [
        (MessageState.FAILED, Outcome.REFUSED),
        (MessageState.QUEUED, Outcome.DEFERRED),
        (MessageState.SENT, Outcome.BACKDATED),
    ],
)
def test_failed_waiting_and_backdated_messages_can_be_tried_again(state, last):
    check_retryable("m1", state, last)


@pytest.mark.parametrize(
    ("state", "last"), [(MessageState.SENT, Outcome.ACCEPTED), (MessageState.SENDING, Outcome.PENDING)]
)
def test_a_message_that_the_server_took_is_never_sent_twice(state, last):
    with pytest.raises(NotRetryable) as refused:
        check_retryable("m1", state, last)

    assert refused.value.kind == "state"
    assert refused.value.metadata["state"] == state
