"""Stands in for one process of the mesh: serves its health, notes when it came and went, dies when told.

python stand_in.py NAME NOTES grpc|http PORT [--dies] [--slow-stop SECONDS]
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("notes", type=Path)
    parser.add_argument("kind", choices=["grpc", "http"])
    parser.add_argument("port", type=int)
    parser.add_argument("--dies", action="store_true")
    parser.add_argument("--slow-stop", type=float, default=0.0)
    options = parser.parse_args()
    if options.dies:
        sys.exit("stand-in: cannot go on, the moon is full")
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    note(options, "started")
    stop = serve_grpc(options.port) if options.kind == "grpc" else serve_http(options.port)
    stopping.wait()
    time.sleep(options.slow_stop)
    note(options, "stopped")
    stop()


def note(options, what):
    with options.notes.open("a") as notes:
        notes.write(f"{time.monotonic()} {options.name} {what} {os.getpid()}\n")


def serve_http(port):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.shutdown


def serve_grpc(port):
    import grpc
    from grpc_health.v1 import health, health_pb2, health_pb2_grpc

    server = grpc.server(ThreadPoolExecutor(2))
    servicer = health.HealthServicer()
    servicer.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    threading.Timer(0.5, servicer.set, ("", health_pb2.HealthCheckResponse.SERVING)).start()
    return lambda: server.stop(0).wait()


if __name__ == "__main__":
    main()
