"""Pictures as phones write them."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

GPS, ORIENTATION = 0x8825, 0x0112
RED = (200, 30, 30)


def picture(kind: str = "JPEG", size: tuple[int, int] = (900, 600), colour: Any = RED, **exif: Any) -> bytes:
    """A picture with a position, as a phone writes it."""
    made = Image.new("RGB", size, colour)
    told = Image.Exif()
    told[0x010F] = "Phone maker"
    told.get_ifd(GPS).update({1: "N", 2: (39.0, 59.0, 2.4), 3: "W", 4: (82.0, 59.0, 56.0)})
    for tag, value in exif.get("tags", {}).items():
        told[tag] = value
    target = io.BytesIO()
    made.save(target, format=kind, exif=told, comment=b"Taken at home") if kind == "JPEG" else made.save(
        target, format=kind, exif=told
    )
    return target.getvalue()
