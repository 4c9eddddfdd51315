"""Runs the service: `python -m services.workorders`."""

from services.chassis.host import serve
from services.workorders.service import WorkordersService
from services.workorders.settings import WorkordersSettings

if __name__ == "__main__":
    serve(WorkordersService, WorkordersSettings)
