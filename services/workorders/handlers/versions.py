"""Writing versions of workflows: drafts, publication and retirement; each is an audited act of an admin (B-2, R-4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from fieldmesh.workorders.v1 import workflow_pb2
from google.protobuf import empty_pb2
from google.protobuf.message import Message
from sqlalchemy import delete, func, insert, select, update

from services.chassis.errors import InvalidRequest, NotFound, Violation
from services.chassis.etag import check_etag
from services.chassis.idempotency import run_once
from services.chassis.ids import derive_id, new_id
from services.chassis.kit.audit import record_change
from services.workorders.definitions.examining import LONGEST_TEXT, examine
from services.workorders.domain.versions import (
    Version,
    VersionState,
    check_draft,
    check_publication,
    check_retirement,
)
from services.workorders.presenting_versions import fault_messages
from services.workorders.registry import next_version
from services.workorders.resources import WORKFLOW_VERSION
from services.workorders.shipped import described, digest_of, stamped
from services.workorders.tables.workflows import DRAFT, PUBLISHED, RETIRED, workflow_versions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection

    from services.chassis.database import Database
    from services.chassis.identity import Caller
    from services.chassis.kit import ResourceEngine
    from services.chassis.kit.resource import Verb
    from services.chassis.unit_of_work import Transaction
    from services.workorders.definitions import Fault
    from services.workorders.definitions.examining import Examined

Answer = TypeVar("Answer", bound=Message)

LONGEST_NOTE = 2_000
_STATES = list(VersionState)


class Versions:
    """Commands on versions; every one of them locks the row that it is about."""

    def __init__(self, database: Database, engine: ResourceEngine) -> None:
        self._database = database
        self._engine = engine

    def save(self, caller: Caller, request: workflow_pb2.SaveDraftRequest) -> workflow_pb2.SaveDraftResponse:
        """Keep a draft as it is, with its faults.

        Raises InvalidRequest for a text or note that is too long, NotFound, StaleEtag, VersionNotDraft.
        """
        _check_lengths(request)
        examined = examine(request.text)

        def work(transaction: Transaction) -> workflow_pb2.SaveDraftResponse:
            values = {**_said(examined, request.text), "note": request.note.strip()}
            if request.id:
                row = self._row(transaction, request.id, request.etag)
                check_draft(version_of(row))
                row_id = _changed(transaction, row, values)
            else:
                row_id = derive_id("draft", caller.subject, request.request_id) if request.request_id else new_id()
                made = {"id": row_id, "state": DRAFT, **values, **stamped("create", "creator", transaction)}
                transaction.execute(insert(workflow_versions).values(**made))
                _audit(transaction, row_id, "create", {}, made)
            version = self._engine.get(transaction.connection, caller, row_id)
            return workflow_pb2.SaveDraftResponse(version=version, faults=fault_messages(examined.faults))

        return self._once(caller, "SaveDraft", request, workflow_pb2.SaveDraftResponse, work)

    def discard(self, caller: Caller, request: workflow_pb2.DeleteDraftRequest) -> empty_pb2.Empty:
        """Delete a draft. Raises NotFound, StaleEtag, VersionNotDraft."""

        def work(transaction: Transaction) -> empty_pb2.Empty:
            row = self._row(transaction, request.id, request.etag)
            check_draft(version_of(row))
            transaction.execute(delete(workflow_versions).where(workflow_versions.c.id == request.id))
            _audit(transaction, request.id, "delete", row, {})
            return empty_pb2.Empty()

        return self._once(caller, "DeleteDraft", request, empty_pb2.Empty, work)

    def publish(self, caller: Caller, request: workflow_pb2.PublishWorkflowRequest) -> workflow_pb2.WorkflowVersion:
        """Let new orders begin with a draft, from the commit on and in every replica.

        Raises NotFound, StaleEtag, InvalidRequest with every fault, VersionNotDraft, VersionTaken.
        """

        def work(transaction: Transaction) -> workflow_pb2.WorkflowVersion:
            row = self._row(transaction, request.id, request.etag)
            version = version_of(row)
            check_draft(version)
            examined = examine(row["text"])
            if examined.definition is None:
                raise faulty(examined.faults)
            check_publication(version, next_version(transaction.connection, version.workflow))
            values = {"state": PUBLISHED, **described(examined.definition, row["text"])}
            _changed(transaction, row, {**values, **stamped("publish", "publisher", transaction)})
            return self._engine.get(transaction.connection, caller, request.id)  # type: ignore[no-any-return]

        return self._once(caller, "PublishWorkflow", request, workflow_pb2.WorkflowVersion, work)

    def retire(self, caller: Caller, request: workflow_pb2.RetireWorkflowRequest) -> workflow_pb2.WorkflowVersion:
        """Let no new orders begin with a version; those in it go on.

        Raises NotFound, StaleEtag, VersionNotPublished, LastVersion.
        """

        def work(transaction: Transaction) -> workflow_pb2.WorkflowVersion:
            row = self._row(transaction, request.id, request.etag)
            check_retirement(version_of(row), _published(transaction.connection, row["workflow"]))
            _changed(transaction, row, {"state": RETIRED, **stamped("retire", "retirer", transaction)})
            return self._engine.get(transaction.connection, caller, request.id)  # type: ignore[no-any-return]

        return self._once(caller, "RetireWorkflow", request, workflow_pb2.WorkflowVersion, work)

    def _row(self, transaction: Transaction, row_id: str, etag: str) -> dict[str, Any]:
        """The locked row. All versions of its workflow are locked with it, so that two admins decide one by one."""
        columns = workflow_versions.c
        found = transaction.execute(select(columns.workflow).where(columns.id == row_id)).scalar_one_or_none()
        if found is None:
            raise NotFound(f"There is no workflow version {row_id}.")
        family = select(workflow_versions).where(columns.workflow == found).order_by(columns.id).with_for_update()
        rows = {row["id"]: dict(row) for row in transaction.execute(family).mappings()}
        if row_id not in rows:
            raise NotFound(f"There is no workflow version {row_id}.")
        check_etag(etag, row_id, rows[row_id]["version"])
        return rows[row_id]

    def _once(
        self,
        caller: Caller,
        method: str,
        request: Any,
        answer: type[Answer],
        work: Callable[[Transaction], Answer],
    ) -> Answer:
        return run_once(self._database, caller, method, request.request_id, request, answer, work)


def version_of(row: Mapping[str, Any]) -> Version:
    """A version's place, from its row."""
    return Version(row["workflow"], row["workflow_version"], _STATES[row["state"] - 1])


def faulty(faults: Sequence[Fault]) -> InvalidRequest:
    """The refusal of a text that cannot be used: each fault is a violation of its line."""
    count = f"{len(faults)} faults" if len(faults) > 1 else "a fault"
    violations = [Violation(f"line {each.line}", f"{each.path}: {each.message}".lstrip(": ")) for each in faults]
    return InvalidRequest(f"The definition has {count}.", reason="WORKFLOW_FAULTY", violations=violations)


def check_text(text: str) -> None:
    """Raise InvalidRequest for a text that nobody would write."""
    if len(text) > LONGEST_TEXT:
        wrong = Violation("text", f"It has at most {LONGEST_TEXT:,} characters.")
        raise InvalidRequest("The definition is too long.", violations=[wrong])


def _check_lengths(request: workflow_pb2.SaveDraftRequest) -> None:
    check_text(request.text)
    if len(request.note) > LONGEST_NOTE:
        wrong = Violation("note", f"It has at most {LONGEST_NOTE:,} characters.")
        raise InvalidRequest("The note is too long.", violations=[wrong])


def _said(examined: Examined, text: str) -> dict[str, Any]:
    """What a draft's columns say, as far as its text does."""
    named = " ".join(filter(None, (examined.label or examined.workflow, str(examined.number or ""))))
    return {
        "text": text,
        "digest": digest_of(text),
        "workflow": examined.workflow,
        "workflow_version": examined.number,
        "label": examined.label,
        "title": named or "Draft without a name",
    }


def _changed(transaction: Transaction, row: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    columns = workflow_versions.c
    fresh = {**values, "version": row["version"] + 1}
    transaction.execute(update(workflow_versions).where(columns.id == row["id"]).values(**fresh))
    _audit(transaction, row["id"], "update", row, {**row, **fresh})
    return str(row["id"])


def _audit(
    transaction: Transaction, row_id: str, verb: Verb, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    record_change(transaction, WORKFLOW_VERSION, row_id, verb, (before, after))


def _published(connection: Connection, workflow: str) -> int:
    columns = workflow_versions.c
    asked = select(func.count()).where(columns.workflow == workflow, columns.state == PUBLISHED)
    return int(connection.execute(asked).scalar_one())
