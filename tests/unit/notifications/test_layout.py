"""HTML and text of a mail."""

import re

import pytest

from services.notifications.build_templates import SOURCES, LayoutBroken, compile_all, compile_layout
from services.notifications.domain.content import Fact, MailContent, Tone
from services.notifications.layout import Layout, LayoutMissing

CONTENT = MailContent(
    subject="S",
    heading="A <b>heading</b>",
    lead=("First & foremost.",),
    badge="Assigned",
    tone=Tone.WARNING,
    quote="<script>alert(1)</script>\nSecond line",
    quote_by="Morgan Hale",
    facts=(Fact("Account", 'Harbor "Glen"'),),
    next_steps="Accept it.",
    button="Open",
    url="http://127.0.0.1:8080/work-orders/1?a=1&b=2",
    why="Because.",
    number="20107925",
)


COLUMN = "<mjml><mj-body><mj-section><mj-column>CONTENT</mj-column></mj-section></mj-body></mjml>"


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compiled")
    compile_all(folder)
    return Layout("http://127.0.0.1:8080", folder)


def test_every_value_is_escaped_in_html(layout):
    html = layout.html(CONTENT)

    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "A &lt;b&gt;heading&lt;/b&gt;" in html
    assert 'href="http://127.0.0.1:8080/work-orders/1?a=1&amp;b=2"' in html


def test_nothing_is_loaded_from_elsewhere(layout):
    html = layout.html(CONTENT)

    assert not re.search(r"<img|<link|@import|<script|src=", html)
    assert set(re.findall(r'(?:href|url)\W+(https?://[^"/)]+)', html)) == {"http://127.0.0.1:8080"}


def test_no_template_language_is_left_in_a_mail(layout):
    assert not re.search(r"\{[{%]|[%}]\}|<!--%|#a1b2c", layout.html(CONTENT))
    assert not re.search(r"\{[{%]|[%}]\}", layout.text(CONTENT))


def test_dark_mode_and_phones_are_thought_of(layout):
    html = layout.html(CONTENT)

    assert "prefers-color-scheme: dark" in html
    assert "max-width: 480px" in html


def test_parts_that_are_empty_leave_no_trace(layout):
    html = layout.html(MailContent(subject="S", heading="H", lead=("L",)))
    text = layout.text(MailContent(subject="S", heading="H", lead=("L",), why="W"))

    assert not re.search(r"<blockquote|<th|What to do next|<a [^>]*href=\"\"", html)
    assert text == "H\n=\n\nL\n\n--\nW\n"


def test_the_text_part_says_the_same(layout):
    assert layout.text(CONTENT).splitlines() == [
        "Work order 20107925 - Assigned",
        "",
        "A <b>heading</b>",
        "================",
        "",
        "First & foremost.",
        "",
        "> <script>alert(1)</script>",
        "> Second line",
        "(Morgan Hale)",
        "",
        'Account: Harbor "Glen"',
        "",
        "What to do next",
        "Accept it.",
        "",
        "Open:",
        "http://127.0.0.1:8080/work-orders/1?a=1&b=2",
        "",
        "--",
        "Because.",
    ]


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (COLUMN.replace("CONTENT", "<mj-text><!--% if x %-->y</mj-text>"), "if"),
    ],
)
def test_a_broken_layout_fails_the_build_and_is_named(source, fault):
    with pytest.raises(LayoutBroken, match=fault):
        compile_layout(source, "broken.mjml")


def test_compiling_again_leaves_files_that_are_up_to_date(tmp_path):
    first = compile_all(tmp_path)
    before = first[0].stat().st_mtime_ns

    assert compile_all(tmp_path) == first
    assert first[0].stat().st_mtime_ns == before
    assert [path.stem for path in first] == [path.stem for path in sorted(SOURCES.glob("*.mjml"))]


def test_layouts_that_were_never_compiled_are_told_at_once(tmp_path):
    with pytest.raises(LayoutMissing, match="make assets"):
        Layout("http://127.0.0.1:8080", tmp_path)
