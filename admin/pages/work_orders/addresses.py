"""Suggestions while an address is typed (CP-51)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import zipcodes
from fieldmesh.workorders.v1 import work_order_service_pb2, work_order_service_pb2_grpc
from flask import request

from admin.grpcfab.context import mesh
from admin.grpcfab.routes import expose, has_access

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_STREET = 200
ZIP_DIGITS = 5
MOST_PLACES = 5


class Addresses:
    """The address routes of the work orders' panel."""

    @expose("/<pk>/addresses")
    @has_access
    def suggest_addresses(self, pk: str) -> Mapping[str, Any]:
        """Addresses whose street holds what was typed so far, with city, state, postal code and country."""
        typed = request.args.get("street", "")[:LONGEST_STREET]
        asked = work_order_service_pb2.SuggestAddressesRequest(work_order_id=pk, street=typed)
        answer = mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub).SuggestAddresses(asked)
        names = ("street", "city", "state", "postal_code", "country")
        return {
            "addresses": [
                {**{name: getattr(each.address, name) for name in names}, "label": each.label}
                for each in answer.suggestions
            ]
        }

    @expose("/places")
    @has_access
    def suggest_places(self) -> Mapping[str, Any]:
        """City and state of a postal code in the United States."""
        code = request.args.get("postal_code", "").strip()[:ZIP_DIGITS]
        known = len(code) == ZIP_DIGITS and code.isascii() and code.isdigit()
        found: list[dict[str, Any]] = zipcodes.matching(code) if known else []  # type: ignore[no-untyped-call]
        return {"places": [{"city": each["city"].title(), "state": each["state"]} for each in found[:MOST_PLACES]]}
