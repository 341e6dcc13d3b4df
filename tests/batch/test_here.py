"""A class from the command line to its outputs, on this machine."""

import csv
import json
from collections import Counter
from pathlib import Path

import dpkt
import pandas as pd
import pytest

from tests.batch.classes import BROKEN, Made, Source, make_class
from tests.batch.runs import Code, check_not_torn, results, statuses, tree

NAMES = ("tls12-ecdhe-rsa-aes256-gcm", "tls13-aes128-gcm", "tls10-rsa-aes128-cbc")


@pytest.fixture(scope="module")
def few(corpus: list[Source]) -> list[Source]:
    """Three captures of three versions."""
    return [source for source in corpus if source.path.stem in NAMES]


@pytest.fixture(scope="module")
def made(few: list[Source], tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Fourteen students: ten broken captures, three whole ones, one handed in twice."""
    return make_class(tmp_path_factory.mktemp("class"), few, count=14, broken=10, duplicates=1)


@pytest.fixture(scope="module")
def out(code: Code, made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their outputs, without PDFs."""
    folder = tmp_path_factory.mktemp("out")
    run = code.run("batch", made.folder, "--out", folder, "--no-pdf", "--jobs", 2)
    assert run.returncode == 1, run.stderr
    (folder / "said.txt").write_text(run.stderr, "utf-8")
    return folder


def test_every_input_ends_in_exactly_one_status(out: Path, made: Made) -> None:
    found = statuses(out)
    expected = {student: "done" for student in made.whole}
    expected |= {student: "duplicate" for student in made.duplicates}
    expected |= {s: "failed" if BROKEN[way][1] else "partial" for s, way in made.broken.items()}
    assert found == expected


def test_each_break_is_named_for_what_it_is(out: Path, made: Made) -> None:
    found = results(out)
    for student, way in made.broken.items():
        problem = found[student]["problem"]
        assert (problem and problem["slug"]) == BROKEN[way][1], way
        if problem:
            assert str(made.folder) not in json.dumps(problem, ensure_ascii=False)


def test_summary_counts_every_input_once(out: Path, made: Made) -> None:
    said = (out / "said.txt").read_text("utf-8")
    # 14 captures, one of them handed in a second time.
    assert "15 inputs: 3 done, 3 partial, 7 failed, 2 duplicate." in said
    assert "共 15 份：" in said
    lines = [line for line in said.splitlines() if line.partition("/")[0].isdigit()]
    assert [line.split()[0] for line in lines] == [f"{n}/14" for n in range(1, 15)]


def test_each_is_answered_from_its_own_capture(out: Path, made: Made) -> None:
    found = results(out)
    for student, moved in made.whole.items():
        recorded = _started(made.source[student].path)
        started = pd.Timestamp(found[student]["findings"]["capture"]["started"])
        assert started == (recorded + pd.Timedelta(seconds=moved)).floor("s")
        answers = json.loads((out / student / "answers.json").read_bytes())
        assert answers["trace"]["sha256"] == found[student]["findings"]["capture"]["sha256"]


def _started(capture: Path) -> pd.Timestamp:
    with capture.open("rb") as file:
        stamps = [stamp for stamp, _ in dpkt.pcapng.Reader(file)]
    return pd.Timestamp(min(stamps), unit="s", tz="UTC")


def test_key_logs_beside_the_captures_were_used(out: Path, made: Made) -> None:
    found = results(out)
    for student in made.whole:
        assert found[student]["keylogs"] in ([f"{student}.keylog"], ["sslkeys.log"])
        assert found[student]["findings"]["session"]["decrypted"] is True


def test_tables_hold_every_student_once(out: Path, made: Made) -> None:
    with (out / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == sorted(statuses(out))
    assert Counter(row["status"] for row in rows) == Counter(statuses(out).values())
    parquet = pd.read_parquet(out / "results.parquet")
    assert list(parquet["id"]) == [row["id"] for row in rows]
    done = parquet[parquet["status"] == "done"]
    assert done["session_packets"].min() > 0
    assert parquet["session_packets"].dtype == "float64"  # int64 with gaps, as pandas reads it
    with (out / "failures.csv").open(encoding="utf-8-sig", newline="") as file:
        told = {row["id"]: row for row in csv.DictReader(file)}
    assert set(told) == {*made.broken, *made.duplicates}
    assert all(row["tell_zh"] and row["tell_en"] for row in told.values())


def test_duplicates_name_each_other_and_get_no_report(out: Path, made: Made) -> None:
    (student,) = made.duplicates
    result = results(out)[student]
    assert sorted(result["inputs"]) == [f"{student} copy.pcapng", f"{student}/capture.pcapng"]
    assert not (out / student).exists()


def test_running_again_does_nothing_again(code: Code, made: Made, out: Path) -> None:
    before, where = tree(out), check_not_torn(out)
    run = code.run("batch", made.folder, "--out", out, "--no-pdf")
    assert run.returncode == 1
    assert "15 of them were done before." in run.stderr
    assert check_not_torn(out) == where
    assert tree(out) == before


def test_only_what_changed_is_done_again(code: Code, few: list[Source], tmp_path: Path) -> None:
    folder, out = tmp_path / "class", tmp_path / "out"
    folder.mkdir()
    made = make_class(folder, few, count=3, broken=0, duplicates=0)
    assert code.run("batch", folder, "--out", out, "--no-pdf", "-q").returncode == 0
    before = check_not_torn(out)
    (folder / "s00002" / "words.md").write_text("# q7\n我的话 in my own words\n", "utf-8")
    assert code.run("batch", folder, "--out", out, "--no-pdf", "-q").returncode == 0
    after = check_not_torn(out)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"s00002.json"}
    assert "in my own words" in (out / "s00002" / "report.html").read_text("utf-8")
    # An option that changes every report makes every report anew.
    code.run("batch", folder, "--out", out, "--no-pdf", "-q", "--no-answers")
    assert not (out / "s00001" / "answers.json").exists()
    assert set(made.whole) == set(statuses(out))


def test_with_a_roster_and_pdfs(code: Code, few: list[Source], tmp_path: Path) -> None:
    folder, out = tmp_path / "class", tmp_path / "out"
    folder.mkdir()
    (folder / "2024001_张三.pcapng").write_bytes(few[0].path.read_bytes())
    (folder / "2024777.pcapng").write_bytes(few[1].path.read_bytes())
    roster = tmp_path / "roster.csv"
    roster.write_text("学号,姓名,班级\n2024001,张三,网络1班\n2024002,李四,网络1班\n", "utf-8")
    run = code.run("batch", folder, "--out", out, "--roster", roster)
    assert run.returncode == 0, run.stderr
    assert statuses(out) == {"2024001": "done", "2024002": "missing", "2024777": "done"}
    page = (out / "2024001" / "report.html").read_text("utf-8")
    assert "张三" in page
    assert "网络1班" in page
    assert (out / "2024001" / "report.pdf").read_bytes().startswith(b"%PDF")
    assert results(out)["2024777"]["notes"][0]["slug"] == "batch-not-on-roster"
    assert run.stdout.strip() == f"{out}/index.html"
    # The same again, elsewhere: every byte is the same, the PDFs' too.
    again = tmp_path / "again"
    assert code.run("batch", folder, "-o", again, "--roster", roster, "-q").returncode == 0
    assert tree(again) == tree(out)


def test_output_among_the_inputs_is_no_student(
    code: Code, few: list[Source], tmp_path: Path
) -> None:
    (tmp_path / "alice.pcapng").write_bytes(few[0].path.read_bytes())
    for _ in range(2):
        out = tmp_path / "out"
        assert code.run("batch", tmp_path, "--out", out, "--no-pdf", "-q").returncode == 0
        assert statuses(out) == {"alice": "done"}


def test_fail_fast_stops_and_the_next_run_goes_on(
    code: Code, few: list[Source], tmp_path: Path
) -> None:
    folder, out = tmp_path / "class", tmp_path / "out"
    folder.mkdir()
    (folder / "a.pcapng").write_bytes(b"not a capture")
    for name in "bcd":
        (folder / f"{name}.pcapng").write_bytes(few[0].path.read_bytes())
    options = ("batch", folder, "--out", out, "--no-pdf", "--jobs", 1)
    stopped = code.run(*options, "--fail-fast")
    assert stopped.returncode == 1
    assert statuses(out) == {"a": "failed"}
    assert "3 were not begun." in stopped.stderr
    assert not (out / "index.html").exists()
    assert code.run(*options).returncode == 1
    assert statuses(out) == {"a": "failed", "b": "done", "c": "done", "d": "done"}


@pytest.mark.parametrize(
    ("arguments", "slug", "status"),
    [
        (["{tmp}/nowhere", "--out", "{tmp}/out"], "batch-no-input", 2),
        (["{tmp}", "--out", "{tmp}/out"], "batch-no-input", 2),
        (["s3://bucket/class", "--out", "{tmp}/out"], "batch-url-needs-scheduler", 2),
        (["{tmp}", "--out", "{tmp}/out", "--lab", "no-such"], "lab-unknown", 2),
        (["{tmp}", "--out", "{tmp}/out", "--keylog-dir", "{tmp}/no"], "keylog-missing", 2),
    ],
)
def test_slips_of_the_keyboard(
    code: Code, tmp_path: Path, arguments: list[str], slug: str, status: int
) -> None:
    run = code.run("batch", *(a.format(tmp=tmp_path) for a in arguments))
    assert run.returncode == status
    assert f"[{slug}]" in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "out").exists()
