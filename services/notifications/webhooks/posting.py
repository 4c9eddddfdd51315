"""Posts one delivery over HTTP: to a checked address, within a time limit, without following anything.

The host is resolved once, each of its addresses is checked, and the connection goes to a checked one: a name that
leads to the internet when it is looked at and into a private network when it is dialled reaches nothing.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from services.notifications.domain.webhooks import TEXT_LENGTH, Answer, is_public

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from urllib.parse import SplitResult

SECONDS = 10.0
_PORTS = {"http": 80, "https": 443}
_READ_BYTES = 4 * TEXT_LENGTH
AGENT = "Fieldmesh-Webhooks/1"


class Poster(Protocol):
    """Posts a body; every failure is an Answer without a status."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer: ...


class AddressRefused(Exception):
    """The host leads to an address that is not of the internet."""


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, in the order to try them. Raises OSError where there is none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class HttpPoster:
    """Posts over the network. `private_networks` allows addresses of this machine and of private networks as well."""

    private_networks: bool = False
    seconds: float = SECONDS
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    resolver: Callable[[str, int], list[str]] = resolve

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """What the receiver answered; it gets one try and the time limit for everything together."""
        deadline = time.monotonic() + self.seconds
        target = urlsplit(url)
        try:
            addresses = self._allowed(target)
            with self._connected(target, addresses, deadline) as connection:
                sent = {"Host": target.netloc, "User-Agent": AGENT, "Content-Type": "application/json", **headers}
                connection.request("POST", _path(target), body, {**sent, "Connection": "close"})
                answer = connection.getresponse()
                text = answer.read(_READ_BYTES).decode("utf-8", "replace")
                return Answer(answer.status, _plain(text))
        except AddressRefused as refusal:
            return Answer(0, str(refusal))
        except ssl.SSLError as fault:
            return Answer(0, _plain(f"No secure connection: {fault.reason or fault}."))
        except (OSError, http.client.HTTPException, ValueError) as fault:
            if time.monotonic() >= deadline or isinstance(fault, TimeoutError):
                return Answer(0, f"No answer within {self.seconds:g} seconds.")
            return Answer(0, _plain(f"No connection or no answer: {fault or type(fault).__name__}."))

    def _allowed(self, target: SplitResult) -> list[str]:
        host, port = target.hostname or "", target.port or _PORTS[target.scheme]
        addresses = self.resolver(host, port)
        if not self.private_networks and not all(is_public(address) for address in addresses):
            raise AddressRefused(f"{host} leads into a private network; nothing is sent there.")
        return addresses

    @contextmanager
    def _connected(
        self, target: SplitResult, addresses: list[str], deadline: float
    ) -> Iterator[http.client.HTTPConnection]:
        host, port = target.hostname or "", target.port or _PORTS[target.scheme]
        used = _dial(addresses, port, deadline)
        if target.scheme == "https":
            used = self.trust.wrap_socket(used, server_hostname=host, do_handshake_on_connect=False)
        connection = http.client.HTTPConnection(host, port)
        connection.sock = used
        try:
            with _limited(used, deadline):
                if isinstance(used, ssl.SSLSocket):
                    used.do_handshake()
                yield connection
        finally:
            connection.close()


def _dial(addresses: list[str], port: int, deadline: float) -> socket.socket:
    failure: OSError = OSError("the host has no address")
    for address in addresses:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        try:
            return socket.create_connection((address, port), timeout=left)
        except OSError as error:
            failure = error
    raise failure


@contextmanager
def _limited(connected: socket.socket, deadline: float) -> Iterator[None]:
    """Ends a connection at the deadline, also one where a byte comes now and then and no single read takes long."""

    def end() -> None:
        with suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(deadline - time.monotonic(), 0.0), end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _path(target: SplitResult) -> str:
    return (target.path or "/") + (f"?{target.query}" if target.query else "")


def _plain(text: str) -> str:
    """Text of somebody else's system as one line that can be shown and stored."""
    kept = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(kept.split())[:TEXT_LENGTH]
