"""The gRPC side of the kit: standard methods, found by name in the service's descriptor."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from google.protobuf import empty_pb2, message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message

from services.chassis.database import Database
from services.chassis.idempotency import run_once
from services.chassis.identity import current_caller
from services.chassis.kit.engine import ResourceEngine
from services.chassis.kit.references import References
from services.chassis.kit.resource import Resource
from services.chassis.unit_of_work import Transaction

Rpc = Callable[[Any, Any], Message]


class KitServicer:
    """Serves one resource: an object with a method ``(request, context)`` for each standard RPC of its service.

    A subclass may add the RPCs that are not standard, or replace one that is.
    """

    def __init__(self, resource: Resource, database: Database, references: References | None = None) -> None:
        self.engine = ResourceEngine(resource, references)
        self.database = database
        self._message = resource.message
        for method in resource.descriptor.methods:
            rpc = self._standard(method)
            if rpc is not None and not hasattr(type(self), method.name):
                setattr(self, method.name, rpc)

    def _standard(self, method: MethodDescriptor) -> Rpc | None:
        name = str(self._message.DESCRIPTOR.name)
        makers: dict[str, Callable[[MethodDescriptor], Rpc]] = {
            f"Get{name}": self._get,
            f"Create{name}": self._create,
            f"Update{name}": self._update,
            f"Delete{name}": self._delete,
        }
        answers_rows = bool(_field_of(method.output_type, self._message))
        if method.name.startswith("List") and answers_rows:
            return self._list(method)
        if method.name.startswith("BatchGet") and answers_rows:
            return self._batch_get(method)
        maker = makers.get(method.name)
        return maker(method) if maker else None

    def _list(self, method: MethodDescriptor) -> Rpc:
        answer_type = _class(method)
        rows = _field_of(method.output_type, self._message)

        def list_rows(request: Any, _context: Any) -> Message:
            with self.database.read() as connection:
                found, page = self.engine.page(connection, current_caller(), request.query)
            answer: Message = answer_type(**{rows: found, "page": page})
            return answer

        return list_rows

    def _get(self, _method: MethodDescriptor) -> Rpc:
        def get(request: Any, _context: Any) -> Message:
            with self.database.read() as connection:
                found: Message = self.engine.get(connection, current_caller(), request.id)
            return found

        return get

    def _batch_get(self, method: MethodDescriptor) -> Rpc:
        answer_type = _class(method)
        rows = _field_of(method.output_type, self._message)

        def batch_get(request: Any, _context: Any) -> Message:
            with self.database.read() as connection:
                found, missing = self.engine.batch_get(connection, current_caller(), request.ids)
            answer: Message = answer_type(**{rows: found, "missing_ids": missing})
            return answer

        return batch_get

    def _create(self, method: MethodDescriptor) -> Rpc:
        part = _field_of(method.input_type, self._message)

        def create(request: Any, _context: Any) -> Message:
            caller = current_caller()

            def work(transaction: Transaction) -> Message:
                made: Message = self.engine.create(transaction, caller, getattr(request, part))
                return made

            return self._once(method, request, self._message, work)

        return create

    def _update(self, method: MethodDescriptor) -> Rpc:
        part = _field_of(method.input_type, self._message)

        def update(request: Any, _context: Any) -> Message:
            caller = current_caller()
            message = getattr(request, part)

            def work(transaction: Transaction) -> Message:
                changed: Message = self.engine.update(transaction, caller, message, request.update_mask.paths)
                return changed

            def authorize(transaction: Transaction) -> None:
                self.engine.get(transaction.connection, caller, message.id)

            return self._once(method, request, self._message, work, authorize)

        return update

    def _delete(self, method: MethodDescriptor) -> Rpc:
        def delete(request: Any, _context: Any) -> Message:
            caller = current_caller()

            def work(transaction: Transaction) -> empty_pb2.Empty:
                self.engine.delete(transaction, caller, request.id, request.etag)
                return empty_pb2.Empty()

            return self._once(method, request, empty_pb2.Empty, work)

        return delete

    def _once(
        self,
        method: MethodDescriptor,
        request: Any,
        answer: type[Message],
        work: Callable[[Transaction], Message],
        authorize: Callable[[Transaction], None] | None = None,
    ) -> Message:
        return run_once(
            self.database,
            current_caller(),
            method.full_name,
            request.request_id,
            request,
            answer,
            work,
            authorize=authorize,
        )


def kit_servicers(resources: Collection[Resource], database: Database) -> dict[str, KitServicer]:
    """Give the servicers of a service's resources by the full name of their gRPC service."""
    references = References(resources)
    return {str(resource.descriptor.full_name): KitServicer(resource, database, references) for resource in resources}


def _class(method: MethodDescriptor) -> Any:
    return message_factory.GetMessageClass(method.output_type)


def _field_of(holder: Any, message: type[Message]) -> str:
    """The field of a request or answer that holds the resource; empty where there is none."""
    wanted = message.DESCRIPTOR.full_name
    names = [field.name for field in holder.fields if field.message_type and field.message_type.full_name == wanted]
    return names[0] if len(names) == 1 else ""
