"""Makes the project's environment: a virtual one, filled from the lock, with the generated code in reach.

Runs on the standard library alone, because nothing else may be assumed on a fresh machine. Each step leaves a
stamp of what it was made from, so that a second run has nothing to do.

    python3 deploy/setup.py            what running the mesh needs
    python3 deploy/setup.py --dev      what checking and testing it need as well
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / ".fieldmesh-stamp"
OLDEST = (3, 11)


def main() -> int:
    """Makes what is missing; answers 0, or 1 after one sentence that says what to do."""
    _prefer_a_newer_python()
    dev = "--dev" in sys.argv[1:]
    try:
        _install(dev=dev)
    except Refused as refused:
        print(f"\n{refused}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; the next run goes on from here.", file=sys.stderr)
        return 130
    return 0


class Refused(Exception):
    """Setting up cannot go on; the message tells the reader what to do."""


def _prefer_a_newer_python() -> None:
    if sys.version_info >= OLDEST:
        return
    for minor in (14, 13, 12, 11):
        found = shutil.which(f"python3.{minor}")
        if found:
            os.execv(found, [found, *sys.argv])  # noqa: S606  (no shell on purpose)
    version = ".".join(str(part) for part in sys.version_info[:3])
    print(f"Fieldmesh needs Python 3.11 or later; this is {version}. Install it, or say `make PYTHON=...`.")
    raise SystemExit(1)


def _install(*, dev: bool) -> None:
    locks = [ROOT / "requirements-dev.lock"] if dev else [ROOT / "requirements.lock"]
    wanted = _fingerprint(locks)
    # The development lock holds everything the runtime lock does, with the same versions.
    satisfied = {wanted, _fingerprint([ROOT / "requirements-dev.lock"])}
    made = STAMP.read_text().strip() if STAMP.is_file() else ""
    if made in satisfied and python().exists():
        return
    _make_venv()
    for lock in locks:
        _step(f"Installing {lock.name}", [*_pip(), "install", "--require-hashes", "-r", str(lock)])
    _step("Installing fieldmesh", [*_pip(), "install", "--no-deps", "--no-build-isolation", "-e", str(ROOT)])
    STAMP.write_text(wanted + "\n")


def _fingerprint(locks: list[Path]) -> str:
    """What an environment is made from; a moved folder counts, because scripts in it carry its path."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    parts = [project["project"], project["build-system"], project["tool"]["hatch"], sys.version_info[:2], str(ROOT)]
    digest = hashlib.sha256(repr(parts).encode())
    for path in locks:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _make_venv() -> None:
    if _fits():
        return
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        import ensurepip  # noqa: F401  (Debian ships Python without it)
        import venv
    except ImportError:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise Refused(
            f"This Python has no venv: install it (Debian, Ubuntu: apt install python{version}-venv) and try again."
        ) from None
    print("Making the environment in .venv", flush=True)
    try:
        venv.create(VENV, with_pip=True, symlinks=os.name != "nt")
    except (OSError, subprocess.CalledProcessError) as error:
        shutil.rmtree(VENV, ignore_errors=True)
        raise Refused(f"The environment could not be made in {VENV}: {error}.") from error


def _fits() -> bool:
    """Whether the environment there is runs this Python's version, from this folder."""
    if not python().exists() or f"version = {sys.version_info[0]}.{sys.version_info[1]}." not in _configuration():
        return False
    pip = VENV / "bin" / "pip"
    return pip.is_file() and str(VENV) in pip.read_text(errors="replace").split("\n", 1)[0]


def _configuration() -> str:
    path = VENV / "pyvenv.cfg"
    return path.read_text() if path.is_file() else ""


def python() -> Path:
    """The environment's interpreter."""
    return VENV / "bin" / "python"


def _pip() -> list[str]:
    return [str(python()), "-m", "pip", "--disable-pip-version-check", "--no-input", "-q"]


def _step(title: str, command: list[str]) -> None:
    """Runs one step with a line that shows it is alive; its output appears only where it fails."""
    started = time.monotonic()
    live = sys.stdout.isatty()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if not live:
        print(f"{title} ...", flush=True)
    output = ""
    while True:
        try:
            output, _ = process.communicate(timeout=0.2 if live else None)
            break
        except subprocess.TimeoutExpired:
            dots = "." * (int((time.monotonic() - started) * 2) % 4)
            print(f"\r\033[K{title} {dots:<3} {time.monotonic() - started:.0f} s", end="", flush=True)
    took = f"{title}: done in {time.monotonic() - started:.0f} s"
    print(f"\r\033[K{took}" if live else took, flush=True)
    if process.returncode != 0:
        print(output, file=sys.stderr)
        raise Refused(f"{title} failed (see above); is the package registry reachable?")


if __name__ == "__main__":
    raise SystemExit(main())
