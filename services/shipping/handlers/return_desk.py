"""What people do with returns (CP-47, CP-69, CP-83): each verb once for each request id, by whom it concerns."""

from collections.abc import Callable
from typing import Any, Protocol

from fieldmesh.shipping.v1 import events_pb2, rma_pb2, rma_service_pb2
from fieldmesh.workorders.v1 import attachment_pb2
from google.protobuf.message import Message

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.errors import InvalidRequest, NotFound, Violation
from services.chassis.etag import check_etag
from services.chassis.idempotency import run_once
from services.chassis.identity import Caller
from services.chassis.ids import derive_id, new_id
from services.chassis.unit_of_work import Transaction
from services.shipping import return_schemas as schemas
from services.shipping.domain.asking_back import asked_back
from services.shipping.domain.errors import NotYourPart, OrderHidden, ReturnHidden, ReturnWrongState
from services.shipping.domain.fulfilment import FulfilmentOrder
from services.shipping.domain.known_order import KnownOrder
from services.shipping.domain.returns import (
    Label,
    Proof,
    Rma,
    cancel,
    close,
    due_day,
    prove,
    receive,
    send_label,
)
from services.shipping.handlers.ordering import lock_visible
from services.shipping.handlers.returning import News, Raised, Returning, message_of, save
from services.shipping.repository import fulfilment, orders, parcels, returns
from services.shipping.scope import does_the_work, gave_it_out, may_see, returns_parts

Change = Callable[[Transaction, Rma], Rma]
Part = Callable[[Caller, Any], bool]
_WHO: dict[Part, str] = {
    gave_it_out: "gave the work out",
    does_the_work: "does the work",
    returns_parts: "gave the work out, and for the partner that does it",
}


class FileList(Protocol):
    """What of workorders' contract is used here."""

    def GetAttachment(  # noqa: N802 - the contract's name
        self, request: attachment_pb2.GetAttachmentRequest
    ) -> attachment_pb2.Attachment: ...


class ReturnDesk:
    """Raises, proves, receives and ends returns of work orders that the caller has the part in which it takes."""

    def __init__(self, database: Database, returning: Returning, files: FileList, clock: Clock) -> None:
        self._database = database
        self._returning = returning
        self._files = files
        self._clock = clock

    def raise_rma(self, caller: Caller, request: rma_service_pb2.RaiseRmaRequest) -> rma_pb2.Rma:
        """Asks parts back that were sent; a partner says what it sends back.

        Raises InvalidRequest, InvalidReturn, OrderHidden, NotYourPart, and ReturnWrongState where nothing left yet.
        """
        order_id = self._work_order_of(request.fulfilment_order_id)
        with self._database.read() as connection:
            known = orders.find_order(connection, order_id)
        zone = known.site_time_zone if known else "UTC"
        asked = schemas.asking(request, due_day(self._clock.now(), zone, 0))

        def work(transaction: Transaction) -> rma_pb2.Rma:
            order = _ours(transaction, caller, order_id, returns_parts)
            if not gave_it_out(caller, order.parties):
                schemas.check_partners(asked)
            sender = next(
                each
                for each in fulfilment.orders_of(transaction.connection, [order.id])
                if each.id == asked.fulfilment_order_id
            )
            _refuse_unsent(transaction, order.id, sender)
            before = returns.returns_of(transaction.connection, [order.id])
            lines = asked_back(sender, asked.cause, asked.lines, before)
            identity = derive_id("rma", caller.subject, request.request_id) if request.request_id else new_id()
            about = Raised(sender.id, asked.cause, asked.comment, lines, asked.due, asked.proof_required)
            return message_of(transaction, self._returning.raise_return(transaction, order, identity, about).id)

        def authorize(transaction: Transaction) -> None:
            _ours(transaction, caller, order_id, returns_parts)

        return run_once(
            self._database, caller, "RaiseRma", request.request_id, request, rma_pb2.Rma, work, authorize=authorize
        )

    def send_label(self, caller: Caller, request: rma_service_pb2.SendReturnLabelRequest) -> rma_pb2.Rma:
        """Tells of a label for the way back. Raises InvalidRequest, ReturnHidden, NotYourPart, ReturnWrongState."""
        carrier, number = schemas.labelled(request)
        return self._change(
            caller,
            "SendReturnLabel",
            request,
            gave_it_out,
            events_pb2.RMA_NEWS_LABEL_SENT,
            lambda transaction, rma: send_label(rma, Label(carrier, number, transaction.now)),
        )

    def record_proof(self, caller: Caller, request: rma_service_pb2.RecordReturnProofRequest) -> rma_pb2.Rma:
        """Records what shows that the parts are on their way back (CP-83).

        Raises InvalidRequest, ReturnHidden, NotYourPart, ReturnWrongState, and Unavailable where a file is named and
        workorders does not answer.
        """
        given = schemas.proving(request)
        file = self._file(request.rma_id, caller, given.attachment_id)

        def change(transaction: Transaction, rma: Rma) -> Rma:
            carrier = given.carrier or (rma.label.carrier if rma.label and given.tracking_number else "")
            if given.tracking_number and not carrier:
                raise _invalid("carrier", "is required: whose tracking number is it?")
            proof = Proof(carrier, given.tracking_number, given.attachment_id, file, caller.name, transaction.now)
            return prove(rma, proof)

        return self._change(caller, "RecordReturnProof", request, does_the_work, events_pb2.RMA_NEWS_PROVED, change)

    def receive(self, caller: Caller, request: rma_service_pb2.ReceiveReturnRequest) -> rma_pb2.Rma:
        """Tells what the warehouse has.

        Raises InvalidRequest, InvalidReturn, ReturnHidden, NotYourPart and ReturnWrongState.
        """
        arrived, comment = schemas.received(request)
        return self._change(
            caller,
            "ReceiveReturn",
            request,
            gave_it_out,
            events_pb2.RMA_NEWS_RECEIVED,
            lambda transaction, rma: receive(rma, arrived, comment, transaction.now),
        )

    def close(self, caller: Caller, request: rma_service_pb2.CloseReturnRequest) -> rma_pb2.Rma:
        """Settles a return. Raises InvalidRequest, InvalidReturn, ReturnHidden, NotYourPart, ReturnWrongState."""
        comment = schemas.said(request.comment)
        return self._change(
            caller,
            "CloseReturn",
            request,
            gave_it_out,
            events_pb2.RMA_NEWS_CLOSED,
            lambda transaction, rma: close(rma, comment, transaction.now),
        )

    def cancel(self, caller: Caller, request: rma_service_pb2.CancelRmaRequest) -> rma_pb2.Rma:
        """Gives a return up. Raises InvalidRequest, ReturnHidden, NotYourPart and ReturnWrongState."""
        comment = schemas.said(request.comment, required=True)
        return self._change(
            caller,
            "CancelRma",
            request,
            gave_it_out,
            events_pb2.RMA_NEWS_CANCELLED,
            lambda transaction, rma: cancel(rma, comment, transaction.now),
        )

    def _change(  # noqa: PLR0913, PLR0917 - who does what to which return
        self, caller: Caller, method: str, request: Any, part: Part, news: News.ValueType, change: Change
    ) -> rma_pb2.Rma:
        def authorize(transaction: Transaction) -> None:
            _ours(transaction, caller, _order_of(transaction, request.rma_id), part, request.rma_id)

        def work(transaction: Transaction) -> rma_pb2.Rma:
            rma = returns.find_return(transaction.connection, request.rma_id)
            if request.etag:
                check_etag(request.etag, rma.id, rma.version)
            save(transaction, change(transaction, rma), news)
            return message_of(transaction, rma.id)

        asked: Message = request
        return run_once(
            self._database, caller, method, request.request_id, asked, rma_pb2.Rma, work, authorize=authorize
        )

    def _work_order_of(self, fulfilment_order_id: str) -> str:
        with self._database.read() as connection:
            found = fulfilment.order_rows(connection, [fulfilment_order_id]).get(fulfilment_order_id)
        return str(found["work_order_id"]) if found else ""

    def _file(self, rma_id: str, caller: Caller, attachment_id: str) -> str:
        """The name of a file of the return's work order, asked before anything is written (hard-parts 13)."""
        if not attachment_id:
            return ""
        with self._database.read() as connection:
            order = orders.find_order(connection, returns.work_order_of(connection, rma_id))
        if order is None or not may_see(caller, order.parties):
            raise ReturnHidden(rma_id)
        try:
            file = self._files.GetAttachment(attachment_pb2.GetAttachmentRequest(id=attachment_id))
        except NotFound:
            file = attachment_pb2.Attachment()
        if file.work_order_id != order.id:
            raise _invalid("attachment_id", "is no file of this work order: upload it there first")
        return file.title


def _ours(transaction: Transaction, caller: Caller, order_id: str, part: Part, rma_id: str = "") -> KnownOrder:
    """The work order, locked, where the caller has a part in it. Raises OrderHidden, ReturnHidden and NotYourPart."""
    try:
        order = lock_visible(transaction, caller, order_id)
    except OrderHidden:
        if rma_id:
            raise ReturnHidden(rma_id) from None
        raise
    if not part(caller, order.parties):
        raise NotYourPart(f"This is for the organisation that {_WHO[part]}.")
    return order


def _refuse_unsent(transaction: Transaction, order_id: str, sender: FulfilmentOrder) -> None:
    """Raises ReturnWrongState where nothing of an order was handed to a carrier: there is nothing to send back."""
    ones = parcels.fulfilments_of(transaction.connection, [order_id])[order_id]
    if not any(one.order.id == sender.id and one.has_left for one in ones):
        text = f"Nothing of fulfilment order {sender.number} was handed to a carrier, so nothing can come back."
        raise ReturnWrongState(text, sender.number, sender.phase.name)


def _order_of(transaction: Transaction, rma_id: str) -> str:
    return returns.work_order_of(transaction.connection, rma_id)


def _invalid(field: str, description: str) -> InvalidRequest:
    return InvalidRequest(
        f"{field} {description}.", reason="INVALID_FIELDS", violations=[Violation(field, description)]
    )
