"""`python -m deploy.launcher up | start | stop | reset`."""

from __future__ import annotations

import argparse

from deploy.launcher.commands import Launcher


def main() -> int:
    """Runs the command that the arguments name."""
    parser = argparse.ArgumentParser(prog="fieldmesh launcher", description="Runs the whole mesh on this machine.")
    parser.add_argument("command", choices=["up", "start", "stop", "reset"])
    return Launcher().run(parser.parse_args().command)


if __name__ == "__main__":
    raise SystemExit(main())
