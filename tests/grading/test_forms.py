"""The blank form: what is written into its fields is read as those questions' answers."""

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from report.grading.forms import form_docx, form_markdown
from report.grading.handed import read_handed
from report.grading.intake.writeups import WriteUp, read_writeup_at
from report.grading.reading.given import GivenAnswer
from report.labs.loader import built_in_labs, load_lab
from report.labs.model import Lab

LAB = load_lab("tls-v8.1")
ANSWERS = {"q1": "17", "q4": "TLS 1.2", "q9": "TLS_AES_128_GCM_SHA256", "q16": "没有", "q22": "41"}


def in_markdown(path: Path) -> WriteUp:
    """The form filled in with an editor."""
    text = form_markdown(LAB)
    for name, answer in ANSWERS.items():
        field = f"<!-- labshark: {name} -->\n"
        assert text.count(field) == 1
        text = text.replace(field, f"{field}\n{answer}\n")
    path.write_text(text, encoding="utf-8")
    return read_writeup_at(path)


def in_word(path: Path) -> WriteUp:
    """The form filled in as Word does: runs of text inside the content controls."""
    source, target = zipfile.ZipFile(io.BytesIO(form_docx(LAB))), io.BytesIO()
    with zipfile.ZipFile(target, "w") as filled:
        for name in source.namelist():
            part = source.read(name)
            if name == "word/document.xml":
                part = filled_in(part.decode()).encode()
            filled.writestr(name, part)
    path.write_bytes(target.getvalue())
    return read_writeup_at(path)


def read(writeup: WriteUp, lab: Lab = LAB) -> Mapping[str, GivenAnswer]:
    return read_handed([writeup], lab).given


def filled_in(xml: str) -> str:
    for name, answer in ANSWERS.items():
        xml, count = re.subn(
            rf'(w:val="labshark:{name}"/>.*?<w:pStyle w:val="Answer"/></w:pPr>)',
            rf"\g<1><w:r><w:t>{answer}</w:t></w:r>",
            xml,
            count=1,
        )
        assert count == 1
    return xml


@pytest.mark.parametrize(("fill", "name"), [(in_markdown, "f.md"), (in_word, "f.docx")])
def test_a_filled_form_is_read(fill: object, name: str, tmp_path: Path) -> None:
    assert callable(fill)
    writeup: WriteUp = fill(tmp_path / name)
    assert "form" in writeup.marks
    assert not writeup.is_generated
    given = read(writeup)
    assert {n: given[n].value for n in ("q1", "q4", "q9", "q22")} == {
        "q1": 17,
        "q4": "TLS 1.2",
        "q9": "TLS_AES_128_GCM_SHA256",
        "q22": 41,
    }
    assert given["q16"].stance is not None
    assert {n for n, one in given.items() if not one.empty} == set(ANSWERS)


@pytest.mark.parametrize("ending", ["md", "docx"])
@pytest.mark.parametrize("lab", built_in_labs())
def test_a_blank_form_answers_nothing(lab: str, ending: str, tmp_path: Path) -> None:
    of = load_lab(lab)
    path = tmp_path / f"form.{ending}"
    path.write_bytes(form_docx(of) if ending == "docx" else form_markdown(of).encode())
    given = read(read_writeup_at(path), of)
    assert {n: one.text for n, one in given.items() if not one.empty} == {}


def test_answers_beside_their_fields_are_read_too(tmp_path: Path) -> None:
    """Some write under the question and leave the field alone, or delete it."""
    text = form_markdown(LAB)
    text = text.replace("<!-- labshark: q3 -->", "28").replace("<!-- labshark: q5 -->", "")
    ask = LAB.questions[4].ask.en
    text = text.replace(f"{ask}\n", f"{ask}\n\n17 个\n")
    path = tmp_path / "form.md"
    path.write_text(text, encoding="utf-8")
    given = read(read_writeup_at(path))
    assert {n: one.value for n, one in given.items() if not one.empty} == {"q3": 28, "q5": 17}


def test_the_same_lab_gives_the_same_form() -> None:
    assert form_docx(LAB) == form_docx(LAB)
