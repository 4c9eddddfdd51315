"""Pictures of people: cut to a square and written anew, so that nothing but what is seen is left of them."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageOps

from services.chassis.file_types import FileTypeNotAllowed, detect_one_of

ACCEPTED = "pictures: JPEG, PNG or WebP"
_KINDS = frozenset({"image/jpeg", "image/png", "image/webp"})
_QUALITY = 85
_WHITE = (255, 255, 255)


def square_jpeg(path: Path, side: int) -> bytes:
    """Give the middle square of a JPEG, PNG or WebP picture as a JPEG of at most `side` pixels.

    It stands upright, as the camera was held. The camera's metadata, such as its position, and what is transparent are
    gone. What the content is decides, whatever it is called. Raises FileTypeNotAllowed, which says what was found.
    """
    detect_one_of(path, _KINDS, ACCEPTED)
    try:
        return _written(path, side)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise FileTypeNotAllowed("a picture that cannot be read", ACCEPTED) from error


def _written(path: Path, side: int) -> bytes:
    with Image.open(path) as picture:
        picture.draft("RGB", (2 * side, 2 * side))  # a JPEG is read no larger than it is needed
        upright = ImageOps.exif_transpose(picture).convert("RGBA")
    length = min(side, *upright.size)
    cut = ImageOps.fit(upright, (length, length), Image.Resampling.LANCZOS)
    # A picture of its own carries no metadata along.
    fresh = Image.new("RGB", cut.size, _WHITE)
    fresh.paste(cut, mask=cut.getchannel("A"))
    target = io.BytesIO()
    fresh.save(target, format="JPEG", quality=_QUALITY, optimize=True)
    return target.getvalue()
