"""Long runs over orders: trying a version on history and moving orders to it, batch after batch.

The page asks for the next batch with what was found so far; so nothing is kept on the server, and a run that is left
simply ends.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.workorders.v1 import workflow_pb2
from flask import request

from admin.grpcfab.errors import form_sentence, http_status
from admin.grpcfab.routes import expose, has_access
from admin.pages.workflows import calls
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BATCH: Final = 40
MOST_ROWS: Final = 200
# Kind, transition, message, suggestion, how often, and an example.
FINDING_PARTS: Final = 6
KINDS: Final = {
    workflow_pb2.FINDING_KIND_TRANSITION_MISSING: ("Transition missing", "danger"),
    workflow_pb2.FINDING_KIND_STATE_MISSING: ("State missing", "danger"),
    workflow_pb2.FINDING_KIND_NOT_FROM_HERE: ("Not from this state", "danger"),
    workflow_pb2.FINDING_KIND_LEADS_ELSEWHERE: ("Leads elsewhere", "warning"),
    workflow_pb2.FINDING_KIND_NOT_PERMITTED: ("Not permitted", "danger"),
    workflow_pb2.FINDING_KIND_FIELD_REQUIRED: ("Field required", "danger"),
    workflow_pb2.FINDING_KIND_GUARD_REFUSES: ("Guard refuses", "danger"),
    workflow_pb2.FINDING_KIND_FIELD_DROPPED: ("Field dropped", "warning"),
    workflow_pb2.FINDING_KIND_NOT_JUDGED: ("Not judged", ""),
}
OUTCOMES: Final = {
    workflow_pb2.MIGRATION_OUTCOME_MOVED: "moved",
    workflow_pb2.MIGRATION_OUTCOME_REFUSED: "refused",
    workflow_pb2.MIGRATION_OUTCOME_UNTOUCHED: "ended",
}


@dataclasses.dataclass
class Run:
    """How far a run is and what it found; the page sends it back with each request."""

    after: str = ""
    done: int = 0
    total: int = 0
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    rows: list[list[str]] = dataclasses.field(default_factory=list)
    finished: bool = False

    @classmethod
    def of_request(cls) -> Run:
        """What the page sent; a run that it cannot have had begins anew."""
        form = request.form
        try:
            counts, rows = json.loads(form.get("counts", "{}")), json.loads(form.get("rows", "[]"))
            numbers = {str(key): int(value) for key, value in counts.items()}
            texts = [[str(part) for part in row] for row in rows[:MOST_ROWS]]
            return cls(form.get("after", ""), int(form.get("done", 0)), int(form.get("total", 0)), numbers, texts)
        except (ValueError, TypeError, AttributeError):
            return cls()

    def count(self, name: str, by: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + by

    def carried(self) -> Mapping[str, str]:
        """What the page keeps until the next request."""
        return {
            "after": self.after,
            "done": str(self.done),
            "total": str(self.total),
            "counts": json.dumps(self.counts),
            "rows": json.dumps(self.rows),
        }


class Runs:
    """The routes of runs of the workflows' panel."""

    @expose("/<pk>/simulate", methods=["GET", "POST"])
    @has_access
    def simulate(self, pk: str) -> Any:
        """What real orders would have met in this version."""
        if request.method == "GET":
            return self._page("simulate", pk)
        return self._step("simulate", pk, _simulated)

    @expose("/<pk>/migrate", methods=["GET", "POST"])
    @has_access
    def migrate(self, pk: str) -> Any:
        """Moving orders to this version: previewed, then done."""
        if request.method == "GET":
            return self._page("migrate", pk)
        return self._step("migrate", pk, _migrated)

    def _page(self, which: str, pk: str, run: Run | None = None, problem: str = "") -> Any:
        found = calls.described(pk)
        return self.render_template(  # type: ignore[attr-defined]
            f"pages/workflows/{which}.html",
            panel=self,
            title="Try on history" if which == "simulate" else "Move orders",
            found=found,
            version=found.version,
            others=[each for each in found.siblings if each.state != calls.DRAFT and each.id != pk],
            missing=_missing(found) if which == "migrate" else (),
            run=run,
            problem=problem,
            **self._asked(),
        )

    def _step(self, which: str, pk: str, advance: Any) -> Any:
        run = Run.of_request()
        try:
            advance(pk, run)
        except Refusal as refusal:
            return self._shown(which, pk, run, form_sentence(refusal)), http_status(refusal)
        return self._shown(which, pk, run)

    def _shown(self, which: str, pk: str, run: Run, problem: str = "") -> Any:
        if request.headers.get("HX-Target") != "run":
            return self._page(which, pk, run, problem)
        return self.render_template(  # type: ignore[attr-defined]
            f"pages/workflows/_{which}.html", panel=self, one=pk, run=run, problem=problem, **self._asked()
        )

    @staticmethod
    def _asked() -> Mapping[str, Any]:
        """What the form said, to be said again with the next batch."""
        form = request.form
        states = {key: value for key, value in form.items() if key.startswith("state.") and value}
        return {"from_version": form.get("from_version", "0"), "mode": form.get("mode", "preview"), "states": states,
                "kinds": KINDS}  # fmt: skip


def _simulated(pk: str, run: Run) -> None:
    asked = workflow_pb2.SimulateWorkflowRequest(id=pk, from_version=_version(), after=run.after, limit=BATCH)
    carried = [row for row in run.rows if len(row) == FINDING_PARTS and row[4].isdigit()]
    times = Counter({tuple(row[:4]): int(row[4]) for row in carried})
    examples = {tuple(row[:4]): row[5] for row in carried}
    seen = 0
    for answer in calls.workflows().SimulateWorkflow(asked):
        seen += 1
        run.after, run.done, run.total = answer.work_order_id, answer.done, answer.total
        run.count("moves", answer.moves)
        run.count("orders_refused", any(each.refuses for each in answer.findings))
        run.count("orders_found", bool(answer.findings))
        for each in answer.findings:
            key = (str(int(each.kind)), each.transition, each.message, each.suggestion)
            times[key] += 1
            examples.setdefault(key, f"{answer.work_order_number}/{answer.work_order_id}")
    run.rows = [[*key, str(count), examples[key]] for key, count in times.most_common(MOST_ROWS)]
    run.finished = seen < BATCH or run.done >= run.total


def _migrated(pk: str, run: Run) -> None:
    asked = workflow_pb2.MigrateWorkOrdersRequest(
        to_id=pk,
        from_version=_version(),
        states=_renamed(),
        preview=request.form.get("mode") != "run",
        after=run.after,
        limit=BATCH,
    )
    seen = 0
    for answer in calls.workflows().MigrateWorkOrders(asked):
        seen += 1
        run.after = answer.work_order_id
        run.total = run.total or answer.total
        run.count(OUTCOMES.get(answer.outcome, "ended"))
        if answer.reasons and len(run.rows) < MOST_ROWS:
            run.rows.append([answer.work_order_number, answer.work_order_id, answer.from_state_label,
                             " ".join(answer.reasons)])  # fmt: skip
    run.done += seen
    run.finished = seen < BATCH


def _version() -> int:
    given = request.form.get("from_version", "0")
    return int(given) if given.isdigit() else 0


def _renamed() -> dict[str, str]:
    return {
        key.removeprefix("state."): value for key, value in request.form.items() if key.startswith("state.") and value
    }


def _missing(found: workflow_pb2.DescribeWorkflowResponse) -> Sequence[tuple[str, str, int]]:
    """States of the other versions with open orders that this one does not have: code, label, orders."""
    known = {state.code for state in found.states}
    missing: dict[str, tuple[str, int]] = {}
    for sibling in found.siblings:
        if sibling.id == found.version.id or sibling.state == calls.DRAFT or not sibling.open_orders:
            continue
        for state in calls.described(sibling.id).states:
            if state.code not in known and state.orders:
                label, orders = missing.get(state.code, (state.label, 0))
                missing[state.code] = label, orders + state.orders
    return [(code, label, orders) for code, (label, orders) in missing.items()]
