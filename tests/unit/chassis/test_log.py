"""Logs are one event with fields and hold no personal data (style 12)."""

import io
import json
import logging

import pytest
import structlog

from services.chassis.log import configure_logging, get_logger


@pytest.fixture(autouse=True)
def restored():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def lines():
    stream = io.StringIO()
    configure_logging("workorders", form="json", stream=stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_event_with_fields_and_the_bound_request_id(lines):
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        get_logger("x").info("work_order.accepted", work_order="w-1")

    (line,) = lines()
    assert (line["event"], line["work_order"], line["request_id"]) == ("work_order.accepted", "w-1", "r-1")
    assert (line["service"], line["level"]) == ("workorders", "info")


def test_personal_data_is_withheld(lines):
    get_logger("x").info("person.changed", person="p-1", email="a@example.com", password="secret")

    assert "a@example.com" not in json.dumps(lines())
    assert lines()[0]["email"] == "[withheld]"


def test_libraries_write_in_the_same_form(lines):
    logging.getLogger("sqlalchemy").warning("slow %s", "query")

    assert lines()[0]["event"] == "slow query"
    assert lines()[0]["logger"] == "sqlalchemy"


def test_an_exception_stays_on_one_line(lines):
    try:
        raise RuntimeError("broken")  # noqa: TRY301
    except RuntimeError:
        get_logger("x").exception("incident")

    (line,) = lines()
    assert "RuntimeError: broken" in line["exception"]


def test_the_console_shows_no_local_variables():
    stream = io.StringIO()
    configure_logging("workorders", stream=stream)

    def fail(secret):
        raise RuntimeError("broken")

    try:
        fail("hunter2")
    except RuntimeError:
        get_logger("x").exception("incident")

    assert "RuntimeError: broken" in stream.getvalue()
    assert "hunter2" not in stream.getvalue().replace('fail("hunter2")', "")
