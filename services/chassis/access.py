"""Who may call which method, read from the contracts; what is not named is refused (hard-parts 5).

The options `access` and `method_access` of ui/v1/options.proto are the only source: servers enforce them, the admin
hides by them, and docs/roles.md is compared with them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from fieldmesh.ui.v1 import options_pb2
from google.protobuf import descriptor_pool

from services.chassis.errors import NotAllowed
from services.chassis.identity import SERVICE_ROLE

if TYPE_CHECKING:
    from google.protobuf.descriptor import MethodDescriptor

    from services.chassis.identity import Caller

_READ_PREFIXES: Final = ("List", "Get", "BatchGet", "Read")


@lru_cache(maxsize=1024)
def find_method(path: str) -> MethodDescriptor | None:
    """The method of a gRPC path such as `/fieldmesh.workorders.v1.AccountService/GetAccount`; None if there is none."""
    service, _, name = path.lstrip("/").rpartition("/")
    try:
        found = descriptor_pool.Default().FindServiceByName(service)
    except KeyError:
        return None
    method: MethodDescriptor | None = found.methods_by_name.get(name)
    return method


def is_read(method: MethodDescriptor) -> bool:
    """Whether a method changes nothing, so that repeating it is harmless.

    True for standard reads by their name, for methods marked NO_SIDE_EFFECTS, and for those whose own access names
    readers only.
    """
    options = method.GetOptions()
    own = options.Extensions[options_pb2.method_access]
    return bool(
        method.name.startswith(_READ_PREFIXES)
        or options.idempotency_level == type(options).NO_SIDE_EFFECTS
        or (own.read and not own.write)
    )


@lru_cache(maxsize=1024)
def allowed_roles(method: MethodDescriptor) -> frozenset[str]:
    """Roles that may call a method; empty, so nobody, where the contract names none."""
    options = method.GetOptions()
    if options.HasExtension(options_pb2.method_access):
        own = options.Extensions[options_pb2.method_access]
        return frozenset([*own.read, *own.write])
    shared = method.containing_service.GetOptions().Extensions[options_pb2.access]
    return frozenset(shared.read if is_read(method) else shared.write)


def check_access(caller: Caller, method: MethodDescriptor) -> None:
    """Raise NotAllowed unless the contract lets this caller in.

    A service that acts for a user needs both doors open: the user's role and its own.
    """
    allowed = allowed_roles(method)
    if caller.roles.isdisjoint(allowed) or (caller.acting_service and SERVICE_ROLE not in allowed):
        raise NotAllowed(
            "Your role does not allow this.", reason="ROLE_NOT_ALLOWED", metadata={"method": method.full_name}
        )
