"""What happened to the demo's work orders: each story is a row of moments, told in the order of time."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Final

from fieldmesh.workorders.v1 import (
    case_pb2,
    case_pb2_grpc,
    feed_pb2,
    feed_pb2_grpc,
    line_item_pb2,
    line_item_pb2_grpc,
    work_order_pb2,
)
from google.type import date_pb2
from PIL import Image, ImageDraw

from services.chassis.ids import new_id
from services.cli.demo import catalogue, deliveries, returns, sequels
from services.cli.demo.calls import cents, of_order
from services.cli.demo.mishaps import mishap
from services.cli.demo.plans import later

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from services.cli.demo.calls import Desk
    from services.cli.demo.plans import Plan
    from services.cli.demo.visits import Diary
    from services.cli.demo.world import World

    Moment = tuple[datetime, Callable[[datetime], object]]

SCHEDULERS: Final = {"bluefern": "megan", "kestrel": "kwame", "copperline": "luz"}


class Story:
    """Tells one plan through the verbs of the services."""

    def __init__(self, plan: Plan, world: World, desk: Desk, diary: Diary) -> None:
        self.plan = plan
        self.world = world
        self.desk = desk
        self.diary = diary
        self.number = plan.number
        self.order_id = ""
        self.partner = SCHEDULERS[plan.company]

    def moments(self) -> Iterator[Moment]:
        """Everything that happens, in the order of time."""
        plan = self.plan
        yield plan.at(0, 8, 10), self.create
        if plan.fate == "cancelled":
            words = "They replace the station."
            yield plan.at(0, 8, 30), partial(self.end, "dana", "cancel", "customer_upgrade", words)
        if not plan.reaches("assigned"):
            return
        yield plan.at(0, 8, 40), self.allocate
        if plan.asks:
            yield plan.at(0, 8, 55), self.ask
            yield plan.at(0, 9, 5), self.answer
        if plan.fate in {"rejected", "reallocated"}:
            words = "The station on site is another model than the order names."
            yield plan.at(0, 9, 30), partial(self.end, self.partner, "reject", "mismatch", words)
            yield from sequels.after_rejection(self)
        if not plan.reaches("ordered"):
            return
        yield plan.at(0, 9, 30), self.accept
        if plan.needs_parts:
            yield from deliveries.moments(self)
            yield from mishap(self)
        if plan.reaches("scheduled"):
            yield from self._visit()

    def _visit(self) -> Iterator[Moment]:
        plan = self.plan
        wanted = plan.visit_on or plan.day(5 if not plan.late else 7)
        minutes = sum(task.minutes for task in plan.tasks)
        people = [plan.visitor] if plan.visitor else [person.key for person in self._crew()]
        chosen, start = self.diary.book(people, wanted, plan.zone, minutes, plan.number * 4)
        yield plan.at(4, 14), partial(self.assign_technician, chosen)
        needed = max(task.technicians for task in plan.tasks)
        beside = self.diary.join(self._colleagues(), start, minutes) if needed > 1 else ""
        if beside:
            yield plan.at(4, 14, 10), partial(self.assign_technician, beside, transition="assign_further_technician")
        yield plan.at(4, 14, 20), partial(self.schedule, start)
        if plan.fate == "held":
            yield plan.at(4, 15), self.hold
        yield from sequels.on_the_way(self)
        if not plan.reaches("on_site"):
            return
        arrived = start.astimezone(UTC) + timedelta(minutes=10)
        left = arrived + timedelta(minutes=minutes)
        yield left, partial(self.work, arrived)
        if plan.fate in {"cannot_complete", "follow_up"}:
            words = "A wall was built in front of the station; it cannot be opened."
            yield (
                left + timedelta(minutes=15),
                partial(self.end, self.partner, "could_not_complete", "obstruction", words),
            )
            yield from sequels.after_the_end(self, left + timedelta(hours=2))
            return
        if plan.reaches("completed"):
            yield left + timedelta(minutes=30), self.complete
        after = datetime.combine(later(start.date(), 1), time(9), plan.zone).astimezone(UTC)
        if plan.reaches("closed"):
            yield after, self.close
            yield from sequels.after_the_end(self, after + timedelta(days=1))
        elif plan.reaches("sent_back"):
            yield after, self.send_back

    def _crew(self) -> list[catalogue.Somebody]:
        """Those with the skills, another one first each time; the first of all where nobody has them."""
        crew = [person for person in catalogue.PEOPLE if person.company == self.plan.company and person.is_technician]
        skilled = [person for person in crew if self._needed() <= set(person.certificates)]
        turn = self.plan.number % len(skilled) if skilled else 0
        return skilled[turn:] + skilled[:turn] or crew[:1]

    def _colleagues(self) -> list[str]:
        """Everybody of the company who works on site."""
        return [each.key for each in catalogue.PEOPLE if each.company == self.plan.company and each.is_technician]

    def _station(self) -> str:
        """The station of the site that the first task is made for; its first one where there is no such."""
        model, site = self.plan.tasks[0].model, self.plan.site
        place = site.models.index(model) if model in site.models else 0
        return self.world.stations[site.name][place]

    def _needed(self) -> set[str]:
        return {code for task in self.plan.tasks for code in task.certificates}

    def create(self, _now: datetime) -> None:
        """The dispatcher writes the order."""
        plan, world = self.plan, self.world
        first = plan.tasks[0]
        kind = plan.entitlement or "Time and material"
        self.desk.become("dana")
        case = case_pb2.Case(
            subject=f"{first.model} at {plan.site.name}: {first.name.removeprefix(first.model).strip().lower()}",
            account_id=world.accounts[plan.site.account],
            contact_id=world.contacts[plan.site.contact],
            facility_id=world.facilities[plan.site.name],
            active=True,
        )
        cases = self.desk.channels.stub(case_pb2_grpc.CaseServiceStub, "workorders")
        order = work_order_pb2.WorkOrder(
            case_id=cases.CreateCase(case_pb2.CreateCaseRequest(case=case, request_id=new_id())).id,
            subject=f"{kind} - {first.model} - {first.name.removeprefix(first.model).strip()} (Ver 01)",
            description=f"{first.instructions} Ask for {plan.site.contact} at {plan.site.name}.",
            priority=work_order_pb2.PRIORITY_HIGH if plan.late else work_order_pb2.PRIORITY_NORMAL,
            account_id=world.accounts[plan.site.account],
            facility_id=world.facilities[plan.site.name],
            contact_id=world.contacts[plan.site.contact],
            territory_id=world.territories[plan.site.area],
            entitlement_id=world.entitlements.get(plan.entitlement, ""),
            station_ids=[self._station()],
            customer_service_executive_id=world.people["jonas"],
            site_validation_count=1,
        )
        self.order_id = self.desk.create("dana", order, [self._item(task) for task in plan.tasks]).id

    def allocate(self, _now: datetime) -> None:
        """It goes to the partner."""
        executor = self.world.organizations[self.plan.company]
        self.desk.fire("dana", self.order_id, "allocate", executor_org=executor)

    def ask(self, _now: datetime) -> None:
        """The partner asks something and mentions the Customer Service Executive."""
        jonas = feed_pb2.Mention(kind=feed_pb2.MENTION_KIND_PERSON, id=self.world.people["jonas"])
        self._post(self.partner, "@Jonas Reidel is the electrical room open on weekdays after four?", jonas)

    def answer(self, _now: datetime) -> None:
        """He answers."""
        self._post("jonas", "Yes, until six. The front desk has the key.")

    def accept(self, _now: datetime) -> None:
        """The partner accepts: where the parts go, and travel."""
        plan = self.plan
        company = next(company for company in catalogue.COMPANIES if company.key == plan.company)
        values: dict[str, object] = {
            "travel.round_trip_miles": float(plan.miles),
            "travel.technicians": 1,
            "travel.cost_per_mile": cents(company.cents_per_mile),
        }
        if not plan.needs_parts:
            self.desk.fire(self.partner, self.order_id, "accept_without_parts", values)
            return
        self.desk.fire(self.partner, self.order_id, "accept", values | deliveries.shipping_to(company, self.partner))

    def assign_technician(self, chosen: str, _now: datetime, transition: str = "assign_technician") -> None:
        """Somebody with the skills, else somebody with a reason; the lead, or whoever comes beside."""
        person = next(each for each in catalogue.PEOPLE if each.key == chosen)
        skilled = self._needed() <= set(person.certificates)
        reason = "" if skilled else "trained_on_site"
        comment = "" if skilled else "Trained by the vendor last month; the certificate follows."
        self.desk.fire(
            self.partner,
            self.order_id,
            transition,
            person_id=self.world.people[chosen],
            reason_code=reason,
            comment=comment,
        )

    def schedule(self, start: datetime, _now: datetime) -> None:
        """The appointment is agreed; a late one with its reason. The start is the site's local time."""
        order = self.desk.order(self.partner, self.order_id)
        values: dict[str, object] = {
            "appointment.date": start.date(),
            "appointment.time": f"{start:%H:%M}",
            "technician.phone": order.technician.phone or "614-555-0113",
            "scheduling_completed_date": self.plan.day(4),
        }
        due = order.sla.due_time.ToDatetime(tzinfo=UTC) if order.sla.HasField("due_time") else None
        late = due is not None and start >= due
        inputs = {"reason_code": "poc_preference", "continue_past_target": True} if late else {}
        seen = {"seen_target_version": order.sla.version} if late else {}
        self.desk.fire(self.partner, self.order_id, "save_appointment", values, **inputs, **seen)

    def work(self, arrived: datetime, now: datetime) -> None:
        """The technician works and uploads what is asked for."""
        order = self.desk.order(self.partner, self.order_id)
        if self.plan.reaches("completed"):
            values: dict[str, object] = {"visit.arrive_time": arrived, "visit.depart_time": now}
            self.desk.fire(self.partner, self.order_id, "set_visit_times", values)
        items = self.desk.channels.stub(line_item_pb2_grpc.LineItemServiceStub, "workorders").ListLineItems(
            line_item_pb2.ListLineItemsRequest(query=of_order(self.order_id, "number"))
        )
        done = items.line_items if self.plan.reaches("completed") else items.line_items[:1]
        for item in done:
            self.desk.fire(
                self.partner, self.order_id, "finish_line_item", line_item_id=item.id, comment="Done, tested."
            )
        for deliverable in dict.fromkeys(name for task in self.plan.tasks for name in task.deliverables):
            picture = photo(f"{order.number}", deliverable)
            self.desk.upload(self.partner, self.order_id, f"{deliverable}.png", picture, deliverable)

    def hold(self, _now: datetime) -> None:
        """The vendor waits for the customer."""
        until = self.plan.day(14)
        self.desk.fire(
            "dana",
            self.order_id,
            "hold",
            reason_code="customer_request",
            resume_date=date_pb2.Date(year=until.year, month=until.month, day=until.day),
            comment="The garage is repainted.",
        )

    def end(self, person: str, transition: str, reason: str, words: str, _now: datetime) -> None:
        """The order ends without being completed."""
        self.desk.fire(person, self.order_id, transition, reason_code=reason, comment=words)

    def complete(self, _now: datetime) -> None:
        """The partner says that it is done; now and then with costs."""
        costs: dict[str, object] = {}
        if self.plan.number % 4 == 0:
            costs = {"costs.permit_details": "City electrical permit.", "costs.permit_cost": cents(8500)}
        returns.prove(self.desk, self.partner, self.order_id)
        self.desk.fire(self.partner, self.order_id, "complete", costs)

    def close(self, _now: datetime) -> None:
        """The vendor decides on the costs, then confirms."""
        for request in self.desk.order("amara", self.order_id).cost_requests:
            if request.decision == work_order_pb2.COST_DECISION_REQUESTED:
                self.desk.fire("amara", self.order_id, "approve_cost", cost_request_id=request.id, comment="Agreed.")
        returns.settle(self.desk, "dana", self.order_id)
        self.desk.fire("amara", self.order_id, "close")

    def send_back(self, _now: datetime) -> None:
        """The vendor misses something."""
        text = "The second photo does not show the serial number. Please take it again."
        self.desk.fire("amara", self.order_id, "send_back", comment=text)

    def _item(self, task: catalogue.Task) -> work_order_pb2.NewLineItem:
        world = self.world
        parts = [work_order_pb2.PartNeed(part_id=world.parts[task.part], quantity=1)] if task.part else []
        return work_order_pb2.NewLineItem(
            work_type_id=world.work_types[task.name],
            station_id=self._station(),
            description=task.instructions,
            warranty_type="Voltara Assure" if self.plan.entitlement == "Assure" else "",
            parts=parts,
        )

    def _post(self, person: str, body: str, *mentions: feed_pb2.Mention) -> None:
        self.desk.become(person)
        post = feed_pb2.FeedPost(work_order_id=self.order_id, body=body, mentions=mentions)
        stub = self.desk.channels.stub(feed_pb2_grpc.FeedPostServiceStub, "workorders")
        stub.CreateFeedPost(feed_pb2.CreateFeedPostRequest(feed_post=post, request_id=new_id()))


def photo(number: str, title: str) -> bytes:
    """A picture that stands for a photo from the site."""
    picture = Image.new("RGB", (640, 400), "#30475e")
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((240, 60, 400, 350), 18, fill="#f0f5f9", outline="#1f2d3d", width=4)
    draw.rectangle((270, 100, 370, 160), fill="#2b6777")
    draw.ellipse((295, 200, 345, 250), fill="#52ab98")
    draw.text((16, 370), f"{number} - {title}", fill="white")
    target = BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()
