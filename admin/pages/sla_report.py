"""How well SLA targets were met: a table, a chart and a CSV file, by partner, territory and month (B-1)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.workorders.v1 import sla_report_service_pb2, sla_report_service_pb2_grpc
from flask import request
from flask_appbuilder.baseviews import BaseView

from admin.grpcfab.context import mesh
from admin.grpcfab.errors import form_sentence, http_status
from admin.grpcfab.export import guarded, table_response
from admin.grpcfab.routes import expose, has_access
from services.chassis.errors import InvalidRequest, Refusal, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flask import Response
    from flask_appbuilder import AppBuilder

    from admin.pages import Roles

NUMBERS: Final = {
    "met": "Met", "excused": "Missed, excused", "missed": "Missed", "overdue": "Overdue", "open": "Open",
}  # fmt: skip
ROLES: Final = ("partner", "dispatcher", "admin")
_MONTHS_SHOWN: Final = 6
_NAMES: Final = {"first_month": "From", "last_month": "To"}
BAR_HEIGHT: Final = 140


@dataclasses.dataclass(frozen=True)
class Line:
    """One line of the table; the rate leaves excused delays, and what is not done, out of account."""

    month: dt.date
    executor: str
    territory: str
    counts: Mapping[str, int]

    @property
    def rate(self) -> str:
        """The share that was met, in percent; empty where nothing is judged yet."""
        judged = self.counts["met"] + self.counts["missed"] + self.counts["overdue"]
        return f"{100 * self.counts['met'] / judged:.1f} %" if judged else ""

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclasses.dataclass(frozen=True)
class Piece:
    """A piece of a bar, in units of the chart."""

    kind: str
    top: float
    height: float
    words: str


@dataclasses.dataclass(frozen=True)
class Bar:
    """A month of the chart, its pieces from the foot up."""

    line: Line
    left: int
    pieces: Sequence[Piece]


class SlaReportView(BaseView):  # type: ignore[misc]
    """The report of the orders that the viewer sees."""

    route_base = "/sla-report"
    template_folder = None
    default_view = "report"

    @expose("/", methods=["GET"])
    @has_access
    def report(self) -> Any:
        first, last = _months()
        problem, status, lines = "", 200, list[Line]()
        try:
            lines = _lines(first, last)
        except Refusal as refusal:
            named = (f"{_NAMES.get(each.field, each.field)}: {each.description}." for each in refusal.violations)
            told = [form_sentence(refusal), *named]
            problem, status = " ".join(told), http_status(refusal)
        if request.args.get("format") == "csv" and not problem:
            return _as_csv(lines, first, last)
        months = _summed(lines) if lines else []
        page = self.render_template(
            "pages/sla_report/sla_report.html", title="SLA report", lines=lines, months=months, bars=_bars(months),
            numbers=NUMBERS, first=first, last=last, problem=problem, height=BAR_HEIGHT, total=_total(lines),
        )  # fmt: skip
        return page, status


class SlaReportPage:
    """Registers the page, beside targets, policies and calendars."""

    def register(self, builder: AppBuilder, roles: Roles) -> None:
        builder.add_view(SlaReportView, "SLA report", icon="bar-chart", category="Service levels")
        for role in ROLES:
            roles[role] += [
                ["^SlaReportView$", "^can_report$"], ["^SLA report$", "^menu_access$"],
                ["^Service levels$", "^menu_access$"],
            ]  # fmt: skip


def _months() -> tuple[str, str]:
    """The months asked for as YYYY-MM; half a year up to the present one."""
    today = dt.datetime.now(dt.UTC).date()
    begin = today.year * 12 + today.month - _MONTHS_SHOWN
    usual = f"{begin // 12:04}-{begin % 12 + 1:02}", f"{today.year:04}-{today.month:02}"
    return request.args.get("first", "") or usual[0], request.args.get("last", "") or usual[1]


def _lines(first: str, last: str) -> list[Line]:
    asked, wrong = sla_report_service_pb2.ReportSlaRequest(), list[Violation]()
    for name, field, text in (("From", asked.first_month, first), ("To", asked.last_month, last)):
        try:
            month = dt.date.fromisoformat(f"{text}-01")
        except ValueError:
            wrong.append(Violation(name, f"“{text}” is not a month such as 2026-03"))
        else:
            field.year, field.month, field.day = month.year, month.month, month.day
    if wrong:
        raise InvalidRequest("Some fields are missing or wrong.", violations=wrong)
    answer = mesh().stub(sla_report_service_pb2_grpc.SlaReportServiceStub).ReportSla(asked)
    return [
        Line(
            dt.date(row.month.year, row.month.month, 1), row.executor_name or "Not allocated",
            row.territory_name or "No territory", {name: getattr(row, name) for name in NUMBERS},
        )
        for row in answer.rows
    ]  # fmt: skip


def _added(lines: Iterable[Line]) -> Mapping[str, int]:
    kept = list(lines)
    return {name: sum(line.counts[name] for line in kept) for name in NUMBERS}


def _summed(lines: Sequence[Line]) -> list[Line]:
    """One line a month, from the first that has targets to the last; those without are there as well."""
    months = [line.month.year * 12 + line.month.month - 1 for line in lines]
    every = (dt.date(number // 12, number % 12 + 1, 1) for number in range(min(months), max(months) + 1))
    return [Line(month, "", "", _added(line for line in lines if line.month == month)) for month in every]


def _total(lines: Sequence[Line]) -> Line | None:
    return Line(lines[0].month, "", "", _added(lines)) if lines else None


def _bars(months: Sequence[Line]) -> list[Bar]:
    """A bar for each month, the highest as high as the chart."""
    highest = max((line.total for line in months), default=0) or 1
    bars = []
    for index, line in enumerate(months):
        top, pieces = float(BAR_HEIGHT), []
        for kind, label in NUMBERS.items():
            height = BAR_HEIGHT * line.counts[kind] / highest
            top -= height
            if height:
                words = f"{line.month:%B %Y}: {line.counts[kind]:,} {label.lower()}"
                pieces.append(Piece(kind, round(top, 2), round(height, 2), words))
        bars.append(Bar(line, 12 + index * 64, pieces))
    return bars


def _as_csv(lines: Sequence[Line], first: str, last: str) -> Response:
    heads = ["Month", "Partner", "Territory", *NUMBERS.values(), "Met of those judged"]
    table = [
        [
            f"{line.month:%Y-%m}", guarded(line.executor), guarded(line.territory),
            *map(str, line.counts.values()), line.rate,
        ]
        for line in lines
    ]  # fmt: skip
    return table_response(f"sla-report-{first}-{last}", heads, iter([table]))
