"""Service reports over the servicers: a PDF among the files of the order, once for each request."""

from __future__ import annotations

import pytest
from fieldmesh.workorders.v1 import attachment_pb2

from services.chassis.errors import NotFound, WrongState
from services.chassis.identity import Call, calling
from services.workorders import seeds
from tests.integration.workorders.conftest import DISPATCHER, ME, PARTNER, STRANGER

pytestmark = pytest.mark.req("CP-36")


def report(desk, caller, order, request_id="report"):
    request = attachment_pb2.CreateServiceReportRequest(work_order_id=order.id, request_id=request_id)
    return desk.call(desk.app.file_contents, "CreateServiceReport", caller, request)


def content(desk, caller, file):
    request = attachment_pb2.DownloadAttachmentRequest(id=file.id)
    with calling(Call(caller, "r-1")):
        return b"".join(part.chunk for part in desk.app.file_contents.DownloadAttachment(request, None))


def test_a_report_is_a_pdf_among_the_files_and_the_same_request_makes_it_once(desk):
    order = desk.at_work()

    made = report(desk, PARTNER, order)
    again = report(desk, PARTNER, order)
    files = desk.kit("Attachment", "ListAttachments", DISPATCHER).attachments

    assert [file.id for file in files] == [made.id] == [again.id]
    assert (made.media_type, made.title) == ("application/pdf", f"Service report {order.number} 2026-03-02 1500.pdf")
    assert content(desk, DISPATCHER, made).startswith(b"%PDF-")


def test_words_that_look_like_markup_are_only_words(desk):
    order = desk.allocated(subject="<b>Assure</b> & <script>", description="5 < 6\nsecond line")

    assert report(desk, PARTNER, order).size_bytes > 1000


def test_nobody_reports_on_what_they_do_not_see_and_ended_orders_keep_their_files(desk):
    order = desk.allocated()
    with desk.app.database.begin(actor=ME, now=desk.clock.now()) as transaction:
        seeds.seed(transaction.connection)
    desk.fire(order, "reject", PARTNER, reason_code="mismatch")

    with pytest.raises(NotFound):
        report(desk, STRANGER, order)
    with pytest.raises(WrongState):
        report(desk, PARTNER, order)
