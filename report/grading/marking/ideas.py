"""Proposes points for questions of understanding: which of the key's ideas an answer names."""

import re
from collections.abc import Sequence
from functools import lru_cache

from report.questions.kinds.characters import folded, is_chinese


@lru_cache(maxsize=1024)
def _pattern(synonym: str) -> re.Pattern[str]:
    """A synonym as it is found in running text: a Latin word from its beginning on (`key` in
    `keys`, not in `monkey`), Chinese anywhere; a space stands for any break between words."""
    plain = folded(synonym).strip()
    body = r"[\s_-]*".join(re.escape(word) for word in plain.split())
    start = "" if is_chinese(plain[:1]) else r"(?<![A-Za-z0-9])"
    return re.compile(start + body, re.IGNORECASE)


def named_ideas(text: str, ideas: Sequence[Sequence[str]]) -> list[bool]:
    """For each idea (a list of synonyms in both languages), whether the text names it."""
    plain = folded(text)
    return [any(_pattern(synonym).search(plain) for synonym in synonyms) for synonyms in ideas]
