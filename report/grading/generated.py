"""Reports that labshark made: what they answer, what in them is the student's own, what was edited.

The answers.json inside a report was in the student's hands: everything in it is checked, and held
against what the page shows and what the capture says.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz

from report.grading.intake.lines import Line, LineKind
from report.grading.intake.writeups import WriteUp
from report.grading.reading.given import GivenAnswer, Stance, Where
from report.labs.model import Lab, Question
from report.questions.answer import Answer, AnswerValue, Status
from report.questions.kinds import kind
from report.rendering.labels import LABELS
from report.text import Text, visible

_STANCES = {
    "absent": Stance.ABSENT,
    "hidden": Stance.HIDDEN,
    "not_applicable": Stance.NOT_APPLICABLE,
    "not_captured": Stance.NOT_CAPTURED,
}
_AFTER_OWN_WORDS = ("model_answer", "evidence", "filter", "sources", "hints", "your_answer")
_OWN, _HEADLINE_WITHIN = "own_words", 10
_ALIKE, _LEAST_COPIED, _LEAST_SENTENCE = 92.0, 24, 14
_MOSTLY_COPIED, _LONG = 0.5, 6
_NUMBER = re.compile(r"^\d{1,2}\.")


@dataclass(frozen=True, slots=True)
class GeneratedReport:
    """A report by labshark among the write-ups."""

    file: str
    given: Mapping[str, GivenAnswer]
    """What its answers.json answers, by question id."""
    own: Mapping[str, GivenAnswer]
    """The student's own words in it."""
    edited: tuple[str, ...]
    """Questions whose answer on the page is not the one in its answers.json."""
    trace_sha256: str
    """Of the capture that it says it was made from."""


def read_generated(writeup: WriteUp, lab: Lab) -> GeneratedReport:
    """What a write-up with labshark's signs says."""
    document = writeup.answers or {}
    given = dict(_embedded(document, lab, writeup.name))
    sections = dict(_sections(writeup.lines, lab))
    own = {name: words for name, words in _own_words(sections, writeup.name)}
    trace = document.get("trace")
    sha256 = trace.get("sha256") if isinstance(trace, dict) else None
    return GeneratedReport(
        writeup.name,
        given,
        own,
        tuple(_edited(given, sections, lab)),
        sha256 if isinstance(sha256, str) else "",
    )


def _embedded(document: dict[str, Any], lab: Lab, file: str) -> Iterator[tuple[str, GivenAnswer]]:
    listed = document.get("answers")
    if document.get("lab") != lab.id or not isinstance(listed, list):
        return
    said = {str(one.get("id")): one for one in listed if isinstance(one, dict)}
    for question in lab.questions:
        one = said.get(question.id, {})
        value = _value(question, one.get("value"))
        stance = _STANCES.get(str(one.get("status")))
        if value is not None:
            shown = kind(question.kind).format(value).en
            yield (
                question.id,
                GivenAnswer(question.id, visible(shown), value, 1.0, Where(file, 0)),
            )
        elif stance is not None:
            text = f"({stance.value})"
            yield (
                question.id,
                GivenAnswer(question.id, text, None, 1.0, Where(file, 0), stance=stance),
            )


def _value(question: Question, given: object) -> AnswerValue | None:
    if isinstance(given, list) and all(isinstance(one, str) for one in given) and given:
        value: AnswerValue = tuple(given)
    elif isinstance(given, bool | int | str):
        value = given
    else:
        return None
    try:
        kind(question.kind).format(value)
    except (TypeError, ValueError):
        return None
    return value


# ---- the page -----------------------------------------------------------------------------------


def _sections(lines: Sequence[Line], lab: Lab) -> Iterator[tuple[str, list[Line]]]:
    """The lines under each question's heading, by question id."""
    plain = [_squeezed(line.text) for line in lines]
    starts: list[tuple[int, str]] = []
    at = 0
    for question in lab.questions:
        wanted = [_squeezed(question.ask.zh)[:24], _squeezed(question.ask.en)[:40]]
        found = next((n for n in range(at, len(plain)) if any(w in plain[n] for w in wanted)), None)
        if found is not None:
            starts.append((found, question.id))
            at = found + 1
    ends = [*(start for start, _ in starts[1:]), len(lines)]
    for (start, name), end in zip(starts, ends, strict=False):  # of no question, none
        yield name, list(lines[start:end])


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _labelled(line: Line, name: str) -> bool:
    label = LABELS[name]
    plain = _squeezed(line.text)
    return plain.startswith((_squeezed(label.zh), _squeezed(label.en)))


def _own_words(sections: Mapping[str, list[Line]], file: str) -> Iterator[tuple[str, GivenAnswer]]:
    for name, lines in sections.items():
        start = next((n for n, line in enumerate(lines) if _labelled(line, _OWN)), None)
        if start is None:
            continue
        words = []
        for line in lines[start + 1 :]:
            ends = any(_labelled(line, label) for label in _AFTER_OWN_WORDS)
            if ends or line.kind is LineKind.HEADING:
                break
            words.append(line)
        text = "\n".join(line.text for line in words).strip()
        if text:
            where = Where(file, words[0].number)
            yield name, GivenAnswer(name, text, text, 1.0, where)


def _edited(
    given: Mapping[str, GivenAnswer], sections: Mapping[str, list[Line]], lab: Lab
) -> Iterator[str]:
    """Questions whose section does not show the embedded value near its head, on its own line."""
    for question in lab.questions:
        embedded, lines = given.get(question.id), sections.get(question.id)
        if embedded is None or embedded.value is None or not lines:
            continue
        shown = [_squeezed(line.text) for line in lines[1:_HEADLINE_WITHIN]]
        if not all(_shows(shown, line) for line in _headlines(question, embedded.value)):
            yield question.id


def _headlines(question: Question, value: AnswerValue) -> list[Text]:
    """What the page shows in large type, one line each."""
    if isinstance(value, tuple):
        return [Text(visible(name), visible(name)) for name in value]
    return [kind(question.kind).format(value)]


def _shows(shown: list[str], headline: Text) -> bool:
    """One language, or both side by side; a list's line has its number before it.

    In a PDF the statement may follow on the same line, which a long value is told from.
    """
    zh, en = _squeezed(headline.zh), _squeezed(headline.en)
    plain = [*shown, *(_NUMBER.sub("", line) for line in shown)]
    if any(line in (zh, en, zh + en) for line in plain):
        return True
    return any(len(one) >= _LONG and line.startswith(one) for one in (zh, en) for line in plain)


# ---- against the capture ------------------------------------------------------------------------


def differs_from_capture(
    report: GeneratedReport, answers: Mapping[str, Answer], sha256: str
) -> tuple[str, ...]:
    """Questions whose embedded value labshark would not have written for this very capture."""
    if report.trace_sha256 != sha256:
        return ()
    return tuple(
        name
        for name, given in report.given.items()
        if given.value is not None and _not_ours(given.value, answers.get(name))
    )


def _not_ours(value: AnswerValue, answer: Answer | None) -> bool:
    if answer is None:
        return False
    if answer.status is Status.FOUND:
        return answer.value != value
    # What keys opened for the student may be hidden from us.
    return answer.status in (Status.ABSENT, Status.NOT_APPLICABLE)


# ---- copied text --------------------------------------------------------------------------------


def copied_questions(
    given: Mapping[str, GivenAnswer], lab: Lab, answers: Mapping[str, Answer] | None
) -> tuple[str, ...]:
    """Questions answered with labshark's own sentences: its model answers, or its statements."""
    return tuple(
        question.id
        for question in lab.questions
        if (one := given.get(question.id)) is not None
        and not one.empty
        and is_copied(one.text, question, (answers or {}).get(question.id))
    )


def is_copied(text: str, question: Question, answer: Answer | None) -> bool:
    """Whether a text is made of what labshark says to a question."""
    plain = _squeezed(text).casefold()
    if question.model is not None and len(plain) >= _LEAST_COPIED:
        models = (question.model.zh, question.model.en)
        if any(_holds(plain, _squeezed(model).casefold()) for model in models):
            return True
    if answer is None:
        return False
    # A statement that is nothing but the value is everybody's to write.
    bare = len(_squeezed(str(answer.value))) if isinstance(answer.value, str) else 0
    if isinstance(answer.value, tuple):
        bare = len(_squeezed("".join(answer.value)))
    said = [_squeezed(each).casefold() for each in (answer.text.zh, answer.text.en)]
    return any(len(each) - bare >= _LEAST_SENTENCE and each in plain for each in said)


def _holds(text: str, model: str) -> bool:
    """A good part of the model answer, nearly word for word."""
    if len(text) <= len(model):
        return fuzz.partial_ratio(text, model) >= _ALIKE
    return fuzz.partial_ratio(model, text) >= _ALIKE


def mostly_copied(copied: Sequence[str], given: Mapping[str, GivenAnswer]) -> bool:
    """Whether a write-up is a report's text under another cover."""
    answered = [one for one in given.values() if not one.empty]
    return len(copied) >= max(3.0, _MOSTLY_COPIED * len(answered))
