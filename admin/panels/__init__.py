"""The panels of the application, in the order of the side bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from admin.panels import catalogue, customers, mail, people, shipping, work_orders

if TYPE_CHECKING:
    from admin.grpcfab.panel import Panel

PANELS: tuple[type[Panel], ...] = (
    *work_orders.PANELS,
    *customers.PANELS,
    *people.PANELS,
    *shipping.PANELS,
    *catalogue.PANELS,
    *mail.PANELS,
)
