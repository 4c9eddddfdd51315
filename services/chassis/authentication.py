"""From a call's metadata to its verified caller (hard-parts 5)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from services.chassis.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.chassis.identity import Caller
    from services.chassis.tokens import TokenVerifier

AUTHORIZATION_KEY: Final = "authorization"
USER_KEY: Final = "x-fieldmesh-user"
_BEARER: Final = "Bearer "


def authenticate(
    metadata: Mapping[str, str | bytes], verifier: TokenVerifier, request_id: str = ""
) -> tuple[Caller, str]:
    """The caller, and the user's token to send on where the call serves a user.

    With a service's token alone the service calls for itself; with a user's token beside it, the service acts for that
    user. Raises Unauthenticated for anything that is not exactly one of these.
    """
    header = metadata.get(AUTHORIZATION_KEY, "")
    if not isinstance(header, str) or not header.startswith(_BEARER):
        raise Unauthenticated("A token is required.", metadata={"cause": "TOKEN_MISSING"})
    token = header.removeprefix(_BEARER)
    caller = verifier.verify(token)
    forwarded = metadata.get(USER_KEY)
    if forwarded is None:
        return replace(caller, request_id=request_id), "" if caller.is_service else token
    if not isinstance(forwarded, str) or not caller.is_service:
        raise Unauthenticated("Only a service acts for a user.", metadata={"cause": "TOKEN_OVERREACHES"})
    user = verifier.verify_forwarded(forwarded, caller.name)
    if user.is_service:
        raise Unauthenticated("A service acts for people only.", metadata={"cause": "TOKEN_OVERREACHES"})
    return replace(user, acting_service=caller.name, request_id=request_id), forwarded
