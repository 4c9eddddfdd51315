"""What hangs on orders: line items, feed, files; and whose master data a caller sees."""

from __future__ import annotations

import io

import pytest
from fieldmesh.workorders.v1 import attachment_pb2, events_pb2, feed_pb2
from PIL import Image

from services.chassis.errors import InvalidRequest, NotAllowed, NotFound, Refusal, WrongState
from services.chassis.identity import Call, calling
from tests.integration.workorders.conftest import ADMIN, DISPATCHER, PARTNER, STRANGER, UTILITY


def picture() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (20, 20), "teal").save(target, "PNG")
    return target.getvalue()


def upload(desk, order, content: bytes, *, title="serial.png", deliverable=""):
    described = attachment_pb2.UploadDescription(
        work_order_id=order.id, title=title, deliverable=deliverable, request_id="upload-1"
    )
    requests = [attachment_pb2.UploadAttachmentRequest(description=described)]
    requests += [
        attachment_pb2.UploadAttachmentRequest(chunk=content[at : at + 1000]) for at in range(0, len(content), 1000)
    ]
    return desk.call(desk.app.file_contents, "UploadAttachment", PARTNER, iter(requests))


def download(desk, request, caller) -> list:
    with calling(Call(caller, "r-1")):
        return list(desk.app.file_contents.DownloadAttachment(request, None))


@pytest.mark.req("CP-17")
def test_line_items_are_numbered_from_one_and_change_the_order(desk):
    order = desk.create(line_items=0)
    assert not order.parts_required

    item = {
        "work_order_id": order.id,
        "work_type_id": desk.ids["head"],
        "parts": [{"part_id": desk.ids["part"], "quantity": 2}],
    }
    first = desk.kit("LineItem", "CreateLineItem", DISPATCHER, line_item=item)
    second = desk.kit("LineItem", "CreateLineItem", DISPATCHER, line_item=item)

    after = desk.get(order.id)
    assert (first.number, second.number) == ("00000001", "00000002")
    assert (after.parts_required, after.work_type_name) == (True, "Head replacement")
    assert [row.new_value for row in desk.history(order) if row.field == "line_item"] == [
        "00000001 Head replacement 2 parts",
        "00000002 Head replacement 2 parts",
    ]
    desk.kit("LineItem", "DeleteLineItem", DISPATCHER, id=second.id, etag=second.etag)
    assert len(desk.kit("LineItem", "ListLineItems", DISPATCHER).line_items) == 1


@pytest.mark.req("CP-19")
def test_a_work_type_that_needs_parts_asks_for_them(desk):
    order = desk.create(line_items=0)

    with pytest.raises(InvalidRequest) as refused:
        desk.kit(
            "LineItem",
            "CreateLineItem",
            DISPATCHER,
            line_item={"work_order_id": order.id, "work_type_id": desk.ids["head"]},
        )

    assert [violation.field for violation in refused.value.violations] == ["parts"]


def test_line_items_of_an_allocated_order_stay_as_they_are(desk):
    order = desk.allocated()
    item = desk.kit("LineItem", "ListLineItems", DISPATCHER).line_items[0]
    wanted = {"id": item.id, "etag": item.etag, "description": "More"}

    with pytest.raises(WrongState) as refused:
        desk.kit("LineItem", "UpdateLineItem", DISPATCHER, line_item=wanted, update_mask={"paths": ["description"]})
    assert refused.value.reason == "ALREADY_ALLOCATED"
    with pytest.raises(NotAllowed):
        desk.kit("LineItem", "UpdateLineItem", PARTNER, line_item=wanted, update_mask={"paths": ["description"]})
    with pytest.raises(NotFound):
        desk.kit("LineItem", "GetLineItem", STRANGER, id=item.id)
    assert desk.get(order.id).state == "assigned"


@pytest.mark.req("CP-57")
@pytest.mark.req("CP-58")
def test_a_post_tells_those_it_mentions_and_shows_its_answers_and_files(desk):
    order = desk.allocated()
    file = upload(desk, order, picture())
    post = {
        "work_order_id": order.id,
        "body": "Is the site open on Sunday? @Cora Vale",
        "mentions": [{"kind": feed_pb2.MENTION_KIND_PERSON, "id": "cse"}],
        "attachment_ids": [file.id],
    }

    made = desk.kit("FeedPost", "CreateFeedPost", PARTNER, feed_post=post, request_id="post-1")
    again = desk.kit("FeedPost", "CreateFeedPost", PARTNER, feed_post=post, request_id="post-1")
    comment = feed_pb2.CreateCommentRequest(comment={"feed_post_id": made.id, "body": "Until noon."}, request_id="c-1")
    desk.call(desk.app.collaboration, "CreateComment", DISPATCHER, comment)

    shown = desk.kit("FeedPost", "ListFeedPosts", DISPATCHER).feed_posts[0]
    assert again == made
    assert (shown.author.display_name, shown.author_organization_kind) == ("Partner Of Bluefern", "partner")
    assert [each.name for each in shown.mentions] == ["Cora Vale"]
    assert [each.body for each in shown.comments] == ["Until noon."]
    assert [each.title for each in shown.attachments] == ["serial.png"]
    assert len(desk.told(events_pb2.FeedPosted)) == 2
    assert len(desk.kit("FeedPost", "ListFeedPosts", STRANGER).feed_posts) == 0


def test_strangers_neither_post_nor_are_mentioned(desk):
    order = desk.allocated()

    with pytest.raises(NotFound):
        desk.kit("FeedPost", "CreateFeedPost", STRANGER, feed_post={"work_order_id": order.id, "body": "Hello"})
    asked = feed_pb2.SearchMentionsRequest(work_order_id=order.id, text="co")
    found = desk.call(desk.app.collaboration, "SearchMentions", PARTNER, asked).mentions
    assert [each.name for each in found] == ["Cora Vale"]


@pytest.mark.req("CP-46")
def test_a_file_is_stored_read_and_listed(desk):
    order = desk.allocated()
    content = picture()

    stored = upload(desk, order, content, deliverable="Photo of the serial number")
    again = upload(desk, order, content, deliverable="Photo of the serial number")
    request = attachment_pb2.DownloadAttachmentRequest(id=stored.id)
    answers = download(desk, request, DISPATCHER)

    assert again == stored
    assert stored.media_type == "image/png"
    assert len(b"".join(answer.chunk for answer in answers)) == stored.size_bytes
    listed = desk.kit("Attachment", "ListAttachments", DISPATCHER).attachments
    assert [(each.title, each.owner.display_name) for each in listed] == [("serial.png", "Partner Of Bluefern")]
    with pytest.raises(NotFound):
        download(desk, request, STRANGER)


def test_a_page_pretending_to_be_a_picture_is_refused(desk):
    order = desk.allocated()

    with pytest.raises(Refusal) as refused:
        upload(desk, order, b"<!doctype html><script>alert(1)</script>", title="photo.png")

    assert refused.value.reason == "FILE_TYPE_NOT_ALLOWED"


def test_master_data_is_seen_by_its_keepers_and_by_those_whose_orders_refer_to_it(desk):
    before = desk.kit("Account", "ListAccounts", PARTNER).accounts
    desk.allocated()

    assert len(before) == 0
    assert [each.name for each in desk.kit("Account", "ListAccounts", PARTNER).accounts] == ["Harbor Glen Apartments"]
    assert [each.name for each in desk.kit("Station", "ListStations", PARTNER).stations] == ["North 1"]
    assert len(desk.kit("ReasonCode", "ListReasonCodes", PARTNER).reason_codes) == 2
    for caller in (UTILITY, STRANGER):
        assert len(desk.kit("Account", "ListAccounts", caller).accounts) == 0
        assert len(desk.kit("WorkType", "ListWorkTypes", caller).work_types) == 0
    assert len(desk.kit("Account", "ListAccounts", ADMIN).accounts) == 1


def test_what_an_order_uses_is_deactivated_not_deleted(desk):
    desk.create()
    account = desk.kit("Account", "GetAccount", DISPATCHER, id=desk.ids["account"])

    with pytest.raises(WrongState) as refused:
        desk.kit("Account", "DeleteAccount", DISPATCHER, id=account.id, etag=account.etag)

    assert refused.value.reason == "STILL_REFERENCED"


def test_a_renamed_account_is_renamed_on_its_orders(desk):
    order = desk.create()
    account = desk.kit("Account", "GetAccount", DISPATCHER, id=desk.ids["account"])
    wanted = {"id": account.id, "etag": account.etag, "name": "Harbor Glen Flats"}

    desk.kit("Account", "UpdateAccount", DISPATCHER, account=wanted, update_mask={"paths": ["name"]})

    assert desk.get(order.id).account_name == "Harbor Glen Flats"


@pytest.mark.req("CP-17")
def test_cases_are_numbered_by_themselves(desk):
    case = desk.kit("Case", "GetCase", DISPATCHER, id=desk.ids["case"])

    assert case.case_number.startswith("104")
    assert len(case.case_number) == 8


def test_technicians_are_told_of_work_types(desk):
    told = desk.told(events_pb2.WorkTypeChanged)

    assert {each.name for each in told} == {"Head replacement", "Wiring verification"}
