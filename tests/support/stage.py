"""A running mesh with people, places and parts in it, and the means to act as any of them."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

from aiosmtpd.controller import Controller
from fieldmesh.shipping.v1 import shipping_service_pb2, shipping_service_pb2_grpc
from fieldmesh.workorders.v1 import (
    history_entry_pb2,
    history_entry_pb2_grpc,
    line_item_pb2,
    line_item_pb2_grpc,
    work_order_pb2,
)

from services.chassis.credentials import PersonCredentials
from services.chassis.grpc_channel import Channels
from services.chassis.ids import new_id
from services.chassis.keys import signing_key
from services.chassis.settings import SERVICES
from services.chassis.tokens import TokenSigner
from services.cli.demo.calls import Desk, Speaker, assign, cents, of_order
from services.cli.demo.certificates import make_certificates
from services.cli.demo.directory import make_directory
from services.cli.demo.master_data import make_master_data
from services.cli.demo.mesh import settle
from services.cli.demo.world import World
from tests.support.mesh import Mesh, mesh
from tests.support.patience import eventually

T = TypeVar("T")
ACCEPTANCE = {
    "ship_to.name": "Megan Castellano",
    "ship_to.phone": "614-555-0110",
    "ship_to.party": "Bluefern Dispatch",
    "ship_to.handling": work_order_pb2.HANDLING_NEED_LIFTGATE,
    "ship_to.street": "88 E Broad St",
    "ship_to.city": "Columbus",
    "ship_to.state": "OH",
    "ship_to.postal_code": "43215",
    "ship_to.country": "US",
    "travel.round_trip_miles": 120.0,
    "travel.technicians": 2,
    "travel.cost_per_mile": cents(95),
}


class Mailbox:
    """An SMTP server that keeps what it is given; `refusing` makes it answer 451."""

    def __init__(self, port: int) -> None:
        self.mails: list[EmailMessage] = []
        self.refusing = False
        self._port = port
        self._controller: Controller | None = None

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802
        if self.refusing:
            return "451 Try again later"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        message["X-Recipient"] = ",".join(envelope.rcpt_tos)
        self.mails.append(message)
        return "250 Taken"

    def open(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self._port)
        self._controller.start()

    def close(self) -> None:
        if self._controller is not None:
            self._controller.stop(no_assert=True)
            self._controller = None

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if address in mail["X-Recipient"]]


@dataclass
class Stage:
    """A mesh with the demo's world in it."""

    running: Mesh
    channels: Channels
    operator: Channels
    world: World
    desk: Desk
    mailbox: Mailbox
    tracked: dict[str, int] = field(default_factory=dict)

    def settle(self) -> None:
        """Wait until every event has been handled."""
        settle(self.operator)

    def new_order(
        self,
        *tasks: str,
        account: str = "Harbor Glen Apartments",
        site: str = "Harbor Glen North Garage",
        area: str = "",
        plan: str = "Assure",
    ) -> str:
        """A new order for tasks, as dispatcher; gives its id."""
        world = self.world
        items = []
        for task in tasks or ("VT-40 Head Replacement",):
            item = work_order_pb2.NewLineItem(work_type_id=world.work_types[task], description=f"{task}.")
            if task == "VT-40 Head Replacement":
                item.parts.add(part_id=world.parts["VT40-HEAD"], quantity=1)
            items.append(item)
        order = work_order_pb2.WorkOrder(
            subject=f"{plan} - VT-40 - Head Replacement (Ver 01)",
            account_id=world.accounts[account],
            facility_id=world.facilities[site],
            territory_id=world.territories[area or "Ohio - Columbus Metro"],
            entitlement_id=world.entitlements[plan] if plan else "",
            station_ids=world.stations[site][:1],
            customer_service_executive_id=world.people["jonas"],
        )
        return self.desk.create("dana", order, items).id

    def allocated(self, *tasks: str, to: str = "bluefern", **order: str) -> str:
        """A new order, allocated to a partner."""
        order_id = self.new_order(*tasks, **order)
        self.desk.fire("dana", order_id, "allocate", executor_org=self.world.organizations[to])
        return order_id

    def accepted(self, *tasks: str, **order: str) -> str:
        """An order with parts, accepted, with its fulfilment order placed and known."""
        order_id = self.allocated(*tasks, **order)
        self.desk.fire("megan", order_id, "accept", ACCEPTANCE)
        eventually(lambda: self.order(order_id).fulfilment.order_number)
        return order_id

    def order(self, order_id: str, person: str = "dana") -> work_order_pb2.WorkOrder:
        return self.desk.order(person, order_id)

    def track(
        self,
        order_id: str,
        state: int,
        *,
        parcel: int = 1,
        sequence: int = 0,
        expected: dt.date | None = None,
        **more: Any,
    ) -> Any:
        """What the carrier says of a parcel; `sequence` counts up by itself unless it is given."""
        return self.tracker(order_id, parcel)(state, sequence=sequence, expected=expected, **more)

    def tracker(self, order_id: str, parcel: int = 1) -> Callable[..., Any]:
        """What tells of one parcel, also once nobody can be asked for its order any more."""
        number, fulfilment_order = f"T{order_id[-8:]}{parcel}", self.order(order_id).fulfilment.order_number

        def tell(state: int, *, sequence: int = 0, expected: dt.date | None = None, **more: Any) -> Any:
            self.tracked[number] = sequence or self.tracked.get(number, 0) + 1
            update = shipping_service_pb2.CarrierUpdate(
                carrier="Northway Freight",
                tracking_number=number,
                carrier_sequence=sequence or self.tracked[number],
                state=state,
                fulfilment_order_number=fulfilment_order,
                **more,
            )
            assign(update, "occur_time", dt.datetime.now(dt.UTC))
            if expected:
                assign(update, "expected_delivery_date", expected)
            self.desk.become("")
            stub = self.channels.stub(shipping_service_pb2_grpc.FulfilmentDeskServiceStub, "shipping")
            request = shipping_service_pb2.IngestTrackingRequest(updates=[update], request_id=new_id())
            return stub.IngestTracking(request).results[0]

        return tell

    def history(self, order_id: str) -> list[history_entry_pb2.HistoryEntry]:
        """History, oldest first."""
        self.desk.become("dana")
        query = of_order(order_id, "sequence")
        stub = self.channels.stub(history_entry_pb2_grpc.HistoryEntryServiceStub, "workorders")
        return list(stub.ListHistoryEntries(history_entry_pb2.ListHistoryEntriesRequest(query=query)).history_entries)

    def states(self, order_id: str) -> list[str]:
        """The labels of the states that history tells, in order."""
        return [entry.new_value for entry in self.history(order_id) if entry.field == "state"]

    def line_items(self, order_id: str) -> list[line_item_pb2.LineItem]:
        self.desk.become("dana")
        stub = self.channels.stub(line_item_pb2_grpc.LineItemServiceStub, "workorders")
        return list(
            stub.ListLineItems(line_item_pb2.ListLineItemsRequest(query=of_order(order_id, "number"))).line_items
        )


@contextmanager
def stage(data: Path, size: str = "embedded") -> Iterator[Stage]:
    """Runs the mesh, fills it with the demo's directory and master data, and opens a mailbox."""
    with mesh(data, size=size) as running, filled(running) as made:
        yield made


@contextmanager
def filled(running: Mesh) -> Iterator[Stage]:
    """Fills a running mesh."""
    with ExitStack() as stack:
        mailbox = Mailbox(int(running.environment["FIELDMESH_SMTP_PORT"]))
        mailbox.open()
        stack.callback(mailbox.close)
        signer = TokenSigner(signing_key(running.data / "keys", "cli"))
        targets = {service: running.target(service) for service in SERVICES}
        speaker = Speaker()
        channels = Channels(targets, PersonCredentials(signer, speaker))
        operator = Channels(targets, PersonCredentials(signer, lambda: None))
        stack.callback(channels.close)
        stack.callback(operator.close)
        world, today = World(), dt.datetime.now(dt.UTC).date()
        make_directory(channels, speaker, world, today)
        settle(operator)
        make_certificates(channels, speaker, world, today)
        make_master_data(channels, speaker, world)
        settle(operator)
        yield Stage(running, channels, operator, world, Desk(channels, speaker, world.grants), mailbox)
