"""Work orders come first: they are what people work with all day."""

from admin.pages.approvals.panel import ApprovalPanel
from admin.pages.service_orders.panel import ServiceOrderPanel
from admin.pages.work_orders.panel import WorkOrderPanel

PANELS = (WorkOrderPanel, ApprovalPanel, ServiceOrderPanel)
