"""Identifiers: new ones that sort by time, and ones derived from what they stand for."""

import uuid

import uuid6

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "fieldmesh")


def new_id() -> str:
    """Give a fresh UUID (version 7) as text; later ones sort after earlier ones, to the millisecond."""
    return str(uuid6.uuid7())


def derive_id(*parts: str | int) -> str:
    """Give the same UUID (version 5) for the same parts: a retry downstream meets the row of the first try.

    Lengths are part of the name, so that ("ab", "c") and ("a", "bc") differ.
    """
    name = "".join(f"{len(text)}:{text};" for text in map(str, parts))
    return str(uuid.uuid5(_NAMESPACE, name))
