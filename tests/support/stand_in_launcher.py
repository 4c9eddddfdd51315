"""The launcher over stand-ins: `python stand_in_launcher.py COMMAND NOTES PORT... [--dies NAME]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from deploy.launcher.commands import Launcher
from deploy.launcher.prepare import demo_password
from deploy.launcher.programs import PortUse, Program

STAND_IN = Path(__file__).with_name("stand_in.py")
PLACES = [
    ("mailbox", "mailbox", "http"),
    ("workorders", "services", "grpc"),
    ("shipping", "services", "http"),
    ("admin", "admin", "http"),
]


def programs(notes, ports, dies, slow):
    return [
        Program(
            name=name,
            stage=stage,
            command=(
                *(sys.executable, str(STAND_IN), name, str(notes), kind, str(port)),
                *(["--dies"] if name == dies else []),
                *(["--slow-stop", "1"] if name == slow else []),
            ),
            ports=(PortUse("127.0.0.1", port, name, f"FIELDMESH_{name.upper()}_PORT"),),
            health=f"{kind}://127.0.0.1:{port}",
        )
        for (name, stage, kind), port in zip(PLACES, ports, strict=True)
    ]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("notes", type=Path)
    parser.add_argument("ports", type=int, nargs=4)
    parser.add_argument("--dies")
    parser.add_argument("--slow")
    options = parser.parse_args()
    launcher = Launcher(
        programs=lambda _settings: programs(options.notes, options.ports, options.dies, options.slow),
        make_ready=lambda settings, _screen: demo_password(settings),
    )
    return launcher.run(options.command)


if __name__ == "__main__":
    raise SystemExit(main())
