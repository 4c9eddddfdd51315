"""The notifications service: what it serves, and which events it handles."""

from __future__ import annotations

from typing import Any

from fieldmesh.notifications.v1 import message_pb2, webhook_pb2
from fieldmesh.shipping.v1 import events_pb2 as shipping_events_pb2
from fieldmesh.technicians.v1 import events_pb2 as directory_events_pb2
from fieldmesh.workorders.v1 import events_pb2

from services.chassis.host import Application, every, on_event, serves
from services.chassis.mesh_service import MeshService
from services.notifications import bootstrap, directory

_PACKAGE = "fieldmesh.notifications.v1"
_SERVICES = message_pb2.DESCRIPTOR.services_by_name
# One lane, so that what a transition tells comes before what its own post mentions.
_MAILS = "notifications.mails"
_HOOKS = webhook_pb2.DESCRIPTOR.services_by_name
_HOUR = 3600.0


class NotificationsService(MeshService):
    """Tells people by mail what concerns them."""

    name = bootstrap.NAME
    app = Application(bootstrap.build)

    @serves(_SERVICES["TemplateService"])
    def templates(self) -> Any:
        return self.app.kit[f"{_PACKAGE}.TemplateService"]

    @serves(_SERVICES["MessageService"])
    def messages(self) -> Any:
        return self.app.kit[f"{_PACKAGE}.MessageService"]

    @serves(_SERVICES["DeliveryService"])
    def deliveries(self) -> Any:
        return self.app.kit[f"{_PACKAGE}.DeliveryService"]

    @serves(_SERVICES["MailService"])
    def mail(self) -> Any:
        return self.app.mail

    @serves(_HOOKS["WebhookEndpointService"])
    def webhook_endpoints(self) -> Any:
        return self.app.kit[f"{_PACKAGE}.WebhookEndpointService"]

    @serves(_HOOKS["WebhookDeliveryService"])
    def webhook_deliveries(self) -> Any:
        return self.app.kit[f"{_PACKAGE}.WebhookDeliveryService"]

    @serves(_HOOKS["WebhookService"])
    def webhooks(self) -> Any:
        return self.app.webhooks.servicer

    @every(seconds=_HOUR)
    def forget_webhooks(self) -> None:
        self.app.webhooks.reports.forget()

    @on_event("workorders", events_pb2.WorkOrderMoved, handler="notifications.webhooks")
    def work_order_told(self, tx: Any, event: Any, payload: events_pb2.WorkOrderMoved) -> None:
        self.app.webhooks.queueing.work_order_moved(tx, event, payload)

    @on_event("workorders", events_pb2.WorkOrderMoved, handler="notifications.work-order-moved", lane=_MAILS)
    def work_order_moved(self, tx: Any, event: Any, payload: events_pb2.WorkOrderMoved) -> None:
        self.app.notices.work_order_moved(tx, event, payload)

    @on_event("workorders", events_pb2.WorkOrderWarned, handler="notifications.work-order-warned", lane=_MAILS)
    def work_order_warned(self, tx: Any, event: Any, payload: events_pb2.WorkOrderWarned) -> None:
        self.app.notices.work_order_warned(tx, event, payload)

    @on_event("workorders", events_pb2.FeedPosted, handler="notifications.feed-posted", lane=_MAILS)
    def feed_posted(self, tx: Any, event: Any, payload: events_pb2.FeedPosted) -> None:
        self.app.notices.feed_posted(tx, event, payload)

    @on_event("technicians", directory_events_pb2.CredentialExpiring, handler="notifications.credential-expiring")
    def credential_expiring(self, tx: Any, event: Any, payload: directory_events_pb2.CredentialExpiring) -> None:
        self.app.reminders.credential_expiring(tx, event, payload)

    @on_event("technicians", directory_events_pb2.TechnicianOffboarded, handler="notifications.technician-offboarded")
    def technician_offboarded(self, tx: Any, event: Any, payload: directory_events_pb2.TechnicianOffboarded) -> None:
        self.app.leaving.technician_offboarded(tx, event, payload)

    @on_event("shipping", shipping_events_pb2.RmaChanged, handler="notifications.rma-changed")
    def rma_changed(self, tx: Any, event: Any, payload: shipping_events_pb2.RmaChanged) -> None:
        self.app.returns.rma_changed(tx, event, payload)

    @on_event("technicians", directory_events_pb2.PersonInvited, handler="notifications.person-invited")
    def person_invited(self, tx: Any, event: Any, payload: directory_events_pb2.PersonInvited) -> None:
        self.app.invitations.person_invited(tx, event, payload)

    @on_event("technicians", directory_events_pb2.PersonChanged, handler="notifications.person")
    def person_changed(self, tx: Any, event: Any, payload: directory_events_pb2.PersonChanged) -> None:
        del event
        directory.keep_person(tx, payload)

    @on_event("technicians", directory_events_pb2.TeamChanged, handler="notifications.team")
    def team_changed(self, tx: Any, event: Any, payload: directory_events_pb2.TeamChanged) -> None:
        del event
        directory.keep_team(tx, payload)

    @on_event("technicians", directory_events_pb2.OrganizationChanged, handler="notifications.organization")
    def organization_changed(self, tx: Any, event: Any, payload: directory_events_pb2.OrganizationChanged) -> None:
        del event
        directory.keep_organization(tx, payload)
