"""Settings of a process: read once from the environment, frozen, every fault named at once (decision 10)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, TypeVar, overload

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX: Final = "FIELDMESH_"
# The mesh, with the port each service listens on unless told otherwise; its feed is 100 above, its metrics 200.
DEFAULT_PORTS: Final[Mapping[str, int]] = MappingProxyType(
    {"workorders": 50051, "technicians": 50052, "shipping": 50053, "notifications": 50054}
)
SERVICES: Final = tuple(DEFAULT_PORTS)
FEED_OFFSET: Final = 100
METRICS_OFFSET: Final = 200

Port = Annotated[int, Field(ge=1, le=65535)]


class SettingsFault(Exception):
    """The environment does not make a runnable process.

    `faults` names every variable that is wrong and why, so that one look repairs them all.
    """

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("Wrong settings:\n" + "\n".join(f"  {fault}" for fault in faults))


class ServiceSettings(BaseModel):
    """Where one service is reached, and where its rows are."""

    model_config = ConfigDict(frozen=True)

    name: str
    host: str
    port: int
    feed_port: int
    metrics_port: int
    # May carry a password, so it stays out of any repr that reaches a log.
    database_url: str = Field(repr=False)

    @property
    def target(self) -> str:
        """Address of the main gRPC server, as `host:port`."""
        return f"{self.host}:{self.port}"

    @property
    def feed_target(self) -> str:
        """Address of the feed server, as `host:port`."""
        return f"{self.host}:{self.feed_port}"

    @property
    def database(self) -> Literal["sqlite", "postgresql"]:
        return "postgresql" if self.database_url.startswith("postgresql") else "sqlite"


class _ServiceEnvironment(BaseSettings):
    """The variables of one service, before defaults that depend on its name."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore")

    host: str = "127.0.0.1"
    port: Port | None = None
    feed_port: Port | None = None
    metrics_port: Port | None = None
    database_url: Annotated[str, Field(pattern=r"^(sqlite(\+\w+)?:///|postgresql(\+\w+)?://)")] | None = None


class Settings(BaseSettings):
    """What every process of the mesh knows; a service with more to configure extends it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True, extra="ignore")

    data: Path = Path(".fieldmesh")
    keys: Path | None = None
    bind: str = "127.0.0.1"
    broker_url: Annotated[str, Field(pattern=r"^(|amqps?://.+)$", repr=False)] = ""
    smtp_host: str = "127.0.0.1"
    smtp_port: Port = 1025
    public_url: Annotated[str, Field(pattern=r"^https?://[^/]+(/.*)?$")] = "http://127.0.0.1:8080"
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    launcher_pid: Annotated[int, Field(ge=1)] | None = None
    # Threads that answer calls; streams that carry files hold at most a quarter of them (hard-parts 18).
    rpc_workers: Annotated[int, Field(ge=4, le=512)] = 16
    feed_workers: Annotated[int, Field(ge=2, le=64)] = 8
    # The largest evidence file, in megabytes of 1,000,000 bytes: technicians refuse larger ones, and pages say so.
    evidence_megabytes: Annotated[int, Field(ge=1, le=25)] = 10
    stop_grace_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0
    # Filled by load_settings from FIELDMESH_<SERVICE>_… ; never read as one variable.
    services: Mapping[str, ServiceSettings] = Field(default_factory=dict, validation_alias="_services")

    @model_validator(mode="before")
    @classmethod
    def _resolve_folders(cls, values: dict[str, Any]) -> dict[str, Any]:
        data = Path(values.get("data") or ".fieldmesh").expanduser().resolve()
        keys = Path(values.get("keys") or data / "keys").expanduser().resolve()
        return {**values, "data": data, "keys": keys}

    @property
    def keys_folder(self) -> Path:
        """Folder of the signing keys; `data/keys` unless FIELDMESH_KEYS says otherwise."""
        return self.keys or self.data / "keys"

    @property
    def transport(self) -> Literal["feed", "rabbitmq"]:
        return "rabbitmq" if self.broker_url else "feed"

    def service(self, name: str) -> ServiceSettings:
        """Settings of one service; KeyError names one that the mesh does not have."""
        return self.services[name]


S = TypeVar("S", bound=Settings)


@overload
def load_settings(*, names: tuple[str, ...] = SERVICES) -> Settings: ...
@overload
def load_settings(kind: type[S], *, names: tuple[str, ...] = SERVICES) -> S: ...
def load_settings(kind: type[Settings] = Settings, *, names: tuple[str, ...] = SERVICES) -> Settings:
    """Read the environment into one frozen object.

    Raises SettingsFault with every faulty variable, also those that only clash with each other.
    """
    faults: list[str] = []
    found: dict[str, _ServiceEnvironment] = {}
    for name in names:
        prefix = f"{PREFIX}{name.upper()}_"
        try:
            found[name] = _ServiceEnvironment(_env_prefix=prefix)
        except ValidationError as error:
            faults += _named(prefix, error)
    try:
        shared = kind()
    except ValidationError as error:
        raise SettingsFault(faults + _named(PREFIX, error)) from error
    services = {name: _complete(name, raw, shared.data) for name, raw in found.items()}
    faults += [fault for service in services.values() for fault in _clashes(service, shared)]
    faults += _shared_ports(services)
    if faults:
        raise SettingsFault(faults)
    return shared.model_copy(update={"services": MappingProxyType(services)})


def _complete(name: str, raw: _ServiceEnvironment, data: Path) -> ServiceSettings:
    port = raw.port or DEFAULT_PORTS.get(name, 50050)
    return ServiceSettings(
        name=name,
        host=raw.host,
        port=port,
        feed_port=raw.feed_port or port + FEED_OFFSET,
        metrics_port=raw.metrics_port or port + METRICS_OFFSET,
        database_url=raw.database_url or f"sqlite:///{data / f'{name}.sqlite3'}",
    )


def _clashes(service: ServiceSettings, shared: Settings) -> list[str]:
    if service.database == "postgresql" and not shared.broker_url:
        variable = f"{PREFIX}{service.name.upper()}_DATABASE_URL"
        reason = "the feed keeps its order only with SQLite's single writer"
        return [f"{variable}: PostgreSQL needs {PREFIX}BROKER_URL as well; {reason}."]
    return []


def _shared_ports(services: Mapping[str, ServiceSettings]) -> list[str]:
    taken: dict[tuple[str, int], str] = {}
    faults = []
    for service in services.values():
        for field in ("port", "feed_port", "metrics_port"):
            variable = f"{PREFIX}{service.name.upper()}_{field.upper()}"
            place = (service.host, getattr(service, field))
            if place in taken:
                faults.append(f"{variable}: port {place[1]} is also that of {taken[place]}.")
            taken.setdefault(place, variable)
    return faults


def _named(prefix: str, error: ValidationError) -> list[str]:
    return [
        f"{prefix}{'_'.join(str(part) for part in fault['loc'][:1]).upper()}: {_in_words(fault)}."
        for fault in error.errors(include_input=False, include_url=False)
    ]


def _in_words(fault: ErrorDetails) -> str:
    """What is wrong with a variable, for whoever set it."""
    known: Mapping[str, Any] = fault.get("ctx", {})
    words = {
        "int_parsing": "this is no whole number",
        "float_parsing": "this is no number",
        "greater_than": "it has to be more than {gt}",
        "greater_than_equal": "it has to be at least {ge}",
        "less_than_equal": "it has to be at most {le}",
        "literal_error": "it has to be {expected}",
        "value_error": "{error}",
    }
    return words[fault["type"]].format_map(known) if fault["type"] in words else fault["msg"]
