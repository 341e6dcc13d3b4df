"""Values read out of lines, remembered: the same line is tried for many questions."""

from functools import lru_cache

from report.questions.answer import AnswerValue
from report.questions.kinds import kind
from report.questions.kinds.characters import readable
from report.questions.kinds.context import alone
from report.questions.kinds.values import Reading


@lru_cache(maxsize=8192)
def parsed(kind_name: str, text: str) -> Reading | None:
    """What the kind's parser reads in `text`."""
    return kind(kind_name).parse(text)


def stands_alone(kind_name: str, text: str) -> AnswerValue | None:
    """The value that `text` is and nothing else; None where it says more, or no value."""
    if kind_name in ("names", "text"):
        return None
    plain = readable(text)
    reading = parsed(kind_name, plain)
    if reading is None or not alone(plain, reading.start, reading.end):
        return None
    return reading.value
