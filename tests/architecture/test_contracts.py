"""buf's gates over the contracts: they see what they should."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.build import contracts

ROOT = Path(__file__).resolve().parents[2]
REASONS = "protos/fieldmesh/workorders/v1/reason_code.proto"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository whose contracts landed as they are here."""
    for name in ("buf.yaml",):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "protos", tmp_path / "protos")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "landed"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True)
    monkeypatch.setenv("FIELDMESH_BASELINE", "HEAD")
    return tmp_path


def test_an_unchanged_contract_passes(repository):
    assert contracts.lint(repository) == ""
    assert contracts.breaking(repository) == ""


def test_a_removed_field_and_a_missing_comment_are_named(repository):
    reasons = repository / REASONS
    lines = reasons.read_text().splitlines()
    field = next(index for index, line in enumerate(lines) if line.startswith("  string ") and "=" in line)
    comment = next(index for index in range(field - 1, 0, -1) if lines[index].lstrip().startswith("//"))
    number = lines[field].split("=")[1].split()[0].strip(";")
    lines[field] = f"  string renamed_for_the_test = {number};"
    del lines[comment]
    reasons.write_text("\n".join(lines))

    assert "renamed_for_the_test" in contracts.breaking(repository)
    assert "non-empty comment" in contracts.lint(repository)


def test_without_landed_contracts_nothing_is_compared(repository, monkeypatch):
    monkeypatch.delenv("FIELDMESH_BASELINE")

    with pytest.raises(contracts.NoBaseline):
        contracts.breaking(repository)
