"""The calendar: appointments of the orders that the viewer sees, by person and day, and as a feed (PT-10, B-8)."""

from admin.pages.calendar.view import CalendarPage

__all__ = ["CalendarPage"]
