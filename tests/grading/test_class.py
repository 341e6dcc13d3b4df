"""A class of forty, end to end: from each platform's archive to its filled sheet, and back."""

import csv
import io
import json
import os
import stat
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from report.grading.intake.archives import open_submissions
from report.grading.outcome import AnswerOutcome, StudentOutcome
from report.grading.run import grade_class
from tests.corpus.truth import TRACES
from tests.grading.klass.archives import Files, Platform, files_of
from tests.grading.klass.cast import ABSENT, CLASS, Student
from tests.grading.klass.graded import Graded, graded, quiet
from tests.grading.klass.writing import deserved

WHOLE = os.environ.get("LABSHARK_WHOLE_CLASS") == "1"
"""Whether every platform gets all forty: minutes instead of seconds."""
FEW = (1, 6, 17, 24, 37)
"""Students for the other platforms: all kinds of files, decided and undecided."""


@pytest.fixture(scope="module")
def students() -> tuple[Student, ...]:
    """All who can be there: one has the textbook's trace, which lies in ../shared."""
    shared = Path(__file__).resolve().parents[3] / "shared" / "traces" / "textbook-tls12.pcapng"
    return tuple(s for s in CLASS if s.capture != "textbook" or shared.is_file())


@pytest.fixture(scope="module")
def works(
    students: tuple[Student, ...], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Files]:
    """What everybody hands in, by student id."""
    scratch = tmp_path_factory.mktemp("works")
    shared = Path(__file__).resolve().parents[3] / "shared"
    return {s.id: files_of(s, scratch, shared) for s in students}


@pytest.fixture(scope="module")
def klass(
    students: tuple[Student, ...],
    works: dict[str, Files],
    tmp_path_factory: pytest.TempPathFactory,
) -> Graded:
    """The whole class from Canvas' archive."""
    return graded("canvas", students, works, tmp_path_factory.mktemp("class"))


@pytest.fixture(scope="module")
def by_number(klass: Graded) -> dict[int, StudentOutcome]:
    """Everybody's outcome."""
    found = {o.who.id: o for o in klass.result.klass.outcomes}
    return {s.number: found[s.id if s.on_roster else str(700 + s.number)] for s in klass.students}


@pytest.fixture(scope="module")
def document(klass: Graded) -> dict[str, Any]:
    """The run's grades.json."""
    loaded: dict[str, Any] = json.loads((klass.out / "grades.json").read_bytes())
    return loaded


# ---- verdicts -----------------------------------------------------------------------------------


def counted(answer: AnswerOutcome) -> float | None:
    """The points that count or are proposed."""
    return answer.auto_points


def test_every_answer_gets_the_verdict_it_deserves(by_number: dict[int, StudentOutcome]) -> None:
    """Never another verdict; at most a few more than needed are left to a person."""
    opposite: list[tuple[object, ...]] = []
    careful: list[tuple[object, ...]] = []
    total = 0
    for student in CLASS:
        if student.number not in by_number:
            continue
        answers = {a.id: a for a in by_number[student.number].answers}
        for name, right in deserved(student).items():
            total += 1
            got = answers[name]
            told = (student.number, name, got.verdict.value, right.verdict, got.given[:60])
            if got.verdict.value == right.verdict:
                if counted(got) != right.points or got.confusion != right.confusion:
                    opposite.append((*told, counted(got), got.confusion, right.confusion))
            elif got.verdict.value == "review":
                careful.append(told)
            else:
                opposite.append(told)
    print(f"{total} answers: {len(opposite)} otherwise, {len(careful)} left to review needlessly")
    assert not opposite
    assert len(careful) <= 0.02 * total, careful


def test_texts_of_understanding_are_never_marked_wrong(
    by_number: dict[int, StudentOutcome],
) -> None:
    answers = [a for o in by_number.values() for a in o.answers if a.kind == "text"]
    assert {a.verdict.value for a in answers} == {"review", "missing"}
    assert all(a.proposed for a in answers if a.verdict.value == "review")


def test_a_broken_capture_costs_no_points(by_number: dict[int, StudentOutcome]) -> None:
    broken, without = by_number[36], by_number[37]
    assert broken.key_used is None
    assert {p.slug for p in broken.problems} == {"capture-not-a-capture"}
    assert {p.slug for p in without.problems} == {"no-capture"}
    for outcome in (broken, without):
        assert all(a.points is None for a in outcome.answers)


# ---- facts --------------------------------------------------------------------------------------


def facts_of(klass: Graded, outcome: StudentOutcome) -> dict[str, tuple[str, ...]]:
    return {f.kind: f.others for f in klass.result.klass.facts[outcome.submission]}


def test_captures_handed_in_twice(klass: Graded, by_number: dict[int, StudentOutcome]) -> None:
    """The same file, and the same session in another file."""
    one, two, three = (by_number[n].who.id for n in (1, 2, 3))
    assert facts_of(klass, by_number[1]) == {"same_capture": (two,), "same_session": (three,)}
    assert facts_of(klass, by_number[2]) == {"same_capture": (one,), "same_session": (three,)}
    assert facts_of(klass, by_number[3]) == {"same_session": (one, two)}


def test_answers_of_somebody_elses_capture(
    klass: Graded, by_number: dict[int, StudentOutcome]
) -> None:
    assert facts_of(klass, by_number[31]) == {"fits_other_capture": (by_number[32].who.id,)}
    assert set(facts_of(klass, by_number[30])) == {"fits_published_answers"}


def test_the_published_trace(klass: Graded, by_number: dict[int, StudentOutcome]) -> None:
    if 38 not in by_number:
        pytest.skip("needs the textbook's trace in ../shared")
    assert set(facts_of(klass, by_number[38])) == {"published_trace"}


def test_reports_by_labshark(klass: Graded, by_number: dict[int, StudentOutcome]) -> None:
    assert set(facts_of(klass, by_number[34])) == {"generated_report"}
    edited = {f.kind: f for f in klass.result.klass.facts[by_number[35].submission]}
    assert set(edited) == {"generated_report", "generated_report_edited"}
    assert edited["generated_report_edited"].questions == ("q3",)


def test_nothing_is_said_of_the_others(klass: Graded, by_number: dict[int, StudentOutcome]) -> None:
    told = {n for n, outcome in by_number.items() if facts_of(klass, outcome)}
    assert told <= {1, 2, 3, 30, 31, 34, 35, 38}


# ---- outputs ------------------------------------------------------------------------------------


def test_everybody_is_accounted_for_once(klass: Graded, document: dict[str, Any]) -> None:
    assert len(document["students"]) == len(klass.students) + 1
    ids = [student["id"] for student in document["students"]]
    assert len(set(ids)) == len(ids)
    (missing,) = [s for s in document["students"] if s["status"] == "missing"]
    assert missing["id"] == ABSENT[0]
    assert missing["points"] is None
    (stranger,) = [s for s in document["students"] if s["on_roster"] is False]
    assert stranger["needs_person"]
    assert klass.result.needs_person


def test_grades_json_says_what_it_promises(document: dict[str, Any]) -> None:
    assert (document["format"], document["lab"]) == (1, "tls-v8.1")
    student = next(s for s in document["students"] if s["id"] == "02024001")
    assert student["capture"] == "capture.pcapng"
    assert student["key"] == "capture"
    assert student["max_points"] == 24
    assert student["needs_review"] == ["q7", "q23"]
    answer = next(a for a in student["answers"] if a["id"] == "q4")
    assert answer["verdict"] == "wrong"
    assert answer["confusion"] == "record_version"
    assert (answer["points"], answer["max_points"]) == (0, 1)
    assert answer["expected"] == "TLS 1.2"
    assert answer["where"]["file"] == "实验报告.md"
    assert set(answer["feedback"]) == {"zh", "en"}


def expected_mark(student: Student) -> Decimal | None:
    """The mark that goes into the sheet: none where more than a proposal awaits a person."""
    answers = deserved(student).values()
    if any(a.points is None for a in answers):
        return None
    return sum((Decimal(str(a.points)) for a in answers), Decimal(0))


def sheet_rows(data: bytes, platform: Platform) -> list[list[str]]:
    text = data.decode(platform.encoding)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=platform.delimiter))


def assert_filled(run: Graded, careful: frozenset[int]) -> None:
    """Cell by cell: marks where they belong, comments in their column, all else as it was."""
    before = sheet_rows(run.platform.sheet.read_bytes(), run.platform)
    (path,) = run.out.glob("filled-*")
    after = sheet_rows(path.read_bytes(), run.platform)
    assert len(before) == len(after)
    marks = {s.id: expected_mark(s) for s in run.students if s.number not in careful}
    for old, new in zip(before, after, strict=True):
        student_id = next((cell for cell in old if cell in marks), None)
        free = {run.platform.column, run.platform.feedback_column}
        assert [c for n, c in enumerate(old) if n not in free] == [
            c for n, c in enumerate(new) if n not in free
        ]
        if student_id is None:
            continue
        mark, cell = marks[student_id], new[run.platform.column]
        assert (Decimal(cell) if cell else None) == mark, student_id
        if run.platform.feedback_column is not None:
            assert bool(new[run.platform.feedback_column]) == (mark is not None)


def careful_ones(outcomes: Iterator[StudentOutcome]) -> frozenset[int]:
    """Students with an answer that was left to a person although it need not have been."""
    by_id = {s.id: s for s in CLASS}
    found = set()
    for outcome in outcomes:
        student = by_id.get(outcome.who.id)
        wanted = deserved(student) if student else {}
        if student and any(
            a.verdict.value == "review" != wanted[a.id].verdict for a in outcome.answers
        ):
            found.add(student.number)
    return frozenset(found)


def test_canvas_sheet(klass: Graded) -> None:
    careful = careful_ones(iter(klass.result.klass.outcomes))
    assert len(careful) < len(klass.students) / 4
    assert_filled(klass, careful)
    assert klass.result.filled is not None
    whys = {row.who: row.reason.en for row in klass.result.filled.skipped}
    assert any("no mark" in why for who, why in whys.items() if "无迹" in who)


@pytest.mark.parametrize("name", ["moodle", "blackboard"])
def test_the_other_platforms(
    name: str, works: dict[str, Files], students: tuple[Student, ...], tmp_path: Path
) -> None:
    chosen = [s for s in students if WHOLE or s.number in FEW]
    run = graded(name, chosen, works, tmp_path)
    assert_filled(run, careful_ones(iter(run.result.klass.outcomes)))
    back_to_their_students(run, tmp_path)


def back_to_their_students(run: Graded, tmp_path: Path) -> None:
    """The feedback archive is opened as the platform would: every file finds its student."""
    spool = tmp_path / "spool"
    spool.mkdir()
    handed = open_submissions(run.platform.archive, tmp_path_new(tmp_path))
    returned = open_submissions(run.out / "feedback.zip", spool)
    assert {s.id for s in returned.submissions} == {s.id for s in handed.submissions}
    for submission in returned.submissions:
        assert [f.path.read_bytes()[:15] for f in submission.files] == [b"<!DOCTYPE html>"]


def tmp_path_new(folder: Path) -> Path:
    new = folder / "again"
    new.mkdir()
    return new


def test_canvas_takes_the_feedback_back(klass: Graded, tmp_path: Path) -> None:
    back_to_their_students(klass, tmp_path)


def test_key_logs_reach_no_output(klass: Graded) -> None:
    """No secret of any key log that was handed in stands in any file, packed or not."""
    secrets = set()
    for student in klass.students:
        if student.keys:
            for line in (TRACES / f"{student.capture}.keylog").read_text().splitlines():
                if line and not line.startswith("#"):
                    secrets.add(line.split()[2].encode())
    assert len(secrets) > 10
    for content in everything(klass.out):
        assert not any(secret in content for secret in secrets)


def everything(folder: Path) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix in (".zip", ".xlsx"):
            with zipfile.ZipFile(path) as archive:
                yield from (archive.read(name) for name in archive.namelist())
        elif path.is_file():
            yield path.read_bytes()


def test_outputs_are_their_owners_alone(klass: Graded) -> None:
    for path in klass.out.rglob("*"):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_the_same_run_again_does_nothing_again(klass: Graded) -> None:
    before = {p: p.read_bytes() for p in klass.out.rglob("*") if p.is_file()}
    again = grade_class(klass.options(), quiet)
    assert again.kept == len(klass.students)
    assert again.changes == ()
    now = {p: p.read_bytes() for p in klass.out.rglob("*") if p.suffix in (".json", ".html")}
    assert all(before[path] == data for path, data in now.items())
