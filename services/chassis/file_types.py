"""What kind a content is, by looking at it; names and media types that came with it are not believed.

Only kinds that are safe to hand out again are accepted. HTML, SVG and scripts never are: a browser would run them.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

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
_FAMILIES = {"video": "a video", "audio": "a sound recording", "font": "a font", "image": "another kind of picture"}
_TEXT_BYTES = 64 * 1024
_GPS_IFD = 0x8825
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


def without_position(path: Path, media_type: str) -> Path:
    """Give a picture without the position that its camera wrote; other files as they are.

    The picture keeps its format, and a JPEG its quantisation; the rest of its metadata goes with the position.
    """
    if media_type not in PICTURES:
        return path
    with Image.open(path) as picture:
        exif = picture.getexif()
        if not exif.get_ifd(_GPS_IFD) and "xmp" not in picture.info:
            return path
        cleaned = path.with_name("content-without-position")
        orientation = exif.get(0x0112)
        kept = Image.Exif()
        if orientation:
            kept[0x0112] = orientation
        animated = getattr(picture, "is_animated", False)
        options = {"quality": "keep"} if picture.format == "JPEG" else {"save_all": animated}
        picture.info.pop("xmp", None)
        picture.save(cleaned, format=picture.format, exif=kept, **options)
    return cleaned


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
            return _FORMATS[picture.format or ""]
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
