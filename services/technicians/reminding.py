"""Reminders before certificates expire: 90, 30 and 7 days, once each (CP-92)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from fieldmesh.technicians.v1 import events_pb2
from sqlalchemy import Row, exists, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from services.chassis.actors import service_actor
from services.chassis.database import Database
from services.chassis.unit_of_work import Transaction
from services.technicians.credentials import credential_of, joined_rows
from services.technicians.domain.credentials import SOON_DAYS, reminder_due
from services.technicians.tables import expiry_reminders, organizations, technician_certifications, technicians

_BATCH: Final = 200
_HELD = technician_certifications.c
_TOLD = expiry_reminders.c


class Reminding:
    """Tells of certificates that expire soon; several replicas may look at once, each reminder is told once."""

    def __init__(self, service: str, database: Database) -> None:
        self._actor = service_actor(service)
        self._database = database

    def run_due(self, now: datetime) -> int:
        """Tell what is due and give how many were told."""
        today = now.date()
        told = 0
        for row in self._due(today):
            with self._database.begin(actor=self._actor, now=now) as transaction:
                told += _tell(transaction, row, today)
        return told

    def _due(self, today: date) -> Sequence[Row[Any]]:
        """Certificates whose reminder was not told: each of the three intervals is asked for by itself."""
        newer = technician_certifications.alias("newer")
        renewed = exists().where(
            newer.c.technician_id == _HELD.technician_id,
            newer.c.certification_id == _HELD.certification_id,
            newer.c.id != _HELD.id,
            newer.c.revoke_time.is_(None),
            newer.c.revoke_date.is_(None),
            or_(newer.c.expiry_date.is_(None), newer.c.expiry_date > _HELD.expiry_date),
        )
        found: list[Row[Any]] = []
        for threshold, first, last in _intervals(today):
            told = exists().where(
                _TOLD.technician_certification_id == _HELD.id,
                _TOLD.expiry_date == _HELD.expiry_date,
                _TOLD.threshold_days == threshold,
            )
            rows = joined_rows().where(
                _HELD.expiry_date.between(first, last),
                _HELD.revoke_time.is_(None),
                _HELD.revoke_date.is_(None),
                technicians.c.active.is_(True),
                ~told,
                ~renewed,
            )
            with self._database.read() as connection:
                found += connection.execute(rows.order_by(_HELD.expiry_date, _HELD.id).limit(_BATCH)).all()
        return found


def _intervals(today: date) -> list[tuple[int, date, date]]:
    """The reminders with the first and the last expiry that each is due for."""
    found: dict[int, list[date]] = {}
    for left in range(SOON_DAYS + 1):
        expires = today + timedelta(days=left)
        due = reminder_due(expires, today)
        if due is not None:
            found.setdefault(due, []).append(expires)
    return [(threshold, days[0], days[-1]) for threshold, days in found.items()]


def _tell(transaction: Transaction, row: Row[Any], today: date) -> bool:
    threshold = reminder_due(row.expiry_date, today)
    insert = postgresql.insert if transaction.connection.dialect.name == "postgresql" else sqlite.insert
    claimed = (
        insert(expiry_reminders)
        .values(
            technician_certification_id=row.id,
            expiry_date=row.expiry_date,
            threshold_days=threshold,
            remind_time=transaction.now,
        )
        .on_conflict_do_nothing()
        .returning(_TOLD.technician_certification_id)
    )
    if transaction.execute(claimed).first() is None:
        return False
    home = transaction.execute(select(organizations).where(organizations.c.id == row.organization_id)).first()
    told = events_pb2.CredentialExpiring(
        credential=credential_of(row, today),
        person_id=row.person_id,
        organization_id=row.organization_id,
        organization_name=home.name if home else "",
        office_email=home.office_email if home else "",
        threshold_days=threshold or 0,
    )
    transaction.publish(told, "TechnicianCertification", row.id, row.version)
    return True
