"""What must be in order before anything starts: nothing is left half started."""

from __future__ import annotations

import errno
import socket
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from deploy.launcher.programs import PortUse, Program

MARKER = ".fieldmesh-data"
"""Stands in every data folder that the launcher made: `make reset` removes no other."""


class Refused(Exception):
    """The mesh cannot start or stop; the message is one sentence that says what to do."""


def claim_folder(data: Path) -> None:
    """Makes the data folder where it is missing; Refused where it cannot be written or is somebody else's."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise Refused(
            f"The data folder {data} cannot be written ({reason}): make it writable, or choose one with FIELDMESH_DATA."
        ) from error
    marker = data / MARKER
    if not marker.exists() and any(data.iterdir()):
        raise Refused(
            f"The folder {data} is not empty and was not made by Fieldmesh: choose another with FIELDMESH_DATA."
        )
    marker.touch()


def check_ports(programs: Iterable[Program]) -> None:
    """Refused where a port is taken or may not be used; names all of them."""
    taken = []
    for program in programs:
        for use in program.ports:
            reason = _refusal(use)
            if reason:
                taken.append(f"port {use.port} of the {use.purpose} {reason} ({use.variable} chooses another)")
    if taken:
        sentence = "; ".join(taken)
        raise Refused(f"{sentence[0].upper()}{sentence[1:]}; nothing was started.")


def _refusal(use: PortUse) -> str:
    family = socket.AF_INET6 if ":" in use.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((use.host, use.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "is taken"
            return f"cannot be used on {use.host} ({error.strerror or error})"
    return ""
