"""POST /api/carriers/<carrier>: what a carrier reports of parcels, signed, goes to shipping as it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fieldmesh.shipping.v1 import carrier_service_pb2, carrier_service_pb2_grpc
from flask import current_app, request

from admin.grpcfab.context import mesh
from admin.pages.signed_reports import answered, signed_body
from services.chassis.log import get_logger

if TYPE_CHECKING:
    from flask_appbuilder import AppBuilder

    from admin.pages import Roles

log = get_logger(__name__)

ENDPOINT: Final = "carrier_report"


class CarriersPage:
    """Registers the address; it needs no login, since every request proves itself by its signature."""

    def register(self, builder: AppBuilder, roles: Roles) -> None:
        """Add the route; a signed request comes from no page, so it carries no CSRF token."""
        del builder, roles
        current_app.add_url_rule("/api/carriers/<carrier>", ENDPOINT, report, methods=["POST"])
        current_app.extensions["csrf"].exempt(report)


def report(carrier: str) -> Any:
    """Answer 200 with what became of each message, also for a repeat, or a problem in JSON that says what to mend."""
    return answered("carrier", carrier, lambda: _taken(carrier))


def _taken(carrier: str) -> dict[str, Any]:
    answer = mesh().stub(carrier_service_pb2_grpc.CarrierDeskServiceStub).AcceptCarrierReport(
        carrier_service_pb2.AcceptCarrierReportRequest(
            carrier=carrier,
            webhook_id=request.headers.get("webhook-id", ""),
            timestamp=request.headers.get("webhook-timestamp", ""),
            signature=request.headers.get("webhook-signature", ""),
            body=signed_body(),
        )
    )  # fmt: skip
    refused = sum(each.refused for each in answer.results)
    log.info("carrier.reported", carrier=carrier, messages=len(answer.results), refused=refused)
    return {
        "carrier": answer.carrier,
        "results": [
            {"applied": each.applied, "refused": each.refused, "message": each.message} for each in answer.results
        ],
    }
