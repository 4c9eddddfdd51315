"""Calls to other services: a deadline, an identity and a request id on every one (hard-parts 13).

Refusals of the other side are raised as refusals here, with their reason and their field violations. A call is retried
once, by the outermost caller only, when it changes nothing or carries a request id.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import grpc

from services.chassis.access import find_method, is_read
from services.chassis.errors import Unavailable, remote_refusal
from services.chassis.identity import BROWSER_BUDGET_SECONDS, current_call
from services.chassis.ids import new_id
from services.chassis.interceptors import OPEN_SERVICES, REQUEST_ID_KEY
from services.chassis.unit_of_work import forbid_remote_calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from services.chassis.credentials import Credentials

T = TypeVar("T")
# Kept back from the caller's time, so that a callee's timeout can still be answered.
RESERVE_SECONDS: Final = 0.2
# What a service that is itself being asked gives another one of the time that is left: where that one hangs, there is
# time to go on without it, as where it is gone (ADR 34).
SHARE_OF_SERVED: Final = 0.5
_RETRY_AFTER_SECONDS: Final = 0.1
_OPTIONS: Final = (
    # A service that restarts is found again within a second, not after gRPC's two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.max_receive_message_length", 8 * 1024 * 1024),
)


class Channels:
    """Channels to the services by name, opened when first used and once a process.

    A process that forks opens its own: gRPC's threads don't survive a fork.
    """

    def __init__(self, targets: Mapping[str, str], credentials: Credentials) -> None:
        self._targets = dict(targets)
        self._credentials = credentials
        self._lock = threading.Lock()
        self._open: dict[tuple[int, str], grpc.Channel] = {}

    def channel(self, service: str) -> grpc.Channel:
        """The channel to a service; names with `.feed` lead to its feed port. KeyError for a name without address."""
        key = (os.getpid(), service)
        with self._lock:
            channel = self._open.get(key)
            if channel is None:
                plain = grpc.insecure_channel(self._targets[service], options=_OPTIONS)
                surround = _CallSurround(service.partition(".")[0], self._credentials)
                channel = self._open[key] = grpc.intercept_channel(plain, surround)
            return channel

    def stub(self, kind: Callable[[grpc.Channel], T], service: str) -> T:
        """A generated stub on the channel of a service: `channels.stub(AccountServiceStub, "workorders")`."""
        return kind(self.channel(service))

    def close(self) -> None:
        """Close what this process opened."""
        with self._lock:
            mine = [key for key in self._open if key[0] == os.getpid()]
            channels = [self._open.pop(key) for key in mine]
        for channel in channels:
            channel.close()


class _Details(NamedTuple):
    """grpc's call details, which it defines as an interface only."""

    method: str
    timeout: float | None
    metadata: list[tuple[str, str]]
    credentials: Any
    wait_for_ready: Any
    compression: Any


class _CallSurround(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Completes the details of each call, and turns its errors into refusals."""

    def __init__(self, audience: str, credentials: Credentials) -> None:
        self._audience = audience
        self._credentials = credentials

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        outcome = continuation(self._completed(details), request)
        if outcome.code() is grpc.StatusCode.UNAVAILABLE and _may_retry(details.method, request):
            time.sleep(_RETRY_AFTER_SECONDS)
            outcome = continuation(self._completed(details), request)
        return self._checked(outcome)

    def intercept_stream_unary(self, continuation: Any, details: Any, requests: Any) -> Any:
        return self._checked(continuation(self._completed(details), requests))

    def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        return _Stream(continuation(self._completed(details), request), self._audience)

    def intercept_stream_stream(self, continuation: Any, details: Any, requests: Any) -> Any:
        return _Stream(continuation(self._completed(details), requests), self._audience)

    def _checked(self, outcome: Any) -> Any:
        if outcome.code() is not grpc.StatusCode.OK:
            error = outcome.exception()
            if not isinstance(error, grpc.RpcError):
                raise error
            raise remote_refusal(error, self._audience) from error
        return outcome

    def _completed(self, details: Any) -> _Details:
        forbid_remote_calls()
        call = current_call()
        metadata = list(details.metadata or ())
        metadata.append((REQUEST_ID_KEY, call.request_id if call and call.request_id else new_id()))
        if not details.method.startswith(OPEN_SERVICES):
            metadata += self._credentials.metadata(self._audience)
        return _Details(
            details.method,
            _timeout(details.timeout, self._audience),
            metadata,
            details.credentials,
            details.wait_for_ready,
            details.compression,
        )


class _Stream:
    """A response stream whose errors are refusals; `cancel` ends it."""

    def __init__(self, call: Any, service: str) -> None:
        self._call = call
        self._service = service

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            return next(self._call)
        except grpc.RpcError as error:
            raise remote_refusal(error, self._service) from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)


def _timeout(asked: float | None, service: str) -> float:
    """Seconds for a call: what was asked for, cut to what remains for the caller minus a reserve, or a share of it.

    Raises Unavailable where nothing remains: the answer would come too late.
    """
    call = current_call()
    remaining = call.remaining if call else None
    if remaining is None:
        return BROWSER_BUDGET_SECONDS if asked is None else asked
    left = (remaining - RESERVE_SECONDS) * (SHARE_OF_SERVED if call and call.served else 1)
    if left <= 0:
        metadata = {"cause": "NO_TIME_LEFT", "service": service}
        raise Unavailable(f"There is no time left to ask the {service} service; try again.", metadata=metadata)
    return left if asked is None else min(asked, left)


def _may_retry(path: str, request: Any) -> bool:
    call = current_call()
    if call is not None and call.served:
        return False
    method = find_method(path)
    return method is not None and (is_read(method) or bool(getattr(request, "request_id", "")))
