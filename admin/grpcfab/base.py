"""What every part of a panel stands on: the resource, its forms, titles, permissions and addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from flask_appbuilder.views import ModelView
from werkzeug.exceptions import NotFound as PageMissing

from admin.grpcfab import references
from admin.grpcfab.forms import ResourceForm, form_class
from admin.grpcfab.interface import GrpcInterface
from admin.grpcfab.spec import resource_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
    from google.protobuf.message import Message

    from admin.grpcfab.rows import Row

_ROUTES = {"list": "list", "show": "get", "add": "create", "edit": "update", "delete": "delete", "export": "list",
           "options": "list", "related": "list"}  # fmt: skip


class PanelBase(ModelView):  # type: ignore[misc]
    """The attributes of a panel, and what Flask-AppBuilder asks while it sets a view up."""

    resource: ClassVar[type[Message]]
    service: ClassVar[ServiceDescriptor | None] = None
    interface: ClassVar[type[GrpcInterface]] = GrpcInterface
    menu: ClassVar[str] = ""
    listed_elsewhere: ClassVar[frozenset[str]] = frozenset()
    """Roles that find these rows in another list, so that this one is not in their side bar."""
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
    add_form: type[ResourceForm]
    edit_form: type[ResourceForm]

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

    def narrowing(self, row: Row | None) -> Mapping[str, str]:
        """Values beside a form's own inputs that narrow what its pickers offer; `row` is None for a new one."""
        del row
        return {}

    def row(self, pk: str) -> Row:
        """One row within the view's base filters; 404 where there is none."""
        found = self.datamodel.get(pk, self._base_filters)
        if found is None:
            raise PageMissing
        return found

    def title_of(self, row: Row) -> str:
        """What people call a row, also where another row gives it its name."""
        return references.titles(self.datamodel.resource, [row])[0]
