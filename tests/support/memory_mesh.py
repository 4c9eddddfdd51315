"""A mesh in memory: every resource of the contracts served over real gRPC, from dictionaries.

The admin's tests run against it, so that they are about pages and not about the services' rules.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import threading
from collections import defaultdict
from concurrent import futures
from typing import TYPE_CHECKING, Any

import grpc
from fieldmesh.common.v1 import list_pb2, operations_pb2
from fieldmesh.technicians.v1 import availability_service_pb2, technicians_service_pb2
from google.protobuf import descriptor_pool
from google.protobuf.json_format import MessageToDict
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health import HealthServicer
from grpc_status import rpc_status

from admin.grpcfab.spec import Resource, message_class, resource_of
from services.chassis.access import check_access
from services.chassis.errors import (
    AlreadyExists,
    InvalidRequest,
    NotFound,
    Refusal,
    StaleEtag,
    Unauthenticated,
    Unavailable,
    Violation,
    WrongState,
    refusal_status,
)
from services.chassis.ids import derive_id, new_id
from services.chassis.keys import PublicKeys
from services.chassis.tokens import TokenVerifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

SERVICES = ("workorders", "technicians", "shipping", "notifications")
_EQUALS = {list_pb2.FILTER_OPERATOR_EQUALS, list_pb2.FILTER_OPERATOR_IN}


class MemoryMesh:
    """Serves on one port; `rows` holds messages by resource name and id, `calls` what was asked and by whom."""

    def __init__(self, keys: Path) -> None:
        self.rows: dict[str, dict[str, Any]] = defaultdict(dict)
        self.calls: list[tuple[str, Any, Any]] = []
        self.down: set[str] = set()
        self.refuse: dict[str, Refusal] = {}
        self.entries: dict[tuple[str, str], Any] = {}
        self.changes: dict[str, list[Any]] = {}
        self.stopped: dict[str, str] = {}
        self.verbs: dict[str, Callable[[Any, Any], Any]] = {
            "/fieldmesh.technicians.v1.DirectoryService/ResolveLogin": self._resolve_login,
            "/fieldmesh.technicians.v1.ProfileService/UpdateOwnProfile": self._update_own_profile,
            # Nobody's shifts and absences are known, unless a test says so.
            "/fieldmesh.technicians.v1.AvailabilityService/ListAvailability": (
                lambda *_: availability_service_pb2.ListAvailabilityResponse()
            ),
        }
        self._answers: dict[tuple[str, str], tuple[bytes, Any]] = {}
        self._lock = threading.RLock()
        self._verifiers = {name: TokenVerifier(name, PublicKeys(keys)) for name in SERVICES}
        self.server = grpc.server(futures.ThreadPoolExecutor(8))
        self.server.add_generic_rpc_handlers((_Handler(self),))
        health_pb2_grpc.add_HealthServicer_to_server(HealthServicer(), self.server)
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    def stop(self) -> None:
        self.server.stop(0).wait()

    def put(self, message: Any) -> Any:
        """Store a row, with id, etag and times where they are missing."""
        message.id = message.id or new_id()
        now = dt.datetime.now(dt.UTC)
        if "create_time" in message.DESCRIPTOR.fields_by_name and not message.HasField("create_time"):
            message.create_time.FromDatetime(now)
        if "update_time" in message.DESCRIPTOR.fields_by_name:
            message.update_time.FromDatetime(now)
        message.etag = hashlib.sha256(f"{message.id}{now.timestamp()}{new_id()}".encode()).hexdigest()[:12]
        self.rows[message.DESCRIPTOR.full_name][message.id] = message
        return message

    def asked(self, method: str) -> list[Any]:
        """Requests of one method, by its short name."""
        return [request for path, request, _ in self.calls if path.endswith(f"/{method}")]

    @contextlib.contextmanager
    def answering(self, verbs: Mapping[str, Any]) -> Iterator[None]:
        """Answers these methods, by path, until the block ends; what answered them before does so again."""
        before = {path: self.verbs[path] for path in verbs if path in self.verbs}
        self.verbs.update(verbs)
        yield
        for path in verbs:
            del self.verbs[path]
        self.verbs.update(before)

    # -- serving ------------------------------------------------------------------------------------------------------

    def answer(self, path: str, request: Any, context: Any) -> Any:
        try:
            return self._answer(path, request, context)
        except Refusal as refusal:
            context.abort_with_status(rpc_status.to_status(refusal_status(refusal)))

    def _answer(self, path: str, request: Any, context: Any) -> Any:
        token = dict(context.invocation_metadata())["authorization"].removeprefix("Bearer ")
        named = path.split(".")[1]
        service = named if named in SERVICES else self._audience(token)
        caller = self._verifiers[service].verify(token)
        method = (
            descriptor_pool.Default()
            .FindServiceByName(path[1:].split("/", maxsplit=1)[0])
            .methods_by_name[path.rsplit("/", maxsplit=1)[-1]]
        )
        check_access(caller, method)
        with self._lock:
            self.calls.append((path, request, caller))
            if service in self.down:
                raise Unavailable("gone", reason="SERVICE_UNAVAILABLE", metadata={"service": service})
            if method.name in self.refuse:
                raise self.refuse[method.name]
            if path in self.verbs:
                return self.verbs[path](request, caller)
            if named == "common":
                return self._operations(service, method.name, request)
            return self._standard(method, request)

    def _audience(self, token: str) -> str:
        """All services share a port here: the token says which one is meant."""
        for name, verifier in self._verifiers.items():
            with contextlib.suppress(Unauthenticated):
                verifier.verify(token)
                return name
        return SERVICES[0]

    def _operations(self, service: str, name: str, request: Any) -> Any:
        if name == "GetServiceStatus":
            lags = [operations_pb2.Lag(producer="workorders", waiting=3, parked=1, oldest_seconds=42, connected=True,
                                       stopped_reason=self.stopped.get(service, ""))]  # fmt: skip
            status = operations_pb2.ServiceStatus(service=service, version="0.1.0", schema_revision="0001",
                                                  database="sqlite", transport="feed", lags=lags)  # fmt: skip
            status.start_time.FromDatetime(dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC))
            return status
        if name == "ListInboxEntries":
            entries = [entry for (where, _), entry in self.entries.items() if where == service]
            return operations_pb2.ListInboxEntriesResponse(
                entries=entries, page=list_pb2.ListPage(total_size=len(entries), total_size_exact=True)
            )
        if name == "ListAuditEntries":
            return operations_pb2.ListAuditEntriesResponse(entries=self.changes.get(service, []))
        entry = self.entries.pop((service, request.id), None)
        if entry is None:
            raise NotFound("There is no such event.")
        return entry

    def _standard(self, method: Any, request: Any) -> Any:
        resource, verb = _resource_and_verb(method)
        rows = self.rows[resource.full_name]
        if verb == "list":
            return self._list(resource, method, request.query)
        if verb == "batch_get":
            answer = message_class(method.output_type)()
            many = getattr(answer, _repeated(answer, resource))
            many.extend(rows[one] for one in request.ids if one in rows)
            answer.missing_ids.extend(one for one in request.ids if one not in rows)
            return answer
        if verb == "create":
            return self._once(method, request, lambda: self._create(resource, request))
        one = request.id if verb in {"get", "delete"} else _body(request, resource).id
        if one not in rows:
            raise NotFound("There is no such row.")
        if verb == "get":
            return rows[one]
        if verb == "update":
            return self._update(resource, request, rows[one])
        if request.etag != rows[one].etag:
            raise StaleEtag("The row changed.")
        del rows[one]
        return message_class(method.output_type)()

    def _once(self, method: Any, request: Any, work: Callable[[], Any]) -> Any:
        key, body = (method.full_name, request.request_id), request.SerializeToString(deterministic=True)
        if request.request_id and key in self._answers:
            if self._answers[key][0] != body:
                raise AlreadyExists("This request id was used for something else.")
            return self._answers[key][1]
        self._answers[key] = (body, work())
        return self._answers[key][1]

    def _create(self, resource: Resource, request: Any) -> Any:
        fresh = resource.message()
        fresh.CopyFrom(_body(request, resource))
        violations = [
            Violation(field.name, "is required")
            for field in resource.fields.values()
            if field.required and not field.output_only and not getattr(fresh, field.name)
        ]
        if violations:
            raise InvalidRequest("Some fields are wrong.", violations=violations)
        fresh.id = derive_id(request.request_id) if request.request_id else new_id()
        return self.put(fresh)

    def _update(self, resource: Resource, request: Any, row: Any) -> Any:
        sent = _body(request, resource)
        if sent.etag != row.etag:
            raise StaleEtag("The row changed.")
        changed = resource.message()
        changed.CopyFrom(row)
        for path in request.update_mask.paths:
            changed.ClearField(path)
            field = resource.fields[path]
            if field.repeated:
                getattr(changed, path).extend(getattr(sent, path))
            elif field.descriptor.message_type is not None:
                if sent.HasField(path):
                    getattr(changed, path).CopyFrom(getattr(sent, path))
            elif not field.descriptor.has_presence or sent.HasField(path):
                setattr(changed, path, getattr(sent, path))
        return self.put(changed)

    def _list(self, resource: Resource, method: Any, query: Any) -> Any:
        asked = json.dumps([query.search, query.order_by, [MessageToDict(each) for each in query.filters]])
        bound = hashlib.sha256(asked.encode()).hexdigest()[:8]
        start = 0
        if query.page_token:
            mark, _, offset = query.page_token.partition("-")
            if mark != bound or not offset.isdigit():
                raise InvalidRequest("The page token belongs to another query.", reason="PAGE_TOKEN_INVALID")
            start = int(offset)
        start += query.skip
        found = [row for row in self.rows[resource.full_name].values() if _matches(resource, row, query)]
        name = query.order_by.split(",")[0]
        found.sort(key=lambda row: (_sortable(row, name.removeprefix("-")), row.id), reverse=name.startswith("-"))
        size = min(query.page_size or 25, 200)
        answer = message_class(method.output_type)()
        getattr(answer, _repeated(answer, resource)).extend(found[start : start + size])
        answer.page.total_size, answer.page.total_size_exact = len(found), True
        answer.page.next_page_token = f"{bound}-{start + size}" if start + size < len(found) else ""
        return answer

    def _resolve_login(self, request: Any, caller: Any) -> Any:
        del caller
        people = self.rows["fieldmesh.technicians.v1.Person"].values()
        for person in people:
            if (request.login and person.login == request.login) or (
                not request.login and person.id == request.person_id
            ):
                if not person.active:
                    raise WrongState("inactive")
                organization = self.rows["fieldmesh.technicians.v1.Organization"].get(person.organization_id)
                return technicians_service_pb2.ResolveLoginResponse(
                    person=person,
                    organization_name=organization.name if organization else "",
                    organization_kind="vendor",
                    time_zone=person.time_zone or "America/Chicago",
                )
        raise NotFound("unknown")

    def _update_own_profile(self, request: Any, caller: Any) -> Any:
        person = self.rows["fieldmesh.technicians.v1.Person"][caller.subject]
        person.time_zone = request.time_zone
        return self.put(person)


class _Handler(grpc.GenericRpcHandler):
    def __init__(self, mesh: MemoryMesh) -> None:
        self._mesh = mesh

    def service(self, details: Any) -> Any:
        service, _, name = details.method[1:].partition("/")
        with contextlib.suppress(KeyError):
            method = descriptor_pool.Default().FindServiceByName(service).methods_by_name[name]
            if method.client_streaming:  # a verb gets all messages as one list
                return grpc.stream_unary_rpc_method_handler(
                    lambda requests, context: self._mesh.answer(details.method, list(requests), context),
                    request_deserializer=message_class(method.input_type).FromString,
                    response_serializer=message_class(method.output_type).SerializeToString,
                )
            make = (
                grpc.unary_stream_rpc_method_handler if method.server_streaming else grpc.unary_unary_rpc_method_handler
            )
            return make(
                lambda request, context: self._mesh.answer(details.method, request, context),
                request_deserializer=message_class(method.input_type).FromString,
                response_serializer=message_class(method.output_type).SerializeToString,
            )
        return None


def _resource_and_verb(method: Any) -> tuple[Resource, str]:
    service = method.containing_service
    descriptor = descriptor_pool.Default().FindMessageTypeByName(service.full_name.removesuffix("Service"))
    resource = resource_of(message_class(descriptor), service)
    verb = next(verb for verb, found in resource.methods.items() if found.full_name == method.full_name)
    return resource, verb


def _repeated(answer: Any, resource: Resource) -> str:
    return next(
        str(field.name) for field in answer.DESCRIPTOR.fields if field.message_type is resource.message.DESCRIPTOR
    )


def _body(request: Any, resource: Resource) -> Any:
    return getattr(request, _repeated(request, resource))


def _sortable(row: Any, name: str) -> Any:
    value = row
    for part in (name or "id").split("."):
        value = getattr(value, part)
    return value.lower() if isinstance(value, str) else str(value) if hasattr(value, "DESCRIPTOR") else value


def _matches(resource: Resource, row: Any, query: Any) -> bool:
    if query.search:
        texts = [str(getattr(row, field.name)).lower() for field in resource.chosen("search")]
        if not any(query.search.lower() in text for text in texts):
            return False
    return all(_holds(resource, row, each) for each in query.filters)


def _holds(resource: Resource, row: Any, each: Any) -> bool:
    field = resource.fields[each.field]
    value = getattr(row, each.field)
    choice = field.choice(value)
    text = choice.value if choice else str(value).lower() if isinstance(value, bool) else str(value)
    if each.operator in _EQUALS:
        return text in each.values
    if each.operator in {list_pb2.FILTER_OPERATOR_NOT_EQUALS, list_pb2.FILTER_OPERATOR_NOT_IN}:
        return text not in each.values
    if each.operator == list_pb2.FILTER_OPERATOR_CONTAINS:
        return each.values[0].lower() in text.lower()
    if each.operator == list_pb2.FILTER_OPERATOR_IS_EMPTY:
        return not value
    if each.operator == list_pb2.FILTER_OPERATOR_IS_SET:
        return bool(value)
    raise InvalidRequest(f"operator {each.operator} is not served here")
