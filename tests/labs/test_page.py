"""docs/labs.md: its lab files, its commands, and that it leaves nothing out."""

import re
import shlex
import shutil
import tomllib
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from report.grading.marking.confusions import CONFUSIONS
from report.labs.keys import KEYS
from report.labs.loader import load_draft
from report.labs.model import KindName, Lab, Pick, SessionKind, TableName
from report.questions.lab_check import lab_mistakes, table_columns
from tests.commands.process import run
from tests.labs.test_checking import HEAD

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")


@pytest.fixture(scope="module")
def page(checkout: Path) -> str:
    return (checkout / "docs" / "labs.md").read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    return [text for name, text in _BLOCK.findall(page) if name == language]


def lab_files(page: str) -> list[str]:
    """Every lab of the page; of single questions, one with nothing else in it."""
    tomls = blocks(page, "toml")
    return [toml if "id" in tomllib.loads(toml) else HEAD + toml for toml in tomls]


def test_every_lab_on_the_page_is_right(page: str, tmp_path: Path) -> None:
    files = lab_files(page)
    assert len(files) >= 6
    for at, toml in enumerate(files):
        path = tmp_path / f"lab-{at}.toml"
        path.write_text(toml, encoding="utf-8")
        assert lab_mistakes(load_draft(path), CONFUSIONS.keys()) == (), toml


def test_the_tutorial_as_it_is_written(page: str, checkout: Path, tmp_path: Path) -> None:
    """On the portal check in the demo trace: host and status are those of traces/make/demo.py."""
    commands = [
        shlex.split(line)[1:]
        for text in blocks(page, "sh")
        for line in text.splitlines()
        if line.startswith("labshark ")
    ]
    assert [words[:2] for words in commands] == [
        ["labs", "new"],
        ["labs", "check"],
        ["labs", "check"],
        ["report", "http.pcapng"],
        ["form", "my-lab.toml"],
    ]
    begin, check, try_it, report, form = commands
    assert run(*begin, cwd=tmp_path).code == 0
    (tmp_path / "my-lab.toml").write_text(lab_files(page)[0], encoding="utf-8")
    shutil.copy(checkout / "traces" / "demo.pcapng", tmp_path / "http.pcapng")
    checked = run(*check, "--lang", "en", cwd=tmp_path)
    assert (checked.code, checked.err) == (0, "Lab my-lab: 6 questions, no mistakes found.\n")
    tried = run(*try_it, "--lang", "en", cwd=tmp_path)
    assert tried.code == 0, tried.err
    rows = {row[0]: row[1:] for row in (line.split("\t") for line in tried.out.splitlines())}
    assert rows["q1"] == ["found", "9", "9: Request Method: GET"]
    assert rows["q2"] == ["found", "portal.campus.example", "9: Host: portal.campus.example\\r\\n"]
    assert rows["q3"][:2] == ["found", "204"]
    assert {rows[q][0] for q in ("q4", "q5")} == {"found"}
    assert rows["q6"][0] == "explained"
    assert rows["q6"][1].startswith("Everything: host")
    assert run(*report, cwd=tmp_path).code == 0
    assert (tmp_path / "report.html").is_file() or list(tmp_path.glob("*/report.html"))
    assert run(*form, cwd=tmp_path).code == 0
    assert (tmp_path / "form.docx").is_file()


def test_the_page_names_every_key_kind_table_and_confusion(page: str) -> None:
    named = {word for code in _CODE.findall(page) for word in re.findall(r"[\w.-]+", code)}
    missing = [key for keys in KEYS.values() for key in keys if key not in {*named, "zh", "en"}]
    missing += [key for key in _literals(KindName, TableName, Pick, SessionKind) - named]
    missing += [c for columns in table_columns().values() for c in columns if c not in named]
    missing += [slug for slug in CONFUSIONS if slug not in named]
    assert set(missing) <= {"name", "label", "filter"}, "keys that only the examples show"


def _literals(*types: object) -> set[str]:
    return {value for each in types for value in get_args(each)}


def test_what_the_page_says_is_needed_is_needed(page: str) -> None:
    starred = set(re.findall(r"`(\w+)` \*", page))
    models: list[type[BaseModel]] = [Lab, *_nested()]
    needed = {
        name
        for model in models
        for name, field in model.model_fields.items()
        if field.is_required()
    }
    assert starred == needed


def _nested() -> list[type[BaseModel]]:
    fields = Lab.model_fields
    return [
        argument
        for name in ("sections", "questions")
        for argument in get_args(fields[name].annotation)
    ]
