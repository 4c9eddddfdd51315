"""Form fields for what contracts hold beyond plain text; macros/forms.html draws them by `kind`."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, ClassVar

import wtforms
from wtforms.validators import ValidationError

from admin.grpcfab.clocks import FOLDS, fold_of, folds_of, instants_of, wall_of
from admin.grpcfab.context import viewer_zone
from admin.grpcfab.numbers import digits
from admin.grpcfab.values import Money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from admin.grpcfab.clocks import Fold

_MONEY_DIGITS = 6
_MONEY_BOUND = 10**12  # Millionths of it still fit into 64 bits.


class TextField(wtforms.StringField):
    """Text without the blanks around it; `kind` says which keyboard a phone shows.

    What is stored is read as what a browser sends back: otherwise a text that nobody touched would seem changed.
    """

    kind: ClassVar[str] = "text"

    def process_data(self, value: Any) -> None:
        self.data = _plain(value) if isinstance(value, str) else value

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = _plain(str(valuelist[0])) if valuelist else ""

    def _value(self) -> str:
        return str(self.data or "")


class MultilineField(TextField):
    kind = "multiline"


class EmailField(TextField):
    kind = "email"


class PhoneField(TextField):
    kind = "tel"


class UrlField(TextField):
    kind = "url"


class TimeZoneField(TextField):
    kind = "time-zone"

    def pre_validate(self, form: wtforms.form.BaseForm) -> None:
        del form
        if self.data and self.data not in time_zones():
            raise ValidationError("Choose a time zone such as America/Chicago.")


class SwitchField(wtforms.BooleanField):
    kind: ClassVar[str] = "boolean"


class IntegerField(wtforms.IntegerField):
    kind: ClassVar[str] = "integer"

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        if valuelist and str(valuelist[0]).strip():
            try:
                self.data = int(str(valuelist[0]).replace(",", ""))
            except ValueError as error:
                raise ValueError("Enter a whole number.") from error


class NumberField(wtforms.FloatField):
    kind: ClassVar[str] = "number"

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        if valuelist and str(valuelist[0]).strip():
            try:
                self.data = float(str(valuelist[0]).replace(",", ""))
            except ValueError as error:
                raise ValueError("Enter a number.") from error

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else digits(self.data)


class MoneyField(wtforms.Field):
    """An amount and its currency: two inputs of one name."""

    kind: ClassVar[str] = "money"

    @property
    def amount(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return f"{self.data.amount:.2f}" if self.data else ""

    @property
    def currency(self) -> str:
        if self.raw_data and len(self.raw_data) > 1:
            return str(self.raw_data[1])
        return str(self.data.currency) if self.data else "USD"

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        text = str(valuelist[0]).strip().replace(",", "") if valuelist else ""
        if not text:
            return
        try:
            amount = Decimal(text)
        except InvalidOperation as error:
            raise ValueError("Enter an amount such as 12.50.") from error
        exponent = amount.as_tuple().exponent
        if not isinstance(exponent, int) or -exponent > _MONEY_DIGITS or abs(amount) >= _MONEY_BOUND:
            raise ValueError("Enter an amount such as 12.50.")
        currency = str(valuelist[1]).strip().upper() if len(valuelist) > 1 else ""
        if len(currency) != 3 or not currency.isalpha():  # noqa: PLR2004 - ISO 4217
            raise ValueError("Enter a currency of three letters, such as USD.")
        self.data = Money(amount, currency)


class DateField(wtforms.DateField):
    kind: ClassVar[str] = "date"

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        if valuelist and str(valuelist[0]).strip():
            try:
                self.data = dt.date.fromisoformat(str(valuelist[0]).strip())
            except ValueError as error:
                raise ValueError("Enter a date such as 2026-03-31.") from error


class InstantField(wtforms.Field):
    """An instant, typed as wall time in the viewer's zone (CP-5), or in another that `zone` names.

    A time that a clock change leaves out is refused. Of one that exists twice a second input of the same name asks
    which is meant; it is there only where that is in doubt (hard-parts 17).
    """

    kind: ClassVar[str] = "instant"
    step: ClassVar[int] = 1
    shape: ClassVar[str] = "%Y-%m-%dT%H:%M:%S"

    @property
    def zone(self) -> dt.tzinfo:
        return viewer_zone()

    @property
    def zone_name(self) -> str:
        return str(getattr(self.zone, "key", "UTC"))

    @property
    def folds(self) -> Sequence[Fold]:
        """What the second input offers; nothing where the time shown is not in doubt."""
        try:
            return folds_of(_wall(self._value()), self.zone)
        except ValueError:
            return ()

    @property
    def fold(self) -> str:
        """Which of them is chosen; empty where none is yet."""
        if self.raw_data:
            return str(self.raw_data[1]) if len(self.raw_data) > 1 else ""
        return fold_of(self.data, self.zone) if self.data else ""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return f"{wall_of(self.data, self.zone):{self.shape}}" if self.data else ""

    def process_data(self, value: Any) -> None:
        self.data = value.replace(microsecond=0) if value else None

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        text = str(valuelist[0]).strip() if valuelist else ""
        if not text:
            return
        try:
            wall = _wall(text)
        except ValueError as error:
            raise ValueError("Enter a date and a time.") from error
        instants = instants_of(wall, self.zone)
        told = f"{wall:%H:%M} on {wall:%-d %B %Y}"
        if not instants:
            raise ValueError(f"{self.label.text}: {told} does not exist, because clocks are set forward then.")
        if len(instants) == 1:
            self.data = instants[0]
        elif len(valuelist) > 1 and valuelist[1] in FOLDS:
            self.data = instants[FOLDS.index(valuelist[1])]
        else:
            raise ValueError(f"{told} comes twice, because clocks are set back then. Choose which is meant.")


def _wall(text: str) -> dt.datetime:
    """A typed wall time. ValueError for what is none, and for the ends of the calendar, where zones do not apply."""
    wall = dt.datetime.fromisoformat(text).replace(tzinfo=None)
    if not dt.MINYEAR < wall.year < dt.MAXYEAR:
        raise ValueError(text)
    return wall


class LinesField(wtforms.Field):
    """A list of short texts, one a line."""

    kind: ClassVar[str] = "lines"

    def _value(self) -> str:
        return "\n".join(self.data or [])

    def process_formdata(self, valuelist: list[Any]) -> None:
        lines = str(valuelist[0]).splitlines() if valuelist else []
        self.data = [line.strip() for line in lines if line.strip()]


def _plain(text: str) -> str:
    """Text with line feeds only, and without the blanks around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def time_zones() -> Sequence[str]:
    """IANA names that people choose from."""
    import zoneinfo

    global _zones  # noqa: PLW0603 - reading the database takes 50 ms; it never changes within a process
    if not _zones:
        _zones = tuple(sorted(name for name in zoneinfo.available_timezones() if "/" in name and name[0].isupper()))
    return _zones


_zones: tuple[str, ...] = ()
