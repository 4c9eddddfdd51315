"""Where the tests find PostgreSQL, RabbitMQ and a browser.

The environment is asked first, then the usual local address; a test that finds neither is skipped with a line that
says what to start, or fails where FIELDMESH_TEST_REQUIRE is set (as CI does).
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

POSTGRES = os.environ.get("FIELDMESH_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
BROKER = os.environ.get("FIELDMESH_TEST_BROKER", "amqp://guest:guest@127.0.0.1:5672/")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def without(what: str, start: str) -> NoReturn:
    """Skips the test, or fails it where servers are required."""
    if os.environ.get("FIELDMESH_TEST_REQUIRE"):
        pytest.fail(f"{what} is required here and does not answer: {start}", pytrace=False)
    pytest.skip(f"needs {what}: {start}")


def postgres_url() -> str:
    """Address of a PostgreSQL server on which databases may be made (postgresql://...)."""
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except psycopg.OperationalError:
        without("PostgreSQL", f"start it on {_place(POSTGRES)} or name another in FIELDMESH_TEST_POSTGRES")
    return POSTGRES


@contextmanager
def postgres_database(name: str = "") -> Iterator[str]:
    """Makes an empty database, gives its address as SQLAlchemy takes it (postgresql+psycopg://...), drops it after."""
    server = postgres_url()
    database = name or f"fieldmesh_test_{secrets.token_hex(6)}"
    identifier = sql.Identifier(database)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
    try:
        yield urlunsplit(urlsplit(server)._replace(scheme="postgresql+psycopg", path=f"/{database}"))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))


def broker_url() -> str:
    """Address of a RabbitMQ server (amqp://...), in its default virtual host."""
    parts = urlsplit(BROKER)
    try:
        socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 5672), timeout=3).close()
    except OSError:
        without("RabbitMQ", f"start it on {_place(BROKER)} or name another in FIELDMESH_TEST_BROKER")
    return BROKER


@contextmanager
def broker_vhost(name: str = "") -> Iterator[str]:
    """Makes an empty virtual host and gives its address; deletes it after. Needs rabbitmqctl."""
    server = urlsplit(broker_url())
    control = shutil.which("rabbitmqctl", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if control is None:
        without("rabbitmqctl", "put it on the path, so that the tests can make a virtual host of their own")
    vhost = name or f"fieldmesh-test-{secrets.token_hex(6)}"
    _rabbitmq(control, "add_vhost", vhost)
    try:
        _rabbitmq(control, "set_permissions", "-p", vhost, server.username or "guest", ".*", ".*", ".*")
        yield urlunsplit(server._replace(path=f"/{vhost}"))
    finally:
        _rabbitmq(control, "delete_vhost", vhost)


def _rabbitmq(control: str, *arguments: str) -> None:
    done = subprocess.run([control, "-q", *arguments], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        without(
            "a RabbitMQ that rabbitmqctl may govern", f"`rabbitmqctl {' '.join(arguments)}` said {done.stderr.strip()}"
        )


def browser() -> str:
    """Path of a Chromium for Playwright's `executable_path`."""
    named = os.environ.get("FIELDMESH_TEST_BROWSER", "")
    found = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        without(
            "a browser", "install Chromium (Debian, Ubuntu: apt install chromium) or name one in FIELDMESH_TEST_BROWSER"
        )
    return found


def _place(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.hostname}:{parts.port}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """An empty PostgreSQL database, one a worker."""
    with postgres_database() as url:
        yield url


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    """An empty RabbitMQ virtual host, one a worker."""
    with broker_vhost() as url:
        yield url
