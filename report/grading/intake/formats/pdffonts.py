"""Repairs to a page's fonts, so that the text in a PDF can be read.

Browsers draw list numbers with other digits than text (tabular figures); the font maps those to
nothing that can be read, and the true character stands in the marked content around them as
`/ActualText` (ISO 32000-1, 14.9.4). And a composite font may bring a character map of its own,
which pypdf does not follow.
"""

import re
from collections.abc import Iterator
from typing import Any

from pypdf import PageObject
from pypdf.generic import (
    ByteStringObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    StreamObject,
    TextStringObject,
)

_SHOWN = (b"Tj", b"TJ", b"'", b'"')
_TWO_BYTES = re.compile(rb"1\s+begincodespacerange\s*<0000>\s*<ffff>\s*endcodespacerange", re.I)
_MOST_CODES = 4096
Corrections = dict[str, dict[bytes, str]]
"""Font's name in the page to code to text."""


def repair_fonts(page: PageObject) -> None:
    """Make the maps of the page's fonts say what the page says."""
    fonts = _fonts(page)
    for font in fonts.values():
        _use_two_bytes(font)
    content = page.get_contents()
    if content is None or b"ActualText" not in content.get_data():
        return
    for name, codes in _corrections(content.operations).items():
        if name in fonts:
            _correct(fonts[name], codes)


def _fonts(page: PageObject) -> dict[str, Any]:
    resources: Any = page.get("/Resources")
    fonts = resources.get_object().get("/Font") if resources is not None else None
    if fonts is None:
        return {}
    return {str(name): font.get_object() for name, font in fonts.get_object().items()}


def _use_two_bytes(font: Any) -> None:
    """A map whose codes are all of two bytes: the text map goes by code, so Identity-H will do."""
    encoding = font.get("/Encoding")
    if font.get("/Subtype") != "/Type0" or encoding is None:
        return
    encoding = encoding.get_object()
    if isinstance(encoding, StreamObject) and _TWO_BYTES.search(encoding.get_data()):
        font[NameObject("/Encoding")] = NameObject("/Identity-H")


def _corrections(operations: list[tuple[Any, bytes]]) -> Corrections:
    found: Corrections = {}
    font = ""
    spans: list[tuple[str, bytes] | None] = []
    for operands, operator in operations:
        if operator == b"Tf" and operands:
            font = str(operands[0])
        elif operator in (b"BDC", b"BMC"):
            text = _actual_text(operands)
            spans.append(None if text is None else (text, b""))
        elif operator in _SHOWN and spans and spans[-1]:
            text, codes = spans[-1]
            spans[-1] = (text, codes + b"".join(_strings(operands)))
        elif operator == b"EMC" and spans:
            span = spans.pop()
            if span:
                _note(found.setdefault(font, {}), *span)
    return found


def _actual_text(operands: Any) -> str | None:
    properties = operands[1] if len(operands) > 1 else None
    if not isinstance(properties, DictionaryObject):
        return None
    text = properties.get("/ActualText")
    if isinstance(text, ByteStringObject):
        return bytes(text).decode("latin-1")
    return str(text) if isinstance(text, TextStringObject) else None


def _strings(operands: Any) -> Iterator[bytes]:
    for operand in operands:
        if isinstance(operand, list):
            yield from _strings(operand)
        elif isinstance(operand, TextStringObject):
            yield operand.original_bytes
        elif isinstance(operand, ByteStringObject):
            yield bytes(operand)


def _note(codes: dict[bytes, str], text: str, shown: bytes) -> None:
    """One glyph for one text, of one or two bytes; anything longer stays as it is."""
    if 1 <= len(shown) <= 2 and 1 <= len(text) <= 8 and len(codes) < _MOST_CODES:
        codes[shown] = text


def _correct(font: Any, codes: dict[bytes, str]) -> None:
    width = 2 if font.get("/Subtype") == "/Type0" else 1
    lines = [
        f"<{code.hex()}> <{text.encode('utf-16-be').hex()}>"
        for code, text in codes.items()
        if len(code) == width
    ]
    old = font.get("/ToUnicode")
    if not lines or old is None:
        return
    data = old.get_object().get_data()
    block = f"{len(lines)} beginbfchar\n" + "\n".join(lines) + "\nendbfchar\n"
    stream = DecodedStreamObject()
    stream.set_data(data.replace(b"endcmap", block.encode() + b"endcmap", 1))
    font[NameObject("/ToUnicode")] = stream
