"""Pages that are more than lists and forms: one module, and one folder of templates, each.

A page is an object with `register(builder, roles)`: it adds its views to the application and grants their permissions
to roles. To add one, write `admin/pages/<name>.py` with templates in `templates/pages/<name>/`, and name it here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from admin.pages.absence import AbsencePage
from admin.pages.api_keys import ApiKeysPage
from admin.pages.calendar import CalendarPage
from admin.pages.carriers import CarriersPage
from admin.pages.decide import DecidePage
from admin.pages.invitations.accepting import InvitedPage
from admin.pages.logins import LoginsPage
from admin.pages.mesh import MeshPage
from admin.pages.my_day import MyDayPage
from admin.pages.own_organization import OwnOrganizationPage
from admin.pages.roster.managing import FieldTechniciansPage
from admin.pages.roster.university import UniversityPage
from admin.pages.sla_report import SlaReportPage
from admin.pages.utility_events import UtilityEventsPage
from admin.pages.webhooks.reporting import ReportsPage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask_appbuilder import AppBuilder

Roles = dict[str, list[list[str]]]


class Page(Protocol):
    """Something that adds views to the application."""

    def register(self, builder: AppBuilder, roles: Roles) -> None:
        """Add the views; append `["^View$", "^can_.*$"]` to each role that may use them."""


PAGES: Sequence[Page] = (
    CalendarPage(),
    MyDayPage(),
    FieldTechniciansPage(),
    UniversityPage(),
    MeshPage(),
    LoginsPage(),
    ApiKeysPage(),
    AbsencePage(),
    DecidePage(),
    InvitedPage(),
    OwnOrganizationPage(),
    UtilityEventsPage(),
    ReportsPage(),
    SlaReportPage(),
    CarriersPage(),
)
