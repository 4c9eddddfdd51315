"""Posts, answers, mentions and files of an order (CP-46, CP-56 to CP-58)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.workorders.v1 import attachment_pb2, attachment_pb2_grpc, feed_pb2, feed_pb2_grpc
from flask import flash, redirect, request

from admin.grpcfab.context import mesh
from admin.grpcfab.errors import http_status, sentence
from admin.grpcfab.routes import expose, has_access
from admin.pages.files import file_response, pieces_of
from admin.pages.work_orders import related
from admin.pages.work_orders.moving import ELSEWHERE, onward
from services.chassis.errors import Refusal
from services.chassis.ids import derive_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from werkzeug.datastructures import FileStorage, MultiDict

MOST_FILES: Final = 10
# What the composer sends beside the text for each "@Name" that was chosen.
_MENTION: Final = re.compile(r"(person|team):([0-9a-f-]{36}):(.{1,120})")
_KINDS: Final = {"person": feed_pb2.MENTION_KIND_PERSON, "team": feed_pb2.MENTION_KIND_TEAM}


class Collaboration:
    """The feed and file routes of the work orders' panel."""

    @expose("/<pk>/posts", methods=["POST"])
    @has_access
    def share(self, pk: str) -> Any:
        body, mentions = read_mentions(request.form)
        key, stands_for = request.form.get("request_key", ""), request.form.get("deliverable", "")
        kept = [each for each in request.form.getlist("attachment") if each]
        ids, refused = upload_all(pk, key, stands_for)
        ids = [*dict.fromkeys([*kept, *ids])]
        if refused:
            return self._kept(pk, refused, 422, attachments=ids)
        try:
            post = feed_pb2.FeedPost(work_order_id=pk, body=body, mentions=mentions, attachment_ids=ids)
            mesh().stub(feed_pb2_grpc.FeedPostServiceStub).CreateFeedPost(
                feed_pb2.CreateFeedPostRequest(feed_post=post, request_id=key)
            )
        except Refusal as refusal:
            return self._kept(pk, [sentence(refusal)], http_status(refusal), attachments=ids)
        flash("Shared.", "success")
        return redirect(f"{self.url_of(pk)}?tab=collaborate")  # type: ignore[attr-defined]

    @expose("/<pk>/posts/<post>/comments", methods=["POST"])
    @has_access
    def answer(self, pk: str, post: str) -> Any:
        body, mentions = read_mentions(request.form)
        comment = feed_pb2.Comment(feed_post_id=post, body=body, mentions=mentions)
        try:
            mesh().stub(feed_pb2_grpc.CollaborationServiceStub).CreateComment(
                feed_pb2.CreateCommentRequest(comment=comment, request_id=request.form.get("request_key", ""))
            )
        except Refusal as refusal:
            return self._kept(pk, [sentence(refusal)], http_status(refusal))
        return redirect(f"{self.url_of(pk)}?tab=collaborate#post-{post}")  # type: ignore[attr-defined]

    @expose("/<pk>/posts/<post>/like", methods=["POST"])
    @has_access
    def like(self, pk: str, post: str) -> Any:
        """Like a post or take that back (CP-58)."""
        asked = feed_pb2.LikePostRequest(feed_post_id=post, like=request.form.get("like") == "1")
        try:
            liked = mesh().stub(feed_pb2_grpc.CollaborationServiceStub).LikePost(asked)
        except Refusal as refusal:
            flash(sentence(refusal), "danger")
            return onward(f"{self.url_of(pk)}?tab=collaborate")  # type: ignore[attr-defined]
        if not request.headers.get("HX-Request"):
            return redirect(f"{self.url_of(pk)}?tab=collaborate#post-{post}")  # type: ignore[attr-defined]
        return self.render_template(  # type: ignore[attr-defined]
            "pages/work_orders/_reactions.html", panel=self, order_id=pk, post=liked, seen=liked.view_count
        )

    @expose("/<pk>/mentions")
    @has_access
    def mentions(self, pk: str) -> Any:
        """People and teams for what was typed after an @ (CP-57)."""
        asked = feed_pb2.SearchMentionsRequest(work_order_id=pk, text=request.args.get("q", "")[:100])
        found = mesh().stub(feed_pb2_grpc.CollaborationServiceStub).SearchMentions(asked)
        kinds = {number: name for name, number in _KINDS.items()}
        return {"mentions": [{"kind": kinds[each.kind], "id": each.id, "name": each.name} for each in found.mentions]}

    @expose("/<pk>/files", methods=["POST"])
    @has_access
    def upload(self, pk: str) -> Any:
        key, deliverable = request.form.get("request_key", ""), request.form.get("deliverable", "")
        stored, refused = upload_all(pk, key, deliverable)
        if stored:
            flash(f"{len(stored)} files were uploaded." if len(stored) > 1 else "The file was uploaded.", "success")
        for words in refused if stored or refused else ["Choose a file first."]:
            flash(words, "danger")
        return redirect(ELSEWHERE.get(request.form.get("tab", "")) or f"{self.url_of(pk)}?tab=related")  # type: ignore[attr-defined]

    @expose("/<pk>/report", methods=["POST"])
    @has_access
    def report(self, pk: str) -> Any:
        """Make a service report and show it among the files (CP-36)."""
        asked = attachment_pb2.CreateServiceReportRequest(
            work_order_id=pk, request_id=request.form.get("request_key", "")
        )
        try:
            made = mesh().stub(attachment_pb2_grpc.FileServiceStub).CreateServiceReport(asked)
        except Refusal as refusal:
            flash(sentence(refusal), "danger")
        else:
            flash(f"{made.title} is among the files.", "success")
        return redirect(f"{self.url_of(pk)}?tab=related")  # type: ignore[attr-defined]

    @expose("/<pk>/files/<one>/remove", methods=["POST"])
    @has_access
    def remove_file(self, pk: str, one: str) -> Any:
        """Remove a file; the service decides who may."""
        asked = attachment_pb2.DeleteAttachmentRequest(id=one, request_id=request.form.get("request_key", ""))
        try:
            mesh().stub(attachment_pb2_grpc.FileServiceStub).DeleteAttachment(asked)
        except Refusal as refusal:
            flash(sentence(refusal), "danger")
        else:
            flash("The file was removed.", "success")
        return redirect(f"{self.url_of(pk)}?tab=related")  # type: ignore[attr-defined]

    @expose("/<pk>/files/<one>")
    @has_access
    def open_file(self, pk: str, one: str) -> Any:
        """A file's content; the service decides who may read it, and nothing in it can run here."""
        del pk
        stream = (
            mesh()
            .stub(attachment_pb2_grpc.FileServiceStub)
            .DownloadAttachment(attachment_pb2.DownloadAttachmentRequest(id=one))
        )
        parts = iter(stream)
        first = next(parts).attachment
        return file_response(
            first.title,
            first.media_type,
            first.size_bytes,
            (part.chunk for part in parts),
            download="download" in request.args,
        )

    def _kept(self, pk: str, words: Sequence[str], status: int, attachments: Sequence[str] = ()) -> Any:
        """A page that keeps what was written and what was uploaded, for sending again."""
        page = self.render_template(  # type: ignore[attr-defined]
            "pages/work_orders/kept.html",
            panel=self,
            title="Not shared",
            words=words,
            text=request.form.get("body", ""),
            mentions=request.form.getlist("mention"),
            attachments=related.by_ids(attachment_pb2.Attachment.DESCRIPTOR.full_name, attachments),
            takes_files=request.path.endswith("/posts"),
            stands_for=request.form.get("deliverable", ""),
            action=request.path,
            back=f"{self.url_of(pk)}?tab=collaborate",  # type: ignore[attr-defined]
        )
        return page, status


def read_mentions(form: MultiDict[str, str]) -> tuple[str, list[feed_pb2.Mention]]:
    """A composed text, and whom it mentions: of those who were chosen, the ones whose "@Name" still stands in it."""
    text = form.get("body", "").replace("\r\n", "\n").strip()
    chosen = (_MENTION.fullmatch(each) for each in dict.fromkeys(form.getlist("mention")))
    mentions = [
        feed_pb2.Mention(kind=_KINDS[match[1]], id=match[2], name=match[3])
        for match in chosen
        if match and f"@{match[3]}" in text
    ]
    return text, mentions


def upload_all(pk: str, key: str, deliverable: str) -> tuple[list[str], list[str]]:
    """Upload what the browser sent, each file on its own: ids of those stored, and why the others were refused."""
    stored, refused = [], []
    files = [file for file in request.files.getlist("files") if file.filename][:MOST_FILES]
    for place, file in enumerate(files):
        try:
            stored.append(_upload(pk, file, deliverable, derive_id(key, "file", place)))
        except Refusal as refusal:
            refused.append(f"{file.filename}: {sentence(refusal)}")
    return stored, refused


def _upload(pk: str, file: FileStorage, deliverable: str, request_id: str) -> str:
    description = attachment_pb2.UploadDescription(
        work_order_id=pk, title=file.filename or "", deliverable=deliverable, request_id=request_id
    )

    def pieces() -> Iterator[attachment_pb2.UploadAttachmentRequest]:
        yield attachment_pb2.UploadAttachmentRequest(description=description)
        for chunk in pieces_of(file):
            yield attachment_pb2.UploadAttachmentRequest(chunk=chunk)

    return str(mesh().stub(attachment_pb2_grpc.FileServiceStub).UploadAttachment(pieces()).id)
