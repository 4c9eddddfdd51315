"""gunicorn's side of a local mesh: the admin ends when its launcher is gone."""

from __future__ import annotations

import os
import signal
from typing import Any

from deploy.launcher.lifeline import end_with_launcher

# The launcher starts and stops gunicorn; its own control socket would leave a folder in the user's home.
control_socket_disable = True


def when_ready(_server: Any) -> None:
    """Watches from gunicorn's master, whose end takes the workers along."""
    end_with_launcher(lambda: os.kill(os.getpid(), signal.SIGTERM))
