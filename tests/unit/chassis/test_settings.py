"""Settings are read once, and every fault is named at once (architecture, decision 10)."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from admin.settings import AdminSettings
from services.chassis.settings import SettingsFault, load_settings


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch, tmp_path):
    import os

    for variable in os.environ:
        if variable.startswith("FIELDMESH_"):
            monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)


def test_without_variables_everything_is_embedded_on_loopback():
    settings = load_settings()

    assert settings.bind == "127.0.0.1"
    assert settings.transport == "feed"
    assert [settings.service(name).port for name in ("workorders", "technicians", "shipping", "notifications")] == [
        50051,
        50052,
        50053,
        50054,
    ]
    assert settings.service("shipping").feed_target == "127.0.0.1:50153"
    assert settings.service("shipping").metrics_port == 50253
    assert settings.keys_folder == Path.cwd() / ".fieldmesh" / "keys"
    assert settings.service("workorders").database_url == f"sqlite:///{Path.cwd()}/.fieldmesh/workorders.sqlite3"


def test_every_fault_is_named_at_once(monkeypatch):
    monkeypatch.setenv("FIELDMESH_WORKORDERS_PORT", "99999")
    monkeypatch.setenv("FIELDMESH_SHIPPING_DATABASE_URL", "mysql://x")
    monkeypatch.setenv("FIELDMESH_LOG_FORMAT", "xml")

    with pytest.raises(SettingsFault) as refusal:
        load_settings()

    named = [fault.split(":")[0] for fault in refusal.value.faults]
    assert named == ["FIELDMESH_WORKORDERS_PORT", "FIELDMESH_SHIPPING_DATABASE_URL", "FIELDMESH_LOG_FORMAT"]
    assert refusal.value.faults[0] == "FIELDMESH_WORKORDERS_PORT: it has to be at most 65535."
    assert refusal.value.faults[2] == "FIELDMESH_LOG_FORMAT: it has to be 'console' or 'json'."


def test_a_password_that_no_login_could_have_is_refused_for_the_demo(monkeypatch):
    monkeypatch.setenv("FIELDMESH_DEMO_PASSWORD", "short")

    with pytest.raises(SettingsFault, match="FIELDMESH_DEMO_PASSWORD: it has to have at least 12 characters"):
        load_settings(AdminSettings)


def test_postgresql_without_a_broker_is_refused_and_says_why(monkeypatch):
    monkeypatch.setenv("FIELDMESH_TECHNICIANS_DATABASE_URL", "postgresql+psycopg://u:p@localhost/technicians")

    with pytest.raises(SettingsFault, match=r"FIELDMESH_TECHNICIANS_DATABASE_URL.*BROKER_URL.*single writer"):
        load_settings()


def test_postgresql_with_a_broker_is_the_grown_size(monkeypatch):
    monkeypatch.setenv("FIELDMESH_TECHNICIANS_DATABASE_URL", "postgresql+psycopg://u:p@localhost/technicians")
    monkeypatch.setenv("FIELDMESH_BROKER_URL", "amqp://guest:guest@localhost//")

    settings = load_settings()

    assert settings.transport == "rabbitmq"
    assert settings.service("technicians").database == "postgresql"


def test_two_services_on_one_port_are_refused(monkeypatch):
    monkeypatch.setenv("FIELDMESH_SHIPPING_PORT", "50051")

    with pytest.raises(SettingsFault) as refusal:
        load_settings()

    assert "port 50051 is also that of FIELDMESH_WORKORDERS_PORT" in refusal.value.faults[0]


def test_settings_are_frozen_and_hide_addresses_that_carry_passwords(monkeypatch):
    monkeypatch.setenv("FIELDMESH_BROKER_URL", "amqp://guest:hunter2@localhost//")
    settings = load_settings()

    with pytest.raises(ValidationError):
        settings.bind = "0.0.0.0"
    assert "hunter2" not in repr(settings)


def test_an_empty_variable_counts_as_unset(monkeypatch):
    monkeypatch.setenv("FIELDMESH_DATA", "")

    assert load_settings().data == Path.cwd() / ".fieldmesh"
