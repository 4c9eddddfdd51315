"""Writes the next migration of a service from the difference between its tables and its revisions.

``python -m services.chassis.new_migration workorders "Add a column for the gate code"``. The result is a draft to read
and to edit: it must leave the previous program working (hard-parts 16).
"""

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from services.chassis.migrations import metadata_of, migration_engine, scripts_of, upgrade
from services.chassis.search import belongs_to_search

_TEMPLATE = '''"""{message}"""

import sqlalchemy as sa
from alembic import op

import services.chassis.types

revision = "{revision}"
down_revision = {down_revision!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
'''


def write_migration(service: str, message: str) -> Path | None:
    """Write the next revision and give its path; None where the tables are as the revisions make them."""
    scripts = scripts_of(service)
    down = scripts.get_current_head()
    revision = f"{int(down or 0) + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        engine = migration_engine(f"sqlite:///{folder}/empty.sqlite3")
        with engine.connect() as connection:
            if down:
                upgrade(connection, scripts)
            context = _context(connection, service)
            script = produce_migrations(context, metadata_of(service))
            if script.upgrade_ops is None or script.upgrade_ops.is_empty():
                return None
            body = render_python_code(script.upgrade_ops, migration_context=context)
        engine.dispose()
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")[:40]
    path = Path(scripts.dir) / f"{revision}_{slug}.py"
    path.write_text(
        _TEMPLATE.format(message=message, revision=revision, down_revision=down, upgrade=_lines(body)),
        encoding="utf-8",
    )
    return path


def differences(service: str, connection: Connection) -> list[Any]:
    """List how a database differs from a service's tables; empty where it is up to date."""
    return list(compare_metadata(_context(connection, service), metadata_of(service)))


def _context(connection: Connection, service: str) -> MigrationContext:
    return MigrationContext.configure(
        connection,
        opts={
            "compare_type": True,
            "target_metadata": metadata_of(service),
            "render_as_batch": True,
            "include_name": lambda name, kind, _parents: not belongs_to_search(kind, name or ""),
        },
    )


def _lines(body: str) -> str:
    return "\n".join(line for line in body.splitlines() if not line.strip().startswith("#")).strip()


if __name__ == "__main__":
    print(write_migration(sys.argv[1], sys.argv[2]) or "Nothing to migrate.")  # noqa: T201
