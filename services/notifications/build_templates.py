"""Compiles the layouts of mails from MJML to HTML, when assets are built.

mrml turns MJML into tables that old mail programs understand; css-inline puts the style rules on the elements, for
programs that drop style sheets. Both run here, so that sending a mail is Jinja2 and nothing else. Statements of Jinja2
stand in comments (`<!--% if quote %-->`), which pass through an HTML parser unharmed even between the rows of a table.
"""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import css_inline
import jinja2
import mrml

SOURCES = Path(__file__).parent / "templates" / "layout"
COMPILED = Path(__file__).parent / "templates" / "compiled"
STAND_INS = {"#a1b2c3": "{{ accent }}", "#a1b2c4": "{{ badge_ink }}", "#a1b2c5": "{{ badge_fill }}"}
"""Colours that the mail's tone decides; CSS parsers would not keep an expression."""
TAGS = frozenset(
    [
        "mjml",
        "mj-head",
        "mj-title",
        "mj-preview",
        "mj-raw",
        "mj-attributes",
        "mj-all",
        "mj-class",
        "mj-style",
        "mj-body",
        "mj-wrapper",
        "mj-section",
        "mj-group",
        "mj-column",
        "mj-text",
        "mj-table",
        "mj-button",
        "mj-divider",
        "mj-image",
        "mj-spacer",
    ]
)


class LayoutBroken(Exception):
    """A layout does not compile without a warning."""


def compile_layout(source: str, name: str = "layout") -> str:
    """The HTML of an MJML layout, with Jinja2 in it that parses. Raises LayoutBroken and names what is wrong."""
    _check_tags(source, name)
    try:
        output = mrml.to_html(source, render_options=mrml.RenderOptions(fonts={}))
    except OSError as error:
        raise LayoutBroken(f"{name}: {error}") from error
    if output.warnings:
        raise LayoutBroken(f"{name}: " + "; ".join(f"{warning.kind} at {warning.start}" for warning in output.warnings))
    if left := re.search(r"<mj-[a-z-]+", output.content):
        raise LayoutBroken(f"{name}: mrml left {left[0]}> as it is")
    inlined = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False).inline(output.content)
    html = re.sub(r"<!--%(.*?)%-->", r"{%\1%}", inlined, flags=re.DOTALL)
    for stand_in, expression in STAND_INS.items():
        html = html.replace(stand_in, expression)
    try:
        jinja2.Environment(autoescape=True).parse(html)
    except jinja2.TemplateSyntaxError as error:
        raise LayoutBroken(f"{name}, line {error.lineno}: {error.message}") from error
    return html


def compile_all(target: Path = COMPILED, sources: Path = SOURCES) -> list[Path]:
    """Writes every layout's HTML below `target` and gives the files; files that are up to date stay untouched.

    Raises LayoutBroken.
    """
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for source in sorted(sources.glob("*.mjml")):
        html = compile_layout(source.read_text(encoding="utf-8"), source.name)
        path = target / f"{source.stem}.html"
        if not path.is_file() or path.read_text(encoding="utf-8") != html:
            fresh = path.with_suffix(".new")
            fresh.write_text(html, encoding="utf-8")
            fresh.replace(path)
        written.append(path)
    return written


def _check_tags(source: str, name: str) -> None:
    """Mrml passes unknown tags through without a word, so they are refused here."""
    try:
        root = ET.fromstring(re.sub(r"<(meta|br)\b([^>]*?)/?>", r"<\1\2/>", source))  # noqa: S314 - our own file
    except ET.ParseError as error:
        raise LayoutBroken(f"{name}: {error}") from error
    if unknown := sorted({element.tag for element in root.iter() if element.tag.startswith("mj")} - TAGS):
        raise LayoutBroken(f"{name}: unknown tags {', '.join(unknown)}")


def main() -> None:
    """Compiles all layouts; ends with one sentence where one is broken."""
    try:
        compile_all()
    except LayoutBroken as broken:
        sys.exit(f"A mail layout does not compile: {broken}")


if __name__ == "__main__":
    main()
