"""The journal: what counts as done, what is written when, what killed runs leave."""

import os
from pathlib import Path
from typing import Any

import pytest

from report.batch.locking import holding
from report.batch.output import Output
from report.batch.plan import Item
from report.batch.results import Result, Status, Who, result_bytes
from report.batch.workshop import facts
from report.errors import ExitCode, LabsharkError
from report.labs.loader import load_lab
from report.labs.model import Lab
from tests.batch.known import result

FILES = {"report.html": b"<p>", "answers.json": b"{}"}


@pytest.fixture(scope="module")
def lab() -> Lab:
    return load_lab("tls-v8.1")


@pytest.fixture
def output(tmp_path: Path) -> Output:
    made = Output(tmp_path / "out")
    made.prepare()
    return made


def _done(lab: Lab, **changes: Any) -> Result:
    return result(lab, 1, files=facts(FILES), folder="one", key="k", **changes)


def test_a_result_is_kept_with_its_key_and_its_files(output: Output, lab: Lab) -> None:
    done = _done(lab)
    output.keep(done, FILES)
    assert output.kept("one", "k") == done
    assert output.kept("one", "another key") is None
    assert output.kept("two", "k") is None
    assert (output.root / "one" / "report.html").read_bytes() == b"<p>"


@pytest.mark.parametrize("spoiled", ["gone", "another size", "torn result", "no result"])
def test_what_is_not_whole_is_not_kept(output: Output, lab: Lab, spoiled: str) -> None:
    output.keep(_done(lab), FILES)
    page, journal = output.root / "one" / "report.html", output.root / "results" / "one.json"
    match spoiled:
        case "gone":
            page.unlink()
        case "another size":
            page.write_bytes(b"<p>!")
        case "torn result":
            journal.write_bytes(journal.read_bytes()[:-20])
        case _:
            journal.unlink()
    assert output.kept("one", "k") is None


def test_what_may_pass_is_tried_again(output: Output, lab: Lab) -> None:
    output.keep(_done(lab, final=False), FILES)
    assert output.kept("one", "k") is None


def test_files_of_an_earlier_outcome_do_not_stay(output: Output, lab: Lab) -> None:
    output.keep(_done(lab), FILES | {"report.pdf": b"%PDF"})
    output.keep(_done(lab), FILES)
    assert sorted(os.listdir(output.root / "one")) == ["answers.json", "report.html"]
    (output.root / "one" / "marks.txt").write_text("the instructor's own")
    output.keep(result(lab, 1, Status.DUPLICATE, folder="one"), {})
    assert os.listdir(output.root / "one") == ["marks.txt"]


def test_half_written_files_of_killed_runs_are_swept(output: Output, lab: Lab) -> None:
    output.keep(_done(lab), FILES)
    left = [
        output.root / ".index.html.a1b2c3_4",
        output.root / "results" / ".one.json.abcdefgh",
        output.root / "one" / ".report.html.abcdefgh",
    ]
    theirs = [output.root / ".htaccess.abcdefgh", output.root / "one" / ".notes"]
    for path in (*left, *theirs):
        path.write_bytes(b"half")
    output.sweep()
    output.keep(_done(lab), FILES)
    assert [path for path in left if path.exists()] == []
    assert all(path.exists() for path in theirs)


def test_the_result_is_written_last(output: Output, lab: Lab) -> None:
    # A folder stands where the report should go: writing it fails.
    (output.root / "one" / "report.html" / "x").mkdir(parents=True)
    with pytest.raises(LabsharkError) as caught:
        output.keep(_done(lab), FILES)
    assert caught.value.slug == "output-cannot-be-written"
    assert caught.value.exit_code is ExitCode.OUTPUT
    assert output.result("one") is None


def test_results_come_in_the_order_of_the_items(output: Output, lab: Lab) -> None:
    names = ["b", "a", "c"]
    for name in names:
        output.keep(result(lab, 1, folder=name, files={}), {})
    items = [Item(Who(id=name), name) for name in names[:2]]
    assert [r.folder for r in output.results(items)] == ["b", "a"]
    assert output.strangers(items) == 1


def test_a_result_is_the_same_bytes_every_time(lab: Lab) -> None:
    one = _done(lab)
    data = result_bytes(one)
    assert result_bytes(Result.model_validate_json(data)) == data
    assert "学生1".encode() in data


def test_one_run_at_a_time(tmp_path: Path) -> None:
    with holding(tmp_path), pytest.raises(LabsharkError) as caught, holding(tmp_path):
        pass
    assert caught.value.slug == "output-in-use"
    assert caught.value.exit_code is ExitCode.OUTPUT
    with holding(tmp_path):
        pass


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LabsharkError) as caught:
        Output(tmp_path / "file" / "out").prepare()
    assert caught.value.slug == "output-cannot-be-written"
