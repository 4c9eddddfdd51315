"""Unit tests do no I/O."""

from __future__ import annotations

import socket

import pytest


@pytest.fixture(autouse=True)
def _no_sockets(monkeypatch):
    def refused(self, *_):
        raise AssertionError("a unit test must not open a connection; such a test belongs to tests/integration")

    for method in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, method, refused)
