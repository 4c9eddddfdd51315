"""The workflows that come with the program: published at the first start that finds them new, and never again.

What is stored wins: orders run by it, whatever a later program brings along under the same number.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from services.chassis.ids import derive_id
from services.chassis.log import get_logger
from services.workorders.definitions import SHIPPED
from services.workorders.registry import workflow_of
from services.workorders.tables.workflows import DRAFT, PUBLISHED, workflow_versions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from services.chassis.unit_of_work import Transaction
    from services.workorders.domain.definition import Definition

log = get_logger(__name__)
SHIPPED_NOTE = "Comes with Fieldmesh."


def publish_shipped(transaction: Transaction, folder: Path = SHIPPED) -> None:
    """Publish every file of a folder whose workflow and number are not stored yet.

    Several replicas may start at once: whoever comes second changes nothing. A file that differs from what is stored
    under its number is logged, and has no effect. Raises DefinitionInvalid.
    """
    texts = _texts(folder)
    columns = workflow_versions.c
    asked = select(columns.workflow, columns.workflow_version, columns.digest).where(columns.state != DRAFT)
    stored = {(row.workflow, row.workflow_version): row.digest for row in transaction.execute(asked)}
    for definition, text in texts:
        key, digest = (definition.name, definition.version), digest_of(text)
        if key not in stored:
            connection = transaction.connection
            insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            made = published_row(transaction, definition, text)
            connection.execute(insert(workflow_versions).values(made).on_conflict_do_nothing())
        elif stored[key] != digest:
            log.warning("workflow.shipped_differs", workflow=definition.name, version=definition.version)


def published_row(transaction: Transaction, definition: Definition, text: str) -> dict[str, Any]:
    """The row of a version that is published as it comes."""
    return {
        "id": derive_id("workflow-version", definition.name, definition.version),
        "text": text,
        "state": PUBLISHED,
        "note": SHIPPED_NOTE,
        **described(definition, text),
        **stamped("create", "creator", transaction),
        **stamped("publish", "publisher", transaction),
    }


def described(definition: Definition, text: str) -> Mapping[str, Any]:
    """What the columns of a version say of a sound definition."""
    return {
        "workflow": definition.name,
        "workflow_version": definition.version,
        "label": definition.label,
        "title": f"{definition.label} {definition.version}",
        "digest": digest_of(text),
    }


def stamped(verb: str, who: str, transaction: Transaction) -> dict[str, Any]:
    """When something was done to a version, and by whom, as columns."""
    actor = transaction.actor
    return {
        f"{verb}_time": transaction.now,
        f"{who}_subject": actor.subject,
        f"{who}_display_name": actor.name,
        f"{who}_organization_id": actor.organization_id,
    }


def digest_of(text: str) -> str:
    """The checksum by which two texts are compared."""
    return hashlib.sha256(text.encode()).hexdigest()


def _texts(folder: Path) -> list[tuple[Definition, str]]:
    texts = {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.yaml"))}
    return [(workflow_of(text, name).definition, text) for name, text in texts.items()]
