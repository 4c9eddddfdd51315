"""Logs: one event with fields, a bound request id, no personal data (style 12)."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, Final, Literal

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

# Fields that would name a person or open a door; a slip in a call site must not reach the log.
WITHHELD: Final = frozenset(
    {"name", "display_name", "email", "phone", "address", "login", "password", "token", "authorization", "cookie"}
)
# Libraries that narrate their own life at info.
_QUIET: Final = ("nameko", "kombu", "amqp", "alembic.runtime.migration", "grpc", "asyncio")


def configure_logging(
    service: str, *, form: Literal["console", "json"] = "console", level: str = "info", stream: Any = None
) -> None:
    """Send the logs of this process, and of its libraries, to standard output in one form.

    `form` is "console" for people or "json" for machines: one object a line.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _withhold,
        _Named(service),
    ]
    target = stream or sys.stdout
    finish: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(sort_keys=True)]
        if form == "json"
        # Not its usual traceback, which shows local variables: they hold people's data and keys.
        else [structlog.dev.ConsoleRenderer(colors=target.isatty(), exception_formatter=structlog.dev.plain_traceback)]
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *finish],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It repeats what a method raised, refusals included; each entrypoint logs its own failures, once.
    logging.getLogger("nameko.containers").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        # Tests configure again; a cached logger would keep writing to the first stream.
        cache_logger_on_first_use=False,
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose calls read `log.info("work_order.accepted", work_order=…)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


class _Named:
    """Says which service a line is from; several share one console."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("service", self._service)
        return event


def _withhold(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key in WITHHELD.intersection(event):
        event[key] = "[withheld]"
    return event
