"""Lines of a printed page: which belong together, and which are on every page."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

PICTURE = "\ufffc"
"""A line that stands for a picture."""
_FULL = 0.82
"""A line that reaches this share of the widest one may go on in the next."""
_ENDS = frozenset("。！？!?；;：:")
_STARTS = re.compile(
    r"(?:[(（\[【]?\d|[一二三四五六七八九十]{1,3}[、.．]|[（(][一二三四五六七八九十]{1,3}[）)]|"
    r"q(?:uestion)?\s*\d|第.{1,4}[题问]|问题|答|解|answer|ans\b|a[:：.]|[-•●▪◦*▶▼▸>+|]|[☐☑☒✓✗]|"
    r"图\s*\d|表\s*\d|fig|table|[①-⑳]|step|no\b|frame\b|packet\b|\w[.)、）])",
    re.IGNORECASE,
)
_HEX_TAIL = re.compile(
    r"(?:[0-9a-f]{16,}|(?:[0-9a-f]{2}[ :]){8,}[0-9a-f]{0,2}[ :]?)\Z", re.IGNORECASE
)
_HEX_LINE = re.compile(r"[0-9a-f]{2,}(?:[ :][0-9a-f]{2})*[.。,，]?\Z", re.IGNORECASE)
_NAME_TAIL = re.compile(r"[A-Z0-9]+(?:_[A-Z0-9]+){2,}_?\Z")
_NAME_HEAD = re.compile(r"(?:[A-Z0-9]*_)+[A-Z0-9]+\b")
_BROWSER_HEAD = re.compile(r"\d{1,4}[/.年-]\d{1,2}[/.月-]\d{1,4}日?,? .{0,3}\d{1,2}:\d\d")
_BROWSER_FOOT = re.compile(r"(?:file|https?)://\S+ \d+/\d+\Z")
_PAGE_WORDS = re.compile(
    r"(?:第\s*1\s*页.*|page\s*1(?:\s*(?:of|/)\s*1)?|1\s*/\s*1|-\s*1\s*-)\Z", re.I
)
# One question on each page: its number is not the page's.
_NUMBERED = re.compile(
    r"(?:q(?:uestion)?|问题|第)?\s*\0\s*[.、．)）:：题问]|"
    r"(?:q|question|问题|题|task|step|exercise|answer|练习|步骤|答)[\s:：.]*\0",
    re.IGNORECASE,
)
_WIDE = 10
"""Columns that a running line has and a short answer has not."""
_MOST_RUNNING = 3
"""Lines of a header or a footer."""


def joined_lines(lines: Sequence[str]) -> list[str]:
    """A page's lines, with those that were only broken by the margin put together again.

    A question and its answer must never be joined: only a full line goes on, and not into one
    that looks like the start of something.
    """
    widths = sorted(display_width(_squeezed(line)) for line in lines)
    widest = widths[int(len(widths) * 0.95)] if widths else 0
    result: list[str] = []
    last_full = False
    for raw in lines:
        line = _squeezed(raw)
        if result and _goes_on(result[-1], line, last_full):
            result[-1] = _join(result[-1], line)
        else:
            result.append(line)
        last_full = display_width(line) >= _FULL * widest
    return result


def _squeezed(line: str) -> str:
    return " ".join(line.split())


def _goes_on(before: str, line: str, is_full: bool) -> bool:
    if _is_cut_name(before, line):
        return True  # in a narrow cell
    if not is_full or PICTURE in (before, line):
        return False
    if _HEX_TAIL.search(before) and _HEX_LINE.match(line):
        return True
    if before[-1] in _ENDS or before.endswith(".") or _NAME_TAIL.search(before):
        return False
    return not _STARTS.match(line)


def _is_cut_name(before: str, line: str) -> bool:
    """TLS_ECDHE_RSA_WITH_AES_12 | 8_GCM_SHA256."""
    return bool(_NAME_TAIL.search(before) and _NAME_HEAD.match(line))


def _join(before: str, line: str) -> str:
    if _is_cut_name(before, line):
        return before + line
    if _HEX_TAIL.search(before) and _HEX_LINE.match(line):
        return (
            before + (" " if re.search(r"[0-9a-fA-F]{2} [0-9a-fA-F]{2}\Z", before) else "") + line
        )
    if re.search(r"[^\W\d_]-\Z", before):
        # cer- tificate loses its hyphen, AES-128- GCM keeps it.
        plain = line[0].islower() and re.search(r"[a-z]-\Z", before)
        return (before[:-1] if plain else before) + line
    if before.endswith(("-", "_", "/")) or is_wide(before[-1]) or is_wide(line[0]):
        return before + line
    return f"{before} {line}"


def is_wide(character: str) -> bool:
    """Whether a character takes two columns, as Chinese ones do."""
    return unicodedata.east_asian_width(character) in "WF"


def display_width(text: str) -> int:
    """Columns that a text takes."""
    return sum(2 if is_wide(c) else 1 for c in text)


def without_running_lines(pages: Sequence[Sequence[str]]) -> list[list[str]]:
    """The pages without headers, footers and page numbers.

    The outermost line goes, again and again, while on most pages it says the same, or differs only
    in the number of the page; an answer at a page's end does neither.
    """
    if len(pages) == 1:
        return [_without_sole_number(list(pages[0]))]
    left = [list(page) for page in pages]
    for edge in (0, -1):
        for _ in range(_MOST_RUNNING):
            if not _peeled(left, edge):
                break
    return left


def _without_sole_number(lines: list[str]) -> list[str]:
    """A single page: its number in so many words, and what a browser prints around it."""
    if lines and _BROWSER_FOOT.match(_squeezed(lines[-1])):
        first = 1 if _BROWSER_HEAD.match(_squeezed(lines[0])) else 0
        return lines[first:-1]
    return lines[:-1] if lines and _PAGE_WORDS.match(_squeezed(lines[-1])) else lines


def _peeled(pages: list[list[str]], edge: int) -> bool:
    """Take the line at one edge off the pages that share it; whether there were such."""
    outer = [_squeezed(page[edge]) if page else "" for page in pages]
    skeletons = [_skeletons(line, number) for number, line in enumerate(outer, 1)]
    needed = max(2, len(pages) * 0.6)
    same = {
        line
        for line, times in Counter(outer).items()
        if times >= needed and _may_run(line, times, len(pages))
    }
    counted = {
        skeleton
        for skeleton, times in Counter(s for found in skeletons for s in found).items()
        if times >= needed and not _NUMBERED.match(skeleton)
    }
    found = False
    for page, line, shapes in zip(pages, outer, skeletons, strict=True):
        if page and (line in same or counted & shapes):
            page.pop(edge)
            found = True
    return found


def _may_run(line: str, times: int, pages: int) -> bool:
    """Whether a line that stands on most pages is a header; the same short answer is none."""
    if pages > 2 and display_width(line) >= _WIDE:
        return True
    if _STARTS.match(line):
        return False
    return display_width(line) >= _WIDE or (times == pages > 2 and display_width(line) > 3)


def _skeletons(line: str, number: int) -> set[str]:
    """The line with its page's number blanked out, once for each place where it stands."""
    places = re.finditer(rf"(?<!\d){number}(?!\d)", line)
    return {f"{line[: m.start()]}\0{line[m.end() :]}" for m in places}
