"""Yes or no, in either language, by a word, a verb or a denial."""

import re
from collections.abc import Iterator

from report.questions.answer import AnswerValue
from report.questions.kinds.characters import readable
from report.questions.kinds.context import leads
from report.questions.kinds.values import Candidate, Kind, Reading, best, compared
from report.questions.kinds.wordings import any_of, wording
from report.text import Text

_OPEN = r"(?:^|(?<=[\s,.;:。，；：!！(（\"'*>|\-]))"
_NO = wording(
    rf"{_OPEN}(?P<word>{any_of('no_word')})(?![\w#])(?!\s*[.:#]?\s*\d)",
    rf"(?P<zh>{any_of('no_zh')})",
    rf"(?P<verb>{any_of('no_verb')})",
)
_YES = wording(
    rf"{_OPEN}(?P<word>{any_of('yes_word')})(?!\w|n't| not)",
    rf"(?P<zh>{any_of('yes_zh')})",
    rf"(?P<verb>{any_of('yes_verb')})",
)
_ALONE = wording(
    rf"^[\s\"'*>(（\-]*(?:(?P<yes>{any_of('yes_alone')})|(?P<no>{any_of('no_alone')}))(?=[\s\"'*.,;:。，；：!！)）]|$)"
)
_ASKED = wording(any_of("asked_whether"))
_NEW_SENTENCE = wording(r"[。.!?！？;；\n]")
_SO = wording(r"\b(?:so|hence|thus|therefore)\b|所以|因此|故而")
_AT_START = 0.97
_WORD = 0.85
_VERB = 0.7
_LATER = 0.3


def _polar(text: str) -> Iterator[Candidate]:
    alone = _ALONE.match(text)
    if alone:
        yield Candidate(alone["yes"] is not None, *alone.span(), _AT_START)
    for value, pattern in ((False, _NO), (True, _YES)):
        for found in pattern.finditer(text):
            score = _VERB if found["verb"] else _WORD
            if leads(text, found.start()) and not found["verb"]:
                score = _AT_START
            elif _sentence_of_its_own(text, found):
                score = _VERB
            elif _NEW_SENTENCE.search(text[: found.start()].strip()):
                score -= _LATER  # a later sentence explains; the first one answers
            elif "," in text[: found.start()] and not _SO.search(text[: found.start()]):
                score -= _LATER / 2
            yield Candidate(value, *found.span(), score)


def _sentence_of_its_own(text: str, found: re.Match[str]) -> bool:
    """`I filtered for OCSP. Nothing.`"""
    before, after = text[: found.start()].rstrip(), text[found.end() :].lstrip()
    return bool(_NEW_SENTENCE.match(before[-1:]) and _NEW_SENTENCE.match(after[:1]))


def _denied(candidate: Candidate, found: list[Candidate]) -> bool:
    """`包含` right after `不` is no yes; a verb after `not` neither."""
    return candidate.value is True and any(
        other.value is False and other.start <= candidate.start <= other.end + 3 for other in found
    )


def _parse(text: str) -> Reading | None:
    found = list(_polar(_ASKED.sub(lambda asked: "_" * len(asked[0]), readable(text))))
    return best(candidate for candidate in found if not _denied(candidate, found))


def _format(value: AnswerValue) -> Text:
    if not isinstance(value, bool):
        raise TypeError(f"neither yes nor no: {value!r}")
    return Text("是", "Yes") if value else Text("否", "No")


YES_NO = Kind("yes_no", _parse, _format, compared(lambda given, expected: given is expected))
