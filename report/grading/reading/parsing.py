"""Values read out of lines, remembered: the same line is tried for many questions."""

from functools import lru_cache

from report.questions.kinds import kind
from report.questions.kinds.values import Reading


@lru_cache(maxsize=8192)
def parsed(kind_name: str, text: str) -> Reading | None:
    """What the kind's parser reads in `text`."""
    return kind(kind_name).parse(text)
