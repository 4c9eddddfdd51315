"""POST /api/utility-events: a utility's programs tell events with an API key, and get the service order back (UM-4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fieldmesh.workorders.v1 import utility_event_service_pb2 as contract
from fieldmesh.workorders.v1 import utility_event_service_pb2_grpc
from flask import Response, current_app, jsonify, request
from flask_appbuilder.baseviews import BaseView
from marshmallow import RAISE, Schema, ValidationError, fields, validate
from werkzeug.exceptions import RequestEntityTooLarge

from admin import identity
from admin.grpcfab.context import mesh
from admin.grpcfab.errors import http_status
from admin.grpcfab.routes import expose
from admin.security.api_keys import ApiKeys, KeyUnknown, TooManyCalls
from admin.security.throttle import Throttle
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask_appbuilder import AppBuilder

    from admin.pages import Roles

KINDS: Final = {
    name.removeprefix("UTILITY_EVENT_KIND_").lower(): number
    for name, number in contract.UtilityEventKind.items()
    if number
}
LONGEST_BODY: Final = 64 * 1024
CREATED: Final = 201


class EventSchema(Schema):
    """What an event says; every field that is missing, wrong or unknown is named."""

    class Meta:
        unknown = RAISE

    event_id = fields.String(required=True, validate=validate.Length(1, 120))
    kind = fields.String(required=True, validate=validate.OneOf(sorted(KINDS)))
    source = fields.String(validate=validate.Length(max=60))
    account = fields.String(required=True, validate=validate.Length(1, 120))
    facility = fields.String(validate=validate.Length(max=120))
    meter = fields.String(validate=validate.Length(max=60))
    date = fields.Date(format="iso")
    instructions = fields.String(validate=validate.Length(max=4000))
    materials = fields.String(validate=validate.Length(max=2000))


class UtilityEventsView(BaseView):  # type: ignore[misc]
    """The one address; it takes a key instead of a sign-in, so no browser's cookie ever counts here."""

    route_base = "/api"
    default_view = "record"
    template_folder = None

    @expose("/utility-events", methods=["POST"])
    def record(self) -> Any:
        throttle = Throttle(self.appbuilder.session)
        address = f"api {request.remote_addr or ''}"
        if waits := throttle.wait(address, address):
            return _limited("Too many wrong keys from your address; try again later.", int(waits) + 1)
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        keys = ApiKeys(self.appbuilder.session, current_app.config["SECRET_KEY"])
        try:
            if kind.lower() != "bearer":
                raise KeyUnknown  # noqa: TRY301 - a missing key is answered as a wrong one is
            who = keys.caller(text.strip())
        except KeyUnknown:
            if text:
                throttle.failed(address, address)
            answer = _problem(401, "Send a valid API key as “Authorization: Bearer …”.")
            answer.headers["WWW-Authenticate"] = 'Bearer realm="fieldmesh"'
            return answer
        except TooManyCalls as many:
            return _limited(str(many), many.seconds)
        return self._recorded(who)

    @staticmethod
    def _recorded(who: identity.Identity) -> Any:
        request.max_content_length = LONGEST_BODY
        try:
            given = request.get_json(silent=True)
        except RequestEntityTooLarge:
            return _problem(413, "An event has at most 64 KiB.")
        if not isinstance(given, dict):
            return _problem(400, "Send one event as a JSON object, with “Content-Type: application/json”.")
        try:
            event = EventSchema().load(given)
        except ValidationError as wrong:
            return _problem(422, "Some fields are missing or wrong.", _named(wrong.normalized_messages()))  # type: ignore[no-untyped-call]
        day = event.pop("date", None)
        wanted = contract.RecordEventRequest(**{**event, "kind": KINDS[event["kind"]]})
        if day is not None:
            wanted.date.year, wanted.date.month, wanted.date.day = day.year, day.month, day.day
        try:
            with identity.acting_as(who):
                stub = mesh().stub(utility_event_service_pb2_grpc.UtilityEventServiceStub)
                answer = stub.RecordEvent(wanted)
        except Refusal as refusal:
            named = [{"field": each.field, "message": each.description} for each in refusal.violations]
            return _problem(http_status(refusal), str(refusal), named)
        order = answer.work_order
        told = {"work_order": order.number, "state": order.state_label, "created": answer.created}
        return jsonify(told), CREATED if answer.created else 200


class UtilityEventsPage:
    """Registers the address; a key says who may use it, so no role needs to."""

    def register(self, builder: AppBuilder, roles: Roles) -> None:
        del roles
        view = builder.add_view_no_menu(UtilityEventsView)
        current_app.extensions["csrf"].exempt(view.blueprint)


def _named(messages: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"field": name, "message": " ".join(map(str, found))} for name, found in sorted(messages.items())]


def _limited(words: str, seconds: int) -> Response:
    answer = _problem(429, words)
    answer.headers["Retry-After"] = str(seconds)
    return answer


def _problem(status: int, words: str, errors: list[dict[str, str]] | None = None) -> Response:
    """A refusal as RFC 9457 has it."""
    told = {"title": words, "status": status, **({"errors": errors} if errors else {})}
    answer = jsonify(told)
    answer.status_code, answer.content_type = status, "application/problem+json"
    return answer
