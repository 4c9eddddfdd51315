"""What is kept beside an order: history, drafts, files, feed, follows, and what users looked at."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, String, Table, UniqueConstraint

from services.chassis.types import Instant, JsonText
from services.workorders.tables.base import (
    flag_column,
    id_column,
    long_column,
    metadata,
    number_column,
    text_column,
)  # fmt: skip

history = Table(
    "history",
    metadata,
    id_column(primary_key=True),
    id_column("work_order_id"),
    Column("sequence", BigInteger, nullable=False),
    Column("change_time", Instant, nullable=False),
    text_column("field", 80),
    text_column("field_label", 120),
    text_column("actor_subject", 80),
    text_column("actor_display_name"),
    text_column("actor_organization_id", 40),
    long_column("old_value"),
    long_column("new_value"),
    text_column("transition", 60),
    long_column("reason"),
    long_column("evidence"),
    Column("salt", String(64)),
    text_column("commitment", 64),
    text_column("hash", 64),
    flag_column("erased"),
    # The kit reads it; rows that never change stay at 1.
    Column("version", BigInteger, nullable=False, server_default="1"),
    UniqueConstraint("work_order_id", "sequence"),
)

drafts = Table(
    "drafts",
    metadata,
    id_column("work_order_id"),
    text_column("transition", 60),
    Column("field_values", JsonText, nullable=False),
    Column("update_time", Instant, nullable=False),
    PrimaryKeyConstraint("work_order_id", "transition"),
)

attachments = Table(
    "attachments",
    metadata,
    id_column(primary_key=True),
    id_column("work_order_id"),
    text_column("title"),
    text_column("deliverable", 120),
    text_column("media_type", 120),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    text_column("owner_subject", 80),
    text_column("owner_display_name"),
    text_column("owner_organization_id", 40),
    text_column("feed_post_id", 40),
    # The file whose content it shares, where it was carried over from another order; empty: its own.
    text_column("content_id", 40),
    Column("create_time", Instant, nullable=False),
    Column("version", BigInteger, nullable=False, server_default="1"),
    Index("ix_attachments_order", "work_order_id", "create_time"),
    Index("ix_attachments_content", "content_id"),
)

feed_posts = Table(
    "feed_posts",
    metadata,
    id_column(primary_key=True),
    id_column("work_order_id"),
    long_column("body"),
    Column("mentions", JsonText, nullable=False),
    Column("facts", JsonText, nullable=False),
    text_column("transition", 60),
    text_column("author_subject", 80),
    text_column("author_display_name"),
    text_column("author_organization_id", 40),
    text_column("author_organization_name"),
    text_column("author_organization_kind", 40),
    number_column("comment_count"),
    number_column("like_count"),
    number_column("view_count"),
    Column("create_time", Instant, nullable=False),
    Column("activity_time", Instant, nullable=False),
    Column("version", BigInteger, nullable=False, server_default="1"),
    Index("ix_posts_activity", "work_order_id", "activity_time", "id"),
    Index("ix_posts_create", "work_order_id", "create_time", "id"),
)

comments = Table(
    "comments",
    metadata,
    id_column(primary_key=True),
    id_column("feed_post_id"),
    id_column("work_order_id"),
    long_column("body"),
    Column("mentions", JsonText, nullable=False),
    text_column("author_subject", 80),
    text_column("author_display_name"),
    text_column("author_organization_id", 40),
    text_column("author_organization_kind", 40),
    Column("create_time", Instant, nullable=False),
    Index("ix_comments_post", "feed_post_id", "create_time"),
)

post_likes = Table(
    "post_likes",
    metadata,
    id_column("feed_post_id"),
    id_column("person_id"),
    id_column("work_order_id", index=True),
    text_column("display_name"),
    text_column("organization_id", 40),
    Column("create_time", Instant, nullable=False),
    PrimaryKeyConstraint("feed_post_id", "person_id"),
)

post_views = Table(
    "post_views",
    metadata,
    id_column("feed_post_id"),
    id_column("person_id"),
    id_column("work_order_id", index=True),
    PrimaryKeyConstraint("feed_post_id", "person_id"),
)

follows = Table(
    "follows",
    metadata,
    id_column("person_id"),
    id_column("work_order_id", index=True),
    Column("create_time", Instant, nullable=False),
    PrimaryKeyConstraint("person_id", "work_order_id"),
)

visited_records = Table(
    "visited_records",
    metadata,
    id_column("person_id"),
    Column("resource_type", String(120), nullable=False),
    id_column("resource_id"),
    text_column("title"),
    Column("visit_time", Instant, nullable=False),
    PrimaryKeyConstraint("person_id", "resource_type", "resource_id"),
    Index("ix_visited_person", "person_id", "visit_time"),
)

pinned_views = Table(
    "pinned_views",
    metadata,
    id_column("person_id", primary_key=True),
    text_column("code", 60),
)

saved_views = Table(
    "saved_views",
    metadata,
    id_column(primary_key=True),
    id_column("owner_id", index=True),
    text_column("owner_name"),
    text_column("organization_id", 40),
    flag_column("shared"),
    text_column("label", 80),
    text_column("base", 60),
    Column("columns", JsonText, nullable=False),
    Column("filters", JsonText, nullable=False),
    text_column("search", 200),
    text_column("order_by", 80),
    flag_column("mine"),
    Column("update_time", Instant, nullable=False),
    Column("version", BigInteger, nullable=False, server_default="1"),
    Index("ix_saved_views_organization", "organization_id", "shared"),
)
