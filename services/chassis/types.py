"""Column types that mean the same on SQLite and PostgreSQL (hard-parts 17)."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Date, DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """A point in time, to the microsecond: timestamptz on PostgreSQL, microseconds since 1970 as integer on SQLite.

    Takes aware datetimes only and gives them in UTC; a naive one is a ValueError.
    """

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant must be aware")
        if dialect.name == "postgresql":
            return value.astimezone(UTC)
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "postgresql":
            instant: datetime = value.astimezone(UTC)
            return instant
        since: int = value
        return _EPOCH + since * _MICROSECOND


class LocalDate(TypeDecorator[date]):
    """A date on somebody's wall calendar, without zone; an instant in its place is a ValueError."""

    impl = Date
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> date | None:
        del dialect
        if isinstance(value, datetime):
            raise ValueError("a local date is no instant")  # noqa: TRY004 - the type is a date's subclass
        return value

    def process_result_value(self, value: date | None, dialect: Dialect) -> date | None:
        del dialect
        return value


class JsonText(TypeDecorator[Any]):
    """A JSON value as canonical text: keys sorted, no spaces, so that equal values are equal text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        del dialect
        if value is None:
            return None
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        del dialect
        return None if value is None else json.loads(value)


class StringList(TypeDecorator[tuple[str, ...]]):
    """An ordered list of texts, read back as a tuple; an empty one is never NULL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str:
        del dialect
        if isinstance(value, str):
            raise ValueError("a list of texts is no text")  # noqa: TRY004 - a text is iterable, so this is a wrong value
        return json.dumps(list(value or ()), ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        del dialect
        return tuple(json.loads(value)) if value else ()
