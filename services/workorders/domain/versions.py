"""What may be done with a version of a workflow: a draft is written, then published, and at last retired (B-2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.workorders.domain.errors import WorkOrderError


class VersionState(StrEnum):
    """How a version stands; in the contract's order, whose numbers begin with 1."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Version:
    """A version by its place: which workflow, which number, and how it stands."""

    workflow: str
    number: int
    state: VersionState


class VersionNotDraft(WorkOrderError):
    """What was published never changes."""

    kind = "state"
    reason = "WORKFLOW_NOT_DRAFT"


class VersionTaken(WorkOrderError):
    """The number of the draft is not the one that comes next."""

    kind = "state"
    reason = "WORKFLOW_VERSION_TAKEN"


class VersionNotPublished(WorkOrderError):
    """Only a published version is retired, and only into one can orders move."""

    kind = "state"
    reason = "WORKFLOW_NOT_PUBLISHED"


class LastVersion(WorkOrderError):
    """Without a published version, the workflow could take no new orders."""

    kind = "state"
    reason = "WORKFLOW_LAST_VERSION"


def check_draft(version: Version) -> None:
    """Raise VersionNotDraft for a version that orders may be in."""
    if version.state is not VersionState.DRAFT:
        raise VersionNotDraft(f"Version {version.number} was published, and what is published never changes.")


def check_publication(version: Version, next_number: int) -> None:
    """Raise VersionNotDraft, or VersionTaken where the draft's number is not the next one of its workflow."""
    check_draft(version)
    if version.number != next_number:
        text = f"The next version of {version.workflow} is {next_number}; this draft says {version.number}."
        raise VersionTaken(text, metadata={"next_version": str(next_number)})


def check_retirement(version: Version, published: int) -> None:
    """Raise VersionNotPublished, or LastVersion where no other of the `published` versions would remain."""
    if version.state is not VersionState.PUBLISHED:
        raise VersionNotPublished("Only a published version can be retired.")
    if published <= 1:
        raise LastVersion(f"It is the last published version of {version.workflow}: publish another one first.")


def check_target(version: Version) -> None:
    """Raise VersionNotPublished for a version that takes no orders."""
    if version.state is not VersionState.PUBLISHED:
        raise VersionNotPublished("Orders can be moved to a published version only.")
