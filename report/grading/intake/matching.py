"""Submissions to the students of the roster: by id, by name, by both; never by a silent choice."""

from collections.abc import Iterable
from dataclasses import dataclass

from report.grading.intake.people import id_key, name_keys
from report.grading.intake.problems import Problem, problem
from report.grading.intake.roster import Person, Roster
from report.grading.intake.submission import Submission


@dataclass(frozen=True, slots=True)
class Match:
    """One submission and whose it is; `person` is None where nobody or several fit."""

    submission: Submission
    person: Person | None
    by: str
    """`id`, `name`, `both`, or '' without a person."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Matching:
    """The class against what was handed in."""

    matches: tuple[Match, ...]
    """In the order of the submissions, each exactly once."""
    missing: tuple[Person, ...]
    """Who handed nothing in."""
    duplicates: tuple[tuple[Person, tuple[Submission, ...]], ...]
    """Who handed in more than once; their matches bear a problem each."""

    @property
    def unmatched(self) -> tuple[Submission, ...]:
        """Submissions that belong to nobody on the roster, or not surely to one."""
        return tuple(match.submission for match in self.matches if match.person is None)


def match_roster(submissions: Iterable[Submission], roster: Roster) -> Matching:
    """Whose each submission is, who is missing, and who stands there twice."""
    matches = [_match(submission, roster) for submission in submissions]
    grouped: dict[Person, list[Match]] = {}
    for match in matches:
        if match.person:
            grouped.setdefault(match.person, []).append(match)
    twice = {person: found for person, found in grouped.items() if len(found) > 1}
    return Matching(
        tuple(_with_duplicates(match, twice) for match in matches),
        tuple(person for person in roster.people if person not in grouped),
        tuple((person, tuple(m.submission for m in found)) for person, found in twice.items()),
    )


def _with_duplicates(match: Match, twice: dict[Person, list[Match]]) -> Match:
    if match.person is None or match.person not in twice:
        return match
    found = twice[match.person]
    labels = ", ".join(other.submission.lms.label for other in found)
    said = problem("match-duplicate", person=match.person.label, count=len(found), labels=labels)
    return Match(match.submission, match.person, match.by, (*match.problems, said))


def _match(submission: Submission, roster: Roster) -> Match:
    by_id = roster.with_id(submission.id) if submission.id else ()
    by_name = roster.with_name(submission.name) if submission.name else ()
    if len(by_id) > 1:
        by_id = tuple(p for p in by_id if p in by_name) or by_id
    if len(by_id) == 1:
        return _by_id(submission, by_id[0], by_name)
    if len(by_id) > 1:
        return _nobody(submission, problem("match-ambiguous", people=_labels(by_id)))
    return _without_id(submission, roster, by_name)


def _by_id(submission: Submission, person: Person, by_name: tuple[Person, ...]) -> Match:
    if not submission.name or not person.name:
        return Match(submission, person, "id")
    if person in by_name or name_keys(submission.name) & name_keys(person.name):
        return Match(submission, person, "both")
    if len(by_name) == 1:
        said = problem("match-conflict", first=person.label, second=by_name[0].label)
        return _nobody(submission, said)
    said = problem("match-other-name", person=person.label, name=submission.name)
    return Match(submission, person, "id", (said,))


def _without_id(submission: Submission, roster: Roster, by_name: tuple[Person, ...]) -> Match:
    zeros = _but_for_zeros(submission.id, roster)
    if len(zeros) == 1 and (not by_name or zeros[0] in by_name):
        said = problem("match-zeros", id=submission.id, person=zeros[0].label)
        return Match(submission, zeros[0], "id", (said,))
    people = by_name or roster.in_label(submission.lms.label)
    if len(people) > 1:
        return _nobody(submission, problem("match-ambiguous", people=_labels(people)))
    if not people:
        return _nobody(submission, problem("match-none"))
    return Match(submission, people[0], "name", _doubtful_id(submission, people[0]))


def _doubtful_id(submission: Submission, person: Person) -> tuple[Problem, ...]:
    if submission.id is None or submission.lms.layout.is_lms:
        return ()
    return (problem("match-by-name", id=submission.id, person=person.label),)


def _but_for_zeros(student_id: str | None, roster: Roster) -> tuple[Person, ...]:
    bare = id_key(student_id or "").lstrip("0")
    if not bare:
        return ()
    return tuple(p for p in roster.people if any(key.lstrip("0") == bare for key in p.keys))


def _nobody(submission: Submission, said: Problem) -> Match:
    return Match(submission, None, "", (said,))


def _labels(people: Iterable[Person]) -> str:
    return ", ".join(person.label for person in people)
