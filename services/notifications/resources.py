"""What the kit serves of notifications. All of it is read: events and the sender write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldmesh.notifications.v1 import message_pb2
from sqlalchemy import Connection, Table, select

from services.chassis.kit.resource import Resource
from services.chassis.kit.scope import NO_ROW, Branches, Shared, Where, owned
from services.notifications import tables
from services.notifications.domain.content import MailContent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.chassis.identity import Caller


def _own_mail(caller: Caller, table: Table) -> Branches:
    """Everybody reads the mails that they got; nobody else's, whatever the order's parties."""
    return (table.c.recipient_id == caller.subject,)


def _tries_of_own_orders(caller: Caller, table: Table) -> Branches:
    """A dispatcher sees how mails on the orders of the own organisation went out."""
    return owned(caller, table.c.issuer_org) if caller.has("dispatcher") else NO_ROW


def resources(text_of: Callable[[MailContent], str]) -> tuple[Resource, ...]:
    """The resources of notifications; `text_of` lays the text of a mail out."""

    def with_text(connection: Connection, caller: Caller, found: Sequence[Any]) -> None:
        del caller
        stored = select(tables.messages.c.id, tables.messages.c.content)
        wanted = stored.where(tables.messages.c.id.in_([message.id for message in found]))
        contents = {row.id: MailContent.from_json(row.content) for row in connection.execute(wanted)}
        for message in found:
            message.text_body = text_of(contents[message.id])

    return (
        Resource(message_pb2.Template, tables.templates, scope=Shared()),
        Resource(message_pb2.Message, tables.messages, scope=Where(read=_own_mail), present=with_text),
        Resource(message_pb2.Delivery, tables.deliveries, scope=Where(read=_tries_of_own_orders)),
    )
