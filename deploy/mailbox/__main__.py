"""`python -m deploy.mailbox`: SMTP and page in one process, until SIGTERM or until its launcher is gone."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from pathlib import Path

from werkzeug.serving import make_server

from deploy.launcher.lifeline import end_with_launcher
from deploy.mailbox.smtp import smtp_server
from deploy.mailbox.store import MailStore
from deploy.mailbox.web import create_app


def main() -> int:
    """Serves; answers 1 after one sentence where an address is taken or the folder cannot be written."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    data = Path(os.environ.get("FIELDMESH_DATA", ".fieldmesh"))
    host = os.environ.get("FIELDMESH_MAILBOX_HOST", "127.0.0.1")
    smtp_host = os.environ.get("FIELDMESH_SMTP_HOST", "127.0.0.1")
    try:
        store = MailStore(data / "mail")
        smtp = smtp_server(store, smtp_host, int(os.environ.get("FIELDMESH_SMTP_PORT", "1025")))
        app = create_app(store, any_host=host not in {"127.0.0.1", "::1", "localhost"})
        web = make_server(host, int(os.environ.get("FIELDMESH_MAILBOX_PORT", "8025")), app, threaded=True)
        smtp.start()
    except OSError as error:
        print(f"The mailbox cannot start: {error}.", file=sys.stderr)
        return 1
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    end_with_launcher(stop.set)
    serving = threading.Thread(target=web.serve_forever, name="page", daemon=True)
    serving.start()
    print(f"mailbox: page on http://{host}:{web.server_port}, SMTP on {smtp_host}:{smtp.port}", flush=True)
    stop.wait()
    web.shutdown()
    smtp.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
