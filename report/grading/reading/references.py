"""Answers that only point to another answer: `see question 11`, `同上`."""

from dataclasses import replace

from report.grading.reading.asked import Questions
from report.grading.reading.given import GivenAnswer, Stance
from report.questions.kinds.characters import folded
from report.questions.kinds.wordings import wording

_NUMBERED = wording(
    r"(?:同|见|参见|参照|和|与)\s*(?:上面)?(?:的)?\s*第?\s*(?P<zh>\d{1,3})\s*(?:题|问|小题)",
    r"\b(?:see|same(?: \w+)? as|as in|like)\s+(?:in\s+)?(?:the answer to\s+)?"
    r"(?:question|answer|q|a|no\.?|#)?\s*"
    r"(?P<en>\d{1,3})\b(?!\s*(?:byte|bit))",
    r"^\W*(?:答案)?(?:同|见)\s*第?\s*(?P<bare>\d{1,3})\W*$",
)
_ABOVE = wording(
    r"^\W*(?:同上(?:题)?|与上题相同|同前|ditto|same as (?:above|before|the last one)|as above)\W*$"
)
_LONGEST = 60
_SURE = 0.85


def followed(given: dict[str, GivenAnswer], questions: Questions) -> dict[str, GivenAnswer]:
    """The given answers, those that only point to another one filled in from it."""
    order = [asked.id for asked in questions.all]
    filled = dict(given)
    for at, name in enumerate(order):
        answer = given[name]
        if answer.value is not None and answer.confidence >= _SURE:
            continue
        target = _target(answer.text, order, at)
        if target and _same_kind(questions, name, target):
            filled[name] = _from(answer, filled[target])
    return filled


def _target(text: str, order: list[str], at: int) -> str | None:
    plain = folded(text)
    if len(plain) > _LONGEST:
        return None
    if _ABOVE.match(plain):
        return order[at - 1] if at else None
    found = _NUMBERED.search(plain)
    number = int(found["zh"] or found["en"] or found["bare"]) if found else 0
    return order[number - 1] if 0 < number <= len(order) and number - 1 != at else None


def _same_kind(questions: Questions, one: str, other: str) -> bool:
    kinds = {asked.id: asked.kind for asked in questions.all}
    return kinds[one] == kinds[other]


def _from(answer: GivenAnswer, other: GivenAnswer) -> GivenAnswer:
    if other.value is None and other.stance in (None, Stance.UNKNOWN):
        return answer
    return replace(
        answer,
        value=other.value,
        stance=other.stance,
        alternatives=other.alternatives,
        confidence=round(_SURE * other.confidence, 3),
    )
