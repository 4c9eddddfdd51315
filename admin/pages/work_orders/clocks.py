"""Form fields for times at a site: its technicians tell them by the clock there, to the minute (CP-41, CP-68)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from wtforms.fields.core import UnboundField

from admin.grpcfab.fields import InstantField, TextField

if TYPE_CHECKING:
    import datetime as dt

    from admin.grpcfab.forms import ResourceForm

CLOCK_TIME = "appointment__time"
_HOURS_AND_MINUTES = re.compile(r"(\d{1,2})[:.](\d\d)(?::\d\d)?")


class ClockField(TextField):
    """Hours and minutes; "9:00" is 09:00."""

    kind = "time"

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        typed = _HOURS_AND_MINUTES.fullmatch(self.data or "")
        if typed:
            self.data = f"{typed[1]:0>2}:{typed[2]}"


class SiteInstantField(InstantField):
    """An instant as the clock at the site shows it, to the minute."""

    step: ClassVar[int] = 60
    shape: ClassVar[str] = "%Y-%m-%dT%H:%M"
    site: ClassVar[dt.tzinfo]

    @property
    def zone(self) -> dt.tzinfo:
        return self.site


def told_by(form: type[ResourceForm], zone: dt.tzinfo) -> type[ResourceForm]:
    """The form with the fields of this module in place of those that know nothing of the site."""
    for name, given in list(vars(form).items()):
        if not isinstance(given, UnboundField):
            continue
        if name == CLOCK_TIME:
            setattr(form, name, _as(ClockField, given, "Hours and minutes at the site, such as 14:30."))
        elif issubclass(given.field_class, InstantField):
            setattr(form, name, _as(SiteInstantField, given, "By the clock at the site.", site=zone))
    return form


def _as(kind: type[Any], given: Any, words: str, **more: Any) -> Any:
    made = type(kind.__name__, (kind,), {"spec": given.field_class.spec, **more})
    return UnboundField(made, *given.args, **{**given.kwargs, "description": given.kwargs.get("description") or words})
