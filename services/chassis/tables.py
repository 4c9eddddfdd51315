"""The chassis' own tables, which every service's database has beside its own."""

from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    FromClause,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)

from services.chassis.types import Instant, JsonText

WAITING, DONE, PARKED, SKIPPED, IGNORED = 1, 2, 3, 4, 5
"""States of an inbox row; the first four are those of the contract, an ignored one has no handler here."""

UNFINISHED = (WAITING, PARKED)
"""States that block a lane."""


def unfinished(inbox: FromClause) -> ColumnElement[bool]:
    """Match the condition of the inbox's partial indexes, in literals: with parameters no database would use them."""
    return inbox.c.state.in_([literal_column(str(state)) for state in UNFINISHED])


@dataclass(frozen=True, slots=True)
class ChassisTables:
    """The chassis' tables within one MetaData."""

    outbox: Table
    inbox: Table
    feed_cursors: Table
    feed_consumers: Table
    database_epoch: Table
    idempotency: Table
    counters: Table
    audit: Table


def chassis_tables(metadata: MetaData) -> ChassisTables:
    """Define the chassis' tables in a service's MetaData, so that its migrations make them."""
    return ChassisTables(
        outbox=_outbox(metadata),
        inbox=_inbox(metadata),
        feed_cursors=Table(
            "feed_cursors",
            metadata,
            Column("consumer", String(40), nullable=False),
            Column("producer", String(40), nullable=False),
            Column("epoch", String(40), nullable=False),
            Column("sequence", BigInteger, nullable=False),
            Column("stopped_reason", Text, nullable=False, server_default=""),
            Column("update_time", Instant, nullable=False),
            PrimaryKeyConstraint("consumer", "producer"),
        ),
        feed_consumers=Table(
            "feed_consumers",
            metadata,
            Column("consumer", String(40), primary_key=True),
            Column("sequence", BigInteger, nullable=False),
            Column("seen_time", Instant, nullable=False),
        ),
        database_epoch=Table(
            "database_epoch",
            metadata,
            Column("id", Integer, primary_key=True, autoincrement=False),
            Column("epoch", String(40), nullable=False),
            Column("create_time", Instant, nullable=False),
        ),
        idempotency=_idempotency(metadata),
        counters=Table(
            "counters",
            metadata,
            Column("name", String(80), nullable=False),
            Column("key", String(200), nullable=False),
            Column("value", BigInteger, nullable=False),
            PrimaryKeyConstraint("name", "key"),
        ),
        audit=_audit(metadata),
    )


def _sequence_column() -> Column[int]:
    """A growing key: SQLite only counts up by itself on a column of type INTEGER."""
    kind = BigInteger().with_variant(Integer(), "sqlite")
    return Column("sequence", kind, primary_key=True, autoincrement=True)


def _outbox(metadata: MetaData) -> Table:
    unsent = text("sent_time IS NULL")
    return Table(
        "outbox",
        metadata,
        _sequence_column(),
        Column("event_id", String(40), nullable=False, unique=True),
        Column("type", String(200), nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("aggregate_type", String(80), nullable=False),
        Column("aggregate_id", String(80), nullable=False),
        Column("aggregate_version", BigInteger, nullable=False),
        Column("occur_time", Instant, nullable=False),
        Column("actor_subject", String(80), nullable=False),
        Column("actor_name", String(200), nullable=False),
        Column("actor_organization_id", String(80), nullable=False),
        Column("request_id", String(80), nullable=False),
        Column("sent_time", Instant),
        Column("next_time", Instant),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("last_error", Text, nullable=False, server_default=""),
        Index("ix_outbox_unsent", "sequence", sqlite_where=unsent, postgresql_where=unsent),
        Index("ix_outbox_lane", "aggregate_id", "sequence", sqlite_where=unsent, postgresql_where=unsent),
        Index("ix_outbox_occur_time", "occur_time"),
        # A number is never given twice, also after the newest rows are purged: cursors count on it.
        sqlite_autoincrement=True,
    )


def _inbox(metadata: MetaData) -> Table:
    unfinished = text("state IN (1, 3)")
    return Table(
        "inbox",
        metadata,
        _sequence_column(),
        Column("id", String(40), nullable=False, unique=True),
        Column("event_id", String(40), nullable=False),
        Column("handler", String(120), nullable=False),
        Column("lane", String(250), nullable=False),
        Column("producer", String(40), nullable=False),
        Column("type", String(200), nullable=False),
        Column("event", LargeBinary, nullable=False),
        Column("aggregate_id", String(80), nullable=False),
        Column("aggregate_version", BigInteger, nullable=False),
        Column("state", Integer, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("redelivered", Boolean, nullable=False),
        Column("last_error", Text, nullable=False, server_default=""),
        Column("accept_time", Instant, nullable=False),
        Column("next_time", Instant),
        Column("finish_time", Instant),
        Column("skip_reason", Text, nullable=False, server_default=""),
        Column("skip_subject", String(80), nullable=False, server_default=""),
        UniqueConstraint("event_id", "handler", name="uq_inbox_event_handler"),
        Index("ix_inbox_unfinished", "sequence", sqlite_where=unfinished, postgresql_where=unfinished),
        Index("ix_inbox_lane", "lane", "sequence", sqlite_where=unfinished, postgresql_where=unfinished),
        Index("ix_inbox_accept_time", "accept_time"),
        sqlite_autoincrement=True,
    )


def _idempotency(metadata: MetaData) -> Table:
    return Table(
        "idempotency",
        metadata,
        Column("subject", String(80), nullable=False),
        Column("method", String(200), nullable=False),
        Column("request_id", String(80), nullable=False),
        Column("request_hash", String(64), nullable=False),
        Column("response", LargeBinary),
        Column("create_time", Instant, nullable=False),
        PrimaryKeyConstraint("subject", "method", "request_id"),
        Index("ix_idempotency_create_time", "create_time"),
    )


def _audit(metadata: MetaData) -> Table:
    return Table(
        "audit",
        metadata,
        Column("id", String(40), primary_key=True),
        Column("create_time", Instant, nullable=False),
        Column("actor_subject", String(80), nullable=False),
        Column("actor_name", String(200), nullable=False),
        Column("actor_organization_id", String(80), nullable=False),
        Column("resource_type", String(200), nullable=False),
        Column("resource_id", String(80), nullable=False),
        Column("verb", String(20), nullable=False),
        Column("changes", JsonText, nullable=False),
        Index("ix_audit_resource", "resource_type", "resource_id", "id"),
    )


OWN = chassis_tables(MetaData())
"""The same tables for the chassis' own statements, whichever service they run in."""
