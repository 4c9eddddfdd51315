"""The assignment tab: search of technicians and freelancers, and the skills matrix (CP-62 to CP-66)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from fieldmesh.common.v1 import list_pb2, types_pb2
from fieldmesh.technicians.v1 import (
    assignment_pb2,
    assignment_pb2_grpc,
    certification_pb2,
    certification_pb2_grpc,
    technicians_service_pb2,
    technicians_service_pb2_grpc,
)

from admin.grpcfab import cells
from admin.grpcfab.context import mesh, viewer_roles
from admin.grpcfab.errors import sentence
from admin.grpcfab.spec import resource_of
from admin.pages.work_orders import moves, related
from admin.pages.work_orders.crew import Crew
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fieldmesh.workorders.v1 import work_order_pb2
    from werkzeug.datastructures import MultiDict

MOST: Final = 25
SUGGESTED: Final = 3
# Who may assign while technicians does not answer (domain.md, "When one service is down").
_OVERRIDE: Final = frozenset({"dispatcher", "admin"})
NO_ADDRESS: Final = "Give the whole e-mail address: a freelancer is found by nothing else."


@dataclasses.dataclass(frozen=True)
class Cell:
    """A cell of the matrix: whether a certificate is held on the date, and until when."""

    code: str
    held: bool
    until: str


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A row of the matrix."""

    technician: Any
    cells: Sequence[Cell]
    qualified: bool
    busy: bool
    freelancer: bool
    address: str
    drives: Sequence[str]
    absent: bool
    shifts: Sequence[str]

    @property
    def free(self) -> str:
        """Whether the technician is free then, in a word."""
        return "busy" if self.busy else "absent" if self.absent else "yes"


@dataclasses.dataclass(frozen=True)
class Matrix:
    """The answer to a search."""

    codes: Sequence[str]
    rows: Sequence[Candidate]
    next_token: str
    problem: str = ""
    """What is wrong with the e-mail address that was searched for; nothing was searched then."""


class Desk:
    """One order's search for a technician; what was searched for stands in the address bar."""

    def __init__(
        self, order: work_order_pb2.WorkOrder, args: MultiDict[str, str], reasons: Sequence[moves.Reason] = ()
    ) -> None:
        self.order = order
        self._args = args
        self._reasons = {reason.code: reason.label for reason in reasons}
        self.freelancers = args.get("mine") == "no"
        self.email = args.get("email", "").strip()
        self.postal_code = args.get("postal_code", "").strip()
        self.city = args.get("city", "").strip()
        self.codes = args.getlist("certification")
        self.token = args.get("after", "")

    def after(self, token: str) -> str:
        """The address of the technicians that follow, with the same search."""
        kept = [(name, value) for name, value in self._args.items(multi=True) if name != "after"]
        return f"?{urlencode([*kept, ('after', token)])}"

    @property
    def certifications(self) -> Sequence[str]:
        """Codes to choose from."""
        active = list_pb2.Filter(field="active", operator=list_pb2.FILTER_OPERATOR_EQUALS, values=["true"])
        query = list_pb2.ListQuery(page_size=200, order_by="code", filters=[active])
        stub = mesh().stub(certification_pb2_grpc.CertificationServiceStub)
        found = stub.ListCertifications(certification_pb2.ListCertificationsRequest(query=query)).certifications
        return [certification.code for certification in found]

    def found(self) -> Matrix:
        """The skills matrix of the organisation's technicians who match, or of a freelancer (CP-66)."""
        if self.freelancers and not self._whole_address:
            return Matrix((), (), "", NO_ADDRESS)
        answer = (
            mesh()
            .stub(technicians_service_pb2_grpc.AssignmentDeskServiceStub)
            .SearchTechnicians(
                technicians_service_pb2.SearchTechniciansRequest(
                    need=self.need,
                    my_organization=not self.freelancers,
                    email=self.email,
                    postal_code=self.postal_code,
                    city=self.city,
                    certification_codes=self.codes,
                    page_size=MOST,
                    page_token=self.token,
                )
            )
        )
        rows = [_candidate(match) for match in answer.matches]
        return Matrix(list(answer.certification_codes), rows, answer.next_page_token)

    @property
    def searched(self) -> bool:
        """Whether somebody looks for somebody in particular."""
        return bool(self.freelancers or self.email or self.postal_code or self.city or self.codes or self.token)

    @property
    def _whole_address(self) -> bool:
        name, at, domain = self.email.partition("@")
        return bool(name and at and "." in domain)

    def suggested(self) -> Sequence[technicians_service_pb2.Suggestion]:
        """Who could go, the best first (B-5); nobody while a search is on."""
        if self.searched:
            return ()
        stub = mesh().stub(technicians_service_pb2_grpc.AssignmentDeskServiceStub)
        asked = technicians_service_pb2.SuggestTechniciansRequest(need=self.need, limit=SUGGESTED)
        return list(stub.SuggestTechnicians(asked).suggestions)

    @functools.cached_property
    def need(self) -> technicians_service_pb2.WorkNeed:
        """What is to be done, where and when."""
        order, items = self.order, related.line_items(self.order)
        made = technicians_service_pb2.WorkNeed(
            work_order_id=order.id,
            work_order_number=order.number,
            parties=types_pb2.Parties(
                issuer_org=order.issuer_org, executor_org=order.executor_org, facility_org=order.facility_org
            ),
            work_type_ids=list(dict.fromkeys(item.work_type_id for item in items)),
            duration_minutes=sum(kind.duration_minutes for kind in related.work_types(items)),
            site_time_zone=order.site_time_zone,
        )
        if order.HasField("site_position"):
            made.site_position.CopyFrom(order.site_position)
        if order.appointment.HasField("start_time"):
            made.start_time.CopyFrom(order.appointment.start_time)
        return made

    def assignments(self) -> list[Mapping[str, Any]]:
        """Who was assigned, newest first."""
        stub = mesh().stub(assignment_pb2_grpc.AssignmentServiceStub)
        query = related.of_order(self.order, "-assign_time", 20)
        found = stub.ListAssignments(assignment_pb2.ListAssignmentsRequest(query=query)).assignments
        fields = resource_of(assignment_pb2.Assignment).fields
        shown: list[Mapping[str, Any]] = []
        for each in found:
            state, method = fields["state"].choice(each.state), fields["method"].choice(each.method)
            shown.append(
                {
                    "technician": each.technician_name or "A technician whose name is not kept",
                    "state": cells.Cell("badge", state.label, tone=state.tone) if state else cells.EMPTY,
                    "method": method.label if method else "",
                    "reason": self._reasons.get(each.reason_code, each.reason_code.replace("_", " ")),
                    "text": each.reason_text,
                    "when": cells.instant(each.assign_time.ToDatetime(tzinfo=dt.UTC)),
                    "by": each.actor.display_name,
                }
            )
        return shown


@dataclasses.dataclass(frozen=True)
class Unchecked:
    """What a dispatcher chooses from while technicians does not answer: people whom workorders knows, and reasons."""

    words: str
    people: Sequence[tuple[str, str]]
    reasons: Sequence[moves.Reason]


def assignment_tab(
    order: work_order_pb2.WorkOrder, args: MultiDict[str, str], offered: Mapping[str, moves.Available]
) -> Mapping[str, Any]:
    """What the tab shows; while technicians does not answer, what a dispatcher may do all the same.

    Raises Refusal.
    """
    crew = Crew(order, args, offered)
    may = offered.get(crew.transition)
    shown: dict[str, Any] = {"crew": crew, "may_assign": may, "unchecked": None, "photos": {}}
    desk = Desk(order, args, may.reasons if may else ())
    try:
        found = desk.found() if may else None
        suggested = desk.suggested() if may else ()
        assigned = desk.assignments()
    except Refusal as refusal:
        if refusal.kind != "unavailable" or may is None or not viewer_roles() & _OVERRIDE:
            raise
        return {**shown, "unchecked": Unchecked(sentence(refusal), _people(may), may.reasons)}
    rows = found.rows if found else ()
    photos = {each.technician.id: each.technician.photo_version for each in rows}
    return {**shown, "desk": desk, "found": found, "suggested": suggested, "assignments": assigned, "photos": photos}


def _people(may: moves.Available) -> Sequence[tuple[str, str]]:
    """Whom the transition's form offers, as workorders knows them."""
    fields = (field for step in may.steps for field in step.fields if field.path == "inputs.person_id")
    return [(choice.value, choice.label) for field in fields for choice in field.choices]


def _candidate(match: technicians_service_pb2.TechnicianMatch) -> Candidate:
    return Candidate(
        technician=match.technician,
        cells=[Cell(cell.certification_code, cell.held, _day(cell)) for cell in match.skills],
        qualified=match.qualified,
        busy=match.busy,
        freelancer=match.freelancer,
        address=_line(match.technician.address),
        drives=list(match.travel_conflicts),
        absent=match.absent,
        shifts=list(match.shift_conflicts),
    )


def _line(address: types_pb2.Address) -> str:
    """An address on one line; empty where nothing is known."""
    place = f"{address.state} {address.postal_code}".strip()
    return ", ".join(part for part in (address.street, address.city, place, address.country) if part)


def _day(cell: technicians_service_pb2.SkillCell) -> str:
    if not cell.HasField("expiry_date"):
        return ""
    return f"{dt.date(cell.expiry_date.year, cell.expiry_date.month, cell.expiry_date.day):%-d %b %Y}"
