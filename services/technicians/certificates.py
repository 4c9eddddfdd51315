"""Rules of certificates held, and of what work types need."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select

from services.chassis.errors import Violation
from services.chassis.kit import Change
from services.chassis.unit_of_work import Transaction
from services.technicians.tables import certifications, work_types
from services.technicians.wire import date_message, day

_MONTHS = 12


def prepare_held(transaction: Transaction, change: Change) -> None:
    """Copy the certificate's code, and let it expire after its usual time where no day was given."""
    held = change.after
    row = transaction.execute(select(certifications).where(certifications.c.id == held.certification_id)).first()
    if row is None:
        return
    held.certification_code = row.code
    if change.verb == "create" and row.valid_months and not held.HasField("expiry_date"):
        issued = day(held.issue_date)
        if issued is not None:
            last = add_months(issued, row.valid_months)
            held.expiry_date.CopyFrom(date_message(last))


def validate_held(_transaction: Transaction, change: Change) -> Iterable[Violation]:
    """It expires after it was issued; what was revoked stays as it is."""
    held = change.after
    if change.before is not None and change.before.HasField("revoke_time"):
        for name in sorted(change.fields):
            yield Violation(name, "cannot be changed: the certificate was revoked")
    issued = day(held.issue_date)
    ends = day(held.expiry_date) if held.HasField("expiry_date") else None
    if issued is not None and ends is not None and ends < issued:
        yield Violation("expiry_date", "must not be before the day of issue")


def prepare_requirement(transaction: Transaction, change: Change) -> None:
    """Copy the work type's name, as far as workorders has told it; its event brings it otherwise."""
    found = select(work_types.c.name).where(work_types.c.id == change.after.work_type_id)
    change.after.work_type_name = transaction.execute(found).scalar() or ""


def validate_requirement(transaction: Transaction, change: Change) -> Iterable[Violation]:
    """Codes are those of certifications."""
    requirement = change.after
    asked = {*requirement.all_of, *requirement.any_of}
    known = set(transaction.execute(select(certifications.c.code).where(certifications.c.code.in_(asked))).scalars())
    for name in ("all_of", "any_of"):
        unknown = [code for code in getattr(requirement, name) if code not in known]
        if unknown:
            yield Violation(name, f"names no certification: {', '.join(unknown)}")


def add_months(start: date, months: int) -> date:
    """Give the same day of a later month, or the last one where that month is shorter."""
    years, month = divmod(start.month - 1 + months, _MONTHS)
    for last in range(start.day, 0, -1):
        try:
            return date(start.year + years, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has a first day")
