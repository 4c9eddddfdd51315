"""Mails: what was written, to whom, and what became of it."""

from fieldmesh.notifications.v1.message_pb2 import Delivery, Message, Template

from admin.grpcfab.panel import Panel


class MessagePanel(Panel):
    resource = Message
    menu = "Mail"
    columns = ("subject", "recipient_name", "recipient_email", "template", "state", "create_time")


class DeliveryPanel(Panel):
    resource = Delivery
    menu = "Mail"


class TemplatePanel(Panel):
    resource = Template
    menu = "Mail"


PANELS = (MessagePanel, DeliveryPanel, TemplatePanel)
