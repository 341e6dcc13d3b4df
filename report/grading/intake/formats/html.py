"""HTML as a browser would show it, without scripts, styles and what is hidden."""

import re
from collections.abc import Callable
from itertools import count

from lxml import etree, html

from report.grading.intake.answersjson import ELEMENT_ID, parse_answers
from report.grading.intake.encoding import NotTextError, decode_text
from report.grading.intake.lines import LineKind, LineSink, Place, UnreadableError

_DEEPEST = 150
_NOT_SHOWN_TAGS = """audio button canvas head iframe noscript object script select style svg
template title video"""
_NOT_SHOWN = frozenset(_NOT_SHOWN_TAGS.split())
_STRUCK = frozenset(("s", "strike", "del"))
_BLOCK_TAGS = """address article aside body center dd details dialog div dl dt fieldset figure
footer form header hr html legend main nav ol p section summary tbody td tfoot th thead tr ul"""
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_KINDS = {
    **{f"h{level}": LineKind.HEADING for level in range(1, 7)},
    "pre": LineKind.CODE,
    "blockquote": LineKind.QUOTE,
    "figcaption": LineKind.CAPTION,
    "caption": LineKind.CAPTION,
}
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*(?:0(?![.\d])|0?\.\d|1px)"
    r"|opacity\s*:\s*0?\.?0*\s*(?:;|$|!)|(?:left|top|text-indent)\s*:\s*-\d{3,}"
    r"|(?<![-\w])color\s*:\s*(?:white\b|#fff(?:fff)?(?:ff?)?\b|transparent"
    r"|rgb\(\s*255\s*,\s*255\s*,\s*255)",
    re.IGNORECASE,
)
_GROUND = re.compile(
    r"background(?:-color)?\s*:(?!\s*(?:white|#fff|transparent|none))", re.IGNORECASE
)
_STYLES = re.compile(rb"<style\b.*?</style\s*>", re.IGNORECASE | re.DOTALL)
_FIELD = re.compile(r"\s*labshark:\s*([\w.-]{1,64})\s*\Z")
_SPACE = re.compile(r"[ \t\n\r\f]+")
_LONGEST_ROW = 600
_MOST_CELL_LINES = 3


def read_html(data: bytes, sink: LineSink) -> None:
    """Fill `sink` with a page's lines, and the answers.json of a report made by labshark."""
    page = _parsed(data)
    for meta in page.iter("meta"):
        if (meta.get("name") or "").lower() == "generator" and "labshark" in _content(meta):
            sink.marks.add("generator")
    _find_answers(page, sink)
    numbers = count(1)
    _Walk(sink, lambda: (Place("block", next(numbers)), 0)).run(page)
    if "generator" in sink.marks:
        sink.problems.pop("writeup-hidden-text", None)  # our report folds and switches languages


def add_fragment(source: str, sink: LineSink, place: Place, number: int) -> None:
    """The lines of a piece of HTML that stands in another document."""
    if source.strip():
        _Walk(sink, lambda: (place, number)).run(_parsed(f"<div>{source}</div>".encode()))


def _parsed(data: bytes) -> html.HtmlElement:
    try:
        text = decode_text(data)[0]
    except NotTextError as error:
        raise UnreadableError("writeup-not-text") from error
    # Bundled fonts are megabytes of style that nobody reads.
    source = _STYLES.sub(b"", text.encode(errors="replace"))
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True)
    try:
        return html.document_fromstring(source, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableError("writeup-damaged", str(error)) from error


def _content(meta: html.HtmlElement) -> str:
    return (meta.get("content") or "").lower()


def _find_answers(page: html.HtmlElement, sink: LineSink) -> None:
    for script in page.iter("script"):
        if script.get("id") == ELEMENT_ID:
            sink.marks.add("answers")
            try:
                sink.answers = parse_answers((script.text or "").encode())
            except ValueError as error:
                sink.note("writeup-answers-damaged", detail=str(error))


class _Walk:
    """One pass over the tree; inline text gathers until a block begins or ends."""

    def __init__(self, sink: LineSink, place: Callable[[], tuple[Place, int]]) -> None:
        self._sink = sink
        self._place = place
        self._text: list[str] = []
        self._kinds = [LineKind.PROSE]
        self._marker = ""
        self._ordinals: dict[html.HtmlElement, int] = {}

    def run(self, root: html.HtmlElement) -> None:
        self._element(root, 0)
        self._flush()

    def _flush(self) -> None:
        text = "".join(self._text)
        self._text.clear()
        kind = self._kinds[-1]
        if kind is not LineKind.CODE:
            text = "\n".join(piece.strip(" ") for piece in text.split("\n"))
        if not text.strip():
            return
        marker, self._marker = self._marker, ""
        text = f"{marker} {text.strip()}" if marker else text.strip("\n")
        place, number = self._place()
        self._sink.add(text, kind, place, number)

    def _element(self, element: html.HtmlElement, depth: int) -> None:
        if not isinstance(element.tag, str):
            self._comment(element)
        elif self._is_shown(element):
            self._shown(element, depth)

    def _comment(self, element: html.HtmlElement) -> None:
        field = _FIELD.match(element.text or "")
        if field:
            self._flush()
            self._sink.anchor = field[1]
            self._sink.marks.add("form")

    def _is_shown(self, element: html.HtmlElement) -> bool:
        if element.tag in _NOT_SHOWN:
            return False
        if element.tag in _STRUCK:
            self._sink.note("writeup-struck-text")
            return False
        if _is_hidden(element):
            if element.text_content().strip():
                self._sink.note("writeup-hidden-text")
            return False
        return True

    def _shown(self, element: html.HtmlElement, depth: int) -> None:
        tag = element.tag
        if tag == "br":
            self._text.append("\n")
        elif tag == "img":
            self._picture(element.get("alt") or "")
        elif tag == "input":
            self._input(element)
        elif tag == "tr":
            self._row(element, depth)
        elif depth >= _DEEPEST:
            self._add(element.text_content())
        elif tag in _KINDS or tag == "li" or tag in _BLOCKS:
            self._block(element, depth)
        else:
            self._inside(element, depth)

    def _block(self, element: html.HtmlElement, depth: int) -> None:
        self._flush()
        kind = LineKind.LIST if element.tag == "li" else _KINDS.get(str(element.tag))
        if element.tag == "li":
            self._marker = self._numbered(element)
        self._kinds.append(kind or self._kinds[-1])
        self._inside(element, depth)
        self._flush()
        self._kinds.pop()

    def _numbered(self, item: html.HtmlElement) -> str:
        """The number a browser puts before a list item; '' for a bullet."""
        parent = item.getparent()
        if parent is None or parent.tag != "ol":
            return ""
        following = self._ordinals.get(parent, _integer(parent.get("start"), 1))
        value = _integer(item.get("value"), following)
        self._ordinals[parent] = value + 1
        return f"{_styled(value, parent.get('type') or '1')}."

    def _inside(self, element: html.HtmlElement, depth: int) -> None:
        self._add(element.text or "")
        for child in element:
            self._element(child, depth + 1)
            self._add(child.tail or "")

    def _add(self, text: str) -> None:
        if self._kinds[-1] is LineKind.CODE:
            self._text.append(text)
        else:
            self._text.append(_SPACE.sub(" ", text))

    def _picture(self, description: str) -> None:
        self._flush()
        place, number = self._place()
        self._sink.add(description, LineKind.PICTURE, place, number)

    def _input(self, element: html.HtmlElement) -> None:
        kind = (element.get("type") or "text").lower()
        if kind in ("checkbox", "radio"):
            self._text.append("☑ " if element.get("checked") is not None else "☐ ")
        elif kind == "text":
            self._text.append(f" {element.get('value') or ''} ")

    def _row(self, row: html.HtmlElement, depth: int) -> None:
        """A short row is one line; a row that holds whole paragraphs is read cell by cell."""
        self._flush()
        cells = [child for child in row if child.tag in ("td", "th")]
        texts = [self._cell(cell, depth) for cell in cells]
        if len(cells) > 1 and all(text is not None for text in texts):
            shown = [" ".join((text or "").split("\n")) for text in texts]
            place, number = self._place()
            self._sink.add("\t".join(shown), LineKind.TABLE, place, number, shown)
        else:
            for cell in cells:
                self._block(cell, depth + 1)

    def _cell(self, cell: html.HtmlElement, depth: int) -> str | None:
        """The cell's text if it is short and holds neither table, picture nor field."""
        if next(cell.iter("table", "img"), None) is not None:
            return None  # also keeps nested tables from being walked twice per level
        sink = LineSink(self._sink.limits)
        inner = _Walk(sink, self._place)
        inner._inside(cell, depth + 1)
        inner._flush()
        text = "\n".join(line.text for line in sink.lines)
        if sink.anchor or len(sink.lines) > _MOST_CELL_LINES or len(text) > _LONGEST_ROW:
            return None
        self._sink.problems.update(sink.problems)
        return text


def _is_hidden(element: html.HtmlElement) -> bool:
    """By its own attributes; what style sheets say is not looked at."""
    style = element.get("style") or ""
    found = _HIDDEN.search(style)
    if found is None or element.get("hidden") is not None:
        return element.get("hidden") is not None
    coloured = "color" in found[0].lower()
    return not (coloured and any(_has_ground(e) for e in (element, *element.iterancestors())))


def _has_ground(element: html.HtmlElement) -> bool:
    style = element.get("style") or ""
    return element.get("bgcolor") is not None or bool(_GROUND.search(style))


def _integer(text: str | None, default: int) -> int:
    return int(text) if text and re.fullmatch(r"-?\d{1,9}", text.strip()) else default


def _styled(value: int, style: str) -> str:
    if style in "aA" and 1 <= value <= 26:
        return chr(ord(style) + value - 1)
    return str(value)
