"""What kind a content is, by looking at it; names and media types that came with it are not believed.

Only kinds that are safe to hand out again are accepted. HTML, SVG and scripts never are: a browser would run them.
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import puremagic
from PIL import Image, UnidentifiedImageError

from services.chassis.errors import InvalidRequest, Violation

PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
OFFICE: Mapping[str, str] = MappingProxyType(
    {
        "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)
_FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
# A JPEG with further pictures behind it, as many phones write them; it is opened as a JPEG.
_SEVERAL = "MPO"
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "image/jpeg": "a JPEG picture",
        "image/png": "a PNG picture",
        "image/webp": "a WebP picture",
        "image/gif": "a GIF picture",
        "application/pdf": "a PDF document",
        "text/plain": "a text",
        "text/csv": "a text",
    }
)
_FAMILIES = {"video": "a video", "audio": "a sound recording", "font": "a font", "image": "another kind of picture"}
_TEXT_BYTES = 64 * 1024
_GPS_IFD, _ORIENTATION = 0x8825, 0x0112
_QUALITY = 90
_MAX_PIXELS = 100_000_000
ACCEPTED = "pictures (JPEG, PNG, WebP, GIF), PDF, Word and Excel documents, plain text and CSV"


class FileTypeNotAllowed(InvalidRequest):
    """The content is of a kind that is not accepted."""

    default_reason = "FILE_TYPE_NOT_ALLOWED"

    def __init__(self, found: str, accepted: str = ACCEPTED) -> None:
        self.found = found
        message = f"This is {found}. Accepted are {accepted}."
        super().__init__(message, violations=[Violation("content", message)])


def detect(path: Path, title: str) -> str:
    """Give the media type of a content. The title decides only between plain text and CSV.

    Raises FileTypeNotAllowed for everything outside the allow-list, and for a picture that cannot be read.
    """
    with path.open("rb") as source:
        head = source.read(_TEXT_BYTES)
    if not head:
        raise FileTypeNotAllowed("an empty file")
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith(b"PK\x03\x04"):
        return _office(path)
    if (picture := _picture(path)) is not None:
        return picture
    if (text := _text(head, title)) is not None:
        return text
    raise FileTypeNotAllowed(_name(path))


def detect_one_of(path: Path, kinds: Collection[str], accepted: str) -> str:
    """Give the media type of a content, which is one of `kinds`.

    Raises FileTypeNotAllowed otherwise, which says what was found, and `accepted` for people.
    """
    try:
        kind = detect(path, "")
    except FileTypeNotAllowed as refusal:
        raise FileTypeNotAllowed(refusal.found, accepted) from refusal
    if kind not in kinds:
        raise FileTypeNotAllowed(_WORDS.get(kind, "an Office document"), accepted)
    return kind


def without_position(path: Path, media_type: str) -> Path:
    """Give a picture without the position that its camera wrote; other files as they are.

    The picture keeps its format, and a JPEG its quantisation; the rest of its metadata goes with the position.
    """
    if media_type not in PICTURES:
        return path
    with Image.open(path) as picture:
        told = bool(picture.getexif().get_ifd(_GPS_IFD)) or "xmp" in picture.info
        # The pictures behind the first one may tell a position of their own.
        told = told or picture.format == _SEVERAL
    return without_metadata(path, media_type) if told else path


def without_metadata(path: Path, media_type: str) -> Path:
    """Give a picture with nothing of what was written beside it, but which way is up; other files as they are.

    Raises FileTypeNotAllowed for a picture that cannot be read to its end.
    """
    if media_type not in PICTURES:
        return path
    cleaned = path.with_name("content-without-metadata")
    try:
        with Image.open(path) as picture:
            kept = Image.Exif()
            if orientation := picture.getexif().get(_ORIENTATION):
                kept[_ORIENTATION] = orientation
            for name in ("xmp", "comment"):
                picture.info.pop(name, None)
            picture.save(cleaned, format=media_type.removeprefix("image/"), exif=kept, **_options(picture))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise FileTypeNotAllowed("a picture that cannot be read") from error
    return cleaned


def _options(picture: Image.Image) -> dict[str, Any]:
    """How a picture is written again: without loss where that is possible."""
    if picture.format == "JPEG":
        return {"quality": "keep"}
    return {"quality": _QUALITY} if picture.format == _SEVERAL else {"save_all": getattr(picture, "is_animated", False)}


def _office(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise FileTypeNotAllowed("a broken archive") from error
    if "[Content_Types].xml" in names and not any(name.endswith("vbaProject.bin") for name in names):
        for prefix, media_type in OFFICE.items():
            if any(name.startswith(prefix) for name in names):
                return media_type
    raise FileTypeNotAllowed("an archive")


def _picture(path: Path) -> str | None:
    try:
        with Image.open(path, formats=list(_FORMATS)) as picture:
            if picture.width * picture.height > _MAX_PIXELS:
                raise FileTypeNotAllowed("a picture of more than 100 megapixels")
            picture.verify()
            return _FORMATS["JPEG" if picture.format == _SEVERAL else picture.format or ""]
    except UnidentifiedImageError:
        return None
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise FileTypeNotAllowed("a picture that cannot be read") from error


def _text(head: bytes, title: str) -> str | None:
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(head) < _TEXT_BYTES or error.start < len(head) - 4:  # only a character cut at the end is forgiven
            return None
        text = head[: error.start].decode("utf-8-sig")
    if any(not (character.isprintable() or character.isspace()) for character in text):
        return None
    start = text.lstrip()[:1024].lower()
    if start.startswith(("<", "#!", "%!")) or "<script" in text.lower() or "<svg" in start:
        raise FileTypeNotAllowed("HTML, XML or a script")
    return "text/csv" if title.lower().endswith(".csv") else "text/plain"


def _name(path: Path) -> str:
    """What a file is, for people; its media type says nothing to most of them."""
    try:
        found = puremagic.from_file(str(path), mime=True)
    except (puremagic.PureError, ValueError):
        found = ""
    if "executable" in found or "msdownload" in found:
        return "a program"
    return _FAMILIES.get(found.partition("/")[0], "a kind of file that is not kept here")
