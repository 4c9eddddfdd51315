"""Service reports as PDF: one look for all of them, letter-sized, with room for signatures."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from services.workorders.domain.service_report import Section, ServiceReport

_INK, _MUTED, _LINE = "#1b2430", "#5a6675", "#d5dbe3"
_FONT, _BOLD = "Vera", "VeraBd"
_MARGIN: Final = 48
_SIZE, _SMALL, _LARGE = 9, 7.5, 17


def pdf_of(report: ServiceReport) -> bytes:
    """The report as a PDF document."""
    # Imported when first needed: most processes never make a report.
    from reportlab.lib.pagesizes import LETTER
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

    styles = _styles()
    width = LETTER[0] - 2 * _MARGIN
    story: list[Any] = [
        Paragraph(escape(report.title), styles["title"]),
        Paragraph(escape(report.subtitle), styles["subtitle"]),
    ]
    for section in report.sections:
        story += _section(section, styles, width)
    story += [Spacer(1, 34), _signatures(report, styles, width)]
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target, pagesize=LETTER, title=report.title, author="Fieldmesh", subject=report.subtitle,
        leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN + 12,
    )  # fmt: skip

    def footer(canvas: Any, page: Any) -> None:
        canvas.setFont(_FONT, _SMALL)
        canvas.setFillColor(_MUTED)
        canvas.drawString(_MARGIN, _MARGIN - 8, f"{report.title} · {report.made}")
        canvas.drawRightString(LETTER[0] - _MARGIN, _MARGIN - 8, f"Page {page.page}")

    document.build(story, onFirstPage=footer, onLaterPages=footer)
    return target.getvalue()


def _styles() -> dict[str, Any]:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    for name in (_FONT, _BOLD):
        # These come with the library, and hold more letters than the fonts that every reader has.
        pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
    ink, muted = HexColor(_INK), HexColor(_MUTED)
    text = ParagraphStyle("text", fontName=_FONT, fontSize=_SIZE, leading=12.5, textColor=ink)
    return {
        "text": text,
        "label": ParagraphStyle("label", text, textColor=muted),
        "head": ParagraphStyle("head", text, fontName=_BOLD, fontSize=_SMALL, textColor=muted),
        "heading": ParagraphStyle(
            "heading", text, fontName=_BOLD, fontSize=11, leading=14, spaceBefore=14, spaceAfter=5
        ),
        "title": ParagraphStyle("title", text, fontName=_BOLD, fontSize=_LARGE, leading=22),
        "subtitle": ParagraphStyle("subtitle", text, textColor=muted, fontSize=10, leading=14),
    }


def _section(section: Section, styles: dict[str, Any], width: float) -> list[Any]:
    from reportlab.platypus import Paragraph, Table, TableStyle

    found: list[Any] = [Paragraph(escape(section.heading), styles["heading"])]
    if section.lines:
        rows = [[_words(label, styles["label"]), _words(value, styles["text"])] for label, value in section.lines]
        found.append(Table(rows, colWidths=[110, width - 110], style=TableStyle(_PLAIN)))
    if section.table:
        share = width / sum(section.table.weights)
        header = [_words(name, styles["head"]) for name in section.table.header]
        rows = [[_words(text, styles["text"]) for text in row] for row in section.table.rows]
        widths = [weight * share for weight in section.table.weights]
        found.append(Table([header, *rows], colWidths=widths, style=TableStyle(_GRID), repeatRows=1))
    return found


def _signatures(report: ServiceReport, styles: dict[str, Any], width: float) -> Any:
    from reportlab.platypus import KeepTogether, Table, TableStyle

    each = width / max(len(report.signatures), 1)
    row = [_words(f"{name}\nDate, signature", styles["label"]) for name in report.signatures]
    lines: list[Any] = [("LINEABOVE", (place, 0), (place, 0), 0.7, _INK) for place in range(len(row))]
    gap: list[Any] = [("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 24)]
    return KeepTogether([Table([row], colWidths=[each] * len(row), style=TableStyle([*lines, *gap]))])


def _words(text: str, style: Any) -> Any:
    from reportlab.platypus import Paragraph

    return Paragraph(escape(text).replace("\n", "<br/>"), style)


_PLAIN: Final[Any] = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 1),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
]
_GRID: Final[Any] = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 3),
    ("RIGHTPADDING", (0, 0), (-1, -1), 3),
    ("LINEBELOW", (0, 0), (-1, -1), 0.5, _LINE),
]
