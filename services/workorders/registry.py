"""The workflows that were ever published, from the database: what one replica publishes, all see at once (B-2)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from services.chassis.log import get_logger
from services.workorders.definitions import DefinitionInvalid, load_definition
from services.workorders.domain.workflow import Workflow
from services.workorders.tables.workflows import DRAFT, PUBLISHED, workflow_versions

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from services.chassis.database import Database

log = get_logger(__name__)
_KEPT_TEXTS = 256


class WorkflowRegistry:
    """Asks the database which versions there are and which is the latest; what a version is, it keeps for ever.

    A published version never changes, so a copy of it is never out of date.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ready: dict[tuple[str, int], Workflow] = {}

    def of(self, name: str, version: int) -> Workflow:
        """One version, published or retired; KeyError where it was never published."""
        known = self._ready.get((name, version))
        if known is not None:
            return known
        columns = workflow_versions.c
        with self._database.read() as connection:
            text = connection.execute(
                select(columns.text).where(
                    columns.workflow == name, columns.workflow_version == version, columns.state != DRAFT
                )
            ).scalar_one_or_none()
        if text is None:
            raise KeyError((name, version))
        return self._ready.setdefault((name, version), workflow_of(text, f"{name} {version}"))

    def latest(self, name: str) -> Workflow:
        """The newest published version, with which new orders begin; KeyError where there is none."""
        with self._database.read() as connection:
            found = latest_workflow(connection, name)
        if found is None:
            raise KeyError(name)
        return found

    def names(self) -> tuple[str, ...]:
        """The workflows that take new orders."""
        columns = workflow_versions.c
        with self._database.read() as connection:
            asked = select(columns.workflow).where(columns.state == PUBLISHED).distinct().order_by(columns.workflow)
            return tuple(connection.execute(asked).scalars())

    def all(self) -> tuple[Workflow, ...]:
        """Every version that was ever published; one that this program cannot read is logged and left out."""
        columns = workflow_versions.c
        with self._database.read() as connection:
            asked = select(columns.workflow, columns.workflow_version).where(columns.state != DRAFT)
            ordered = asked.order_by(columns.workflow, columns.workflow_version)
            keys = [(row.workflow, row.workflow_version) for row in connection.execute(ordered)]
        return tuple(workflow for name, version in keys if (workflow := self._readable(name, version)) is not None)

    def _readable(self, name: str, version: int) -> Workflow | None:
        try:
            return self.of(name, version)
        except DefinitionInvalid as invalid:
            faults = [str(fault) for fault in invalid.faults]
            log.error(  # noqa: TRY400 - the program knows why, a trace tells nothing
                "workflow.unreadable", workflow=name, version=version, faults=faults
            )
            return None


def latest_version(connection: Connection, name: str) -> int:
    """The number of the newest published version of a workflow; 0 where there is none."""
    columns = workflow_versions.c
    asked = select(func.max(columns.workflow_version)).where(columns.workflow == name, columns.state == PUBLISHED)
    return int(connection.execute(asked).scalar_one() or 0)


def latest_workflow(connection: Connection, name: str) -> Workflow | None:
    """The newest published version of a workflow, ready to run; None where there is none."""
    columns = workflow_versions.c
    asked = (
        select(columns.workflow_version, columns.text)
        .where(columns.workflow == name, columns.state == PUBLISHED)
        .order_by(columns.workflow_version.desc())
        .limit(1)
    )
    row = connection.execute(asked).one_or_none()
    return workflow_of(row.text, f"{name} {row.workflow_version}") if row else None


def next_version(connection: Connection, name: str) -> int:
    """The number that the next version of a workflow has; retired ones count."""
    columns = workflow_versions.c
    asked = select(func.max(columns.workflow_version)).where(columns.workflow == name, columns.state != DRAFT)
    return int(connection.execute(asked).scalar_one() or 0) + 1


@lru_cache(maxsize=_KEPT_TEXTS)
def workflow_of(text: str, name: str) -> Workflow:
    """A text, ready to run. Raises DefinitionInvalid with every fault."""
    return Workflow(load_definition(text, name))
