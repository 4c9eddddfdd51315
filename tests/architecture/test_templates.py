"""Templates: they parse, and they keep to the content security policy, which allows no inline script or style."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path for folder in ("admin/templates", "deploy/mailbox/templates") for path in (ROOT / folder).rglob("*.html")
)
INLINE = {
    "inline script": re.compile(r"<script(?![^>]*\b(src|nonce|type=\"application/json\"))[^>]*>"),
    "event attribute": re.compile(r"<[a-z][^>]*\son[a-z]+\s*="),
    "style attribute": re.compile(r"<[a-z][^>]*\sstyle\s*="),
    "javascript address": re.compile(r"=\s*[\"']\s*javascript:"),
}
ENVIRONMENT = jinja2.Environment(
    extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"], autoescape=True
)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_parses_and_holds_nothing_inline(page):
    source = page.read_text()

    ENVIRONMENT.parse(source)
    markup = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    assert [what for what, pattern in INLINE.items() if pattern.search(markup)] == []
