"""Posts with their answers and files, and what goes beyond standard methods in the feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import feed_pb2, feed_pb2_grpc
from google.protobuf import json_format
from sqlalchemy import func, select

from services.chassis.idempotency import run_once
from services.chassis.identity import current_caller
from services.chassis.kit import KitServicer, Resource
from services.workorders import wire
from services.workorders.file_servicer import message_of as file_message
from services.workorders.handlers import collaboration, reactions
from services.workorders.resources import words_by
from services.workorders.scope import sees_words
from services.workorders.tables import attachments, comments, feed_posts, post_likes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import grpc
    from sqlalchemy import Connection

    from services.chassis.database import Database
    from services.chassis.identity import Caller
    from services.chassis.unit_of_work import Transaction

SHOWN_COMMENTS = 50
SHOWN_LIKES = 20


class FeedPostServicer(KitServicer):
    """Posts of the orders that the caller sees; a new one tells those whom it mentions."""

    def __init__(self, database: Database) -> None:
        super().__init__(
            Resource(feed_pb2.FeedPost, feed_posts, scope=words_by("author_organization_id"), present=with_answers),
            database,
        )

    def CreateFeedPost(self, request: Any, context: grpc.ServicerContext) -> feed_pb2.FeedPost:
        """Share an update; see collaboration.create_post."""
        del context
        caller = current_caller()

        def work(transaction: Transaction) -> feed_pb2.FeedPost:
            post_id = collaboration.create_post(transaction, caller, request.feed_post, request.request_id)
            made: feed_pb2.FeedPost = self.engine.get(transaction.connection, caller, post_id)
            return made

        return run_once(self.database, caller, "CreateFeedPost", request.request_id, request, feed_pb2.FeedPost, work)


class CollaborationServicer(feed_pb2_grpc.CollaborationServiceServicer):
    """Answers, likes, views and suggestions."""

    def __init__(self, database: Database, posts: FeedPostServicer) -> None:
        self._database = database
        self._posts = posts

    def CreateComment(self, request: feed_pb2.CreateCommentRequest, context: grpc.ServicerContext) -> feed_pb2.Comment:
        del context
        caller = current_caller()

        def work(transaction: Transaction) -> feed_pb2.Comment:
            comment_id = collaboration.create_comment(transaction, caller, request.comment, request.request_id)
            found = transaction.execute(select(comments).where(comments.c.id == comment_id)).mappings().one()
            return comment_message(dict(found))

        return run_once(self._database, caller, "CreateComment", request.request_id, request, feed_pb2.Comment, work)

    def LikePost(self, request: feed_pb2.LikePostRequest, context: grpc.ServicerContext) -> feed_pb2.FeedPost:
        del context
        caller = current_caller()
        with self._database.begin(actor=caller) as transaction:
            reactions.like(transaction, caller, request.feed_post_id, wanted=request.like)
            made: feed_pb2.FeedPost = self._posts.engine.get(transaction.connection, caller, request.feed_post_id)
            return made

    def RecordPostViews(
        self, request: feed_pb2.RecordPostViewsRequest, context: grpc.ServicerContext
    ) -> feed_pb2.RecordPostViewsResponse:
        del context
        caller = current_caller()
        with self._database.begin(actor=caller) as transaction:
            counts = reactions.record_views(transaction, caller, request.work_order_id, request.feed_post_ids)
        return feed_pb2.RecordPostViewsResponse(view_counts=counts)

    def SearchMentions(
        self, request: feed_pb2.SearchMentionsRequest, context: grpc.ServicerContext
    ) -> feed_pb2.SearchMentionsResponse:
        del context
        with self._database.read() as connection:
            found = collaboration.suggest(connection, current_caller(), request.work_order_id, request.text)
        return feed_pb2.SearchMentionsResponse(
            mentions=[feed_pb2.Mention(kind=each.kind, id=each.id, name=each.name) for each in found]
        )


def with_answers(connection: Connection, caller: Caller, posts: Sequence[Any]) -> None:
    """Put answers, files and likes into a page of posts: three statements for all of them."""
    known = {post.id: post for post in posts}
    newest = (
        select(comments, func.row_number().over(partition_by=comments.c.feed_post_id, order_by=_NEWEST).label("place"))
        .where(comments.c.feed_post_id.in_(known))
        .where(sees_words(caller, comments.c.work_order_id, comments.c.author_organization_id))
        .subquery()
    )
    shown = select(newest).where(newest.c.place <= SHOWN_COMMENTS).order_by(newest.c.create_time, newest.c.id)
    for row in connection.execute(shown).mappings():
        known[row["feed_post_id"]].comments.append(comment_message(dict(row)))
    files = select(attachments).where(attachments.c.feed_post_id.in_(known)).order_by(attachments.c.create_time)
    for row in connection.execute(files).mappings():
        known[row["feed_post_id"]].attachments.append(file_message(dict(row)))
    _put_likes(connection, caller, known)


def _put_likes(connection: Connection, caller: Caller, known: Mapping[str, feed_pb2.FeedPost]) -> None:
    """Who likes each post, the latest first, and whether the caller does."""
    columns = post_likes.c
    likes = select(post_likes).where(columns.feed_post_id.in_(known))
    for row in connection.execute(likes.order_by(columns.create_time.desc(), columns.person_id)):
        post = known[row.feed_post_id]
        if row.person_id == caller.subject:
            post.liked = True
        if len(post.liked_by) < SHOWN_LIKES:
            post.liked_by.add(subject=row.person_id, display_name=row.display_name, organization_id=row.organization_id)


def comment_message(row: Mapping[str, Any]) -> feed_pb2.Comment:
    """An answer as the contract shows it."""
    made = feed_pb2.Comment(
        id=row["id"],
        feed_post_id=row["feed_post_id"],
        body=row["body"],
        author_organization_kind=row["author_organization_kind"],
        create_time=wire.timestamp(row["create_time"]),
    )
    made.author.subject = row["author_subject"]
    made.author.display_name = row["author_display_name"]
    made.author.organization_id = row["author_organization_id"]
    json_format.ParseDict({"mentions": row["mentions"]}, made, ignore_unknown_fields=True)
    return made


_NEWEST = (comments.c.create_time.desc(), comments.c.id.desc())
