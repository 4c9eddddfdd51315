"""Collaboration on an order: posts, answers, mentions (CP-56 to CP-59)."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from fieldmesh.common.v1 import types_pb2
from fieldmesh.workorders.v1 import events_pb2, feed_pb2
from sqlalchemy import insert, or_, select, update

from services.chassis.errors import InvalidRequest, NotFound, Violation
from services.chassis.ids import derive_id
from services.workorders.handlers import snapshots
from services.workorders.scope import visible_order
from services.workorders.tables import attachments, comments, feed_posts, organizations, people, teams

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from services.chassis.identity import Caller
    from services.chassis.unit_of_work import Transaction

LONGEST = 10_000
MOST_MENTIONS = 20
SUGGESTIONS = 10
_PERSON, _TEAM = feed_pb2.MENTION_KIND_PERSON, feed_pb2.MENTION_KIND_TEAM


@dataclass(frozen=True, slots=True)
class Mention:
    """A person or team named in a text; `kind` is a MentionKind of the contract."""

    kind: feed_pb2.MentionKind.ValueType
    id: str
    name: str


def create_post(transaction: Transaction, caller: Caller, post: feed_pb2.FeedPost, request_id: str) -> str:
    """Share an update on an order and tell those mentioned; gives the post's id.

    Raises NotFound for a hidden order, InvalidRequest for an empty text, unknown mentions or files of another order.
    """
    connection = transaction.connection
    order = visible_order(connection, caller, post.work_order_id)
    problems = _text_problems(post.body, empty_allowed=bool(post.attachment_ids))
    mentions = _checked_mentions(connection, order, post.mentions, problems)
    files = _checked_files(connection, order["id"], post.attachment_ids, problems)
    if problems:
        raise InvalidRequest(problems[0].description, violations=problems)
    post_id = derive_id("post", order["id"], caller.subject, request_id)
    write_post(transaction, caller, order["id"], post.body.strip(), mentions, post_id=post_id)
    if files:
        transaction.execute(update(attachments).where(attachments.c.id.in_(files)).values(feed_post_id=post_id))
    announce(transaction, order, post_id, "", caller, post.body.strip(), mentions)
    return post_id


def create_comment(transaction: Transaction, caller: Caller, comment: feed_pb2.Comment, request_id: str) -> str:
    """Answer a post and tell those mentioned; gives the answer's id. Raises as `create_post`."""
    connection = transaction.connection
    found = (
        connection.execute(select(feed_posts).where(feed_posts.c.id == comment.feed_post_id)).mappings().one_or_none()
    )
    if found is None:
        raise NotFound("There is no such post that you may see.")
    order = visible_order(connection, caller, found["work_order_id"])
    problems = _text_problems(comment.body, empty_allowed=False)
    mentions = _checked_mentions(connection, order, comment.mentions, problems)
    if problems:
        raise InvalidRequest(problems[0].description, violations=problems)
    comment_id = derive_id("comment", found["id"], caller.subject, request_id)
    transaction.execute(
        insert(comments).values(
            id=comment_id,
            feed_post_id=found["id"],
            work_order_id=order["id"],
            body=comment.body.strip(),
            mentions=[asdict(mention) for mention in mentions],
            create_time=transaction.now,
            **_author(connection, caller, ("organization_kind",)),
        )
    )
    transaction.execute(
        update(feed_posts)
        .where(feed_posts.c.id == found["id"])
        .values(comment_count=feed_posts.c.comment_count + 1, activity_time=transaction.now)
    )
    announce(transaction, order, found["id"], comment_id, caller, comment.body.strip(), mentions)
    return comment_id


def write_post(  # noqa: PLR0913 - the parts of a post
    transaction: Transaction,
    caller: Caller,
    work_order_id: str,
    body: str,
    mentions: Iterable[Mention] = (),
    *,
    post_id: str,
    facts: Sequence[tuple[str, str]] = (),
    transition: str = "",
) -> None:
    """Insert a post; transitions write theirs with facts (CP-59)."""
    transaction.execute(
        insert(feed_posts).values(
            id=post_id,
            work_order_id=work_order_id,
            body=body,
            mentions=[asdict(mention) for mention in mentions],
            facts=[{"label": label, "value": value} for label, value in facts],
            transition=transition,
            create_time=transaction.now,
            activity_time=transaction.now,
            **_author(transaction.connection, caller, ("organization_name", "organization_kind")),
        )
    )


def announce(  # noqa: PLR0913, PLR0917 - the parts of the event
    transaction: Transaction,
    order: Mapping[str, Any],
    post_id: str,
    comment_id: str,
    caller: Caller,
    body: str,
    mentions: Sequence[Mention],
) -> None:
    """Tell others of a post, so that those mentioned get a mail."""
    event = events_pb2.FeedPosted(
        work_order=snapshots.of_row(transaction.connection, order),
        feed_post_id=post_id,
        comment_id=comment_id,
        author=types_pb2.Actor(
            subject=caller.subject, display_name=caller.name, organization_id=caller.organization_id
        ),
        body=body,
        mentions=[feed_pb2.Mention(kind=mention.kind, id=mention.id, name=mention.name) for mention in mentions],
    )
    event.post_time.FromDatetime(transaction.now.replace(tzinfo=None))
    snapshots.publish(transaction, order["id"], event)


def suggest(connection: Connection, caller: Caller, work_order_id: str, text: str) -> list[Mention]:
    """At most ten people and teams with a part in an order whose name has `text`; names that begin with it first."""
    order = visible_order(connection, caller, work_order_id)
    organizations_of_order = _organizations(order)
    pattern = "%" + re.sub(r"([\\%_])", r"\\\1", text.strip()) + "%"
    found: list[Mention] = []
    for kind, table in ((_TEAM, teams), (_PERSON, people)):
        rows = connection.execute(
            select(table.c.id, table.c.name)
            .where(
                table.c.organization_id.in_(organizations_of_order),
                table.c.active.is_(True),
                table.c.name.ilike(pattern, escape="\\"),
            )
            .order_by(table.c.name, table.c.id)
            .limit(SUGGESTIONS * 3)
        )
        found += [Mention(kind, row.id, row.name) for row in rows]
    wanted = text.strip().casefold()
    found.sort(key=lambda mention: (not mention.name.casefold().startswith(wanted), mention.name))
    return found[:SUGGESTIONS]


def _organizations(order: Mapping[str, Any]) -> list[str]:
    return [value for column in ("issuer_org", "executor_org", "facility_org") if (value := order[column])]


def _text_problems(body: str, *, empty_allowed: bool) -> list[Violation]:
    if not body.strip() and not empty_allowed:
        return [Violation("body", "Write something to share.")]
    if len(body) > LONGEST:
        return [Violation("body", f"The text has {len(body):,} characters; {LONGEST:,} are allowed.")]
    return []


def _checked_mentions(
    connection: Connection,
    order: Mapping[str, Any],
    wanted: Iterable[feed_pb2.Mention],
    problems: list[Violation],
) -> list[Mention]:
    """The mentions by their names of now; only people and teams of organisations with a part in the order."""
    asked = list({(mention.kind, mention.id): mention for mention in wanted}.values())
    if len(asked) > MOST_MENTIONS:
        problems.append(Violation("mentions", f"At most {MOST_MENTIONS} people and teams can be mentioned at once."))
        return []
    names: dict[tuple[feed_pb2.MentionKind.ValueType, str], str] = {}
    for kind, table in ((_PERSON, people), (_TEAM, teams)):
        ids = [mention.id for mention in asked if mention.kind == kind]
        rows = connection.execute(
            select(table.c.id, table.c.name).where(
                table.c.id.in_(ids), table.c.organization_id.in_(_organizations(order)), table.c.active.is_(True)
            )
        )
        names |= {(kind, row.id): row.name for row in rows}
    unknown = [mention for mention in asked if (mention.kind, mention.id) not in names]
    problems += [
        Violation("mentions", f"{mention.name or mention.id} has no part in this work order.") for mention in unknown
    ]
    return [Mention(kind, identity, name) for (kind, identity), name in names.items()]


def _checked_files(
    connection: Connection, order_id: str, wanted: Iterable[str], problems: list[Violation]
) -> list[str]:
    ids = list(dict.fromkeys(wanted))
    if not ids:
        return []
    known = set(
        connection.execute(
            select(attachments.c.id).where(
                attachments.c.id.in_(ids),
                attachments.c.work_order_id == order_id,
                or_(attachments.c.feed_post_id == "", attachments.c.feed_post_id.is_(None)),
            )
        ).scalars()
    )
    if len(known) < len(ids):
        problems.append(Violation("attachment_ids", "A file is not one of this work order, or came with another post."))
    return [identity for identity in ids if identity in known]


def _author(connection: Connection, caller: Caller, more: Iterable[str]) -> dict[str, str]:
    organization = connection.execute(
        select(organizations.c.name, organizations.c.kind).where(organizations.c.id == caller.organization_id)
    ).one_or_none()
    values = {
        "organization_name": organization.name if organization else "",
        "organization_kind": organization.kind if organization else caller.organization_kind,
    }
    return {
        "author_subject": caller.subject,
        "author_display_name": caller.name,
        "author_organization_id": caller.organization_id,
        **{f"author_{name}": values[name] for name in more},
    }
