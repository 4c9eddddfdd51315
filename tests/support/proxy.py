"""A TCP proxy that can be cut, for tests of lost connections."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Proxy:
    """Forwards connections on `port` to a target until it is cut; while it is cut, new ones are closed at once.

    While `loses_answers` is set, what the target sends goes nowhere.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._whole = True
        self.loses_answers = False
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    def cut(self) -> None:
        """Break every connection, and all new ones until `mend`."""
        with self._lock:
            self._whole = False
            broken, self._open = self._open, set()
        for each in broken:
            _close(each)

    def mend(self) -> None:
        with self._lock:
            self._whole = True

    def close(self) -> None:
        self.cut()
        _close(self._server)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                with self._lock:
                    whole = self._whole
                if not whole:
                    near.close()
                    continue
                far = socket.create_connection(self._target)
                with self._lock:
                    self._open |= {near, far}
                for source, sink, answers in ((near, far, False), (far, near, True)):
                    carried = (source, sink, answers)
                    threading.Thread(target=self._carry, args=carried, name="proxy", daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:  # noqa: FBT001 - a direction
        with suppress(OSError):
            while data := source.recv(65536):
                if not (answers and self.loses_answers):
                    sink.sendall(data)
        with self._lock:
            self._open -= {source, sink}
        _close(source)
        _close(sink)


@contextmanager
def proxy_to(host: str, port: int) -> Iterator[Proxy]:
    proxy = Proxy(host, port)
    try:
        yield proxy
    finally:
        proxy.close()


def _close(one: socket.socket) -> None:
    with suppress(OSError):
        # Wakes a thread that is blocked in it; closing alone does not.
        one.shutdown(socket.SHUT_RDWR)
    one.close()
