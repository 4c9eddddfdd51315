"""The version locks: `make lock` makes them, and `make check` sees without a network that they still fit.

requirements.lock holds what running needs (and building: the editable install has no build isolation),
requirements-dev.lock everything, requirements-node.lock npm for machines that have none. All carry hashes and no
registry address.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = "the project itself"
LOCKS = {
    "requirements.lock": (PROJECT, "build"),
    "requirements-dev.lock": (PROJECT, "build", "dev"),
    "requirements-node.lock": ("node",),
}
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")


def make() -> None:
    """Resolves pyproject.toml anew; versions move only where they must, or with UPGRADE=1 in the environment."""
    for lock, parts in LOCKS.items():
        chosen = ["pyproject.toml"] if PROJECT in parts else []
        chosen += [argument for part in parts if part != PROJECT for argument in ("--group", part)]
        pinned = [] if lock == "requirements.lock" else ["-c", "requirements.lock"]
        upgrade = ["--upgrade"] if os.environ.get("UPGRADE") else []
        subprocess.run(
            [
                *(str(Path(sys.executable).parent / "uv"), "pip", "compile", "--quiet", "--universal"),
                *("--python-version", "3.11", "--generate-hashes", "--no-header"),
                *(*chosen, *pinned, *upgrade, "-o", lock),
            ],
            cwd=ROOT,
            # A machine's own package sources must not find their way into a lock that others install from.
            env={**os.environ, "UV_NO_CONFIG": "1"},
            check=True,
        )


def faults() -> list[str]:
    """What keeps a lock from fitting pyproject.toml, or from being fit to publish."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pins = {name: _pins((ROOT / name).read_text()) for name in LOCKS}
    found = [
        fault for name, parts in LOCKS.items() for fault in _unsatisfied(name, pins[name], _wanted(project, parts))
    ]
    for name, version in pins["requirements.lock"].items():
        if pins["requirements-dev.lock"].get(name) != version:
            found.append(f"requirements-dev.lock has not {name}=={version} as requirements.lock does: run `make lock`.")
    for lock in LOCKS:
        found += _addresses(lock, (ROOT / lock).read_text())
    return found + _npm_faults()


def _wanted(project: dict[str, Any], parts: tuple[str, ...]) -> list[Requirement]:
    lines: list[str] = []
    for part in parts:
        if part == PROJECT:
            lines += [*project["project"]["dependencies"], *project["build-system"]["requires"]]
        else:
            lines += project["dependency-groups"][part]
    return [Requirement(line) for line in lines]


def _pins(text: str) -> dict[str, set[str]]:
    pins: dict[str, set[str]] = {}
    for match in filter(None, map(PIN.match, text.splitlines())):
        pins.setdefault(canonicalize_name(match[1]), set()).add(match[2])
    return pins


def _unsatisfied(lock: str, pins: dict[str, set[str]], wanted: list[Requirement]) -> list[str]:
    found = []
    for requirement in wanted:
        versions = pins.get(canonicalize_name(requirement.name), set())
        if not versions or not all(requirement.specifier.contains(version, prereleases=True) for version in versions):
            found.append(f"{lock} does not satisfy {requirement} of pyproject.toml: run `make lock`.")
    return found


def _addresses(lock: str, text: str) -> list[str]:
    bad = [line for line in text.splitlines() if "://" in line or line.startswith("-")]
    unhashed = [
        block.split("\n", 1)[0] for block in re.split(r"\n(?=\S)", text) if PIN.match(block) and "--hash=" not in block
    ]
    return [f"{lock} names a source: {line}" for line in bad] + [f"{lock} has no hash for {line}" for line in unhashed]


def _npm_faults() -> list[str]:
    if not (ROOT / "package.json").is_file():
        return []
    package = json.loads((ROOT / "package.json").read_text())
    lock = json.loads((ROOT / "package-lock.json").read_text())
    found = [
        f"package-lock.json does not fit the {kind} of package.json: run `npm install`."
        for kind in ("dependencies", "devDependencies")
        if lock["packages"][""].get(kind, {}) != package.get(kind, {})
    ]
    found += [
        f"package-lock.json names a source for {name}"
        for name, entry in lock["packages"].items()
        if "resolved" in entry
    ]
    return found


if __name__ == "__main__":
    make()
