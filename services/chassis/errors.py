"""The refusals that cross gRPC, and their google.rpc.Status.

A refusal is recognised by its attributes, not by its class: domain packages define their own, with the same
attributes, and import nothing from here. Everything that isn't a refusal is a bug and becomes INTERNAL.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

ERROR_DOMAIN = "fieldmesh"
_GENERAL_REASON = "ERROR_REASON_UNSPECIFIED"

CODES: Mapping[str, grpc.StatusCode] = {
    "invalid": grpc.StatusCode.INVALID_ARGUMENT,
    "unauthenticated": grpc.StatusCode.UNAUTHENTICATED,
    "forbidden": grpc.StatusCode.PERMISSION_DENIED,
    "missing": grpc.StatusCode.NOT_FOUND,
    "exists": grpc.StatusCode.ALREADY_EXISTS,
    "state": grpc.StatusCode.FAILED_PRECONDITION,
    "stale": grpc.StatusCode.ABORTED,
    "exhausted": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "unavailable": grpc.StatusCode.UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One wrong field of a request: its path, such as ``ship_to.postal_code``, and what is wrong in a sentence."""

    field: str
    description: str


@runtime_checkable
class RefusalLike(Protocol):
    """What the error interceptor needs to know of a refusal, whoever defined it."""

    kind: str
    reason: str
    metadata: Mapping[str, str]
    violations: Sequence[Any]


class Refusal(Exception):
    """A rule that the request broke; its message is shown to the caller."""

    kind: str = "state"
    reason: str = _GENERAL_REASON
    default_reason: ClassVar[str] = _GENERAL_REASON

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        violations: Iterable[Violation] = (),
    ) -> None:
        super().__init__(message)
        self.reason = reason or self.default_reason
        self.metadata: Mapping[str, str] = dict(metadata or {})
        self.violations: Sequence[Violation] = tuple(violations)

    @property
    def message(self) -> str:
        return str(self)


class InvalidRequest(Refusal):
    """Fields are wrong; ``violations`` names every one of them."""

    kind = "invalid"
    default_reason = "INVALID_FIELDS"


class Unauthenticated(Refusal):
    """The caller proved no identity."""

    kind = "unauthenticated"
    default_reason = "UNAUTHENTICATED"


class NotAllowed(Refusal):
    """The caller is known and may not do this."""

    kind = "forbidden"
    default_reason = "ROLE_NOT_ALLOWED"


class NotFound(Refusal):
    """There is no such row, or the caller may not see it."""

    kind = "missing"
    default_reason = "NOT_FOUND"


class AlreadyExists(Refusal):
    """The key is taken, or a request id was used for another request."""

    kind = "exists"
    default_reason = "ALREADY_EXISTS"


class WrongState(Refusal):
    """The request is well formed but the row's state forbids it."""

    kind = "state"
    default_reason = "WRONG_STATE"


class StaleEtag(Refusal):
    """The row changed since the caller read it."""

    kind = "stale"
    default_reason = "STALE_ETAG"


class Exhausted(Refusal):
    """A limit of rate, size or concurrency is reached."""

    kind = "exhausted"
    default_reason = "TOO_MANY_STREAMS"


class Unavailable(Refusal):
    """A dependency does not answer now; the same request may succeed later."""

    kind = "unavailable"
    default_reason = "SERVICE_UNAVAILABLE"


_CLASSES: Mapping[grpc.StatusCode, type[Refusal]] = {
    CODES[refusal.kind]: refusal
    for refusal in (
        InvalidRequest,
        Unauthenticated,
        NotAllowed,
        NotFound,
        AlreadyExists,
        WrongState,
        StaleEtag,
        Exhausted,
        Unavailable,
    )
}

_SILENCE: Mapping[grpc.StatusCode, str] = {
    grpc.StatusCode.UNAVAILABLE: "does not answer",
    grpc.StatusCode.DEADLINE_EXCEEDED: "did not answer in time",
}


def is_refusal(error: BaseException) -> bool:
    """Tell whether an exception is a rule that was broken, rather than a bug."""
    return isinstance(error, RefusalLike) and error.kind in CODES


def refusal_status(error: BaseException, domain: str = ERROR_DOMAIN) -> status_pb2.Status:
    """Encode a refusal: code, message, ErrorInfo and, where fields are wrong, BadRequest.

    Raises TypeError for anything that is not a refusal.
    """
    if not isinstance(error, RefusalLike) or error.kind not in CODES:
        raise TypeError(f"{type(error).__name__} is no refusal")
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=domain, metadata=dict(error.metadata))
    details = [_packed(info)]
    if error.violations:
        wrong = error_details_pb2.BadRequest(
            field_violations=[
                error_details_pb2.BadRequest.FieldViolation(field=item.field, description=item.description)
                for item in error.violations
            ]
        )
        details.append(_packed(wrong))
    return status_pb2.Status(code=CODES[error.kind].value[0], message=str(error), details=details)


def remote_refusal(error: grpc.RpcError, service: str) -> Refusal:
    """Decode what another service answered into a refusal of the same kind.

    An expired deadline, a cancelled call and a bug over there are all ``Unavailable`` here: this side cannot mend
    them, and their details are not the caller's business. Whatever is unavailable is named, by what the other service
    said of one further on, or as ``service`` itself: who reads it did not make this call.
    """
    call = error if isinstance(error, grpc.Call) else None
    code: Any = call.code() if call else grpc.StatusCode.UNKNOWN
    info, violations = _details(rpc_status.from_call(call) if call else None)
    if code in _SILENCE and not info.reason:
        # Nobody refused, gRPC itself found nobody there or waited in vain; its details name addresses.
        return Unavailable(f"The {service} service {_SILENCE[code]}; try again.", metadata={"service": service})
    refusal = _CLASSES.get(code)
    if refusal is None:
        metadata = {"service": service, "code": code.name}
        return Unavailable(f"The {service} service failed over this.", reason="REMOTE_FAILURE", metadata=metadata)
    message, metadata = (call.details() if call else "") or code.name, dict(info.metadata)
    if refusal is Unavailable and "service" not in metadata:
        message = f"The {service} service is not available at the moment: {message[:1].lower()}{message[1:]}"
        metadata["service"] = service
    return refusal(message, reason=info.reason, metadata=metadata, violations=violations)


def _packed(message: Any) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed


def _details(status: status_pb2.Status | None) -> tuple[error_details_pb2.ErrorInfo, list[Violation]]:
    info = error_details_pb2.ErrorInfo()
    violations: list[Violation] = []
    for detail in status.details if status else ():
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            detail.Unpack(info)
        elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            wrong = error_details_pb2.BadRequest()
            detail.Unpack(wrong)
            violations += [Violation(item.field, item.description) for item in wrong.field_violations]
    return info, violations
