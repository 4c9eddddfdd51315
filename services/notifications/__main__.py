"""Runs the service: `python -m services.notifications`."""

from services.chassis.host import serve
from services.notifications.service import NotificationsService
from services.notifications.settings import NotificationsSettings

if __name__ == "__main__":
    serve(NotificationsService, NotificationsSettings)
