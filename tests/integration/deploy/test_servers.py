"""The tests' own finding of servers: each is found and made empty, or skipped with a line that says what to start."""

from __future__ import annotations

import socket

import kombu
import psycopg
import pytest

from tests.support import servers


def test_a_database_is_made_and_dropped():
    with servers.postgres_database() as url:
        assert url.startswith("postgresql+psycopg://")
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url.replace("+psycopg", ""))


def test_a_virtual_host_is_made_and_deleted():
    with servers.broker_vhost() as url, kombu.Connection(url, connect_timeout=5) as connection:
        connection.ensure_connection(max_retries=1)
        assert connection.connected


def test_a_browser_is_found():
    assert servers.browser()


def test_a_server_that_does_not_answer_is_named_with_what_to_start(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setattr(servers, "BROKER", f"amqp://guest:guest@127.0.0.1:{port}/")
    monkeypatch.delenv("FIELDMESH_TEST_REQUIRE", raising=False)

    with pytest.raises(pytest.skip.Exception, match=f"needs RabbitMQ: start it on 127.0.0.1:{port}"):
        servers.broker_url()


def test_a_missing_server_fails_where_servers_are_required(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setattr(servers, "BROKER", f"amqp://guest:guest@127.0.0.1:{port}/")
    monkeypatch.setenv("FIELDMESH_TEST_REQUIRE", "all")

    with pytest.raises(pytest.fail.Exception, match="RabbitMQ is required here"):
        servers.broker_url()
