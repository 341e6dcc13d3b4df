"""A lab file as far as it can be read: what is right in it, and everything that is wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from report.errors import LabsharkError
from report.labs.mistakes import Mistake, shown_place, with_nearest
from report.labs.model import Lab, Question
from report.labs.shape import shape_mistakes
from report.text import Text, visible
from report.tomltext import parsed_toml


@dataclass(frozen=True, slots=True)
class Draft:
    """A lab file that may have mistakes."""

    lab: Lab | None
    """The lab, if its shape is right."""
    questions: tuple[Question, ...]
    """The questions whose shape is right, so that more can be said of them."""
    mistakes: tuple[Mistake, ...]
    places: tuple[str, ...] = ()
    """What mistakes call its sections and questions, in the file's order."""


def draft_lab(toml: str, file: str) -> Draft:
    """Reads the text of a lab file; `file` is the name that messages give.

    Raises LabsharkError `lab-unreadable` for what is not TOML.
    """
    try:
        data = parsed_toml(toml)
    except ValueError as fault:
        raise LabsharkError("lab-unreadable", path=file, detail=str(fault)) from fault
    places = tuple(_places(data))
    try:
        lab = Lab.model_validate(data)
    except ValidationError as fault:
        questions = tuple(_readable(data))
        mistakes = (*shape_mistakes(fault, data), *_connections(data))
        return Draft(None, questions, mistakes, places)
    return Draft(lab, tuple(lab.questions), tuple(_connections(data)), places)


def _readable(data: Mapping[str, Any]) -> Iterator[Question]:
    for row in _rows(data, "questions"):
        try:
            yield Question.model_validate(row)
        except ValidationError:
            continue


def _rows(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = data.get(name)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _places(data: Mapping[str, Any]) -> Iterator[str]:
    for name in ("header_fields", "sections", "questions"):
        for at, row in enumerate(_rows(data, name)):
            yield shown_place(name, at, row)


def _ids(data: Mapping[str, Any], name: str) -> list[str]:
    ids = (row.get("id") for row in _rows(data, name))
    return [each for each in ids if isinstance(each, str)]


# --- what pydantic does not see: how the parts belong together --------------------------------


def _connections(data: Mapping[str, Any]) -> Iterator[Mistake]:
    for name in ("questions", "sections", "header_fields"):
        yield from _twice(_ids(data, name))
    sections = set(_ids(data, "sections"))
    for at, question in enumerate(_rows(data, "questions")):
        place, section = shown_place("questions", at, question), question.get("section")
        if isinstance(section, str) and section not in sections:
            what = _none(f"分节 {section}", f"section {section}")
            yield Mistake(place, "section", with_nearest(what, section, sections))
        yield from _nothing_to_say(place, question)
    yield from _dependencies(data)


def _none(zh: str, en: str) -> Text:
    return Text(f"没有{visible(zh, 100)}", f"there is no {visible(en, 100)}")


def _twice(ids: list[str]) -> Iterator[Mistake]:
    for name in dict.fromkeys(each for each in ids if ids.count(each) > 1):
        what = Text("这个名称用了不止一次", "the same id is used more than once")
        yield Mistake(visible(name, 80), "id", what)


def _nothing_to_say(place: str, question: Mapping[str, Any]) -> Iterator[Mistake]:
    if "query" not in question and "model" not in question:
        what = Text("需要一个查询，或一个参考答案（model）", "it needs a query, or a model answer")
        yield Mistake(place, "query", what)
    elif question.get("kind") == "text" and "model" not in question:
        what = Text("理解题需要参考答案", "a question of understanding needs a model answer")
        yield Mistake(place, "model", what)


def _dependencies(data: Mapping[str, Any]) -> Iterator[Mistake]:
    ids = set(_ids(data, "questions"))
    depends = {name: list(_needed(data, name)) for name in _ids(data, "questions")}
    for name, needed in depends.items():
        for other in needed:
            if other not in ids:
                what = with_nearest(_none(f"题目 {other}", f"question {other}"), other, ids)
                yield Mistake(visible(name, 80), "depends", what)
    cycle = _cycle(depends)
    if cycle:
        way = visible(" → ".join(cycle))
        what = Text(f"绕成了一圈（{way}）", f"goes in a circle ({way})")
        yield Mistake(visible(cycle[0], 80), "depends", what)


def _needed(data: Mapping[str, Any], name: str) -> Iterator[str]:
    for row in _rows(data, "questions"):
        needed = row.get("depends")
        if row.get("id") == name and isinstance(needed, list):
            yield from (each for each in needed if isinstance(each, str))


def _cycle(depends: dict[str, list[str]]) -> list[str]:
    done: set[str] = set()
    for start in depends:
        trail: list[str] = []
        found = _walk(start, depends, done, trail)
        if found:
            return found
    return []


def _walk(at: str, depends: dict[str, list[str]], done: set[str], trail: list[str]) -> list[str]:
    if at in trail:
        return [*trail[trail.index(at) :], at]
    if at in done:
        return []
    trail.append(at)
    for needed in depends.get(at, []):
        found = _walk(needed, depends, done, trail)
        if found:
            return found
    trail.pop()
    done.add(at)
    return []
