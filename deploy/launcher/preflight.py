"""What must be in order before anything starts: nothing is left half started."""

from __future__ import annotations

import errno
import socket
import sys
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


def hold_ports(programs: Iterable[Program]) -> list[socket.socket]:
    """Refused where a port is taken or may not be used; names all of them.

    The ports lie in the range from which the kernel gives outgoing connections theirs. As long as the given sockets
    are open, Linux gives these to nobody, and a process that says SO_REUSEADDR, as servers do, listens there all the
    same. Other systems don't let two bind: there the list is empty.
    """
    held, taken = [], []
    for program in programs:
        for use in program.ports:
            found = _bound(use)
            if isinstance(found, str):
                taken.append(f"port {use.port} of the {use.purpose} {found} ({use.variable} chooses another)")
            elif sys.platform == "linux":
                held.append(found)
            else:
                found.close()
    if taken:
        for each in held:
            each.close()
        sentence = "; ".join(taken)
        raise Refused(f"{sentence[0].upper()}{sentence[1:]}; nothing was started.")
    return held


def _bound(use: PortUse) -> socket.socket | str:
    """A socket that is bound and does not listen, or why there is none."""
    found = socket.socket(socket.AF_INET6 if ":" in use.host else socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((use.host, use.port))
    except OSError as error:
        found.close()
        if error.errno == errno.EADDRINUSE:
            return "is taken"
        return f"cannot be used on {use.host} ({error.strerror or error})"
    return found
