"""Runs the service: `python -m services.technicians`."""

from services.chassis.host import serve
from services.technicians.service import TechniciansService
from services.technicians.settings import TechniciansSettings

if __name__ == "__main__":
    serve(TechniciansService, TechniciansSettings)
