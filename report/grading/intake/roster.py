"""Who is in the class: a CSV or Excel file as the registry, the LMS or a teacher wrote it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from report.errors import LabsharkError
from report.grading.intake.headers import (
    CLASS,
    EMAIL,
    FAMILY,
    GIVEN,
    ID,
    LMS_ID,
    LOGIN,
    MAJOR,
    NAME,
    Header,
    find_header,
    header_word,
)
from report.grading.intake.people import full_name, id_key, id_tokens, name_keys, plain
from report.grading.intake.problems import Problem, problem
from report.grading.intake.sheetfiles import Sheet, read_sheets

_AS_FORMULA = re.compile(r'="(.*)"\Z')
_NOT_PEOPLE_WORDS = "student,test teststudent 测试学生 合计 总计 小计 平均 平均分 total average"
_NOT_PEOPLE = frozenset(_NOT_PEOPLE_WORDS.split())
_HEADER_WORDS = frozenset(("学号", "姓名", "studentid", "id", "name"))
_POINTS_ROW = "pointspossible"
_PRECISE_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Person:
    """One student of the roster."""

    id: str
    """As text, leading zeros kept; '' where the roster has none."""
    name: str
    class_name: str = ""
    major: str = ""
    others: tuple[str, ...] = ()
    """Other ids that files may bear: login, e-mail, the LMS's own number."""
    where: str = ""
    """Sheet and row, for messages."""

    @property
    def label(self) -> str:
        """Id and name, for messages."""
        return " ".join(filter(None, (self.id, self.name)))

    @property
    def keys(self) -> frozenset[str]:
        """Every id, as it is compared."""
        return frozenset(id_key(i) for i in (self.id, *self.others) if i)


@dataclass(frozen=True)
class Roster:
    """The class, in the file's order."""

    people: tuple[Person, ...]
    problems: tuple[Problem, ...] = ()
    by_id: Mapping[str, tuple[Person, ...]] = field(init=False)
    by_name: Mapping[str, tuple[Person, ...]] = field(init=False)
    _spoken: tuple[tuple[str, tuple[str, ...], Person], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", _indexed((k, p) for p in self.people for k in p.keys))
        object.__setattr__(
            self, "by_name", _indexed((k, p) for p in self.people for k in name_keys(p.name))
        )
        object.__setattr__(self, "_spoken", tuple(_spoken(p) for p in self.people))

    def with_id(self, student_id: str) -> tuple[Person, ...]:
        """Who has this id, or login, or LMS number."""
        return self.by_id.get(id_key(student_id), ())

    def with_name(self, name: str) -> tuple[Person, ...]:
        """Who is called so, family name first or last."""
        return _distinct(p for key in name_keys(name) for p in self.by_name.get(key, ()))

    def in_label(self, label: str) -> tuple[Person, ...]:
        """Whose id stands in a file's name; else whose name does."""
        text = plain(label)
        by_id = _distinct(p for token in _tokens(text) for p in self.with_id(token))
        return by_id or self._named_in(text)

    def _named_in(self, text: str) -> tuple[Person, ...]:
        folded = text.casefold()
        there = frozenset(re.findall(r"[^\W\d_]+", folded))
        named = [p for name, words, p in self._spoken if _stands_in(name, words, folded, there)]
        # 王小明 also holds 王小: the longer name is meant.
        longer = [p for p in named if not any(_within(p.name, q.name) for q in named)]
        return _distinct(longer)


def read_roster(path: Path) -> Roster:
    """The roster in a CSV, tab-separated or xlsx file: header row anywhere, several sheets.

    Raises LabsharkError `roster-no-header` and what `read_sheets` raises.
    """
    table = read_sheets(path)
    people: list[Person] = []
    problems = list(table.problems)
    found = False
    for sheet in table.sheets:
        header = find_header(sheet.rows)
        if header is None:
            continue
        found = True
        for person in _people(sheet, header, only_sheet=len(table.sheets) == 1):
            people.append(person)
            problems += _doubts(person)
    if not found:
        raise LabsharkError("roster-no-header", path=path.name)
    return Roster(tuple(people), (*problems, *_duplicates(people)))


def _people(sheet: Sheet, header: Header, only_sheet: bool) -> Iterator[Person]:
    for number, row in enumerate(sheet.rows[header.row + 1 :], header.row + 2):
        cells = {key: _cell(row, index) for key, index in header.columns.items()}
        if any(header_word(cell) in _NOT_PEOPLE for cell in row):
            continue
        name = cells.get(NAME) or full_name(cells.get(FAMILY, ""), cells.get(GIVEN, ""))
        student_id = cells.get(ID, "")
        others = tuple(cells[key] for key in (LOGIN, EMAIL, LMS_ID) if cells.get(key))
        if (name or student_id or others) and not _is_heading(name, student_id):
            yield Person(
                student_id or (others[0] if others else ""),
                name,
                cells.get(CLASS) or ("" if only_sheet else sheet.title),
                cells.get(MAJOR, ""),
                tuple(dict.fromkeys((*others, *_lms_numbers(others)))),
                f"{sheet.title} {number}".strip(),
            )


def _is_heading(name: str, student_id: str) -> bool:
    """A header row that is repeated on every printed page, or Canvas's row of maximum points."""
    words = header_word(name), header_word(student_id)
    return not _HEADER_WORDS.isdisjoint(words) or words[0].startswith(_POINTS_ROW)


def _lms_numbers(others: Iterable[str]) -> Iterator[str]:
    """Moodle writes `Participant 123` and names its folders by 123."""
    for other in others:
        match = re.fullmatch(r"\D+(\d+)", other)
        if match and "@" not in other:
            yield match[1]


def _cell(row: tuple[str, ...], index: int) -> str:
    text = plain(row[index]) if index < len(row) else ""
    formula = _AS_FORMULA.match(text)
    return (formula[1] if formula else text).lstrip("'").strip()


def _doubts(person: Person) -> Iterator[Problem]:
    if not person.id:
        yield problem("roster-no-id", where=person.where, name=person.name)
    elif person.id.isdigit() and len(person.id) > _PRECISE_DIGITS and person.id.endswith("000"):
        yield problem("roster-id-rounded", where=person.where, id=person.id)


def _duplicates(people: list[Person]) -> Iterator[Problem]:
    ids = Counter(id_key(p.id) for p in people if p.id)
    for key, count in ids.items():
        if count > 1:
            same = [p for p in people if id_key(p.id) == key]
            names = ", ".join(p.name for p in same)
            yield problem("roster-duplicate-id", id=same[0].id, count=count, names=names)
    called = Counter(p.name.casefold() for p in people if p.name)
    for name, count in called.items():
        if count > 1:
            shown = next(p.name for p in people if p.name.casefold() == name)
            yield problem("roster-same-name", name=shown, count=count)


def _indexed(pairs: Iterable[tuple[str, Person]]) -> dict[str, tuple[Person, ...]]:
    index: dict[str, list[Person]] = {}
    for key, person in pairs:
        index.setdefault(key, []).append(person)
    return {key: _distinct(people) for key, people in index.items()}


def _distinct(people: Iterable[Person]) -> tuple[Person, ...]:
    return tuple(dict.fromkeys(people))


def _tokens(text: str) -> tuple[str, ...]:
    """What may be an id: the usual forms, and every longer run of letters and digits."""
    runs = [*re.findall(r"[A-Za-z0-9]*\d[A-Za-z0-9]*", text), *re.findall(r"\d+", text)]
    return tuple(dict.fromkeys((*id_tokens(text), *(run for run in runs if len(run) > 3))))


def _spoken(person: Person) -> tuple[str, tuple[str, ...], Person]:
    folded = plain(person.name).casefold()
    words = tuple(re.findall(r"[^\W\d_]+", folded)) if folded.isascii() else ()
    return folded, words, person


def _stands_in(name: str, words: tuple[str, ...], label: str, there: frozenset[str]) -> bool:
    """A Chinese name anywhere; another one when all of its words, two at least, are there."""
    if not name.isascii():
        return len(name) > 1 and name in label
    return len(words) > 1 and there.issuperset(words)


def _within(name: str, other: str) -> bool:
    return name != other and name in other
