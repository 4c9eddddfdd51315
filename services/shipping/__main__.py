"""Runs the service: `python -m services.shipping`."""

from services.chassis.host import serve
from services.shipping.service import ShippingService

if __name__ == "__main__":
    serve(ShippingService)
