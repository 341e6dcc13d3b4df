"""Free text: read whole, shown as it is, and never judged by comparing."""

from report.questions.answer import AnswerValue
from report.questions.kinds.values import Comparison, Kind, Reading, Rule, same_in_both
from report.text import Text, visible

_LONGEST_SHOWN = 4000


def _parse(text: str) -> Reading | None:
    said = text.strip()
    start = text.find(said)
    return Reading(said, 1.0, start, start + len(said)) if said else None


def _compare(given: AnswerValue, expected: AnswerValue, rule: Rule) -> Comparison:
    return Comparison(False, why="needs_person")


def _format(value: AnswerValue) -> Text:
    if not isinstance(value, str):
        raise TypeError(f"not text: {value!r}")
    return same_in_both(visible(value, _LONGEST_SHOWN) or "-")


TEXT = Kind("text", _parse, _format, _compare)
