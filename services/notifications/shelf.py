"""The shipped mails as rows, so that people can see which there are and when they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from services.notifications.tables import templates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.chassis.unit_of_work import Transaction
    from services.notifications.catalog import MailTemplate


def show(transaction: Transaction, shipped: Iterable[MailTemplate]) -> int:
    """Adds the versions that are new and marks the shipped ones as in use; gives the number of changed rows.

    Versions that are not shipped any more stay, since sent mails name them. Several processes may do it at once.
    """
    wanted = {
        f"{template.code}.{template.locale}.{template.version}": {
            "code": template.code,
            "locale": template.locale,
            "version": template.version,
            "subject": template.subject,
            "description": template.name,
            "active": True,
        }
        for template in shipped
    }
    present = {row.id: dict(row._mapping) for row in transaction.execute(select(templates))}  # noqa: SLF001 - public API
    insert = postgresql.insert if transaction.connection.dialect.name == "postgresql" else sqlite.insert
    changed = {
        identity: values
        for identity, values in wanted.items()
        if any(present.get(identity, {}).get(name) != value for name, value in values.items())
    }
    for identity, values in changed.items():
        statement = insert(templates).values(id=identity, **values)
        transaction.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
    gone = [identity for identity, row in present.items() if row["active"] and identity not in wanted]
    if gone:
        transaction.execute(update(templates).where(templates.c.id.in_(gone)).values(active=False))
    return len(changed) + len(gone)
