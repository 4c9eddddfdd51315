"""Streams that carry a file: a description first, then its content in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.chassis.errors import InvalidRequest, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator


def parts_of(requests: Iterator[Any]) -> tuple[Any, Iterator[bytes]]:
    """Give what a stream of messages with `description` and `chunk` begins with, and the content that follows.

    Raises InvalidRequest where it begins with anything else.
    """
    first = next(requests, None)
    if first is None or first.WhichOneof("part") != "description":
        message = "An upload begins with its description."
        raise InvalidRequest(message, violations=[Violation("description", message)])
    return first.description, (request.chunk for request in requests)
