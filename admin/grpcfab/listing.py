"""A list's state as it stands in the address bar: search, order, page and conditions."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from fieldmesh.common.v1 import list_pb2

from admin.grpcfab.context import viewer_zone
from admin.grpcfab.spec import Field, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask_appbuilder.models.filters import Filters
    from werkzeug.datastructures import MultiDict

    from admin.grpcfab.interface import GrpcInterface

PAGE_SIZES: Final = (25, 50, 100, 200)
FARTHEST_SKIP: Final = 10_000  # What a List method passes over at most (common/v1/list.proto).
_PREFIX: Final = "f."
_MAX_VALUES: Final = 50


@dataclasses.dataclass(frozen=True)
class Condition:
    """One condition as the address bar names it: `f.<field>.<code>=<value>`."""

    field: str
    code: str
    values: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{_PREFIX}{self.field}.{self.code}"


@dataclasses.dataclass(frozen=True)
class ListState:
    """What a list shows. Whatever the address bar says wrongly falls back to a default: a link never breaks."""

    search: str = ""
    order: str = ""
    page: int = 1
    size: int = PAGE_SIZES[0]
    after: str = ""
    conditions: tuple[Condition, ...] = ()

    @classmethod
    def parse(cls, args: MultiDict[str, str], datamodel: GrpcInterface) -> ListState:
        size = _number(args.get("size"), PAGE_SIZES[0])
        order = args.get("sort", "")
        sortable = datamodel.get_order_columns_list()
        return cls(
            search=args.get("q", "").strip()[:200],
            order=order if order.removeprefix("-") in sortable else "",
            page=max(1, _number(args.get("page"), 1)),
            size=size if size in PAGE_SIZES else PAGE_SIZES[0],
            after=args.get("after", ""),
            conditions=tuple(_conditions(args, datamodel)),
        )

    @classmethod
    def of(cls, field: str, value: str) -> ListState:
        """The rows whose field has one value."""
        return cls(conditions=(Condition(field, "is", (value,)),))

    def query(self, default_order: str = "") -> list_pb2.ListQuery:
        """The request's query without its conditions."""
        skip = 0 if self.after else min((self.page - 1) * self.size, FARTHEST_SKIP)
        return list_pb2.ListQuery(
            page_size=self.size,
            page_token=self.after,
            skip=skip,
            search=self.search,
            order_by=self.order or default_order,
        )

    def fill(self, filters: Filters) -> Filters:
        """Add the conditions to a request's own filters object; views never share one between threads."""
        offered = filters.get_search_filters()
        for condition in self.conditions:
            for candidate in offered.get(condition.field, ()):
                if candidate.code == condition.code:
                    field = filters.datamodel.resource.fields[condition.field]
                    filters._add_filter(candidate, list(_wire(field, condition)))  # noqa: SLF001
        return filters

    def values(self, field: str, code: str) -> tuple[str, ...]:
        """What the address bar says for one condition; nothing where it is not set."""
        return next((each.values for each in self.conditions if (each.field, each.code) == (field, code)), ())

    def held(self) -> list[tuple[str, str]]:
        """What forms send along beside search, order and conditions, such as a view."""
        return []

    def url(self, **changes: Any) -> str:
        """The query string after changes; any change but of the page leads back to the first page."""
        state = dataclasses.replace(self, **{"page": 1, "after": "", **changes})
        pairs: list[tuple[str, str]] = []
        if state.search:
            pairs.append(("q", state.search))
        if state.order:
            pairs.append(("sort", state.order))
        if state.size != PAGE_SIZES[0]:
            pairs.append(("size", str(state.size)))
        pairs += [(each.key, value) for each in state.conditions for value in each.values]
        if state.page > 1:
            pairs.append(("page", str(state.page)))
        if state.after:
            pairs.append(("after", state.after))
        return "?" + urlencode(pairs)

    def without(self, condition: Condition) -> str:
        return self.url(conditions=tuple(each for each in self.conditions if each != condition))

    def sorted_by(self, field: str, default: str = "") -> str:
        """The link of a column header: sorts by it, and a second click reverses (CP-14)."""
        now = self.order or default
        return self.url(order=f"-{field}" if now == field else field)

    def direction(self, field: str, default: str = "") -> str:
        """As `aria-sort` says it: ascending, descending or none."""
        now = self.order or default
        return {field: "ascending", f"-{field}": "descending"}.get(now, "none")


def _number(text: str | None, default: int) -> int:
    try:
        return int(text or default)
    except ValueError:
        return default


def _conditions(args: MultiDict[str, str], datamodel: GrpcInterface) -> list[Condition]:
    codes: Mapping[str, set[str]] = {
        name: {condition.code for condition in datamodel.filter_converter_class(datamodel).convert(name) or ()}
        for name in datamodel.get_search_columns_list()
    }
    found = []
    for key in args:
        if not key.startswith(_PREFIX):
            continue
        name, _, code = key.removeprefix(_PREFIX).partition(".")
        values = tuple(value for value in args.getlist(key)[:_MAX_VALUES] if value.strip())
        condition = Condition(name, code or "is", values)
        if values and condition.code in codes.get(name, ()) and _readable(datamodel.resource.fields[name], values):
            found.append(condition)
    return found


def _readable(field: Field, values: tuple[str, ...]) -> bool:
    if field.kind not in {Kind.DATE, Kind.INSTANT}:
        return True
    try:
        return all(dt.date.fromisoformat(value) for value in values)
    except ValueError:
        return False


def _wire(field: Field, condition: Condition) -> tuple[str, ...]:
    """Days in the address bar become what the contract compares with; "before" a day means up to its end."""
    if field.kind not in {Kind.DATE, Kind.INSTANT}:
        return condition.values
    days = [dt.date.fromisoformat(value) for value in condition.values]
    if condition.code == "before":
        days = [day + dt.timedelta(days=1) for day in days]
    if field.kind is Kind.DATE:
        return tuple(day.isoformat() for day in days)
    midnights = [dt.datetime.combine(day, dt.time(), viewer_zone()).astimezone(dt.UTC) for day in days]
    return tuple(midnight.strftime("%Y-%m-%dT%H:%M:%SZ") for midnight in midnights)
