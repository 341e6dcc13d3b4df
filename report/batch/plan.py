"""Whose each input is, and the folder that its report goes to; decided before any work begins."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from report.batch.inputs import Found, Submitted
from report.batch.results import Who
from report.grading.intake.people import DATE, id_key, id_tokens, plain
from report.grading.intake.roster import Person, Roster
from report.naming import unique_folder_names

RESULTS = "results"
OWN_NAMES = frozenset(
    {RESULTS, "index.html", "results.csv", "results.parquet", "failures.csv", "log.jsonl"}
)
"""What the output folder holds beside the students' folders."""


@dataclass(frozen=True, slots=True)
class Item:
    """One student and what there is of theirs; with exactly one capture there is work to do."""

    who: Who
    folder: str
    captures: tuple[Path, ...] = ()
    inputs: tuple[str, ...] = ()
    """As people name them; empty for a student of the roster who handed nothing in."""
    keylogs: tuple[Path, ...] = ()
    words: Path | None = None
    student: Path | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything to do, by student id."""

    items: tuple[Item, ...]
    keylogs: tuple[Path, ...] = ()
    """Key logs that are not any one student's."""

    @property
    def inputs(self) -> int:
        """How many captures and empty folders there are."""
        return sum(len(item.inputs) for item in self.items)


def make_plan(found: Found, roster: Roster | None, keylogs: Sequence[Path] = ()) -> Plan:
    """The items in the order of their ids, whatever order the inputs were named in."""
    groups: dict[str, list[Submitted]] = {}
    people: dict[str, Who] = {}
    for one in found.submitted:
        who = _who(one, roster)
        key = id_key(who.id)
        groups.setdefault(key, []).append(one)
        people[key] = min(people.get(key, who), who, key=lambda w: w.id)
    for person in roster.people if roster else ():
        groups.setdefault(id_key(_id(person)), [])
        people.setdefault(id_key(_id(person)), _on_roster(person))
    names = _folder_names(who.id for who in people.values())
    items = [_item(people[key], group, names) for key, group in groups.items()]
    items.sort(key=lambda item: (id_key(item.who.id), item.who.id))
    return Plan(tuple(items), (*found.keylogs, *keylogs))


def _item(who: Who, group: list[Submitted], names: dict[str, str]) -> Item:
    captures = [path for one in group for path in one.captures]
    inputs = sorted(shown for one in group for shown in one.shown)
    first = next(iter(group), None)
    return Item(
        who,
        names[who.id],
        tuple(captures),
        tuple(inputs),
        tuple(path for one in group for path in one.keylogs),
        first.words if first else None,
        first.student if first else None,
    )


def _who(one: Submitted, roster: Roster | None) -> Who:
    person = _person(one.name, roster) if roster else None
    if person:
        return _on_roster(person)
    return Who(id=student_id(one.name), on_roster=False if roster else None)


def _person(label: str, roster: Roster) -> Person | None:
    people = roster.with_id(label) or roster.with_name(label) or roster.in_label(label)
    return people[0] if len(people) == 1 else None


def _on_roster(person: Person) -> Who:
    return Who(id=_id(person), name=person.name, class_name=person.class_name, on_roster=True)


def _id(person: Person) -> str:
    return person.id or person.name


def student_id(label: str) -> str:
    """The student id in a folder's or file's name (dates are none), else the whole name."""
    ids = [token for token in id_tokens(label) if not DATE.match(token)]
    return ids[0] if ids else plain(label) or label


def _folder_names(ids: Iterable[str]) -> dict[str, str]:
    return dict(_beside_our_own(unique_folder_names(ids)))


def _beside_our_own(names: dict[str, str]) -> Iterator[tuple[str, str]]:
    for student, name in names.items():
        if name.casefold() in OWN_NAMES:
            name = f"{name.replace('.', '_')}-{sha256(student.encode()).hexdigest()[:10]}"
        yield student, name
