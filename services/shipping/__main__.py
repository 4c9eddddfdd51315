"""Runs the service: `python -m services.shipping`."""

from services.chassis.host import serve
from services.shipping.service import ShippingService
from services.shipping.settings import ShippingSettings

if __name__ == "__main__":
    serve(ShippingService, ShippingSettings)
