"""The panels of the application, in the order of the side bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from admin.pages.service_levels import panel as service_levels
from admin.pages.webhooks import panel as webhooks
from admin.pages.workflows import panel as workflows
from admin.panels import catalogue, customers, mail, people, shipping, work_orders

if TYPE_CHECKING:
    from admin.grpcfab.panel import Panel

PANELS: tuple[type[Panel], ...] = (
    *work_orders.PANELS,
    *customers.PANELS,
    *people.PANELS,
    *shipping.PANELS,
    *service_levels.PANELS,
    *catalogue.PANELS,
    *mail.PANELS,
    *workflows.PANELS,
    *webhooks.PANELS,
)
