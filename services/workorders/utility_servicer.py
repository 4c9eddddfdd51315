"""UtilityEventService: one line a method; nothing is decided here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldmesh.workorders.v1 import utility_event_service_pb2 as contract
from fieldmesh.workorders.v1 import utility_event_service_pb2_grpc

from services.chassis.identity import current_caller

if TYPE_CHECKING:
    import grpc

    from services.workorders.handlers.utility_events import UtilityEvents


class UtilityEventServicer(utility_event_service_pb2_grpc.UtilityEventServiceServicer):
    """Taking a utility's events."""

    def __init__(self, events: UtilityEvents) -> None:
        self._events = events

    def RecordEvent(
        self, request: contract.RecordEventRequest, context: grpc.ServicerContext
    ) -> contract.RecordEventResponse:
        del context
        return self._events.record(current_caller(), request)
