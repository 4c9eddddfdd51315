"""Work orders come first: they are what people work with all day."""

from admin.pages.work_orders.panel import WorkOrderPanel

PANELS = (WorkOrderPanel,)
