"""Absences of technicians: what is saved says at once which appointments lie in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldmesh.technicians.v1.technician_absence_pb2 import TechnicianAbsence
from flask import flash, redirect

from admin.grpcfab.panel import Panel

if TYPE_CHECKING:
    from admin.grpcfab.rows import Row


class TechnicianAbsencePanel(Panel):
    """Pages of absences; who may see and enter one is the service's to decide."""

    resource = TechnicianAbsence
    menu = "People"

    def created(self, row: Row) -> Any:
        """The absence, with the appointments that somebody has to see to; their orders are flagged by now."""
        message: Any = row.message
        if message.appointments:
            listed = "; ".join(message.appointments)
            flash(f"{message.technician_name} has appointments in this time: {listed}. See to each of them.", "warning")
        flash(f"The absence of {message.technician_name} was saved.", "success")
        return redirect(self.url_of(row.id))
