"""What the tables of this service are made of."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, SmallInteger, String, Text
from sqlalchemy.types import TypeDecorator

from services.chassis.tables import chassis_tables

if TYPE_CHECKING:
    from sqlalchemy import Dialect

metadata = MetaData()
chassis = chassis_tables(metadata)


class Coded(TypeDecorator[StrEnum]):
    """A domain enum as the number that its contract gives it, so that sorting and filters follow the contract.

    Members stand in the contract's order; `first` is the number of the first one.
    """

    impl = SmallInteger
    cache_ok = True

    def __init__(self, kind: type[StrEnum], first: int = 0) -> None:
        super().__init__()
        self.kind = kind
        self.first = first

    def process_bind_param(self, value: StrEnum | int | None, dialect: Dialect) -> int | None:
        del dialect
        if value is None or isinstance(value, int):
            return value
        return list(self.kind).index(self.kind(value)) + self.first

    def process_result_value(self, value: Any, dialect: Dialect) -> StrEnum | None:
        del dialect
        return None if value is None else list(self.kind)[value - self.first]


def id_column(name: str = "id", **options: Any) -> Column[str]:
    return Column(name, String(40), **{"nullable": False, "server_default": None, **options})


def text_column(name: str, length: int = 255) -> Column[str]:
    return Column(name, String(length), nullable=False, server_default="")


def long_column(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def flag_column(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default="false")


def number_column(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default="0")


def money_columns(name: str) -> tuple[Column[str], Column[int]]:
    """An amount of money; both are NULL where there is none."""
    return Column(f"{name}_currency_code", String(3)), Column(f"{name}_micros", BigInteger)


def address_columns(name: str) -> tuple[Column[str], ...]:
    return (
        text_column(f"{name}_street"),
        text_column(f"{name}_city", 100),
        text_column(f"{name}_state", 50),
        text_column(f"{name}_postal_code", 12),
        text_column(f"{name}_country", 2),
    )
