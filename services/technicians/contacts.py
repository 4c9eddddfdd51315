"""How an organisation is reached, kept by its own office (R-1)."""

from typing import Final

from fieldmesh.common.v1 import types_pb2
from fieldmesh.technicians.v1 import organization_pb2, organization_service_pb2

from services.chassis.database import Database
from services.chassis.errors import NotFound
from services.chassis.etag import check_etag
from services.chassis.idempotency import run_once
from services.chassis.identity import Caller, service_caller
from services.chassis.kit import ResourceEngine, is_unbound
from services.chassis.unit_of_work import Transaction

_METHOD: Final = "fieldmesh.technicians.v1.OrganizationContactService.UpdateOrganizationContacts"
_TEXTS: Final = ("contact_name", "office_email", "phone")
_ADDRESS: Final = tuple(f"address.{field.name}" for field in types_pb2.Address.DESCRIPTOR.fields)


class Contacts:
    """Changes contacts of organisations."""

    def __init__(self, service: str, database: Database, engine: ResourceEngine) -> None:
        self._own = service_caller(service)
        self._database = database
        self._organizations = engine

    def update(
        self, caller: Caller, request: organization_service_pb2.UpdateOrganizationContactsRequest
    ) -> organization_pb2.Organization:
        """Change how the caller's own organisation is reached; admins name any.

        Raises NotFound for another organisation, StaleEtag, InvalidRequest naming every wrong field.
        """
        wanted = organization_pb2.Organization(
            **{name: getattr(request, name).strip() for name in _TEXTS}, address=request.address
        )
        organization_id = request.organization_id or caller.organization_id

        def work(transaction: Transaction) -> organization_pb2.Organization:
            row = self._organizations.find_for_update(transaction.connection, organization_id)
            if row is None or not _is_home(caller, organization_id):
                raise NotFound("There is no such organisation.", reason="NOT_FOUND")
            check_etag(request.etag, row.id, row.version)
            # As this service: their role lets nobody write organisations; the record of changes names the caller.
            changed: organization_pb2.Organization = self._organizations.rewrite(
                transaction, self._own, row, wanted, [*_TEXTS, *_ADDRESS]
            )
            return changed

        return run_once(
            self._database, caller, _METHOD, request.request_id, request, organization_pb2.Organization, work
        )


def _is_home(caller: Caller, organization_id: str) -> bool:
    return is_unbound(caller) or organization_id == caller.organization_id
