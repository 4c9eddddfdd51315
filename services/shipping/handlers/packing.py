"""Saying what is in a parcel: by the organisation that gave the work out, where no carrier told it."""

from fieldmesh.shipping.v1 import shipment_pb2, shipping_service_pb2

from services.chassis.database import Database
from services.chassis.etag import check_etag
from services.chassis.idempotency import run_once
from services.chassis.identity import Caller
from services.chassis.unit_of_work import Transaction
from services.shipping import wire
from services.shipping.domain.errors import NotYourPart, OrderHidden
from services.shipping.domain.known_order import KnownOrder
from services.shipping.domain.packing import Packing, ParcelHidden, ParcelRetired, pack
from services.shipping.domain.parcels import Retirement
from services.shipping.handlers.ordering import lock_visible
from services.shipping.repository import parcels
from services.shipping.schemas import packed_parts
from services.shipping.scope import gave_it_out


class ParcelPacking:
    """Notes contents of parcels."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pack_parcel(self, caller: Caller, request: shipping_service_pb2.PackParcelRequest) -> shipment_pb2.Parcel:
        """Says everything that is in a parcel.

        Raises InvalidRequest, InvalidContents, ParcelHidden, NotYourPart, ParcelRetired and StaleEtag.
        """
        stated = packed_parts(request)

        def work(transaction: Transaction) -> shipment_pb2.Parcel:
            connection = transaction.connection
            order = _ours(transaction, caller, request.parcel_id)
            row = parcels.row_of(connection, request.parcel_id)
            if request.etag:
                check_etag(request.etag, row["id"], row["version"])
            holder = next(
                one for one in parcels.fulfilments_of(connection, [order.id])[order.id]
                if one.order.id == row["fulfilment_order_id"]
            )  # fmt: skip
            parcel = next(each for each in holder.parcels if each.id == request.parcel_id)
            if parcel.retirement is not Retirement.NONE:
                raise ParcelRetired(parcel)
            packing = Packing(stated, caller.name, transaction.now)
            packed = pack(parcel, holder.order, holder.parcels, packing, parcel.sequence + 1)
            parcels.write_parcels(connection, [packed])
            return wire.parcel_message(parcels.row_of(connection, packed.id))

        def authorize(transaction: Transaction) -> None:
            _ours(transaction, caller, request.parcel_id)

        return run_once(
            self._database,
            caller,
            "PackParcel",
            request.request_id,
            request,
            shipment_pb2.Parcel,
            work,
            authorize=authorize,
        )


def _ours(transaction: Transaction, caller: Caller, parcel_id: str) -> KnownOrder:
    """The work order of a parcel, locked, where the caller gave it out. Raises ParcelHidden and NotYourPart."""
    try:
        order = lock_visible(transaction, caller, parcels.work_order_of(transaction.connection, parcel_id))
    except OrderHidden:
        raise ParcelHidden(parcel_id) from None
    if not gave_it_out(caller, order.parties):
        raise NotYourPart("This is for the organisation that gave the work out.")
    return order
