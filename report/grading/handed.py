"""What a student's write-ups say to each question, with who said it and what could not be read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from report.grading.forms import left_blank
from report.grading.generated import GeneratedReport, read_generated
from report.grading.intake.lines import Line, LineKind
from report.grading.intake.writeups import WriteUp
from report.grading.outcome import Source
from report.grading.reading.given import GivenAnswer
from report.grading.reading.reader import read_answers
from report.labs.model import Lab

UNREAD = frozenset(
    {
        *("writeup-too-large", "writeup-too-slow", "writeup-too-hungry", "writeup-crashed"),
        *("writeup-damaged", "writeup-encrypted", "writeup-not-text", "writeup-scanned"),
        *("writeup-page", "writeup-unmapped", "writeup-cut", "writeup-entities"),
        *("archive-kind", "document-kind", "nested-archive", "nested-refused", "file-too-large"),
        *("file-bomb", "file-damaged", "file-encrypted", "file-method", "file-unreadable"),
        *("file-outside", "file-link", "file-special", "files-too-many"),
    }
)
"""Problems that leave a person with something to read: an answer may stand there."""

_DOUBTFUL = 0.3


@dataclass(frozen=True, slots=True)
class Handed:
    """All that was written, by question id."""

    given: Mapping[str, GivenAnswer]
    sources: Mapping[str, Source]
    conflicting: frozenset[str] = frozenset()
    """Questions that two write-ups answer differently."""
    pictured: frozenset[str] = frozenset()
    """Questions under which there is a picture and no text that answers."""
    reports: tuple[GeneratedReport, ...] = ()
    own: Mapping[str, GivenAnswer] = field(default_factory=dict)
    """What write-ups that are no reports by labshark say."""


def read_handed(writeups: Sequence[WriteUp], lab: Lab) -> Handed:
    """Every write-up read, and for each question the answer that counts.

    The student's own write-ups come before reports by labshark; of a report, own words count as
    the student's and all else as the report's. Two write-ups that differ leave the answer doubtful.
    """
    plain = [w for w in writeups if not w.is_generated]
    reports = tuple(read_generated(w, lab) for w in writeups if w.is_generated)
    readings = [(w, _read(w, lab)) for w in plain if w.lines]
    own, conflicting = _joined([given for _, given in readings], lab)
    pictured = {
        name for writeup, given in readings for name in _pictured(writeup.lines, given, lab)
    }
    given, sources = _with_reports(own, reports, lab)
    empty = {name for name, one in given.items() if one.empty}
    return Handed(given, sources, frozenset(conflicting), frozenset(pictured & empty), reports, own)


def _read(writeup: WriteUp, lab: Lab) -> dict[str, GivenAnswer]:
    given = read_answers(writeup.lines, lab, writeup.name)
    blank = left_blank(writeup.lines, lab) if "form" in writeup.marks else frozenset()
    return given | {name: nowhere(name) for name in blank}


def _joined(
    readings: Sequence[Mapping[str, GivenAnswer]], lab: Lab
) -> tuple[dict[str, GivenAnswer], set[str]]:
    joined, conflicting = {}, set()
    for question in lab.questions:
        read = [r[question.id] for r in readings]
        answered = [one for one in read if not one.empty]
        best = max(answered, key=lambda one: one.confidence, default=None)
        if best is None:
            # As sure as the reading that is least sure that nothing is there.
            least = min(read, key=lambda one: one.confidence, default=None)
            joined[question.id] = least or nowhere(question.id)
            continue
        if question.kind != "text" and _disagree(answered):
            conflicting.add(question.id)
            best = best.less_sure(_DOUBTFUL)
        joined[question.id] = best
    return joined, conflicting


def nowhere(question: str) -> GivenAnswer:
    """The answer of who handed in nothing to read."""
    return GivenAnswer(question, "", None, 1.0, None)


def _disagree(answered: Iterable[GivenAnswer]) -> bool:
    values = {one.value for one in answered if one.value is not None}
    stances = {one.stance for one in answered if one.value is None and one.stance is not None}
    return len(values) + len(stances) > 1


def _with_reports(
    own: Mapping[str, GivenAnswer], reports: Sequence[GeneratedReport], lab: Lab
) -> tuple[dict[str, GivenAnswer], dict[str, Source]]:
    given: dict[str, GivenAnswer] = {}
    sources: dict[str, Source] = {}
    for question in lab.questions:
        name = question.id
        made = [r.given[name] for r in reports if name in r.given]
        words = [r.own[name] for r in reports if name in r.own and question.kind == "text"]
        said = next((one for one in (own[name], *words) if not one.empty), None)
        if said is not None:
            given[name], sources[name] = said, "own"
        elif made:
            given[name], sources[name] = made[0], "generated"
        else:
            given[name], sources[name] = own[name], ""
    return given, sources


def _pictured(lines: Sequence[Line], given: Mapping[str, GivenAnswer], lab: Lab) -> Iterable[str]:
    """Unanswered questions in whose place a picture stands: between their answered neighbours."""
    places = {q.id: one.where.line for q in lab.questions if (one := given[q.id]).where}
    pictures = [line.number for line in lines if line.kind is LineKind.PICTURE]
    if not pictures:
        return
    known = sorted(places.values())
    for number, question in enumerate(lab.questions):
        if not given[question.id].empty:
            continue
        before = [places[q.id] for q in lab.questions[:number] if q.id in places]
        start = max(before, default=0)
        end = min((line for line in known if line > start), default=10**9)
        if any(start < picture < end for picture in pictures):
            yield question.id
