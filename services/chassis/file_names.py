"""Names of files, as people gave them."""

from __future__ import annotations

import unicodedata


def bare_name(name: str) -> str:
    """Give a file's name without folders, control characters and space around it; empty where nothing is left."""
    visible = "".join(character for character in name if not unicodedata.category(character).startswith("C"))
    return visible.replace("\\", "/").rsplit("/", 1)[-1].strip()
