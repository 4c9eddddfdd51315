"""One row of a resource, as Flask-AppBuilder handles model objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from admin.grpcfab import values

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from admin.grpcfab.spec import Resource


class Row:
    """A message behind attributes; made without arguments for a new row, equal to another by its key.

    `changed` names the fields that were set since it was read: the update's mask, no more and no less.
    """

    resource: Resource

    def __init__(self, message: Message | None = None) -> None:
        object.__setattr__(self, "message", message if message is not None else self.resource.message())
        object.__setattr__(self, "changed", set())
        object.__setattr__(self, "request_id", "")

    message: Message
    changed: set[str]
    request_id: str

    @property
    def id(self) -> str:
        return str(getattr(self.message, "id", ""))

    @property
    def etag(self) -> str:
        return str(getattr(self.message, "etag", ""))

    def __getattr__(self, name: str) -> Any:
        field = type(self).resource.fields.get(name)
        if field is None:
            raise AttributeError(name)
        return values.read(self.message, field)

    def __setattr__(self, name: str, value: Any) -> None:
        field = self.resource.fields.get(name)
        if field is None:
            object.__setattr__(self, name, value)
            return
        values.write(self.message, field, value)
        self.changed.add(name)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, Row) and bool(self.id) and self.id == other.id

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.id))

    def __str__(self) -> str:
        return self.resource.title(self.message)


def row_class(resource: Resource) -> type[Row]:
    """The class of a resource's rows, named as the resource is."""
    return type(str(resource.message.DESCRIPTOR.name), (Row,), {"resource": resource})
