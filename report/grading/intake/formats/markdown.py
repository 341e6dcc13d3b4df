"""Markdown through markdown-it: blocks with their lines, without the marks."""

import re
from collections.abc import Iterator
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from report.grading.intake.formats.html import add_fragment
from report.grading.intake.formats.plain import text_lines
from report.grading.intake.lines import LineKind, LineSink, Place

_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)\b[^>]*>|<!--.*?-->", re.DOTALL)
_TAGS = """a abbr b bdi big br center code del details div em font h1 h2 h3 h4 h5 h6 hr i img
ins kbd li mark ol p pre s small span strong sub summary sup table tbody td th thead tr tt u ul"""
_KNOWN_TAGS = frozenset(_TAGS.split())
FORM_FIELD = re.compile(r"<!--\s*labshark:\s*([\w.-]{1,64})\s*-->")


def read_markdown(data: bytes, sink: LineSink) -> None:
    """Fill `sink` with a Markdown file: GitHub's tables too, HTML inside, numbers as written.

    Link definitions are off: `[1]: 17` is an answer here.
    """
    source = "\n".join(text_lines(data))
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": 50})
    parser.enable(["table", "strikethrough"]).disable("reference")
    _Walk(sink).run(parser.parse(source))


class _Walk:
    """One pass over markdown-it's flat list of tokens."""

    def __init__(self, sink: LineSink) -> None:
        self._sink = sink
        self._line = 1
        self._lists: list[Iterator[str]] = []
        self._marker = ""
        self._quotes = 0
        self._heading = False
        self._row: list[str] | None = None

    def run(self, tokens: list[Token]) -> None:
        """Every token to its handler, those without one are passed over."""
        numbers = _list_numbers(tokens)
        for index, token in enumerate(tokens):
            if token.map:
                self._line = token.map[0] + 1
            if token.type == "ordered_list_open":
                self._lists.append(iter(numbers[index]))
            else:
                handler = getattr(self, f"_{token.type}", None)
                if handler:
                    handler(token)

    def _bullet_list_open(self, token: Token) -> None:
        self._lists.append(iter(()))

    def _bullet_list_close(self, token: Token) -> None:
        self._lists.pop()

    _ordered_list_close = _bullet_list_close

    def _list_item_open(self, token: Token) -> None:
        self._marker = next(self._lists[-1], "")

    def _blockquote_open(self, token: Token) -> None:
        self._quotes += 1

    def _blockquote_close(self, token: Token) -> None:
        self._quotes -= 1

    def _heading_open(self, token: Token) -> None:
        self._heading = True

    def _heading_close(self, token: Token) -> None:
        self._heading = False

    def _tr_open(self, token: Token) -> None:
        self._row = []

    def _tr_close(self, token: Token) -> None:
        cells, self._row = self._row or [], None
        self._add("\t".join(cells), LineKind.TABLE, self._line, cells)

    def _fence(self, token: Token) -> None:
        first = self._line + (token.type == "fence")
        for offset, line in enumerate(token.content.rstrip("\n").split("\n")):
            self._add(line, LineKind.CODE, first + offset)

    _code_block = _fence

    def _html_block(self, token: Token) -> None:
        field = FORM_FIELD.search(token.content)
        if field:
            self._anchor(field[1])
        add_fragment(token.content, self._sink, Place("line", self._line), self._line)

    def _anchor(self, field: str) -> None:
        self._sink.anchor = field
        self._sink.marks.add("form")

    def _inline(self, token: Token) -> None:
        text, pictures = self._shown(token.children or [])
        if self._row is not None:
            self._row.append(" ".join(text.split("\n")))
            return
        marker, self._marker = self._marker, ""
        for offset, line in enumerate(f"{marker} {text}".lstrip(" ").split("\n")):
            self._add(line, self._kind(), self._line + offset)
        for description in pictures:
            self._add(description, LineKind.PICTURE, self._line)

    def _kind(self) -> LineKind:
        if self._heading:
            return LineKind.HEADING
        if self._quotes:
            return LineKind.QUOTE
        return LineKind.LIST if self._lists else LineKind.PROSE

    def _add(self, text: str, kind: LineKind, line: int, cells: Any = ()) -> None:
        self._sink.add(text, kind, Place("line", line), line, cells)

    def _shown(self, tokens: list[Token]) -> tuple[str, list[str]]:
        """The text of inline tokens, and the descriptions of the pictures among them."""
        text: list[str] = []
        pictures: list[str] = []
        for token in self._not_struck(tokens):
            if token.type == "image":
                pictures.append(token.content)
            elif token.type in ("softbreak", "hardbreak"):
                text.append("\n")
            elif token.type == "html_inline":
                text.append(self._inline_html(token.content, pictures))
            else:
                text.append(token.content)
        return "".join(text), pictures

    def _not_struck(self, tokens: list[Token]) -> Iterator[Token]:
        struck = 0
        for token in tokens:
            if token.type in ("s_open", "s_close"):
                struck += 1 if token.type == "s_open" else -1
                self._sink.note("writeup-struck-text")
            elif not struck:
                yield token

    def _inline_html(self, tag: str, pictures: list[str]) -> str:
        """Known tags go, as a browser would show it; `<17>` is not one and stays."""
        field = FORM_FIELD.match(tag)
        if field:
            self._anchor(field[1])
            return ""
        if _BREAK.fullmatch(tag):
            return "\n"
        match = _TAG.fullmatch(tag)
        if match and (match[1] or "").lower() == "img":
            pictures.append("")
            return ""
        is_known = match and (match[1] is None or match[1].lower() in _KNOWN_TAGS)
        return "" if is_known else tag


def _list_numbers(tokens: list[Token]) -> dict[int, list[str]]:
    """The markers of each ordered list, by the index of its opening token.

    As written (a skipped number is a skipped question), except where all are the same: `1. 1. 1.`
    is what a browser shows as 1, 2, 3.
    """
    numbers: dict[int, list[str]] = {}
    open_lists: list[int] = []
    for index, token in enumerate(tokens):
        if token.type in ("ordered_list_open", "bullet_list_open"):
            open_lists.append(index)
            numbers[index] = []
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            open_lists.pop()
        elif token.type == "list_item_open" and open_lists:
            numbers[open_lists[-1]].append(token.info + token.markup)
    return {index: _counted(written) for index, written in numbers.items()}


def _counted(written: list[str]) -> list[str]:
    values = [int(number[:-1]) for number in written if number[:-1].isdigit()]
    if len(values) < len(written) or len(written) < 2 or len(set(values)) > 1:
        return written
    return [f"{values[0] + index}{marker[-1]}" for index, marker in enumerate(written)]
