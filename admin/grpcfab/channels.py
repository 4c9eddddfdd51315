"""The services as the admin reaches them: generated stubs, and methods by their descriptor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from admin.grpcfab.spec import message_class
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    import grpc
    from google.protobuf.descriptor import MethodDescriptor
    from google.protobuf.message import Message

    from services.chassis.grpc_channel import Channels

T = TypeVar("T")


class Mesh:
    """Calls carry the signed-in person's identity, the page's deadline and its request id; errors are Refusals."""

    def __init__(self, channels: Channels, services: tuple[str, ...]) -> None:
        self.services = services
        self._channels = channels

    def stub(self, kind: Callable[[grpc.Channel], T], service: str = "") -> T:
        """A generated stub; its service is read from its package (`fieldmesh.<service>.v1`) unless it is named."""
        return self._channels.stub(kind, service or self.service_of(kind.__module__))

    def call(self, method: MethodDescriptor, request: Message, service: str = "") -> Any:
        """Call one unary method by its descriptor; a Refusal's metadata names the service."""
        name = service or self.service_of(method.full_name)
        invoke: Any = self._channels.channel(name).unary_unary(
            f"/{method.containing_service.full_name}/{method.name}",
            request_serializer=message_class(method.input_type).SerializeToString,
            response_deserializer=message_class(method.output_type).FromString,
        )
        try:
            return invoke(request)
        except Refusal as refusal:
            refusal.metadata = {"service": name, **refusal.metadata}
            raise

    def close(self) -> None:
        self._channels.close()

    @staticmethod
    def service_of(full_name: str) -> str:
        """`fieldmesh.<service>.v1.Anything` belongs to `<service>`."""
        return full_name.split(".")[1]
