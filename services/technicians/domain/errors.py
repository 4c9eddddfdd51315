"""The rules of this service that can be broken; their reasons are those of the contract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Violation:
    """One wrong field and what is wrong with it."""

    field: str
    description: str


class Refusal(Exception):
    """A broken rule; its message is for the caller."""

    kind: ClassVar[str] = "state"
    reason: ClassVar[str] = "INTERNAL"

    def __init__(
        self, message: str, *, violations: Sequence[Violation] = (), metadata: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.violations = tuple(violations)
        self.metadata = dict(metadata or {})


class TechnicianNotEligible(Refusal):
    """The technician cannot be assigned, whatever the reason."""

    reason = "TECHNICIAN_NOT_ELIGIBLE"

    def __init__(self, technician_id: str, obstacles: Sequence[str]) -> None:
        super().__init__(" ".join(obstacles), metadata={"technician_id": technician_id})


class AppointmentOverlap(Refusal):
    """The technician is elsewhere then."""

    reason = "APPOINTMENT_OVERLAP"

    def __init__(self, technician_id: str, name: str) -> None:
        super().__init__(f"{name} is busy then.", metadata={"technician_id": technician_id})


class OverrideReasonMissing(Refusal):
    """Skills are missing, somebody is absent or a freelancer, and nobody said why (CP-65, CP-66)."""

    kind = "invalid"
    reason = "OVERRIDE_REASON_MISSING"

    def __init__(self, name: str, missing: Sequence[str], *, freelancer: bool, absent: bool = False) -> None:
        every = [
            "is a freelancer" if freelancer else "",
            "is absent then" if absent else "",
            f"lacks {', '.join(missing)}" if missing and not freelancer else "",
        ]
        why = " and ".join(each for each in every if each)
        super().__init__(
            f"{name} {why}: a reason is required.",
            violations=[Violation("reason_code", "is required")],
            metadata={"missing": ",".join(missing)},
        )


class ReasonUnexplained(Refusal):
    """The reason "other" came without a text (CP-65)."""

    kind = "invalid"
    reason = "OVERRIDE_REASON_MISSING"

    def __init__(self) -> None:
        text = "Say in a few words what the other reason is."
        super().__init__(text, violations=[Violation("reason_text", "is required with this reason")])


class EmailDomainMismatch(Refusal):
    """The corporate e-mail is not in the organisation's domains (CP-93)."""

    kind = "invalid"
    reason = "EMAIL_DOMAIN_MISMATCH"

    def __init__(self, domains: Sequence[str], field: str = "corporate_email", what: str = "corporate e-mail") -> None:
        allowed = " or ".join(domains) or "no domain"
        text = f"must be an address in {allowed}"
        super().__init__(f"The {what} {text}.", violations=[Violation(field, text)])


class PersonExists(Refusal):
    """The address belongs to somebody already, or somebody with it was invited."""

    kind = "exists"
    reason = "ALREADY_EXISTS"

    def __init__(self, why: str) -> None:
        super().__init__(f"This e-mail address {why}.", violations=[Violation("email", why)])


class InvitationWrongState(Refusal):
    """An invitation cannot be used or changed any more."""

    reason = "INVITATION_WRONG_STATE"

    def __init__(self, state: str) -> None:
        super().__init__(f"This invitation is {state}.", metadata={"state": state})


class OpenAssignments(Refusal):
    """A technician leaves, and assignments that are open were not handled (CP-94)."""

    reason = "OPEN_ASSIGNMENTS"

    def __init__(self, name: str, numbers: Sequence[str], assignment_ids: Sequence[str]) -> None:
        text = f"{name} is still assigned to {', '.join(numbers)}: assign somebody else, or return them to the queue."
        super().__init__(
            text,
            violations=[Violation("return_to_queue", text)],
            metadata={"assignments": ",".join(assignment_ids)},
        )


class CredentialRevoked(Refusal):
    """A certificate is revoked once."""

    reason = "CREDENTIAL_REVOKED"

    def __init__(self, code: str) -> None:
        super().__init__(f"This certificate for {code} was revoked before.")


class LoginInactive(Refusal):
    """The person, or their organisation, is deactivated."""

    reason = "LOGIN_INACTIVE"

    def __init__(self) -> None:
        super().__init__("This login is not active.")
