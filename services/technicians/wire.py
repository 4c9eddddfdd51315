"""Values between the contract and the domain."""

from datetime import UTC, date, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2


def day(message: date_pb2.Date) -> date | None:
    """Give a contract's date, None where it is none; the kit's checks name it then."""
    try:
        return date(message.year, message.month, message.day)
    except ValueError:
        return None


def date_message(value: date) -> date_pb2.Date:
    """Give a date as contracts carry it."""
    return date_pb2.Date(year=value.year, month=value.month, day=value.day)


def instant(message: Timestamp) -> datetime:
    """Give a contract's instant, aware and in UTC."""
    return message.ToDatetime(UTC)


def timestamp(value: datetime) -> Timestamp:
    """Give an instant as contracts carry it."""
    made = Timestamp()
    made.FromDatetime(value)
    return made
