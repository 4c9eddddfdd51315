"""What belongs to an order: line items, history, files, posts, and rows that it names."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.common.v1 import list_pb2
from fieldmesh.workorders.v1 import (
    attachment_pb2,
    attachment_pb2_grpc,
    feed_pb2,
    feed_pb2_grpc,
    history_entry_pb2,
    history_entry_pb2_grpc,
    line_item_pb2,
    line_item_pb2_grpc,
    work_type_pb2,
    work_type_pb2_grpc,
)

from admin.grpcfab import references
from admin.grpcfab.context import catalogue, mesh
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fieldmesh.workorders.v1 import work_order_pb2
    from google.protobuf.message import Message

HISTORY_PAGE: Final = 50
FEED_PAGE: Final = 20
FEED_ORDERS: Final = {"activity": "-activity_time", "newest": "-create_time", "oldest": "create_time"}


@dataclasses.dataclass(frozen=True)
class Chunk:
    """Some rows, the token of what follows, and how many there are in all."""

    rows: Sequence[Any]
    next_token: str
    total: int


def of_order(order: work_order_pb2.WorkOrder, order_by: str, size: int = 200, token: str = "") -> list_pb2.ListQuery:
    """A query for rows of an order."""
    return list_pb2.ListQuery(
        page_size=size,
        page_token=token,
        order_by=order_by,
        filters=[list_pb2.Filter(field="work_order_id", operator=list_pb2.FILTER_OPERATOR_EQUALS, values=[order.id])],
    )


def line_items(order: work_order_pb2.WorkOrder) -> list[line_item_pb2.LineItem]:
    """The tasks of an order, in number order (CP-42 to CP-44); what is approved has action items instead."""
    if order.content_version:
        return []
    stub = mesh().stub(line_item_pb2_grpc.LineItemServiceStub)
    return list(stub.ListLineItems(line_item_pb2.ListLineItemsRequest(query=of_order(order, "number"))).line_items)


def history(order: work_order_pb2.WorkOrder, token: str) -> Chunk:
    """The history of an order, newest first (CP-45)."""
    stub = mesh().stub(history_entry_pb2_grpc.HistoryEntryServiceStub)
    query = of_order(order, "-sequence", HISTORY_PAGE, token)
    found = stub.ListHistoryEntries(history_entry_pb2.ListHistoryEntriesRequest(query=query))
    return Chunk(list(found.history_entries), found.page.next_page_token, found.page.total_size)


def files(order: work_order_pb2.WorkOrder) -> list[attachment_pb2.Attachment]:
    """The files of an order, newest first (CP-46)."""
    stub = mesh().stub(attachment_pb2_grpc.AttachmentServiceStub)
    query = of_order(order, "-create_time")
    return list(stub.ListAttachments(attachment_pb2.ListAttachmentsRequest(query=query)).attachments)


def work_types(items: Iterable[line_item_pb2.LineItem]) -> list[work_type_pb2.WorkType]:
    """The work types of these tasks, which say what they ask for beside the work (CP-69)."""
    ids = list(dict.fromkeys(item.work_type_id for item in items))
    if not ids:
        return []
    stub = mesh().stub(work_type_pb2_grpc.WorkTypeServiceStub)
    return list(stub.BatchGetWorkTypes(work_type_pb2.BatchGetWorkTypesRequest(ids=ids)).work_types)


def deliverables(kinds: Iterable[work_type_pb2.WorkType]) -> list[str]:
    """What is to be uploaded for work of these types."""
    return list(dict.fromkeys(name for kind in kinds for name in kind.deliverables))


def feed(order: work_order_pb2.WorkOrder, words: str, order_by: str, token: str) -> Chunk:
    """Posts of an order (CP-58)."""
    query = of_order(order, FEED_ORDERS.get(order_by, FEED_ORDERS["activity"]), FEED_PAGE, token)
    query.search = words
    stub = mesh().stub(feed_pb2_grpc.FeedPostServiceStub)
    found = stub.ListFeedPosts(feed_pb2.ListFeedPostsRequest(query=query))
    return Chunk(list(found.feed_posts), found.page.next_page_token, found.page.total_size)


def seen(order: work_order_pb2.WorkOrder, posts: Iterable[feed_pb2.FeedPost]) -> Mapping[str, int]:
    """Note that the viewer was shown posts; how many people saw each (CP-58). Nothing breaks without it."""
    known = {post.id: post.view_count for post in posts}
    if not known:
        return known
    request = feed_pb2.RecordPostViewsRequest(work_order_id=order.id, feed_post_ids=known)
    try:
        counted = mesh().stub(feed_pb2_grpc.CollaborationServiceStub).RecordPostViews(request).view_counts
    except Refusal:
        return known
    return {**known, **counted}


def by_ids(resource: str, ids: Iterable[str]) -> list[Message]:
    """Rows of a resource by id, in one call."""
    return [row.message for row in catalogue().interface(resource).many(list(ids))]


def title(resource: str, one: str) -> references.Reference | None:
    """What names a row, with its link; None where none is named."""
    return references.fetch({resource: [one]})[resource, one] if one else None
