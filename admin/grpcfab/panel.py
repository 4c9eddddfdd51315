"""A panel: every page of one resource, from about ten lines (B-7)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar

from flask import g, redirect, request
from flask_appbuilder.views import ModelView
from werkzeug.exceptions import NotFound as PageMissing

from admin.grpcfab import cells, references
from admin.grpcfab.acting import Acting
from admin.grpcfab.context import catalogue
from admin.grpcfab.export import csv_response
from admin.grpcfab.forms import form_class
from admin.grpcfab.interface import GrpcInterface
from admin.grpcfab.listing import PAGE_SIZES, ListState
from admin.grpcfab.routes import expose, has_access
from admin.grpcfab.spec import Field, Kind, resource_of
from admin.grpcfab.writing import Writing
from services.chassis.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
    from google.protobuf.message import Message

    from admin.grpcfab.interface import Page
    from admin.grpcfab.rows import Row

PICKED = 20  # Rows that a search box offers at once.
_ROUTES = {"list": "list", "show": "get", "add": "create", "edit": "update", "delete": "delete", "export": "list",
           "options": "list", "related": "list"}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Drawn:
    """One row of a table: its cells in the order of the columns, and where it opens."""

    row: Row
    cells: Sequence[cells.Cell]
    url: str
    title: str = ""


class Panel(Writing, Acting, ModelView):  # type: ignore[misc]
    """The pages of one resource.

    Set `resource`, and `menu` for the group in the side bar. Everything else comes from the contract; `columns`,
    `base_filters`, `related_resources` and `service` override it.
    """

    resource: ClassVar[type[Message]]
    service: ClassVar[ServiceDescriptor | None] = None
    interface: ClassVar[type[GrpcInterface]] = GrpcInterface
    menu: ClassVar[str] = ""
    columns: ClassVar[Sequence[str]] = ()
    related_resources: ClassVar[Sequence[str] | None] = None
    """Full names of resources whose lists stand on the page of a row; None: all that refer to it."""
    route_base: str | None = None
    exclude_route_methods: set[str] = set()  # noqa: RUF012 - Flask-AppBuilder's attribute; replaced for each view, never changed
    list_title: str = ""
    add_title: str = ""
    edit_title: str = ""
    show_title: str = ""
    template_folder = None  # Flask-AppBuilder's own templates must not be reachable.
    default_view = "list"
    list_template = "panel/list.html"
    show_template = "panel/show.html"
    add_template = "panel/form.html"
    edit_template = "panel/form.html"

    datamodel: GrpcInterface

    def __init__(self, **kwargs: Any) -> None:
        self.datamodel = self.interface(resource_of(self.resource, self.service))
        self.route_base = self.route_base or f"/{self.datamodel.resource.slug}"
        self.list_columns = list(self.columns) or [field.name for field in self.datamodel.resource.chosen("list")]
        missing = {name for name, verb in _ROUTES.items() if verb not in self.datamodel.resource.methods}
        self.exclude_route_methods = {"download", *missing, *self.exclude_route_methods}
        super().__init__(**kwargs)

    # -- what Flask-AppBuilder asks while it sets a view up -----------------------------------------------------------

    def _init_forms(self) -> None:
        spec = self.datamodel.resource
        self.search_form = form_class(())
        self.add_form = form_class(spec.writable(creating=True), f"{self.datamodel.model_name}AddForm")
        self.edit_form = form_class(spec.writable(creating=False), f"{self.datamodel.model_name}EditForm")

    def _init_titles(self) -> None:
        spec = self.datamodel.resource
        self.list_title = self.list_title or spec.plural[:1].upper() + spec.plural[1:]
        self.add_title = self.add_title or f"New {spec.singular}"
        self.edit_title = self.edit_title or f"Edit {spec.singular}"
        self.show_title = self.show_title or spec.singular[:1].upper() + spec.singular[1:]
        self.title = self.list_title

    @property
    def menu_name(self) -> str:
        """The panel's name in the side bar, and of its menu permission."""
        return str(self.list_title)

    @property
    def plural(self) -> str:
        """Its rows within a sentence."""
        keeps_capitals = self.list_title[1:2].isupper()
        return self.list_title if keeps_capitals else self.list_title[:1].lower() + self.list_title[1:]

    @property
    def icon(self) -> str:
        return str(self.datamodel.resource.options.icon) or "table"

    def permissions(self) -> Mapping[str, MethodDescriptor]:
        """Flask-AppBuilder's permissions of this panel, each with the method whose access in the contract decides."""
        methods = self.datamodel.resource.methods
        routes = {name: verb for name, verb in _ROUTES.items() if verb in methods}
        return {f"can_{name}": methods[verb] for name, verb in routes.items() if name not in self.exclude_route_methods}

    def may(self, route: str) -> bool:
        """Whether the viewer may use a route; the services decide again, this only spares dead buttons."""
        permission = f"can_{route}"
        return permission in self.base_permissions and self.appbuilder.sm.has_access(
            permission, self.class_permission_name
        )

    def url(self, *steps: str) -> str:
        return "/".join([str(self.route_base).rstrip("/"), *steps])

    def url_of(self, one: str) -> str:
        """The page of a row."""
        return self.url(one)

    # -- lists ------------------------------------------------------------------------------------------------------

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
        """What a search box offers: rows that may be chosen and match what was typed."""
        filters = self.datamodel.get_filters(self.search_columns)
        active = self.datamodel.resource.fields.get("active")
        if active is not None and active.options.filter:
            filters.add_filter("active", self.datamodel.FilterEqual, "true")
        state = ListState(search=request.args.get("q", "").strip()[:200], size=PICKED)
        query = state.query(str(self.datamodel.resource.options.default_order))
        rows = self.datamodel.page(filters.get_joined_filters(self._base_filters), query).rows
        return self.render_template("panel/_options.html", rows=rows, panel=self)

    @expose("/export.csv")
    @has_access
    def export(self) -> Any:
        state = ListState.parse(request.args, self.datamodel)
        query = state.query(str(self.datamodel.resource.options.default_order))
        return csv_response(self.datamodel, self.filters(state), query, self.datamodel.resource.visible())

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
            Drawn(
                row,
                [cells.cell(row, field, known) for field in shown],
                self.url_of(row.id) if opens else "",
                self.title_of(row),
            )
            for row in rows
        ]
        return {
            "columns": shown,
            "rows": drawn,
            "sortable": self.datamodel.get_order_columns_list(),
            "align": cells.align,
        }

    def filter_fields(self) -> Sequence[Field]:
        return [field for field in self.datamodel.resource.chosen("filter") if not field.repeated]

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

    # -- one row ----------------------------------------------------------------------------------------------------

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

    def row(self, pk: str) -> Row:
        """One row within the view's base filters; 404 where there is none."""
        found = self.datamodel.get(pk, self._base_filters)
        if found is None:
            raise PageMissing
        return found

    def title_of(self, row: Row) -> str:
        """What people call a row, also where another row gives it its name."""
        field = self.datamodel.resource.fields.get(self.datamodel.resource.title_field)
        if field is not None and field.kind is Kind.REFERENCE:
            return references.title_of(field.reference, str(row))
        return str(row)

    def facts(self, row: Row) -> Sequence[tuple[Field, cells.Cell]]:
        """Every visible field with its value."""
        fields = self.datamodel.resource.visible()
        known = references.resolve([row], fields)
        return [(field, cells.cell(row, field, known)) for field in fields]

    def related_tabs(self, row: Row) -> Sequence[Mapping[str, Any]]:
        """Lists of what refers to a row; each is loaded when it is opened."""
        full_name = self.datamodel.resource.full_name
        return [
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
