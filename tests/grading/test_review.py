"""What a person decides, and what a changed key changes: kept, apart, and told."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from report.errors import LabsharkError
from report.grading.outcome import Manual
from report.grading.review import Read, merged
from report.grading.run import Options, grade_class
from report.grading.sheets.tables import Column, Table, xlsx_bytes
from tests.corpus.truth import TRACES
from tests.grading.klass.graded import quiet
from tests.grading.klass.writing import LAB

WRITTEN = {
    "0311": "1. 1\n2. before\n3. 4\n4. TLS 1.0\n5. 28\n7. 用来生成密钥，防止重放\n8. 6\n",
    "0312": "1. 1\n2. before\n3. 4\n4. TLS 1.2\n5. 28\n7. 不知道\n8. 6\n",
}
KEY = 'lab = "tls-v8.1"\n[questions.q4]\npoints = 2\nvalue = "TLS 1.2"\n'


@pytest.fixture
def class_of_two(tmp_path: Path) -> Path:
    """Two write-ups of the first questions, with a capture each."""
    folder = tmp_path / "works"
    for student, text in WRITTEN.items():
        (folder / student).mkdir(parents=True)
        (folder / student / "report.md").write_text(text, encoding="utf-8")
        capture = (TRACES / "tls12-ipv6.pcapng").read_bytes()
        (folder / student / "mine.pcapng").write_bytes(capture)
    return folder


def options(works: Path, out: Path, key: Path | None = None) -> Options:
    return Options(works, out, LAB, key=key, with_pdf=False, jobs=1)


Row = dict[str, str]


def rows(path: Path) -> list[Row]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def edit(path: Path, change: Callable[[Row], None], encoding: str = "utf-8-sig") -> None:
    """The table as a spreadsheet program saves it after a person has changed cells."""
    table = rows(path)
    for row in table:
        change(row)
    target = io.StringIO(newline="")
    writer = csv.DictWriter(target, list(table[0]))
    writer.writeheader()
    writer.writerows(table)
    path.write_bytes(target.getvalue().encode(encoding))


def test_what_a_person_decides_is_kept(class_of_two: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = grade_class(options(class_of_two, out), quiet)
    one = first.klass.outcomes[0]
    asked = {row["question"]: row for row in rows(out / "review.csv") if row["id"] == "0311"}
    assert set(asked) == {"q7"}
    assert asked["q7"]["proposed_points"] == "1.0"

    def decide(row: Row) -> None:
        if row["ref"] == "0311#q7":
            row["manual_points"], row["manual_note"] = "0.75", "说得不错，=但太短"

    edit(out / "review.csv", decide, encoding="gb18030")
    second = grade_class(options(class_of_two, out), quiet)
    answer = next(a for a in second.klass.outcomes[0].answers if a.id == "q7")
    assert answer.manual == Manual(points=0.75, note="说得不错，=但太短")
    assert (answer.points, answer.auto_points) == (0.75, 1.0)
    assert second.klass.outcomes[0].points == one.points + 0.75
    assert second.kept == 1  # the other student's work had not changed
    page = (out / "feedback" / "0311" / "feedback.html").read_text(encoding="utf-8")
    assert "说得不错，=但太短" in page
    third = grade_class(options(class_of_two, out), quiet)
    assert third.kept == 2
    assert next(a for a in third.klass.outcomes[0].answers if a.id == "q7").points == 0.75


def test_a_changed_key_tells_what_changed_for_whom(class_of_two: Path, tmp_path: Path) -> None:
    out, key = tmp_path / "out", tmp_path / "key.toml"
    grade_class(options(class_of_two, out), quiet)
    edit(out / "review.csv", lambda row: row.update(manual_points="1"))
    grade_class(options(class_of_two, out), quiet)
    key.write_text(KEY, encoding="utf-8")
    regraded = grade_class(options(class_of_two, out, key), quiet)
    told = {(c.id, c.question, c.what): (c.before, c.now) for c in regraded.changes}
    assert told["0312", "q4", "points"] == ("1.0", "2.0")
    assert ("0311", "q4", "points") not in told  # wrong before and after
    assert told["0311", "q4", "max_points"] == ("1.0", "2.0")
    assert {what for (_, question, what) in told if question == "q7"} == set()
    manual = [a.manual for o in regraded.klass.outcomes for a in o.answers if a.manual]
    assert manual  # what a person decided before stands after
    written = rows(out / "changes.csv")
    assert {(r["id"], r["question"], r["what"]) for r in written} == set(told)


def test_decisions_in_the_workbook_count_too(class_of_two: Path, tmp_path: Path) -> None:
    """The sheet of answers lists every answer: also what the machine called wrong."""
    out = tmp_path / "out"
    grade_class(options(class_of_two, out), quiet)
    columns = [Column("ref"), Column("max_points"), Column("manual_points"), Column("manual_note")]
    table = Table("answers", columns, [["0311#q4", "1", "1", "讲得通"], ["0312#q4", "1", "", ""]])
    (out / "grades.xlsx").write_bytes(xlsx_bytes([table]))
    second = grade_class(options(class_of_two, out), quiet)
    answer = next(a for a in second.klass.outcomes[0].answers if a.id == "q4")
    assert (answer.verdict.value, answer.auto_points, answer.points) == ("wrong", 0.0, 1.0)


@pytest.mark.parametrize("points", ["-1", "1.5", "nan", "inf", "一分", "=1", "1e3"])
def test_points_that_are_none_are_refused(points: str, class_of_two: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    text = f"ref,max_points,manual_points,manual_note\r\n0311#q7,1,{points},\r\n"
    (out / "review.csv").write_text(text, encoding="utf-8")
    with pytest.raises(LabsharkError) as refused:
        grade_class(options(class_of_two, out), quiet)
    assert refused.value.slug == "review-invalid"
    assert "review.csv" in refused.value.text.en


def decided(points: float) -> dict[str, dict[str, Manual]]:
    return {"a": {"q1": Manual(points=points)}}


def test_only_cells_that_changed_count() -> None:
    seen = frozenset({("a", "q1")})
    changed, same, cleared = Read(decided(2), seen), Read(decided(1), seen), Read({}, seen)
    before = decided(1)
    assert merged(before, [("x", changed), ("y", same)]) == decided(2)
    assert merged(before, [("x", same), ("y", changed)]) == decided(2)
    assert merged(before, [("x", cleared), ("y", same)]) == {}
    assert merged(before, []) == before
    with pytest.raises(LabsharkError) as refused:
        merged(before, [("x", changed), ("y", cleared)])
    assert refused.value.slug == "review-conflict"
