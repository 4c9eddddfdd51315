"""Values of a kept draft as JSON and back; a draft is nobody's state until it is submitted (CP-50)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.workorders.json_values import plain, restored
from services.workorders.schemas import typed

if TYPE_CHECKING:
    from collections.abc import Mapping


def encoded(values: Mapping[str, object]) -> dict[str, Any]:
    """Values by path as JSON."""
    return {path: plain(value) for path, value in values.items() if value is not None}


def decoded(stored: Mapping[str, Any]) -> dict[str, object]:
    """Values by path from their JSON."""
    return {path: typed(path, restored(value)) for path, value in stored.items()}
