"""A panel: every page of one resource, from about ten lines (B-7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import g, request

from admin.grpcfab import cells, references
from admin.grpcfab.acting import Acting
from admin.grpcfab.browsing import Browsing
from admin.grpcfab.changes import Changes
from admin.grpcfab.context import catalogue
from admin.grpcfab.listing import ListState
from admin.grpcfab.routes import expose, has_access
from admin.grpcfab.writing import Writing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from admin.grpcfab.rows import Row
    from admin.grpcfab.spec import Field


class Panel(Browsing, Writing, Acting, Changes):
    """The pages of one resource.

    Set `resource`, and `menu` for the group in the side bar. Everything else comes from the contract; `columns`,
    `base_filters`, `related_resources` and `service` override it.
    """

    @expose("/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        row = self.row(pk)
        g.opened = (self.datamodel.resource.full_name, row.id, self.title_of(row))
        return self.render_template(
            self.show_template,
            panel=self,
            title=self.title_of(row),
            row=row,
            facts=self.facts(row),
            actions=self.row_actions(),
            tabs=self.related_tabs(row),
            tab=request.args.get("tab", ""),
        )

    def facts(self, row: Row) -> Sequence[tuple[Field, cells.Cell]]:
        """Every visible field with its value; of several with one label, such as a row and its name, the best one."""
        fields = self.datamodel.resource.visible()
        known = references.resolve([row], fields)
        found: dict[str, tuple[Field, cells.Cell]] = {}
        for field in fields:
            cell = cells.cell(row, field, known)
            if field.label not in found or (cell.told and not found[field.label][1].told):
                found[field.label] = (field, cell)
        return list(found.values())

    def related_tabs(self, row: Row) -> Sequence[Mapping[str, Any]]:
        """Lists of what refers to a row; each is loaded when it is opened."""
        full_name = self.datamodel.resource.full_name
        lists = [
            {
                "key": panel.datamodel.resource.slug,
                "label": panel.list_title,
                "icon": panel.icon,
                "url": panel.url("related") + ListState.of(field, row.id).url(),
            }
            for panel, field in catalogue().referring_to(full_name)
            if (self.related_resources is None or panel.datamodel.resource.full_name in self.related_resources)
            and panel.may("related")
        ]
        if self.shows_changes():
            lists.append(
                {"key": "changes", "label": "Changes", "icon": "clock-history", "url": self.url(row.id, "changes")}
            )
        return lists
