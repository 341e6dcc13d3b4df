"""Running heads: a line on every page with the page's number at its beginning or end."""

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from report.grading.intake.lines import Line, LineKind
from report.questions.kinds.characters import folded
from report.questions.kinds.wordings import wording

_NUMBERED = re.compile(
    r"\W*(?P<head>\d{1,3})\s+(?P<rest>\D.*\S)\s*|\s*(?P<text>.*?\D)\s*(?P<tail>\d{1,3})\W*",
    re.DOTALL,
)
_COUNTS_ELSE = wording(
    r"\b(?:questions?|answers?|tasks?|exercises?|problems?|frames?|packets?|figures?|screenshots?|steps?|q)\b"
    r"|题|问|答|图|步骤|数据包|帧"
)
_LEAST_LETTERS = 12
_APART = 8
"""Lines that a page has at least."""
_FEWEST = 2
_FIRST_PAGES = (1, 2)


def without_running_heads(lines: Sequence[Line]) -> list[Line]:
    """Lines without those that repeat word for word while the number beside them counts pages.

    An answer may repeat too (`the same packet, 37`), but its number does not count 1, 2, 3.
    """
    pages: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for at, line in enumerate(lines):
        found = _NUMBERED.fullmatch(folded(line.text)) if line.kind is not LineKind.TABLE else None
        if found:
            text = found["rest"] or found["text"]
            pages[" ".join(text.split())].append((int(found["head"] or found["tail"]), at))
    heads = {
        at
        for text, numbered in pages.items()
        if _is_head(text, [number for number, _ in numbered])
        and all(two - one >= _APART for (_, one), (_, two) in pairwise(numbered))
        for _, at in numbered
    }
    return [line for at, line in enumerate(lines) if at not in heads]


def _is_head(text: str, numbers: Sequence[int]) -> bool:
    letters = sum(character.isalpha() for character in text)
    counts = list(numbers) == list(range(numbers[0], numbers[0] + len(numbers)))
    many = len(numbers) >= _FEWEST and numbers[0] in _FIRST_PAGES
    return many and counts and letters >= _LEAST_LETTERS and not _COUNTS_ELSE.search(text)
