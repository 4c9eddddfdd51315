"""Runs the service: `python -m services.technicians`."""

from services.chassis.host import serve
from services.technicians.service import TechniciansService

if __name__ == "__main__":
    serve(TechniciansService)
