"""Lists: pages, search boxes, related rows and exports of one resource."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from flask import redirect, request

from admin.grpcfab import cells, references
from admin.grpcfab.base import PanelBase
from admin.grpcfab.export import csv_response
from admin.grpcfab.listing import PAGE_SIZES, ListState
from admin.grpcfab.routes import expose, has_access
from admin.grpcfab.spec import Field, Kind
from services.chassis.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from admin.grpcfab.interface import Page
    from admin.grpcfab.rows import Row

PICKED: Final = 20  # Rows that a search box offers at once.


@dataclasses.dataclass(frozen=True)
class Drawn:
    """One row of a table: its cells in the order of the columns, and where it opens."""

    row: Row
    cells: Sequence[cells.Cell]
    url: str
    title: str = ""


class Browsing(PanelBase):
    """The list routes of a panel."""

    @expose("/")
    @has_access
    def list(self) -> Any:
        state = ListState.parse(request.args, self.datamodel)
        try:
            found = self.found(state)
        except InvalidRequest:
            if not state.after:
                raise
            return redirect(self.url("") + state.url(page=state.page))  # The page token no longer fits its query.
        return self.render_template(
            self.list_template,
            panel=self,
            title=self.list_title,
            state=state,
            table=self.table(found.rows),
            found=found,
            sizes=PAGE_SIZES,
            filter_fields=self.filter_fields(),
            chips=self.chips(state),
            actions=self.bulk_actions(),
        )

    @expose("/related")
    @has_access
    def related(self) -> Any:
        state = ListState.parse(request.args, self.datamodel)
        found = self.found(state)
        hidden = {condition.field for condition in state.conditions}
        columns = [field for field in self.column_fields() if field.name not in hidden] or self.column_fields()
        return self.render_template(
            "panel/_related.html",
            panel=self,
            state=state,
            table=self.table(found.rows, columns),
            found=found,
            prefill={condition.field: condition.values[0] for condition in state.conditions},
        )

    @expose("/options")
    @has_access
    def options(self) -> Any:
        """What a search box offers: rows that may be chosen, match what was typed, and fit the rest of the form."""
        narrowed = ListState.parse(request.args, self.datamodel)
        filters = narrowed.fill(self.datamodel.get_filters(self.search_columns))
        active = self.datamodel.resource.fields.get("active")
        if active is not None and active.options.filter:
            filters.add_filter("active", self.datamodel.FilterEqual, "true")
        query = ListState(search=narrowed.search, size=PICKED).query(str(self.datamodel.resource.options.default_order))
        rows = self.datamodel.page(filters.get_joined_filters(self._base_filters), query).rows
        named = list(zip(rows, references.titles(self.datamodel.resource, rows), strict=True))
        return self.render_template("panel/_options.html", rows=named, panel=self, fills=self._fills(rows))

    def _fills(self, rows: Sequence[Row]) -> Mapping[str, Mapping[str, tuple[str, str]]]:
        """By row, what choosing it puts into other inputs: each input's name with an id and what people call it."""
        asked = request.args.getlist("fills")
        fields = [
            each for each in self.datamodel.resource.visible() if each.kind is Kind.REFERENCE and not each.repeated
        ]
        wanted = [each for each in fields if each.name in asked]
        known = references.resolve(rows, wanted)
        return {
            row.id: {
                each.name: (getattr(row, each.name), known[each.reference, getattr(row, each.name)].title)
                for each in wanted
                if getattr(row, each.name)
            }
            for row in rows
        }

    @expose("/export.csv")
    @has_access
    def export(self) -> Any:
        state = ListState.parse(request.args, self.datamodel)
        query = state.query(str(self.datamodel.resource.options.default_order))
        pages = self.datamodel.pages(self.filters(state), query)
        return csv_response(self.datamodel.resource.slug, pages, self.exported(self.column_fields()), self.drawn)

    def exported(self, columns: Sequence[Field]) -> Sequence[Field]:
        """The columns of a download: those of the list; `?columns=all` asks for every field, `?ids=1` for the id."""
        resource = self.datamodel.resource
        fields = resource.visible() if request.args.get("columns") == "all" else columns
        return [*fields, resource.fields["id"]] if request.args.get("ids") == "1" else fields

    def drawn(self, row: Row, field: Field, known: cells.References) -> cells.Cell:
        """What a field of a row shows in lists and downloads."""
        return cells.cell(row, field, known)

    def filters(self, state: ListState) -> Any:
        """Conditions of one request joined with the view's own; never an object that threads share."""
        own = self.datamodel.get_filters(self.search_columns)
        return state.fill(own).get_joined_filters(self._base_filters)

    def found(self, state: ListState) -> Page:
        query = state.query(str(self.datamodel.resource.options.default_order))
        return self.datamodel.page(self.filters(state), query)

    def column_fields(self) -> Sequence[Field]:
        fields = self.datamodel.resource.fields
        return [fields[name] for name in self.list_columns] or [fields[self.datamodel.resource.title_field]]

    def table(self, rows: Sequence[Row], columns: Sequence[Field] | None = None) -> Mapping[str, Any]:
        """Columns and drawn rows for panel/_table.html."""
        shown = columns or self.column_fields()
        known = references.resolve(rows, shown)
        opens = self.may("show")
        drawn = [
            Drawn(row, [self.drawn(row, field, known) for field in shown], self.url_of(row.id) if opens else "", title)
            for row, title in zip(rows, references.titles(self.datamodel.resource, rows), strict=True)
        ]
        return {
            "columns": shown,
            "rows": drawn,
            "sortable": self.datamodel.get_order_columns_list(),
            "align": cells.align,
        }

    def filter_fields(self) -> Sequence[Field]:
        fields = self.datamodel.resource.chosen("filter")
        return [field for field in fields if not field.repeated or field.kind is Kind.CHOICE]

    def chips(self, state: ListState) -> Sequence[Mapping[str, str]]:
        """The active conditions in words, each with the link that drops it."""
        offered = {
            (condition.column_name, condition.code): str(condition.name)
            for found in self.datamodel.get_filters(self.search_columns).get_search_filters().values()
            for condition in found
        }
        return [
            {
                "label": self.datamodel.resource.fields[each.field].label,
                "operator": offered[each.field, each.code],
                "value": ", ".join(self._in_words(each.field, value) for value in each.values)
                if each.code not in {"empty", "set"}
                else "",
                "url": state.without(each),
            }
            for each in state.conditions
        ]

    def _in_words(self, name: str, value: str) -> str:
        field = self.datamodel.resource.fields[name]
        if field.kind is Kind.REFERENCE:
            return references.title_of(field.reference, value)
        if field.kind is Kind.BOOLEAN:
            return "Yes" if value == "true" else "No"
        return next((choice.label for choice in field.choices if choice.value == value), value)
