"""Rules of organisations: whose domain an e-mail address is in (CP-93)."""

import re
from collections.abc import Iterable
from typing import Final

from sqlalchemy import select

from services.chassis.errors import Violation
from services.chassis.kit import Change
from services.chassis.unit_of_work import Transaction
from services.technicians.tables import organizations

_DOMAIN: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


def prepare(_transaction: Transaction, change: Change) -> None:
    """Keep domains in small letters, without the sign before them, and each once."""
    if "domains" in change.fields:
        domains = dict.fromkeys(each.strip().lower().removeprefix("@") for each in change.after.domains)
        change.after.ClearField("domains")
        change.after.domains.extend(domain for domain in domains if domain)


def validate(transaction: Transaction, change: Change) -> Iterable[Violation]:
    """Domains are domains, and belong to one organisation: an address tells whose technician somebody is."""
    if "domains" not in change.fields or not change.after.domains:
        return
    wrong = [domain for domain in change.after.domains if not _DOMAIN.fullmatch(domain)]
    if wrong:
        yield Violation("domains", f"must be domains such as bluefern.example.com, not {', '.join(wrong)}")
    if change.before is not None and set(change.before.domains) >= set(change.after.domains):
        return
    others = select(organizations.c.name, organizations.c.domains).where(organizations.c.id != change.after.id)
    asked = set(change.after.domains)
    for row in transaction.execute(others):
        taken = sorted(asked.intersection(row.domains))
        if taken:
            yield Violation("domains", f"{', '.join(taken)} belongs to {row.name}")
