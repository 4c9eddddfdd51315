"""The lines of docs/architecture.md: import-linter's contracts, and what they cannot say."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = sorted(
    path.parent.name for path in (ROOT / "services").glob("*/__init__.py") if path.parent.name not in {"chassis", "cli"}
)
DOMAIN = sorted(path for name in SERVICES for path in (ROOT / "services" / name / "domain").rglob("*.py"))


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def test_the_import_contracts_hold():
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-logo", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_every_service_stands_under_the_contracts():
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    contracts = {contract["id"]: contract for contract in linter["contracts"]}
    names = [f"services.{name}" for name in SERVICES]

    assert sorted(contracts["layers"]["containers"]) == names
    assert sorted(contracts["independence"]["modules"]) == names
    assert set(names) <= set(contracts["chassis"]["forbidden_modules"])
    assert set(names) <= set(contracts["admin"]["forbidden_modules"])


@pytest.mark.parametrize("path", DOMAIN, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_domain_imports_the_standard_library_and_itself_only(path):
    own = ".".join(path.relative_to(ROOT).parts[:3])
    foreign = [
        name
        for name in imports_of(path)
        if name.split(".")[0] not in sys.stdlib_module_names and not f"{name}.".startswith((f"{own}.", "."))
    ]

    assert foreign == []


def test_grpcfab_names_no_service():
    named = {
        (str(path.relative_to(ROOT)), name)
        for path in (ROOT / "admin" / "grpcfab").rglob("*.py")
        for name in imports_of(path)
        if name.startswith("fieldmesh.") and name.split(".")[1] not in {"ui", "common"}
    }

    assert named == set()
