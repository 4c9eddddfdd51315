"""Adding, editing and deleting: the form keeps its input whatever happens, and a stale save shows both versions."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, request
from werkzeug.datastructures import MultiDict

from admin.grpcfab import cells, references, values
from admin.grpcfab.base import PanelBase
from admin.grpcfab.errors import form_sentence, http_status, sentence
from admin.grpcfab.forms import ResourceForm, dump
from admin.grpcfab.routes import expose, has_access, redraws
from services.chassis.errors import AlreadyExists, Refusal, StaleEtag
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from admin.grpcfab.rows import Row
    from admin.grpcfab.spec import Field

UNPROCESSABLE = 422


@dataclasses.dataclass(frozen=True)
class Clash:
    """A field that both the person and somebody else changed."""

    field: Field
    theirs: cells.Cell


@dataclasses.dataclass
class Draft:
    """A form on its way, with what is to be said above it."""

    form: ResourceForm
    row: Row | None = None
    problems: Sequence[str] = ()
    clashes: Sequence[Clash] = ()
    stale: bool = False
    status: int = 200


class Writing(PanelBase):
    """The routes of a panel that change rows."""

    @expose("/new", methods=["GET", "POST"])
    @has_access
    @redraws
    def add(self) -> Any:
        if request.method == "GET":
            return self._draw(Draft(self._prefilled()))
        form = self.add_form.sent(request.form)
        if not form.validate():
            return self._draw(Draft(form, status=UNPROCESSABLE))
        row: Row = self.datamodel.obj()
        _apply(form, row, form.specs)
        row.request_id = form.request_key.data or ""
        try:
            self.datamodel.add(row)
        except Refusal as refusal:
            return self._draw(_refused(form, None, refusal))
        return self.created(row)

    @expose("/<pk>/edit", methods=["GET", "POST"])
    @has_access
    @redraws
    def edit(self, pk: str) -> Any:
        row: Row = self.row(pk)
        if request.method == "GET":
            return self._draw(Draft(self.edit_form.drawn(row.message, row.etag), row))
        form = self.edit_form.sent(request.form)
        if form.etag_seen.data != row.etag:
            return self._draw(self._stale(form, row))
        if not form.validate():
            return self._draw(Draft(form, row, status=UNPROCESSABLE))
        return self._save(form, row)

    def created(self, row: Row) -> Any:
        """What is shown after a row was added; `row` is as the service answered."""
        flash(f"{self.title_of(row)} was created.", "success")
        return redirect(self.url_of(row.id))

    def _save(self, form: ResourceForm, row: Row) -> Any:
        touched = form.touched()
        if not touched:
            flash("Nothing was changed.", "info")
            return redirect(self.url_of(row.id))
        _apply(form, row, touched)
        row.request_id = form.request_key.data or ""
        try:
            self.datamodel.edit(row)
        except StaleEtag:
            return self._draw(self._stale(form, self.row(row.id)))
        except Refusal as refusal:
            return self._draw(_refused(form, row, refusal))
        flash(f"{self.title_of(row)} was saved.", "success")
        return redirect(self.url_of(row.id))

    @expose("/<pk>/delete", methods=["POST"])
    @has_access
    def delete(self, pk: str) -> Any:
        row: Row = self.row(pk)
        seen = request.form.get("etag_seen", "")
        message: Any = row.message
        message.etag = seen
        title = self.title_of(row)
        row.request_id = request.form.get("request_key", "")
        try:
            self.datamodel.delete(row)
        except Refusal as refusal:
            flash(sentence(refusal), "danger")
            return redirect(self.url_of(row.id))
        flash(f"{title} was deleted.", "success")
        return redirect(self.url(""))

    def _prefilled(self) -> ResourceForm:
        """An empty form, with what the link to it brought along, such as the row that the new one belongs to."""
        form = self.add_form.drawn(None)
        for spec in form.specs:
            if spec.name in request.args and not spec.repeated and not spec.children:
                name = form[spec.name].name
                form[spec.name].process(MultiDict({name: request.args[spec.name]}))
                form[spec.name].raw_data = None
            elif spec.name == "active":
                form[spec.name].data = True
        form.remember("")
        return form

    def _stale(self, form: ResourceForm, row: Row) -> Draft:
        """The form after somebody else saved: what the person did not touch takes the new values, the rest is kept."""
        touched = form.touched()
        current = self.edit_form.drawn(row.message, row.etag)
        base, mine, now = form.drawn_with(), form.fingerprints(), current.fingerprints()
        known = references.resolve([row], touched)
        clashes = []
        for spec in form.specs:
            field = form[spec.name]
            if spec not in touched:
                field.process(None, current[spec.name].data)
            elif now[spec.name] not in {base.get(spec.name), mine[spec.name]}:
                clashes.append(Clash(spec, cells.cell(row, spec, known)))
        form.etag_seen.data, form.base_seen.data = row.etag, current.base_seen.data
        form.request_key.data = new_id()
        return Draft(form, row, clashes=clashes, stale=True, status=409)

    def _draw(self, draft: Draft) -> Any:
        page = self.render_template(
            self.edit_template,
            panel=self,
            title=self.edit_title if draft.row else self.add_title,
            draft=draft,
            form=draft.form,
        )
        return page, draft.status


def _apply(form: ResourceForm, row: Row, specs: Sequence[Field]) -> None:
    for spec in specs:
        values.write(row.message, spec, dump(form[spec.name], spec))
        row.changed.add(spec.name)


def _refused(form: ResourceForm, row: Row | None, refusal: Refusal) -> Draft:
    if isinstance(refusal, AlreadyExists):
        form.request_key.data = new_id()
    problems = form.refuse(refusal) if refusal.kind == "invalid" else [form_sentence(refusal)]
    return Draft(form, row, problems=problems, status=http_status(refusal))
