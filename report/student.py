"""What the student gives beside the capture: the header block's values and words of their own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from report.errors import LabsharkError
from report.text import Text
from report.tomltext import parsed_toml

MAX_BYTES = 256 * 1024
CONCLUSION = "conclusion"
_HEADING = re.compile(r"^#{1,6}\s+(?P<title>.*?)\s*#*\s*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_CONCLUSION_TITLES = ("conclusion", "结论", "体会", "总结", "心得")


class _Bilingual(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    zh: Annotated[str, Field(max_length=20_000)] = ""
    en: Annotated[str, Field(max_length=20_000)] = ""


_Value = Annotated[str, Field(max_length=20_000)] | _Bilingual


class _StudentFile(BaseModel):
    """The keys of `student.toml`; all may be left out."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, coerce_numbers_to_str=True)
    id: _Value | None = None
    name: _Value | None = None
    class_: Annotated[_Value | None, Field(alias="class")] = None
    title: _Value | None = None
    hours: _Value | None = None
    date: _Value | None = None
    purpose: _Value | None = None
    hardware: _Value | None = None
    software: _Value | None = None
    steps: _Value | None = None
    conclusion: _Value | None = None
    extra: dict[str, _Value] = {}
    """Values for the header fields that a lab adds, by their ids."""


@dataclass(frozen=True, slots=True)
class Student:
    """Values of the report's header block, by field name (`id`, `name`, `class`, …)."""

    fields: Mapping[str, Text] = field(default_factory=dict)

    def get(self, name: str) -> Text | None:
        """The value of one field, or None where the student gave none."""
        return self.fields.get(name)

    def with_fields(self, **values: str | None) -> "Student":
        """The same student with some fields named on the command line."""
        named = {name: Text(value, value) for name, value in values.items() if value}
        return Student({**self.fields, **named})


def load_student(path: Path) -> Student:
    """The header values in a `student.toml`.

    Raises LabsharkError `student-unreadable` or `student-invalid` (naming the key).
    """
    try:
        data = parsed_toml(_read(path, "student-unreadable"))
        for key in ("date",):
            if key in data and not isinstance(data[key], str | dict):
                data[key] = str(data[key])  # TOML has dates of its own
        given = _StudentFile.model_validate(data)
    except ValidationError as fault:
        mistake = fault.errors()[0]
        key = ".".join(map(str, mistake["loc"]))
        detail = f"{key}: {mistake['msg']}"
        raise LabsharkError("student-invalid", path=str(path), detail=detail) from fault
    except ValueError as fault:
        raise LabsharkError("student-unreadable", path=str(path), detail=str(fault)) from fault
    values = given.model_dump(by_alias=True, exclude={"extra"}, exclude_none=True)
    extra = given.model_dump(include={"extra"})["extra"]
    return Student({k: text for k, v in {**extra, **values}.items() if (text := _text(v))})


def _text(value: str | Mapping[str, str]) -> Text | None:
    if isinstance(value, str):
        return Text(value, value) if value.strip() else None
    zh, en = value["zh"] or value["en"], value["en"] or value["zh"]
    return Text(zh, en) if zh.strip() else None


def load_words(path: Path, questions: frozenset[str]) -> dict[str, str]:
    """The student's own words: Markdown by question id, and under `conclusion`.

    A section begins at a heading that names a question (`# q7`, `## 7`, `# 第7题`) or the
    conclusion; other headings belong to the text. Raises LabsharkError `words-unreadable`, and
    `words-no-sections` where no heading names anything.
    """
    lines = _read(path, "words-unreadable").splitlines()
    sections: dict[str, list[str]] = {}
    current: list[str] | None = None
    fenced = False
    for line in lines:
        fenced ^= bool(_FENCE.match(line))
        heading = None if fenced else _HEADING.match(line)
        name = _section_name(heading["title"], questions) if heading else None
        if name is not None:
            current = sections.setdefault(name, [])
        elif current is not None:
            current.append(line)
    if not sections:
        raise LabsharkError("words-no-sections", path=str(path))
    return {name: "\n".join(text).strip() for name, text in sections.items() if any(text)}


def _section_name(title: str, questions: frozenset[str]) -> str | None:
    plain = title.strip().rstrip(".:：、").lower()
    if any(plain.startswith(word) for word in _CONCLUSION_TITLES):
        return CONCLUSION
    by_lower = {q.lower(): q for q in questions}
    number = re.fullmatch(r"(?:第|question|问题|q)?\s*(\d+)\s*(?:题|问)?", plain)
    return by_lower.get(plain) or (by_lower.get(f"q{number[1]}") if number else None)


def _read(path: Path, slug: str) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as fault:
        detail = fault.strerror or str(fault)
        raise LabsharkError(slug, path=str(path), detail=detail) from fault
    if len(data) > MAX_BYTES:
        raise LabsharkError(slug, path=str(path), detail="> 256 kB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise LabsharkError(slug, path=str(path), detail="not UTF-8") from fault
