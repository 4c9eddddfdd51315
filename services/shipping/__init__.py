"""Shipping: fulfilment orders, parcels and their tracking, business calendars and SLA targets."""
