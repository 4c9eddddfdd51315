"""Tables of the notifications service: mails, their tries, webhooks, and our copy of the directory.

Messages and tries follow their contracts; what the sender needs beside stands in further columns. Rows carry the
parties of the order that they tell of (hard-parts 3).
"""

from fieldmesh.notifications.v1 import message_pb2, webhook_pb2
from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text, text

from services.chassis.kit.table import kit_table
from services.chassis.tables import chassis_tables
from services.chassis.types import Instant, JsonText, StringList

metadata = MetaData()
chassis = chassis_tables(metadata)

_WAITING = text(f"state IN ({message_pb2.DELIVERY_STATE_QUEUED}, {message_pb2.DELIVERY_STATE_SENDING})")
_UNDER_WAY = text(
    f"state IN ({message_pb2.DELIVERY_STATE_QUEUED}, {message_pb2.DELIVERY_STATE_SENDING},"
    f" {message_pb2.DELIVERY_STATE_DEFERRED})"
)

templates = kit_table(metadata, message_pb2.Template, "templates", unique=[("code", "locale", "version")])

messages = kit_table(
    metadata,
    message_pb2.Message,
    "messages",
    # What the mail says, as MailContent; the layout is applied when it is sent or read.
    Column("content", JsonText, nullable=False),
    # The command that led to it: one command tells a person once of one order, by whichever of its events.
    Column("request_id", String(80), nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("last_outcome", String(20), nullable=False, server_default=""),
    Column("accept_time", Instant, nullable=False),
    # When the next try is due or, while one is under way, when it counts as interrupted.
    Column("next_time", Instant),
    Index("ix_messages_due", "next_time", sqlite_where=_WAITING, postgresql_where=_WAITING),
    Index("ix_messages_recipient", "recipient_id", "create_time", "id"),
    Index("ix_messages_order", "work_order_id", "recipient_id"),
    unique=[("event_id", "recipient_id")],
    skip=("text_body",),
)

deliveries = kit_table(
    metadata,
    message_pb2.Delivery,
    "deliveries",
    Column("issuer_org", String(40), nullable=False, server_default=""),
    Column("outcome", String(20), nullable=False),
    Index("ix_deliveries_issuer", "issuer_org", "start_time", "id"),
    unique=[("message_id", "attempt")],
)

# Secrets are derived from the endpoint's id and the number of its secret: no row holds one.
webhook_endpoints = kit_table(
    metadata,
    webhook_pb2.WebhookEndpoint,
    "webhook_endpoints",
    unique=[("organization_id", "name")],
    skip=("secret",),
)

webhook_deliveries = kit_table(
    metadata,
    webhook_pb2.WebhookDelivery,
    "webhook_deliveries",
    # The event's place among those of its order: an endpoint hears of one order in this order.
    Column("sequence", BigInteger, nullable=False, server_default="0"),
    # Since when it is tried; a person who tries it again begins anew.
    Column("accept_time", Instant, nullable=False),
    Index("ix_webhook_deliveries_due", "next_time", sqlite_where=_UNDER_WAY, postgresql_where=_UNDER_WAY),
    Index("ix_webhook_deliveries_order", "endpoint_id", "work_order_id", "sequence"),
    unique=[("endpoint_id", "event_id")],
)

# What was reported under which id, so that an id stands for one body.
webhook_reports = Table(
    "webhook_reports",
    metadata,
    Column("endpoint_id", String(40), primary_key=True),
    Column("webhook_id", String(255), primary_key=True),
    Column("body_hash", String(64), nullable=False),
    Column("create_time", Instant, nullable=False),
    Index("ix_webhook_reports_create_time", "create_time"),
)

# Our copy of the directory in technicians; versions guard it against older events (hard-parts 10).
people = Table(
    "people",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("source_version", BigInteger, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("name", String(200), nullable=False, server_default=""),
    Column("email", Text, nullable=False, server_default=""),
    Column("locale", String(20), nullable=False, server_default=""),
    Column("time_zone", String(80), nullable=False, server_default=""),
    Column("organization_id", String(40), nullable=False, server_default=""),
    Column("roles", StringList, nullable=False, server_default="[]"),
    Column("active", Boolean, nullable=False),
    Index("ix_people_organization", "organization_id"),
)

teams = Table(
    "teams",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("source_version", BigInteger, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("name", String(200), nullable=False, server_default=""),
    Column("member_ids", StringList, nullable=False, server_default="[]"),
    Column("active", Boolean, nullable=False),
)

organizations = Table(
    "organizations",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("source_version", BigInteger, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("name", String(200), nullable=False, server_default=""),
    Column("active", Boolean, nullable=False),
)
