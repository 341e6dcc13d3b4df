"""Small files that cost much: each refused or stopped soon, for its own reason, in little memory.

Archives, documents and captures that unpack to gigabytes have their tests beside their readers
(`tests/grading/intake`, `tests/capture/test_intake.py`); here is what people type.
"""

import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from report.errors import LabsharkError
from report.grading.intake.answersjson import parse_answers
from report.grading.key import parse_key
from report.labs.loader import load_lab
from report.rendering.jsontext import json_text
from report.rendering.prose import read_markdown
from report.student import load_student, load_words
from report.tomltext import parsed_toml

SECONDS = 2.0
"""Of processor time: the machine may be busy with other tests."""
KIB = 1024
TOML = {
    "dotted key": "a." * (120 * KIB) + "a = 1",
    "dotted table": "[" + "a." * (120 * KIB) + "a]",
    "quoted parts": '"a".' * (60 * KIB) + "a = 1",
    "dotted keys": ("a." * 1000 + "a = 1\n") * 100,
    "dotted in a table": "x = {" + "a." * (100 * KIB) + "a = 1}",
    "arrays": "a = " + "[" * (200 * KIB),
    "closed arrays": "a = " + "[" * 5000 + "]" * 5000,
    "tables": "a = " + "{a = " * (40 * KIB),
    "digits": "a = " + "9" * (200 * KIB),
    "many keys": "".join(f"k{n} = {n}\n" for n in range(20_000)),
    "many tables": "".join(f"[t{n}]\n" for n in range(20_000)),
    "date": "a = 9999-99-99",
    "no end": 'a = """' + "x" * (200 * KIB),
}
JSON = {
    "arrays": b"[" * 4_000_000,
    "objects": b'{"a":' * 1_000_000,
    "digits": b'{"answers": [' + b"9" * 1_000_000 + b"]}",
    "not a number": b'{"answers": [], "x": NaN}',
    "endless": b'{"answers": [], "x": -Infinity}',
    "too large a number": b'{"answers": [{"id": "q1", "value": 1e999}]}',
    "twice": b'{"answers": [], "answers": [1]}',
    "too large": b'{"answers": [' + b"0," * (5 << 20) + b"0]}",
}


@pytest.mark.parametrize("name", TOML)
def test_toml(name: str, tmp_path: Path) -> None:
    text = TOML[name]
    path = tmp_path / "student.toml"
    path.write_text(text)
    readers: dict[str, Callable[[], object]] = {
        "student": lambda: load_student(path),
        "lab": lambda: load_lab(str(path)),
        "key": lambda: parse_key(text, "key.toml", load_lab("tls-v8.1")),
    }
    for what, read in readers.items():
        started = time.process_time()
        with pytest.raises(LabsharkError) as caught:
            read()
        assert caught.value.slug in (f"{what}-unreadable", f"{what}-invalid")
        assert time.process_time() - started < SECONDS


def test_what_people_write_is_no_bomb() -> None:
    kept = "a.b.c.d = 1\n" + 'x = "' + "1.2.3." * 100 + '"\n' + "y = [[1, 2], [3, [4]]]\n"
    assert parsed_toml(kept)["a"] == {"b": {"c": {"d": 1}}}


@pytest.mark.parametrize("name", JSON)
def test_answers_json(name: str) -> None:
    started = time.process_time()
    with pytest.raises(ValueError):  # noqa: PT011 - one kind for whatever is wrong
        parse_answers(JSON[name])
    assert time.process_time() - started < SECONDS


WORDS = {
    "headings": "# q1\n" * 50_000,
    "marks": "#" * 250_000,
    "stars": "# q7\n" + "*" * 250_000,
    "fences": "# q7\n" + "```\n" * 60_000,
    "brackets": "# q7\n" + "[" * 250_000,
    "quotes": "# q7\n" + "> " * 120_000,
}


@pytest.mark.parametrize("name", WORDS)
def test_words(name: str, tmp_path: Path) -> None:
    path = tmp_path / "words.md"
    path.write_text(WORDS[name])
    started = time.process_time()
    with contextlib.suppress(LabsharkError):
        for said in load_words(path, frozenset({"q1", "q7"})).values():
            read_markdown(said)
    assert time.process_time() - started < SECONDS


def test_a_lab_of_very_many_questions_is_refused(tmp_path: Path) -> None:
    block = '[[questions]]\nid = "q{}"\nsection = "s"\nkind = "text"\n'
    path = tmp_path / "lab.toml"
    path.write_text("".join(block.format(n) for n in range(4000)))
    with pytest.raises(LabsharkError) as caught:
        load_lab(str(path))
    assert caught.value.slug == "lab-invalid"


def test_json_of_a_result_can_always_be_written() -> None:
    odd = {"name": "\ud800\u202e\x7f\x9b\U000e0001", "deep": [[[["\u2028"]]]]}
    written = json_text(odd)
    assert json.loads(written) == odd
    assert written.isascii()
