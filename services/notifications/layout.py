"""Lays the words of a mail out, as HTML and as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import jinja2

from services.notifications.build_templates import COMPILED, SOURCES
from services.notifications.domain.content import MailContent, Tone

if TYPE_CHECKING:
    from pathlib import Path

COLOURS = {
    Tone.INFO: {"accent": "#1d4ed8", "badge_ink": "#1e40af", "badge_fill": "#dbe6fe"},
    Tone.SUCCESS: {"accent": "#15803d", "badge_ink": "#166534", "badge_fill": "#d9f2e1"},
    Tone.WARNING: {"accent": "#b45309", "badge_ink": "#92400e", "badge_fill": "#fdecc8"},
    Tone.DANGER: {"accent": "#b91c1c", "badge_ink": "#991b1b", "badge_fill": "#fde0e0"},
}
PREVIEW_LENGTH = 140


class LayoutMissing(Exception):
    """The layouts are not compiled; `make assets` does it."""


class Layout:
    """The compiled layout, ready to be filled; safe to use from several threads."""

    def __init__(self, home: str, compiled: Path = COMPILED, sources: Path = SOURCES) -> None:
        """Takes the admin's address for the brand's link. Raises LayoutMissing."""
        if not (compiled / "notice.html").is_file():
            raise LayoutMissing("The layouts of mails are not compiled: run `make assets`.")
        self._home = home
        options: dict[str, Any] = {"undefined": jinja2.StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
        html = jinja2.Environment(loader=jinja2.FileSystemLoader(compiled), autoescape=True, **options)
        # The text part is no HTML: an escaped ampersand would be shown as one.
        text = jinja2.Environment(loader=jinja2.FileSystemLoader(sources), autoescape=False, **options)  # noqa: S701
        self._html, self._text = html.get_template("notice.html"), text.get_template("notice.txt")

    def html(self, content: MailContent) -> str:
        """The HTML part; every value is escaped."""
        preview = " ".join(content.lead)[:PREVIEW_LENGTH]
        return self._html.render(self._words(content), home=self._home, preview=preview, **COLOURS[content.tone])

    def text(self, content: MailContent) -> str:
        """The text part."""
        # Parts that are left out leave their empty lines behind.
        return re.sub(r"\n{3,}", "\n\n", self._text.render(self._words(content))).strip() + "\n"

    @staticmethod
    def _words(content: MailContent) -> dict[str, Any]:
        return {name: getattr(content, name) for name in MailContent.__dataclass_fields__}
