"""What an outgoing call says about who calls (hard-parts 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from services.chassis.authentication import AUTHORIZATION_KEY, USER_KEY
from services.chassis.identity import current_call

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.chassis.tokens import TokenSigner, UserGrant


class Credentials(Protocol):
    """Gives the metadata that proves the caller to one audience."""

    def metadata(self, audience: str) -> list[tuple[str, str]]: ...


class ServiceCredentials:
    """A service calls as itself; inside a user's call it acts for that user and sends both tokens."""

    def __init__(self, signer: TokenSigner) -> None:
        self._signer = signer

    def metadata(self, audience: str) -> list[tuple[str, str]]:
        sent = [(AUTHORIZATION_KEY, f"Bearer {self._signer.service_token(audience)}")]
        call = current_call()
        if call is not None and call.user_token:
            sent.append((USER_KEY, call.user_token))
        return sent


class PersonCredentials:
    """The admin and the command line vouch for a person: whomever `who` names at the moment of the call.

    Where it names nobody, the call is the issuer's own, as a service.
    """

    def __init__(self, signer: TokenSigner, who: Callable[[], UserGrant | None]) -> None:
        self._signer = signer
        self._who = who

    def metadata(self, audience: str) -> list[tuple[str, str]]:
        grant = self._who()
        token = self._signer.user_token(grant, audience) if grant else self._signer.service_token(audience)
        return [(AUTHORIZATION_KEY, f"Bearer {token}")]
