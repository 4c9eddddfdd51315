"""Appointments against targets (CP-74), and what a target would be (B-1)."""

from fieldmesh.shipping.v1 import shipping_service_pb2

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.identity import Caller
from services.shipping import wire
from services.shipping.domain.errors import OrderHidden
from services.shipping.handlers.targets import Targets
from services.shipping.repository import orders, targets
from services.shipping.schemas import appointment_start, target_preview
from services.shipping.scope import may_see


class SlaDesk:
    """Answers questions about targets; stores nothing."""

    def __init__(self, database: Database, computing: Targets, clock: Clock) -> None:
        self._database = database
        self._computing = computing
        self._clock = clock

    def evaluate_appointment(
        self, caller: Caller, request: shipping_service_pb2.EvaluateAppointmentRequest
    ) -> shipping_service_pb2.EvaluateAppointmentResponse:
        """Whether an appointment starts at or after the exclusive instant of the newest target (sla.md, 9).

        Raises InvalidRequest and OrderHidden.
        """
        start = appointment_start(request)
        with self._database.read() as connection:
            order = orders.find_order(connection, request.work_order_id)
            if order is None or not may_see(caller, order.parties):
                raise OrderHidden(request.work_order_id)
            row = targets.latest_target(connection, order.id)
        if row is None:
            return shipping_service_pb2.EvaluateAppointmentResponse(late=False)
        late = row["due_time"] is not None and start >= row["due_time"]
        return shipping_service_pb2.EvaluateAppointmentResponse(late=late, target=wire.target_message(row))

    def preview_sla_target(
        self, caller: Caller, request: shipping_service_pb2.PreviewSlaTargetRequest
    ) -> shipping_service_pb2.PreviewSlaTargetResponse:
        """The target of given inputs with its steps.

        Raises InvalidRequest, NoSuchPolicy, NoSuchCalendar, UnknownZone and CalendarWithoutWorkingTime.
        """
        asked = target_preview(request)
        with self._database.read() as connection:
            columns = self._computing.preview(connection, asked, caller.organization_id, self._clock.now())
        return shipping_service_pb2.PreviewSlaTargetResponse(target=wire.target_message(columns))
