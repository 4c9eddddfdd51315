"""`fieldmesh migrate` makes the tables, once, and says what it did (hard-parts 16)."""

import subprocess
import sys
from pathlib import Path

from services.chassis.migrations import head_revision

ROOT = Path(__file__).resolve().parents[3]


def fieldmesh(data, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "services.cli.main", *arguments],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", "FIELDMESH_DATA": str(data)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_new_databases_are_made_and_old_ones_left_alone(tmp_path):
    first = fieldmesh(tmp_path, "migrate", "--service", "shipping")
    again = fieldmesh(tmp_path, "migrate", "--service", "shipping")

    head = head_revision("shipping")
    assert first.stdout == f"shipping: new, on revision {head}\n", first.stderr
    assert again.stdout == f"shipping: already on revision {head}\n"
    assert (tmp_path / "shipping.sqlite3").exists()


def test_a_service_that_is_not_there_is_refused(tmp_path):
    assert fieldmesh(tmp_path, "migrate", "--service", "payroll").returncode == 2
