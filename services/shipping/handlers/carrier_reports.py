"""Reports that carriers sign: checked, read, and taken by the engine that takes all of their messages."""

from collections.abc import Mapping

from fieldmesh.shipping.v1 import carrier_service_pb2, shipping_service_pb2

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.idempotency import run_once
from services.chassis.identity import Caller
from services.chassis.ids import derive_id
from services.shipping import wire
from services.shipping.carriers import body
from services.shipping.carriers.port import Engine
from services.shipping.carriers.signed import Report, SignedCarrier, sender_of, slug_of
from services.shipping.schemas import tracking_updates

Results = shipping_service_pb2.IngestTrackingResponse


class CarrierReports:
    """Takes reports of the carriers that were given a secret."""

    def __init__(
        self, database: Database, engine: Engine, carriers: Mapping[str, SignedCarrier], machine: Clock
    ) -> None:
        """Takes the system's clock: how old a signature is, is the machine's business."""
        self._database = database
        self._engine = engine
        self._carriers = carriers
        self._machine = machine

    def accept(
        self, caller: Caller, request: carrier_service_pb2.AcceptCarrierReportRequest
    ) -> carrier_service_pb2.AcceptCarrierReportResponse:
        """Takes a report, once for each of its ids; a refused row never stops the others.

        Raises ReportRefused, InvalidRequest, and AlreadyExists for another body under the same id.
        """
        report = Report(request.carrier, request.webhook_id, request.timestamp, request.signature, request.body)
        carrier = sender_of(self._carriers, report, self._machine.now())
        told = body.read(request.body, carrier.name)
        updates = tracking_updates(told)
        results = run_once(
            self._database,
            caller,
            "AcceptCarrierReport",
            derive_id("carrier-report", slug_of(carrier.name), request.webhook_id),
            told,
            Results,
            lambda transaction: wire.tracking_results(self._engine.take(transaction, updates)),
        )
        return carrier_service_pb2.AcceptCarrierReportResponse(carrier=carrier.name, results=results.results)
