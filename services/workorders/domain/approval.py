"""What is approved before it is dispatched, and who is asked (PT-2, PT-6 to PT-13): values of an order and sums."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from services.workorders.domain.values import Money

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# Sums are told to the hundredth of a currency's unit.
CENT = 10_000
USER_ROLE, ADMIN_ROLE = "requester", "approver"


class ActionItemState(StrEnum):
    """How an action item stands; it follows its order."""

    OPEN = "open"
    RESOLVED = "resolved"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ActionItem:
    """Something at a facility that is to be addressed; numbers count from 1."""

    id: str
    number: int
    title: str
    state: ActionItemState = ActionItemState.OPEN
    end_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """Who asked whom, for which version, and what was decided (hard case 12); `submission` counts from 1."""

    submitter_id: str = ""
    submitter_name: str = ""
    approver_id: str = ""
    approver_name: str = ""
    delegate_id: str = ""
    delegate_name: str = ""
    submit_time: datetime | None = None
    decide_time: datetime | None = None
    submitted_version: int = 0
    comment: str = ""
    submission: int = 0


@dataclass(frozen=True, slots=True)
class Assignee:
    """Who goes to the site and resolves the order (PT-10)."""

    person_id: str = ""
    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Handover:
    """When a provider was asked to take the order over, and said yes (PT-6)."""

    ask_time: datetime | None = None
    accept_time: datetime | None = None


def line_total(quantity: float, unit_price: Money) -> Money:
    """Quantity times unit price, rounded half up to the hundredth of the currency's unit."""
    exact = Decimal(str(quantity)) * unit_price.micros / CENT
    return Money(unit_price.currency_code, int(exact.quantize(Decimal(1), ROUND_HALF_UP)) * CENT)


def totals(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """The sum of amounts for each currency, by its code; amounts of two currencies are never added up."""
    sums: dict[str, int] = defaultdict(int)
    for amount in amounts:
        sums[amount.currency_code] += amount.micros
    return tuple(Money(currency, sums[currency]) for currency in sorted(sums))


def ended(items: tuple[ActionItem, ...], state: ActionItemState, now: datetime) -> tuple[ActionItem, ...]:
    """The action items with those that are open in another state."""
    return tuple(
        replace(item, state=state, end_time=now) if item.state is ActionItemState.OPEN else item for item in items
    )


def may_approve(roles: Collection[str], *, admins_only: bool, own_order: bool) -> bool:
    """Whether somebody of the facility's organisation may approve: its setting, which never widens PT-5.

    `own_order` tells that the order comes from that organisation itself; a provider's is approved by an admin.
    """
    if ADMIN_ROLE in roles:
        return True
    return USER_ROLE in roles and own_order and not admins_only
