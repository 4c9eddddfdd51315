"""What people do with posts without a word: liking them, and seeing them (CP-58)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from services.chassis.errors import InvalidRequest, NotFound, Violation
from services.workorders.scope import visible_order
from services.workorders.tables import feed_posts, post_likes, post_views

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from sqlalchemy import Connection, Table

    from services.chassis.identity import Caller
    from services.chassis.unit_of_work import Transaction

MOST_POSTS = 200


def like(transaction: Transaction, caller: Caller, post_id: str, *, wanted: bool) -> None:
    """Like a post or take that back; repeating it changes nothing. NotFound for a hidden or missing post."""
    connection = transaction.connection
    columns = feed_posts.c
    order_id = connection.execute(select(columns.work_order_id).where(columns.id == post_id)).scalar_one_or_none()
    if order_id is None:
        raise NotFound("There is no such post that you may see.")
    visible_order(connection, caller, order_id)
    if wanted:
        row = {
            "feed_post_id": post_id,
            "person_id": caller.subject,
            "work_order_id": order_id,
            "display_name": caller.name,
            "organization_id": caller.organization_id,
            "create_time": transaction.now,
        }
        changed = len(_added(connection, post_likes, [row]))
    else:
        mine = (post_likes.c.feed_post_id == post_id, post_likes.c.person_id == caller.subject)
        changed = -transaction.execute(delete(post_likes).where(*mine)).rowcount
    _count(connection, "like_count", [post_id] if changed else [], changed)


def record_views(transaction: Transaction, caller: Caller, order_id: str, post_ids: Iterable[str]) -> dict[str, int]:
    """Note that the caller was shown posts of an order; how many people saw each of them, the caller among them.

    Raises NotFound for a hidden order, InvalidRequest for more than 200 posts.
    """
    asked = list(dict.fromkeys(post_ids))
    if len(asked) > MOST_POSTS:
        problem = f"Give at most {MOST_POSTS} posts at once."
        raise InvalidRequest(problem, violations=[Violation("feed_post_ids", problem)])
    connection = transaction.connection
    order = visible_order(connection, caller, order_id)
    theirs = (feed_posts.c.id.in_(asked), feed_posts.c.work_order_id == order["id"])
    # Sorted, so that two people who open one feed at once take its rows in the same order.
    known = connection.execute(select(feed_posts.c.id).where(*theirs).order_by(feed_posts.c.id)).scalars().all()
    rows = [{"feed_post_id": each, "person_id": caller.subject, "work_order_id": order["id"]} for each in known]
    _count(connection, "view_count", _added(connection, post_views, rows), 1)
    counted = connection.execute(select(feed_posts.c.id, feed_posts.c.view_count).where(*theirs))
    return {row.id: row.view_count for row in counted}


def _added(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Insert the rows that are not there yet, and give their posts."""
    if not rows:
        return []
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(list(rows)).on_conflict_do_nothing().returning(table.c.feed_post_id)
    return sorted(connection.execute(statement).scalars())


def _count(connection: Connection, column: str, posts: Iterable[str], step: int) -> None:
    for post_id in posts:
        grown = {column: feed_posts.c[column] + step}
        connection.execute(update(feed_posts).where(feed_posts.c.id == post_id).values(**grown))
