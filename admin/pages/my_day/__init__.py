"""A technician's day on the phone: today's visits with everything that is tapped at a site (R-4)."""

from admin.pages.my_day.view import MyDayPage

__all__ = ["MyDayPage"]
