"""`labshark grade`, `key` and `form` as their users run them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from report.grading.key import load_key
from report.labs.loader import load_lab
from tests.corpus.truth import TRACES, load

CHECKOUT = Path(__file__).resolve().parents[2]
WRITTEN = "1. 1\n2. before\n3. 4\n4. TLS 1.2\n5. 28\n6. 8e\n8. 6\n"


def labshark(*words: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "report.commands.main", *words],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)} | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture
def works(tmp_path: Path) -> Path:
    folder = tmp_path / "works" / "2024007 林晓雨"
    folder.mkdir(parents=True)
    (folder / "report.md").write_text(WRITTEN, encoding="utf-8")
    (folder / "my.pcapng").write_bytes((TRACES / "tls12-ipv6.pcapng").read_bytes())
    return tmp_path / "works"


def test_a_folder_of_works(works: Path, tmp_path: Path) -> None:
    done = labshark("grade", "works", "--out", "marks", "--no-pdf", "--lang", "en", cwd=tmp_path)
    assert done.returncode == 0, done.stderr  # nothing written is nothing to review
    out = tmp_path / "marks"
    named = [Path(line) for line in done.stdout.splitlines()]
    assert all((tmp_path / path).is_file() for path in named)
    assert {p.name for p in named} >= {"grades.json", "grades.csv", "grades.xlsx", "class.html"}
    assert (out / "feedback" / "2024007" / "feedback.html").is_file()
    (student,) = json.loads((out / "grades.json").read_bytes())["students"]
    assert (student["id"], student["name"], student["points"]) == ("2024007", "林晓雨", 7)
    assert "Traceback" not in done.stderr


def test_the_feedback_as_pdf(works: Path, tmp_path: Path) -> None:
    pytest.importorskip("weasyprint")
    done = labshark("grade", "works", "--out", "marks", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    pdf = (tmp_path / "marks" / "feedback" / "2024007" / "feedback.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-")


def test_one_write_up_with_a_fixed_key(tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text(WRITTEN, encoding="utf-8")
    trace = TRACES / "tls12-ipv6.pcapng"
    made = labshark("key", str(trace), "-o", "key.toml", "-q", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    done = labshark("grade", "mine.md", "-o", "m", "--key", "key.toml", "--no-pdf", cwd=tmp_path)
    (student,) = json.loads((tmp_path / "m" / "grades.json").read_bytes())["students"]
    assert (student["key"], student["points"]) == ("key", 7), done.stderr


def test_the_key_of_a_trace_is_what_its_truth_says(tmp_path: Path) -> None:
    """Written, read back, and held against what the two ends of the session wrote down."""
    trace = TRACES / "tls12-chain-4.pcapng"
    done = labshark("key", str(trace), "-q", cwd=tmp_path)
    path = tmp_path / "key.toml"
    path.write_text(done.stdout, encoding="utf-8")
    key = load_key(path, load_lab("tls-v8.1"))
    (truth,) = load(trace.with_suffix(".truth.toml")).cases
    for name, entry in key.questions.items():
        right = truth.answers[name]
        expected = right.get("value")
        value = list(entry.expected) if isinstance(entry.expected, tuple) else entry.expected
        assert value == expected, name
        assert (entry.status or "found") == right["status"], name
    assert "# filter: " in done.stdout
    assert "# frames: 10" in done.stdout


def test_a_key_keeps_what_its_trace_knew(tmp_path: Path) -> None:
    """A message named by its packet is right; what differs from an inferred value is a person's."""
    trace = TRACES / "tls12-ipv6.pcapng"
    truth = load(trace.with_suffix(".truth.toml")).cases[0]
    assert truth.answers["q24"]["value"] not in (1, None)
    server_hello = truth.answers["q8"]["value"]
    text = f"21. 在第 {server_hello} 号数据包中。\n24. 1\n"
    (tmp_path / "mine.md").write_text(WRITTEN + text, encoding="utf-8")
    assert labshark("key", str(trace), "-o", "key.toml", "-q", cwd=tmp_path).returncode == 0
    labshark("grade", "mine.md", "-o", "m", "--key", "key.toml", "--no-pdf", cwd=tmp_path)
    (student,) = json.loads((tmp_path / "m" / "grades.json").read_bytes())["students"]
    verdicts = {answer["id"]: answer["verdict"] for answer in student["answers"]}
    assert (verdicts["q21"], verdicts["q24"]) == ("correct", "review")


def test_a_tshark_with_a_hole_is_not_for_strangers_files(works: Path, tmp_path: Path) -> None:
    program = tmp_path / "tshark"
    program.write_text("#!/bin/sh\necho 'TShark (Wireshark) 4.6.2.'\n", encoding="utf-8")
    program.chmod(0o755)
    done = labshark(
        "grade", "works", "-o", "marks", "--lang", "en", cwd=tmp_path, LABSHARK_TSHARK=str(program)
    )
    assert done.returncode == 4
    assert "[tshark-known-bad]" in done.stderr


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        (("grade", "nothing-here", "-o", "m"), "submissions-missing"),
        (("grade", "works", "-o", "m", "--term-start", "September"), "date-invalid"),
        (("grade", "works", "-o", "m", "--lab", "tls-v9"), "lab-unknown"),
        (("grade", "works", "-o", "m", "--id-pattern", "("), "id-pattern-invalid"),
        (("grade", "works", "-o", "m", "--roster", "none.csv"), "table-missing"),
        (("grade", "works", "-o", "m", "--key", "none.toml"), "key-unreadable"),
        (("form", "tls-v8.1", "-o", "form.pages"), "form-ending"),
    ],
)
def test_mistakes_are_named(words: tuple[str, ...], slug: str, works: Path, tmp_path: Path) -> None:
    done = labshark(*words, cwd=works.parent)
    assert done.returncode == 2
    assert f"[{slug}]" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_sheet_that_cannot_be_filled_is_told_before_any_work(works: Path, tmp_path: Path) -> None:
    (tmp_path / "sheet.csv").write_text("a,b\r\n1,2\r\n", encoding="utf-8")
    done = labshark("grade", "works", "-o", "m", "--fill", "sheet.csv", cwd=tmp_path)
    assert done.returncode == 2
    assert "[sheet-unknown]" in done.stderr
    assert not (tmp_path / "m" / "results").exists()
