"""Likes and views of posts over the servicers, on both databases."""

from __future__ import annotations

import pytest
from fieldmesh.workorders.v1 import feed_pb2

from services.chassis.errors import NotFound
from tests.integration.workorders.conftest import DISPATCHER, PARTNER, STRANGER

pytestmark = pytest.mark.req("CP-58")


@pytest.fixture
def post(desk):
    order = desk.allocated()
    given = {"work_order_id": order.id, "body": "Which breaker is it?"}
    return desk.kit("FeedPost", "CreateFeedPost", PARTNER, feed_post=given, request_id="post")


def like(desk, caller, post, wanted=True):  # noqa: FBT002 - what is asked for
    request = feed_pb2.LikePostRequest(feed_post_id=post.id, like=wanted)
    return desk.call(desk.app.collaboration, "LikePost", caller, request)


def views(desk, caller, order_id, *ids):
    request = feed_pb2.RecordPostViewsRequest(work_order_id=order_id, feed_post_ids=ids)
    return dict(desk.call(desk.app.collaboration, "RecordPostViews", caller, request).view_counts)


def test_a_like_counts_once_names_who_and_is_taken_back(desk, post):
    like(desk, DISPATCHER, post)
    liked = like(desk, DISPATCHER, post)
    seen = desk.kit("FeedPost", "ListFeedPosts", PARTNER).feed_posts[0]
    both = like(desk, PARTNER, post)
    back = like(desk, DISPATCHER, post, wanted=False)
    again = like(desk, DISPATCHER, post, wanted=False)

    assert (liked.like_count, liked.liked, seen.liked, both.like_count) == (1, True, False, 2)
    assert [who.display_name for who in seen.liked_by] == [DISPATCHER.name]
    assert (back.like_count, back.liked, again.like_count) == (1, False, 1)
    assert [who.display_name for who in again.liked_by] == [PARTNER.name]


def test_everybody_who_is_shown_a_post_counts_once(desk, post):
    first = views(desk, DISPATCHER, post.work_order_id, post.id, "another")
    again = views(desk, DISPATCHER, post.work_order_id, post.id)
    second = views(desk, PARTNER, post.work_order_id, post.id)

    assert (first, again, second) == ({post.id: 1}, {post.id: 1}, {post.id: 2})
    assert desk.kit("FeedPost", "ListFeedPosts", PARTNER).feed_posts[0].view_count == 2


def test_who_does_not_see_the_order_neither_likes_nor_counts(desk, post):
    with pytest.raises(NotFound):
        like(desk, STRANGER, post)
    with pytest.raises(NotFound):
        views(desk, STRANGER, post.work_order_id, post.id)
