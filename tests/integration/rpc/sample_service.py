"""A service as small as one can be, run as a process by the tests: `python -m tests.integration.rpc.sample_service`."""

import os
import time
from pathlib import Path

from services.chassis.host import Application, every, serve, serves
from services.chassis.identity import current_caller

from .probe import PROBE, Echo, ProbeServicer

JOURNAL = Path(os.environ.get("SAMPLE_JOURNAL", os.devnull))


def note(text):
    with JOURNAL.open("a") as file:
        file.write(f"{text}\n")


class Servicer(ProbeServicer):
    def GetEcho(self, request, context):  # noqa: N802
        if request.text == "slow":
            note("call begins")
            time.sleep(0.7)
            note("call ends")
            return Echo(text="done")
        return super().GetEcho(request, context)


class App:
    def __init__(self, process):
        if os.environ.get("SAMPLE_BREAKS"):
            raise RuntimeError("the sample breaks")
        self.process = process
        self.servicer = Servicer()

    def start(self):
        note("app starts")

    def stop(self):
        note("app stops")


class SampleService:
    name = "workorders"
    app = Application(App)

    @serves(PROBE)
    def probe(self):
        return self.app.servicer

    @every(seconds=0.05)
    def tick(self):
        time.sleep(0.05)
        note(f"tick {current_caller().subject}")
        if os.environ.get("SAMPLE_FAILS"):
            self.app.process.fail("the writer died")


if __name__ == "__main__":
    serve(SampleService)
