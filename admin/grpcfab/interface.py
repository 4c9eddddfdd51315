"""The data model that Flask-AppBuilder's views ask, answered by a gRPC resource service."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.common.v1 import list_pb2

from admin.grpcfab import filters as conditions
from admin.grpcfab.context import catalogue, mesh
from admin.grpcfab.described import Described
from admin.grpcfab.rows import Row, row_class
from admin.grpcfab.spec import Kind, Resource, message_class, resource_of
from services.chassis.errors import NotFound
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flask_appbuilder.models.filters import Filters
    from google.protobuf.message import Message

BATCH: Final = 200  # What one List or BatchGet answers at most.


@dataclasses.dataclass(frozen=True)
class Page:
    """A page of a list, with where it stands in the whole."""

    rows: Sequence[Row]
    total: int
    exact: bool
    next_token: str


class GrpcInterface(Described):
    """One resource as a data model; every answer comes from its descriptors or its service."""

    filter_converter_class = conditions.Converter
    FilterEqual = conditions.FilterEqual
    FilterRelationOneToManyEqual = conditions.FilterRelationOneToManyEqual

    def __init__(self, resource: type[Message] | Resource) -> None:
        self.resource = resource if isinstance(resource, Resource) else resource_of(resource)
        super().__init__(row_class(self.resource))

    # -- relations --------------------------------------------------------------------------------------------------

    def is_relation_many_to_one(self, prop: str) -> bool:
        return self.is_relation(prop)

    def get_related_interface(self, col_name: str) -> GrpcInterface:
        return catalogue().interface(self.resource.fields[col_name].reference)

    def get_related_model(self, prop: str) -> type[Row]:
        found: type[Row] = self.get_related_interface(prop).obj
        return found

    def get_related_obj(self, col_name: str, value: str) -> Row | None:
        return self.get_related_interface(col_name).get(value)

    def get_related_fk(self, model: type[Row]) -> str | None:
        """The field of this resource that refers to another's rows; None where there is none."""
        for field in self.resource.visible():
            if field.kind is Kind.REFERENCE and field.reference == model.resource.full_name:
                return field.name
        return None

    # -- data -------------------------------------------------------------------------------------------------------

    def query(  # noqa: PLR0913, PLR0917 - the base's signature
        self,
        filters: Filters | None = None,
        order_column: str = "",
        order_direction: str = "",
        page: int | None = None,
        page_size: int | None = None,
        select_columns: Sequence[str] | None = None,
    ) -> tuple[int, Sequence[Row]]:
        """How many rows match in all, and one page of them; `page` counts from zero."""
        del select_columns
        size = min(page_size or BATCH, BATCH)
        order = f"-{order_column}" if order_column and order_direction == "desc" else order_column
        found = self.page(filters, list_pb2.ListQuery(page_size=size, skip=(page or 0) * size, order_by=order))
        return found.total, found.rows

    def page(self, filters: Filters | None, query: list_pb2.ListQuery) -> Page:
        """One page for a query to which the filters are added."""
        asked = list_pb2.ListQuery()
        asked.CopyFrom(query)
        for condition, value in filters.get_filters_values() if filters else ():
            condition.apply(asked, value)
        method = self.resource.methods["list"]
        answer = mesh().call(method, message_class(method.input_type)(query=asked))
        rows = [self.obj(message) for message in _repeated(answer, self.resource)]
        return Page(rows, answer.page.total_size, answer.page.total_size_exact, answer.page.next_page_token)

    def pages(self, filters: Filters | None, query: list_pb2.ListQuery) -> Iterator[Sequence[Row]]:
        """Every page of a query, one after the other."""
        asked = list_pb2.ListQuery()
        asked.CopyFrom(query)
        asked.page_size, asked.skip, asked.page_token = BATCH, 0, ""
        while True:
            found = self.page(filters, asked)
            yield found.rows
            if not found.next_token:
                return
            asked.page_token = found.next_token

    def get(self, pk: str, filter: Filters | None = None) -> Row | None:  # noqa: A002 - the name of the base class
        """One row; None where it is missing, hidden, or outside the filters."""
        method = self.resource.methods["get"]
        try:
            row: Row = self.obj(mesh().call(method, message_class(method.input_type)(id=pk)))
        except NotFound:
            return None
        return row if self.within(row, filter) else None

    def many(self, ids: Sequence[str], filter: Filters | None = None) -> list[Row]:  # noqa: A002 - as above
        """The rows of these ids in one call; missing and hidden ones are left out."""
        wanted = list(dict.fromkeys(ids))[:BATCH]
        if not wanted:
            return []
        method = self.resource.methods["batch_get"]
        answer = mesh().call(method, message_class(method.input_type)(ids=wanted))
        rows = [self.obj(message) for message in _repeated(answer, self.resource)]
        return [row for row in rows if self.within(row, filter)]

    @staticmethod
    def within(row: Row, filters: Filters | None) -> bool:
        """Whether a row that was read by id satisfies a view's base filters as well."""
        pairs = filters.get_filters_values() if filters else ()
        return all(condition.holds(row, value) for condition, value in pairs)

    def add(self, item: Row, commit: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002 - the base's signature
        method = self.resource.methods["create"]
        request = message_class(method.input_type)(request_id=item.request_id or new_id())
        _body(request, self.resource).CopyFrom(item.message)
        self._saved(item, mesh().call(method, request))

    def edit(self, item: Row, commit: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002 - the base's signature
        """Save exactly the fields that were set since the row was read, against the etag that it carries."""
        method = self.resource.methods["update"]
        request: Any = message_class(method.input_type)(request_id=item.request_id or new_id())
        _body(request, self.resource).CopyFrom(item.message)
        request.update_mask.paths.extend(name for name in self.resource.fields if name in item.changed)
        self._saved(item, mesh().call(method, request))

    def delete(self, item: Row, commit: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002 - the base's signature
        method = self.resource.methods["delete"]
        request = message_class(method.input_type)(id=item.id, etag=item.etag, request_id=item.request_id or new_id())
        mesh().call(method, request)

    @staticmethod
    def _saved(item: Row, message: Message) -> None:
        item.message = message
        item.changed.clear()

    @staticmethod
    def _get_attr_value(item: Row, col: str) -> Any:
        """A value for people: an enum's label, tolerating numbers that this process does not know."""
        value = getattr(item, col, "")
        field = item.resource.fields.get(col)
        if field is None or field.kind is not Kind.CHOICE or field.repeated:
            return value
        choice = field.choice(value)
        return choice.label if choice else f"Unknown ({value})" if value else ""


def _repeated(answer: Any, resource: Resource) -> Sequence[Message]:
    """The rows of a List or BatchGet answer: its one repeated field of the resource's type."""
    for field in answer.DESCRIPTOR.fields:
        if field.is_repeated and field.message_type is resource.message.DESCRIPTOR:
            found: Sequence[Message] = getattr(answer, field.name)
            return found
    raise LookupError(f"{answer.DESCRIPTOR.full_name} carries no {resource.full_name}")


def _body(request: Any, resource: Resource) -> Message:
    """The resource inside a Create or Update request."""
    for field in request.DESCRIPTOR.fields:
        if not field.is_repeated and field.message_type is resource.message.DESCRIPTOR:
            found: Message = getattr(request, field.name)
            return found
    raise LookupError(f"{request.DESCRIPTOR.full_name} carries no {resource.full_name}")
