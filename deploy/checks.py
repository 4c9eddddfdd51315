"""`make check`: every gate, one line each, and the output of those that fail.

python -m deploy.checks             all gates
python -m deploy.checks mypy ruff   only these
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from deploy.build import contracts
from deploy.locks import faults as lock_faults

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent

Gate = Callable[[], str]


def _command(*arguments: str) -> Gate:
    """A gate that passes where the command exits 0; what it printed is the fault otherwise."""

    def run() -> str:
        done = subprocess.run(
            [str(BIN / arguments[0]), *arguments[1:]], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return "" if done.returncode == 0 else (done.stdout + done.stderr).strip() or f"exit code {done.returncode}"

    return run


GATES: dict[str, Gate] = {
    "locks": lambda: "\n".join(lock_faults()),
    "ruff": _command("ruff", "check", "--quiet"),
    "format": _command("ruff", "format", "--check", "--quiet"),
    "layers": _command("lint-imports", "--no-logo"),
    "contracts-lint": lambda: contracts.lint(ROOT),
    "contracts-breaking": lambda: contracts.breaking(ROOT),
    "templates": _command("djlint", "admin", "deploy", "--lint", "--quiet"),
    "mypy": _command("mypy", "--no-error-summary"),
}


def main(names: list[str]) -> int:
    """Runs the named gates, or all; 1 where one did not pass."""
    unknown = set(names) - set(GATES)
    if unknown:
        print(f"No such check: {', '.join(sorted(unknown))}. There are: {', '.join(GATES)}.")
        return 2
    failed = []
    for name in names or GATES:
        started = time.monotonic()
        try:
            fault = GATES[name]()
        except contracts.NoBaseline as reason:
            print(f"  none  {name}: {reason}", flush=True)
            continue
        print(f"{'failed' if fault else 'ok':>6}  {name} ({time.monotonic() - started:.1f} s)", flush=True)
        if fault:
            failed.append(name)
            print("        " + fault.replace("\n", "\n        "), flush=True)
    print(f"Failed: {', '.join(failed)}" if failed else "All checks passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
