"""Pages as trees, so that tests ask for what a reader sees: headings, facts, tables, links, fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass
class Node:
    """An element with its attributes; children are elements and texts in their order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What is read, with single spaces."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                yield from child._texts()
                yield " " if child.tag in {"br", "dd", "div", "dt", "li", "p", "td", "th"} else ""

    def all(self, tag: str, **attributes: str) -> list[Node]:
        """Every element within of a tag whose attributes hold these words."""
        return [node for node in self._within() if node.tag == tag and node._has(attributes)]

    def one(self, tag: str, **attributes: str) -> Node:
        """The only such element. Raises LookupError where there is none, or more than one."""
        found = self.all(tag, **attributes)
        if len(found) != 1:
            raise LookupError(f"{len(found)} elements <{tag}> with {attributes}")
        return found[0]

    def section(self, heading: str) -> Node:
        """The section whose heading begins so."""
        found = [node for node in self.all("section") if any(h.text.startswith(heading) for h in node.all("h2"))]
        if len(found) != 1:
            raise LookupError(f"{len(found)} sections {heading!r}")
        return found[0]

    @property
    def facts(self) -> dict[str, Node]:
        """What description lists say, by their terms."""
        return {row.all("dt")[0].text: row.all("dd")[0] for row in self.all("div") if _is_fact(row)}

    @property
    def table(self) -> list[dict[str, str]]:
        """The rows of the only table, by the labels of its columns."""
        found = self.one("table")
        labels = [cell.text for cell in found.one("thead").all("th")]
        rows = [[cell for cell in row.children if isinstance(cell, Node)] for row in found.one("tbody").all("tr")]
        return [dict(zip(labels, [cell.text for cell in row], strict=True)) for row in rows]

    @property
    def labels(self) -> dict[str, bool]:
        """What fields are called, and whether each is marked as required."""
        return {label.text.removesuffix("*").strip(): label.text.endswith("*") for label in self.all("label")}

    def _within(self) -> Iterator[Node]:
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child._within()

    def _has(self, attributes: dict[str, str]) -> bool:
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return all(
            value in self.attributes.get(name, "").split() or value == self.attributes.get(name)
            for name, value in wanted.items()
        )


def _is_fact(row: Node) -> bool:
    return [child.tag for child in row.children if isinstance(child, Node)] == ["dt", "dd"]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Node("page")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        while tag not in VOID and self.open[-1].tag != tag:
            self.open.pop()
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(page: str) -> Node:
    """A page as a tree."""
    reader = _Reader()
    reader.feed(page)
    return reader.open[0]
