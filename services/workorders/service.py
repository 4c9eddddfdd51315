"""The work-order service: what it serves, hears and does by the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fieldmesh.shipping.v1 import events_pb2 as shipping_events_pb2
from fieldmesh.technicians.v1 import events_pb2 as directory_events_pb2
from fieldmesh.workorders.v1 import (
    account_pb2,
    action_item_pb2,
    attachment_pb2,
    case_pb2,
    contact_pb2,
    entitlement_pb2,
    estimate_pb2,
    facility_pb2,
    feed_pb2,
    history_entry_pb2,
    line_item_pb2,
    note_pb2,
    part_pb2,
    reason_code_pb2,
    sla_report_service_pb2,
    station_pb2,
    territory_pb2,
    utility_event_service_pb2,
    view_service_pb2,
    work_order_service_pb2,
    work_type_pb2,
    workflow_pb2,
)

from services.chassis.host import Application, every, on_event, serves
from services.chassis.mesh_service import MeshService
from services.workorders import bootstrap
from services.workorders.handlers import absences, proofs, warned

if TYPE_CHECKING:
    from fieldmesh.common.v1.events_pb2 import Event

    from services.chassis.kit import KitServicer
    from services.chassis.unit_of_work import Transaction
    from services.workorders.feed_servicer import CollaborationServicer
    from services.workorders.file_servicer import FileServicer
    from services.workorders.servicer import WorkOrderServicer
    from services.workorders.sla_report_servicer import SlaReportServicer
    from services.workorders.utility_servicer import UtilityEventServicer
    from services.workorders.view_servicer import ViewServicer
    from services.workorders.workflow_servicer import WorkflowServicer

_SOON: Final = 15.0
_MINUTE: Final = 60.0
_HOUR: Final = 3600.0


class WorkordersService(MeshService):
    """Work orders, their master data, history, feed and files."""

    name = bootstrap.NAME
    app = Application(bootstrap.build)

    @property
    def _graph(self) -> bootstrap.Workorders:
        graph: bootstrap.Workorders = self.app.graph
        return graph

    @serves(work_order_service_pb2.DESCRIPTOR.services_by_name["WorkOrderService"])
    def work_orders(self) -> WorkOrderServicer:
        return self._graph.work_orders

    @serves(sla_report_service_pb2.DESCRIPTOR.services_by_name["SlaReportService"])
    def sla_report(self) -> SlaReportServicer:
        return self._graph.sla_report

    @serves(view_service_pb2.DESCRIPTOR.services_by_name["ViewService"])
    def views(self) -> ViewServicer:
        return self._graph.views

    @serves(utility_event_service_pb2.DESCRIPTOR.services_by_name["UtilityEventService"])
    def utility_events(self) -> UtilityEventServicer:
        return self._graph.utility_events

    @serves(workflow_pb2.DESCRIPTOR.services_by_name["WorkflowService"])
    def workflows(self) -> WorkflowServicer:
        return self._graph.workflows

    @serves(workflow_pb2.DESCRIPTOR.services_by_name["WorkflowVersionService"])
    def workflow_versions(self) -> KitServicer:
        return self._graph.servicer("WorkflowVersion")

    @serves(feed_pb2.DESCRIPTOR.services_by_name["CollaborationService"])
    def collaboration(self) -> CollaborationServicer:
        return self._graph.collaboration

    @serves(attachment_pb2.DESCRIPTOR.services_by_name["FileService"])
    def file_contents(self) -> FileServicer:
        return self._graph.file_contents

    @serves(account_pb2.DESCRIPTOR.services_by_name["AccountService"])
    def accounts(self) -> KitServicer:
        return self._graph.servicer("Account")

    @serves(contact_pb2.DESCRIPTOR.services_by_name["ContactService"])
    def contacts(self) -> KitServicer:
        return self._graph.servicer("Contact")

    @serves(facility_pb2.DESCRIPTOR.services_by_name["FacilityService"])
    def facilities(self) -> KitServicer:
        return self._graph.servicer("Facility")

    @serves(station_pb2.DESCRIPTOR.services_by_name["StationService"])
    def stations(self) -> KitServicer:
        return self._graph.servicer("Station")

    @serves(case_pb2.DESCRIPTOR.services_by_name["CaseService"])
    def cases(self) -> KitServicer:
        return self._graph.servicer("Case")

    @serves(territory_pb2.DESCRIPTOR.services_by_name["TerritoryService"])
    def territories(self) -> KitServicer:
        return self._graph.servicer("Territory")

    @serves(work_type_pb2.DESCRIPTOR.services_by_name["WorkTypeService"])
    def work_types(self) -> KitServicer:
        return self._graph.servicer("WorkType")

    @serves(entitlement_pb2.DESCRIPTOR.services_by_name["EntitlementService"])
    def entitlements(self) -> KitServicer:
        return self._graph.servicer("Entitlement")

    @serves(part_pb2.DESCRIPTOR.services_by_name["PartService"])
    def parts(self) -> KitServicer:
        return self._graph.servicer("Part")

    @serves(reason_code_pb2.DESCRIPTOR.services_by_name["ReasonCodeService"])
    def reason_codes(self) -> KitServicer:
        return self._graph.servicer("ReasonCode")

    @serves(line_item_pb2.DESCRIPTOR.services_by_name["LineItemService"])
    def line_items(self) -> KitServicer:
        return self._graph.servicer("LineItem")

    @serves(action_item_pb2.DESCRIPTOR.services_by_name["ActionItemService"])
    def action_items(self) -> KitServicer:
        return self._graph.servicer("ActionItem")

    @serves(note_pb2.DESCRIPTOR.services_by_name["NoteService"])
    def notes(self) -> KitServicer:
        return self._graph.servicer("Note")

    @serves(estimate_pb2.DESCRIPTOR.services_by_name["EstimateService"])
    def estimates(self) -> KitServicer:
        return self._graph.servicer("Estimate")

    @serves(history_entry_pb2.DESCRIPTOR.services_by_name["HistoryEntryService"])
    def history_entries(self) -> KitServicer:
        return self._graph.servicer("HistoryEntry")

    @serves(attachment_pb2.DESCRIPTOR.services_by_name["AttachmentService"])
    def attachments(self) -> KitServicer:
        return self._graph.servicer("Attachment")

    @serves(feed_pb2.DESCRIPTOR.services_by_name["FeedPostService"])
    def feed_posts(self) -> KitServicer:
        return self._graph.servicer("FeedPost")

    @on_event("shipping", shipping_events_pb2.SlaTargetChanged, handler="workorders.sla-target")
    def sla_target_changed(
        self, transaction: Transaction, event: Event, payload: shipping_events_pb2.SlaTargetChanged
    ) -> None:
        self._graph.progress.sla_target_changed(transaction, event, payload)

    # One lane with the targets, so that a warning never overtakes the target that it is about.
    @on_event("shipping", shipping_events_pb2.SlaWarned, handler="workorders.sla-warning", lane="workorders.sla-target")
    def sla_warned(self, transaction: Transaction, event: Event, payload: shipping_events_pb2.SlaWarned) -> None:
        warned.sla_warned(transaction, event, payload)

    @on_event("shipping", shipping_events_pb2.FulfilmentProgressed, handler="workorders.fulfilment")
    def fulfilment_progressed(
        self, transaction: Transaction, event: Event, payload: shipping_events_pb2.FulfilmentProgressed
    ) -> None:
        self._graph.progress.fulfilment_progressed(transaction, event, payload)

    @on_event("shipping", shipping_events_pb2.RmaChanged, handler="workorders.return-proof")
    def rma_changed(self, transaction: Transaction, event: Event, payload: shipping_events_pb2.RmaChanged) -> None:
        proofs.rma_changed(transaction, event, payload)

    @on_event("technicians", directory_events_pb2.PersonChanged, handler="workorders.person")
    def person_changed(
        self, transaction: Transaction, event: Event, payload: directory_events_pb2.PersonChanged
    ) -> None:
        self._graph.directory.person_changed(transaction, event, payload)

    @on_event("technicians", directory_events_pb2.TeamChanged, handler="workorders.team")
    def team_changed(self, transaction: Transaction, event: Event, payload: directory_events_pb2.TeamChanged) -> None:
        self._graph.directory.team_changed(transaction, event, payload)

    @on_event("technicians", directory_events_pb2.OrganizationChanged, handler="workorders.organization")
    def organization_changed(
        self, transaction: Transaction, event: Event, payload: directory_events_pb2.OrganizationChanged
    ) -> None:
        self._graph.directory.organization_changed(transaction, event, payload)

    @on_event("technicians", directory_events_pb2.TechnicianChanged, handler="workorders.technician")
    def technician_changed(
        self, transaction: Transaction, event: Event, payload: directory_events_pb2.TechnicianChanged
    ) -> None:
        self._graph.directory.technician_changed(transaction, event, payload)

    @on_event("technicians", directory_events_pb2.TechnicianOffboarded, handler="workorders.technician-offboarded")
    def technician_offboarded(
        self, transaction: Transaction, event: Event, payload: directory_events_pb2.TechnicianOffboarded
    ) -> None:
        self._graph.departing.technician_offboarded(transaction, event, payload)

    @on_event("technicians", directory_events_pb2.CredentialRevoked, handler="workorders.credential-revoked")
    def credential_revoked(
        self, transaction: Transaction, event: Event, payload: directory_events_pb2.CredentialRevoked
    ) -> None:
        self._graph.departing.credential_revoked(transaction, event, payload)

    @on_event("technicians", directory_events_pb2.TechnicianAbsenceChanged, handler="workorders.absence-changed")
    def absence_changed(
        self, transaction: Transaction, event: Event, payload: directory_events_pb2.TechnicianAbsenceChanged
    ) -> None:
        absences.absence_changed(transaction, event, payload)

    @every(seconds=_HOUR)
    def sweep_files(self) -> None:
        self._graph.sweep_files()

    @every(seconds=_SOON)
    def check_assignments(self) -> None:
        self._graph.check_assignments()

    @every(seconds=_MINUTE)
    def run_due(self) -> None:
        self._graph.run_due()
