"""What a service says of one resource that the kit serves; its contract says the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from sqlalchemy import ColumnElement, Connection, Table

from services.chassis.errors import Violation
from services.chassis.fields import resource_options
from services.chassis.identity import Caller
from services.chassis.kit.listing import Counter
from services.chassis.kit.scope import Scope, Shared
from services.chassis.unit_of_work import Transaction

Verb = Literal["create", "update", "delete"]


@dataclass(frozen=True, eq=False)
class Change:
    """One change of one row, as hooks see it.

    ``before`` is None for a new row; ``after`` is the row as it will be (deleted: as it was) and may be edited by
    ``prepare`` only. ``fields`` names the top-level fields that were asked to change; ``version`` counts from 1.
    """

    verb: Verb
    caller: Caller
    before: Any
    after: Any
    fields: frozenset[str]
    version: int


Prepare = Callable[[Transaction, Change], None]
Validate = Callable[[Transaction, Change], Iterable[Violation]]
OnChange = Callable[[Transaction, Change], None]
KeptBack = Callable[[Transaction, Change], Mapping[str, Any]]
Present = Callable[[Connection, Caller, Sequence[Any]], None]


@dataclass(frozen=True, eq=False)
class Resource:
    """One resource of the kit.

    ``service``: full name of its gRPC service; empty: ``<Message>Service`` in the message's package.
    ``prepare`` fills what the server derives, ``validate`` adds rules to those of the contract, ``on_change``
    runs after the row is written, in the same transaction (events); ``present`` fills, for a whole page at once, what
    is computed when read. ``referenced_by``: columns of hand-written tables whose rows keep this one from being
    deleted. ``kept_back`` gives the values of columns that the contract does not show, for each write. ``referable``
    grants the rows that others may point to, where those are more than the caller sees. ``counter`` tells totals from
    kept counters.
    """

    message: type[Message]
    table: Table
    scope: Scope = field(default_factory=Shared)
    service: str = ""
    prepare: Prepare | None = None
    validate: Validate | None = None
    on_change: OnChange | None = None
    present: Present | None = None
    kept_back: KeptBack | None = None
    referable: Scope | None = None
    referenced_by: Sequence[ColumnElement[Any]] = ()
    counter: Counter | None = None

    @property
    def full_name(self) -> str:
        """Full name of the message, as references and audit rows give it."""
        return str(self.message.DESCRIPTOR.full_name)

    @property
    def singular(self) -> str:
        """What people call one of them."""
        descriptor: Any = self.message.DESCRIPTOR
        options = resource_options(descriptor)
        return options.singular_label or options.singular or str(descriptor.name)

    @property
    def descriptor(self) -> ServiceDescriptor:
        """The gRPC service that serves it. KeyError where there is none."""
        descriptor: Any = self.message.DESCRIPTOR
        name = self.service or f"{descriptor.file.package}.{descriptor.name}Service"
        service: ServiceDescriptor = descriptor.file.pool.FindServiceByName(name)
        return service


def publish_change(event: type[Message], part: str) -> OnChange:
    """Give an ``on_change`` that publishes the row as it is now, as field ``part`` of an event; gone: ``deleted``."""

    def publish(transaction: Transaction, change: Change) -> None:
        told: Any = event()
        getattr(told, part).CopyFrom(change.after)
        told.deleted = change.verb == "delete"
        transaction.publish(told, change.after.DESCRIPTOR.name, change.after.id, change.version)

    return publish
