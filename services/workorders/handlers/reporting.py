"""Service reports: gathered here, laid out as PDF, and kept among the files of the order (CP-36)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from services.workorders.domain.service_report import Known, Station, service_report
from services.workorders.handlers import facts
from services.workorders.handlers.files import Upload
from services.workorders.report_pdf import pdf_of
from services.workorders.repository import load
from services.workorders.tables import parts, stations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from services.chassis.clock import Clock
    from services.chassis.database import Database
    from services.chassis.identity import Caller
    from services.workorders.handlers.files import Files
    from services.workorders.repository import Stored


class ServiceReports:
    """Makes reports of orders that the caller sees."""

    def __init__(self, database: Database, files: Files, clock: Clock) -> None:
        self._database = database
        self._files = files
        self._clock = clock

    def create(self, caller: Caller, order_id: str, request_id: str) -> Mapping[str, Any]:
        """Make a report of an order as it stands and store it; gives the file's row, once for each request id.

        Raises NotFound for a hidden order, WrongState where its files cannot change any more.
        """
        now = self._clock.now()
        with self._database.read() as connection:
            stored = load(connection, caller, order_id)
            report = service_report(stored.order, _known(connection, stored), now)
        title = f"Service report {stored.order.number} {now:%Y-%m-%d %H%M}.pdf"
        return self._files.upload(caller, Upload(stored.order.id, title, "", request_id), [pdf_of(report)])


def _known(connection: Connection, stored: Stored) -> Known:
    order = stored.order
    columns = stations.c
    named = (columns.id, columns.name, columns.serial_number, columns.mac_address, columns.station_model)
    rows = {row.id: row for row in connection.execute(select(*named).where(columns.id.in_(order.station_ids)))}
    wanted = {need.part_id for item in order.line_items for need in item.parts}
    names = connection.execute(select(parts.c.id, parts.c.part_number, parts.c.name).where(parts.c.id.in_(wanted)))
    told: Any = facts.for_offers(connection, order)["deliverables"]
    return Known(
        state_label=stored.row["state_label"],
        stations=[
            Station(row.name, row.serial_number, row.mac_address, row.station_model)
            for row in (rows[each] for each in order.station_ids if each in rows)
        ],
        parts={row.id: f"{row.part_number} {row.name}" for row in names},
        required=told["required"],
        present=told["present"],
    )
