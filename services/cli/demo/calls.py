"""Calls of the demo's people: every row of the demo is made by the verbs that people use."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from fieldmesh.common.v1 import list_pb2, types_pb2
from fieldmesh.workorders.v1 import (
    attachment_pb2,
    attachment_pb2_grpc,
    utility_event_service_pb2,
    utility_event_service_pb2_grpc,
    work_order_pb2,
    work_order_service_pb2,
    work_order_service_pb2_grpc,
)
from google.protobuf import field_mask_pb2

from services.chassis.errors import StaleEtag
from services.chassis.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from google.protobuf.message import Message

    from services.chassis.grpc_channel import Channels
    from services.chassis.tokens import UserGrant

CHUNK = 64 * 1024
LOOKS = 5  # how often an order is read anew before somebody gives up on it


class Speaker:
    """Whose turn it is: the person for whom the next call is made; None for the command line itself."""

    def __init__(self) -> None:
        self.grant: UserGrant | None = None

    def __call__(self) -> UserGrant | None:
        return self.grant


class Desk:
    """What the demo's people do with work orders."""

    def __init__(self, channels: Channels, speaker: Speaker, grants: Mapping[str, UserGrant]) -> None:
        self.channels = channels
        self._speaker = speaker
        self._grants = grants
        self._orders = channels.stub(work_order_service_pb2_grpc.WorkOrderServiceStub, "workorders")
        self._events = channels.stub(utility_event_service_pb2_grpc.UtilityEventServiceStub, "workorders")
        self._files = channels.stub(attachment_pb2_grpc.FileServiceStub, "workorders")

    def become(self, person: str) -> None:
        """Let the next calls be those of a person, by key; empty: of the command line."""
        self._speaker.grant = self._grants[person] if person else None

    def create(
        self, person: str, order: work_order_pb2.WorkOrder, items: list[work_order_pb2.NewLineItem]
    ) -> work_order_pb2.WorkOrder:
        """Create an order."""
        self.become(person)
        return self._orders.CreateWorkOrder(
            work_order_service_pb2.CreateWorkOrderRequest(work_order=order, line_items=items, request_id=new_id())
        )

    def draft(
        self,
        person: str,
        order: work_order_pb2.WorkOrder,
        action_items: list[work_order_pb2.NewActionItem],
        notes: list[str],
        estimates: list[work_order_pb2.NewEstimate],
    ) -> work_order_pb2.WorkOrder:
        """Create an order that is approved before it is dispatched."""
        self.become(person)
        return self._orders.CreateWorkOrder(
            work_order_service_pb2.CreateWorkOrderRequest(
                work_order=order,
                workflow="facility_approval",
                action_items=action_items,
                notes=notes,
                estimates=estimates,
                request_id=new_id(),
            )
        )

    def request(self, person: str, order: work_order_pb2.WorkOrder) -> work_order_pb2.WorkOrder:
        """Create a service order of a utility."""
        self.become(person)
        return self._orders.CreateWorkOrder(
            work_order_service_pb2.CreateWorkOrderRequest(
                work_order=order, workflow="utility_request", request_id=new_id()
            )
        )

    def tell_event(self, person: str, event: utility_event_service_pb2.RecordEventRequest) -> work_order_pb2.WorkOrder:
        """Tell an event of a utility, and give the service order that it made."""
        self.become(person)
        return self._events.RecordEvent(event).work_order

    def order(self, person: str, order_id: str) -> work_order_pb2.WorkOrder:
        """Read an order."""
        self.become(person)
        return self._orders.GetWorkOrder(work_order_service_pb2.GetWorkOrderRequest(id=order_id))

    def fire(
        self,
        person: str,
        order_id: str,
        transition: str,
        values: Mapping[str, object] | None = None,
        **inputs: Any,
    ) -> work_order_service_pb2.TransitionWorkOrderResponse:
        """Fire a transition on an order as it is now; read it again where an event changed it in between."""
        request = work_order_service_pb2.TransitionWorkOrderRequest(
            work_order_id=order_id,
            transition=transition,
            inputs=work_order_service_pb2.TransitionInputs(**inputs),
            update_mask=field_mask_pb2.FieldMask(paths=sorted(values or {})),
        )
        for path, value in (values or {}).items():
            assign(request.work_order, path, value)
        for _ in range(LOOKS - 1):
            with contextlib.suppress(StaleEtag):
                return self._fire(person, request)
        return self._fire(person, request)

    def _fire(
        self, person: str, request: work_order_service_pb2.TransitionWorkOrderRequest
    ) -> work_order_service_pb2.TransitionWorkOrderResponse:
        request.etag, request.request_id = self.order(person, request.work_order_id).etag, new_id()
        return self._orders.TransitionWorkOrder(request)

    def upload(self, person: str, order_id: str, title: str, content: bytes, deliverable: str = "") -> str:
        """Upload a file and give its id."""
        self.become(person)

        def pieces() -> Iterator[attachment_pb2.UploadAttachmentRequest]:
            yield attachment_pb2.UploadAttachmentRequest(
                description=attachment_pb2.UploadDescription(
                    work_order_id=order_id, title=title, deliverable=deliverable, request_id=new_id()
                )
            )
            for start in range(0, len(content), CHUNK):
                yield attachment_pb2.UploadAttachmentRequest(chunk=content[start : start + CHUNK])

        return str(self._files.UploadAttachment(pieces()).id)


def assign(message: Message, path: str, value: object) -> None:
    """Set a field of a message by its dotted path; dates, instants and cents become the contract's messages."""
    head, _, rest = path.partition(".")
    if rest:
        assign(getattr(message, head), rest, value)
    elif isinstance(value, datetime):
        getattr(message, head).FromDatetime(value.astimezone(UTC).replace(tzinfo=None))
    elif isinstance(value, date):
        target = getattr(message, head)
        target.year, target.month, target.day = value.year, value.month, value.day
    elif isinstance(value, types_pb2.Money):
        getattr(message, head).CopyFrom(value)
    else:
        setattr(message, head, value)


def of_order(order_id: str, order_by: str = "") -> list_pb2.ListQuery:
    """A query for the rows of a work order."""
    by_order = list_pb2.Filter(field="work_order_id", operator=list_pb2.FILTER_OPERATOR_EQUALS, values=[order_id])
    return list_pb2.ListQuery(page_size=200, filters=[by_order], order_by=order_by)


def cents(amount: int) -> types_pb2.Money:
    """An amount in US dollars."""
    return types_pb2.Money(currency_code="USD", micros=amount * 10_000)
