"""Submissions that want to do more than be graded: nothing runs, nothing escapes, all is shown."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from lxml import html as lxml_html

from report.grading.run import ClassGraded, Options, grade_class
from tests.corpus.truth import TRACES
from tests.grading.klass.graded import quiet
from tests.grading.klass.writing import LAB

CANARY = "labshark-canary-touched"
WRITEUP = """# <script>alert(1)</script> 实验报告
1. <img src=x onerror="alert(1)"> 1
2. before <svg onload=alert(1)>
3. =HYPERLINK("http://evil.example","4")
4. {{ 7*7 }} {% include "/etc/passwd" %} TLS 1.2
5. @SUM(1+1)*cmd|' /C calc'!A0 28
6. \u202e\u200b8e\u0007\u001b[31m
7. +1+密钥 防重放 <a href="javascript:alert(1)">x</a>
8. 6</div></details></article><script>alert(2)</script>
"""
NAMES = (
    "20260401_<script>alert(1)</script>",
    "20260402_=cmd|'C calc'!A0",
    "20260403_\u202egnp.exe",
    "20260404_{{7*7}}",
    "20260405_con",
    "20260406_-rf .. ;$(touch " + CANARY + ")",
)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ClassGraded]:
    """A class of such, from an archive with paths that lead out of it."""
    folder = tmp_path_factory.mktemp("hostile")
    capture = (TRACES / "tls12-ipv6.pcapng").read_bytes()
    archive = folder / "class.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for name in NAMES:
            target.writestr(f"{name}/report.md", WRITEUP)
            target.writestr(f"{name}/mine.pcapng", capture)
            # What pyshark and tshark would read and run, if they looked there.
            target.writestr(f"{name}/config.ini", "[tshark]\ntshark_path = ./tshark\n")
            target.writestr(f"{name}/tshark", f"#!/bin/sh\ntouch {CANARY}\n")
            target.writestr(f"{name}/init.lua", f"os.execute('touch {CANARY}')\n")
        target.writestr("../../../escaped.md", "1. 17\n")
        target.writestr("/tmp/labshark-escaped.md", "1. 17\n")
        target.writestr("20260407_zip/bomb.zip", bomb())
        target.writestr("20260407_zip/report.md", "1. 1\n3. 4\n")
    out = folder / "out"
    result = grade_class(Options(archive, out, LAB, jobs=2, with_pdf=False), quiet)
    return folder, result


def bomb() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as inner:
        inner.writestr("big.md", b"0" * (300 << 20))
    return target.getvalue()


def test_nothing_was_run_and_nothing_escaped(graded: tuple[Path, ClassGraded]) -> None:
    folder, _ = graded
    assert not list(folder.rglob(CANARY))
    assert not Path(CANARY).exists()
    assert not list(folder.parent.rglob("escaped.md"))
    assert not Path("/tmp/labshark-escaped.md").exists()
    assert {p.name for p in folder.iterdir()} == {"class.zip", "out"}


def test_everybody_is_there(graded: tuple[Path, ClassGraded]) -> None:
    _, result = graded
    ids = {o.who.id for o in result.klass.outcomes}
    assert {name[:8] for name in NAMES} <= ids
    right = [o for o in result.klass.outcomes if o.who.id in {n[:8] for n in NAMES}]
    for outcome in right:
        verdicts = {a.id: a.verdict.value for a in outcome.answers}
        assert verdicts["q1"] == "correct", outcome.who
    bombed = next(o for o in result.klass.outcomes if o.who.id == "20260407")
    assert {p.slug for p in bombed.problems} & {"file-bomb", "nested-refused"}


def pages(out: Path) -> list[Path]:
    return [out / "class.html", *sorted((out / "feedback").rglob("*.html"))]


def test_pages_hold_no_active_content_but_their_own(graded: tuple[Path, ClassGraded]) -> None:
    folder, _ = graded
    listed = pages(folder / "out")
    assert len(listed) >= len(NAMES) + 2
    for page in listed:
        text = page.read_text(encoding="utf-8")
        tree = lxml_html.document_fromstring(text)
        assert tree.xpath("count(//script)") == 1, page
        elements = [e for e in tree.iter() if isinstance(e.tag, str)]
        names = {n for e in elements for n in e.attrib}
        assert not {n for n in names if str(n).lower().startswith("on")}, page
        links = {e.get("href") for e in elements if e.get("href")}
        assert all(re.match("#|feedback/", str(link)) for link in links), page
        assert not tree.xpath("//img | //iframe | //object | //embed | //link | //form")
        policy = str(tree.xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)"))
        assert policy.startswith("default-src 'none'; script-src 'sha256-")
        hidden = re.findall("[\u0000-\u0008\u000b-\u001f\u200b\u202a-\u202e\u2066-\u2069]", text)
        assert not hidden, page


def test_tables_hold_text_and_no_formulas(graded: tuple[Path, ClassGraded]) -> None:
    folder, _ = graded
    for name in ("grades.csv", "review.csv"):
        data = (folder / "out" / name).read_text(encoding="utf-8-sig")
        table = list(csv.reader(io.StringIO(data, newline="")))
        assert len({len(row) for row in table}) == 1
        for row in table:
            assert not [cell for cell in row if cell[:1] in "=+@\t\r" and cell], row
            assert not [c for c in row if c[:1] == "-" and not re.fullmatch(r"-?[\d.]+", c)]
    with zipfile.ZipFile(folder / "out" / "grades.xlsx") as book:
        sheets = [book.read(n) for n in book.namelist() if n.startswith("xl/worksheets/")]
    assert sheets
    assert all(b"<f>" not in sheet and b"<f " not in sheet for sheet in sheets)


def test_what_was_written_is_shown_as_text(graded: tuple[Path, ClassGraded]) -> None:
    folder, _ = graded
    document = json.loads((folder / "out" / "grades.json").read_bytes())
    student = next(s for s in document["students"] if s["id"] == "20260401")
    given = {a["id"]: a["given"] for a in student["answers"]}
    assert given["q7"].startswith("+1+密钥")
    page = (folder / "out" / "feedback" / student["folder"] / "feedback.html").read_text("utf-8")
    assert "+1+密钥" in page
