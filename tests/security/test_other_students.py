"""A student against the others of the class: their data, their marks, their turn."""

import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import dpkt
import pytest

from report.batch.inputs import find_inputs
from report.batch.orders import read_content
from report.batch.plan import make_plan
from report.batch.run import Request, planned
from report.errors import LabsharkError
from report.grading.intake.archives import open_submissions
from report.grading.intake.blackboard import read_manifest
from report.grading.intake.content import Role, content_of
from report.grading.intake.limits import ArchiveLimits
from report.grading.run import ClassGraded, Options, grade_class
from report.questions.kinds import kind
from tests.commands.process import run
from tests.conftest import CHECKOUT
from tests.corpus.truth import TRACES
from tests.grading.intake.builders import KEYLOG, MARKDOWN, PCAPNG, make_tree, make_zip
from tests.grading.klass.graded import quiet
from tests.grading.klass.writing import LAB

SECONDS = 2.0


def graded(works: Path, out: Path, roster: str = "") -> ClassGraded:
    """A class without captures: only a person's decisions count there."""
    table = None
    if roster:
        table = works.parent / "roster.csv"
        table.write_text(roster, encoding="utf-8")
    return grade_class(Options(works, out, LAB, roster=table, jobs=1, with_pdf=False), quiet)


def written(answers: dict[str, str]) -> bytes:
    return "".join(f"{name[1:]}. {text}\n" for name, text in answers.items()).encode()


# ---- what feedback says of others ---------------------------------------------------------------


def test_feedback_names_nobody_else(tmp_path: Path) -> None:
    """Whoever shares a name, or takes another's, must not be told the other's id by it."""
    works = make_tree(
        tmp_path / "works",
        {
            "王伟/report.md": b"1. 17\n2. before\n",
            "20260002李四/report.md": b"1. 5\n2. after\n",
            "20260002李四(1)/report.md": b"1. 9\n2. after\n",
        },
    )
    roster = "学号,姓名\n20260551,王伟\n20260552,王伟\n20260002,李四\n"
    result = graded(works, tmp_path / "out", roster)
    told = {said.slug for outcome in result.klass.outcomes for said in outcome.problems}
    assert {"match-ambiguous", "match-duplicate", "same-id"} <= told
    for outcome in result.klass.outcomes:
        page = tmp_path / "out" / "feedback" / outcome.folder / "feedback.html"
        text = page.read_text(encoding="utf-8")
        others = {"20260551", "20260552", "20260002"} - {outcome.who.id}
        assert [other for other in others if other in text] == []
    assert "20260551" in (tmp_path / "out" / "grades.json").read_text(encoding="utf-8")


# ---- decisions ----------------------------------------------------------------------------------


def test_answers_that_look_like_a_table_of_decisions(tmp_path: Path) -> None:
    """`ref` and `manual_points` as answers make no header of a student's row."""
    works = make_tree(
        tmp_path / "works",
        {
            "20260001/report.md": written({"q7": "ref", "q19": "manual_points"}),
            "20260002/report.md": written({"q7": "20260001#q7", "q19": "1000"}),
            "20260003/report.md": written({"q7": "包 #17 中", "q19": "none"}),
        },
    )
    graded(works, tmp_path / "out")
    book = zipfile.ZipFile(tmp_path / "out" / "grades.xlsx")
    cells = b"".join(book.read(name) for name in book.namelist())
    assert b">ref<" in cells
    assert b">20260001#q7<" in cells
    again = graded(works, tmp_path / "out")
    assert all(a.manual is None for o in again.klass.outcomes for a in o.answers)


def test_a_decision_on_other_words_is_told(tmp_path: Path) -> None:
    works = make_tree(tmp_path / "works", {"20260001/report.md": written({"q7": "防止重放"})})
    out = tmp_path / "out"
    graded(works, out)
    table = out / "review.csv"
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"), newline="")))
    for row in rows:
        if row["question"] == "q7":
            row["manual_points"] = "1"
    target = io.StringIO(newline="")
    writer = csv.DictWriter(target, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    table.write_text(target.getvalue(), encoding="utf-8")
    graded(works, out)
    make_tree(works, {"20260001/report.md": written({"q7": "什么也没有"})})
    changed = graded(works, out).changes
    assert [(c.question, c.what) for c in changed] == [("q7", "given")]
    assert (changed[0].before, changed[0].now) == ("防止重放", "什么也没有")


def test_a_capture_of_almost_nothing_is_told(tmp_path: Path) -> None:
    """Cut down to one hello, "not captured" is right throughout: a person should see it."""
    editcap = shutil.which("editcap")
    if editcap is None:
        pytest.skip("needs editcap")
    whole, cut = TRACES / "tls12-ipv6.pcapng", tmp_path / "cut.pcapng"
    subprocess.run([editcap, "-r", str(whole), str(cut), "1-4"], check=True, capture_output=True)
    answers = "".join(f"{n}. 没抓到\n" for n in range(1, 25)).encode()
    files = {"20260001/report.md": answers, "20260001/mine.pcapng": cut.read_bytes()}
    files |= {"20260002/report.md": answers, "20260002/mine.pcapng": whole.read_bytes()}
    result = graded(make_tree(tmp_path / "works", files), tmp_path / "out")
    facts = [{fact.kind for fact in outcome.facts} for outcome in result.klass.outcomes]
    assert ["capture_lacks_much" in kinds for kinds in facts] == [True, False]
    page = (tmp_path / "out" / "class.html").read_text(encoding="utf-8")
    assert "The capture lacks half of what is asked" in page


def test_a_flood_of_hellos_does_not_hide_whose_session_it_is(tmp_path: Path) -> None:
    """Another's session, behind more made-up ones than are remembered."""
    demo, made = CHECKOUT / "traces" / "demo.pcapng", tmp_path / "flood.pcap"
    with demo.open("rb") as file:
        packets = [(time, bytes(data)) for time, data in dpkt.pcapng.Reader(file)]
    hello = next(data for _, data in packets if b"\x16\x03\x01" in data[54:] and 443 in ports(data))
    at = hello.index(b"\x16\x03\x01", 34) + 11
    with made.open("wb") as file:
        writer = dpkt.pcap.Writer(file)
        for number in range(450):
            random = hashlib.sha256(b"%d" % number).digest()
            other = hello[:34] + (20_000 + number).to_bytes(2) + hello[36:at] + random
            writer.writepkt(other + hello[at + 32 :], packets[0][0])
        for time, data in packets:
            writer.writepkt(data, time)
    files = {"20260001/mine.pcapng": demo.read_bytes(), "20260002/mine.pcap": made.read_bytes()}
    files |= {f"2026000{n}/report.md": b"1. 17\n2. before\n" for n in (1, 2)}
    works, host = make_tree(tmp_path / "works", files), "library.campus.example"
    options = Options(works, tmp_path / "out", LAB, host=host, jobs=1, with_pdf=False)
    klass = grade_class(options, quiet).klass
    assert all(outcome.capture for outcome in klass.outcomes)
    for outcome in klass.outcomes:
        assert "same_session" in {fact.kind for fact in klass.facts[outcome.submission]}


def ports(packet: bytes) -> tuple[int, int]:
    return int.from_bytes(packet[34:36]), int.from_bytes(packet[36:38])


def test_a_bare_answers_json_of_any_content_is_graded(tmp_path: Path) -> None:
    values = [10**4000, True, "\ud800\u202e\0=1+1", ["x"] * 9000, {"a": 1}, 1e308, None, 2**64, ""]
    said = [
        {"id": question.id, "status": "found", "value": values[number % len(values)]}
        for number, question in enumerate(LAB.questions)
    ]
    document = {"labshark": "1", "lab": LAB.id, "answers": said, "trace": {"sha256": "\ud800"}}
    works = make_tree(tmp_path / "w", {"20260001/answers.json": json.dumps(document).encode()})
    (outcome,) = graded(works, tmp_path / "out").klass.outcomes
    assert not outcome.unreadable
    assert [fact.kind for fact in outcome.facts][:1] == ["generated_report"]


@pytest.mark.parametrize("table", ["review.csv", "grades.json", "grades.xlsx"])
def test_outputs_do_not_lie_among_submissions(table: str, tmp_path: Path) -> None:
    works = make_tree(tmp_path / "works", {"20260001.md": MARKDOWN, table: b"ref,manual_points\n"})
    with pytest.raises(LabsharkError) as caught:
        graded(works, works)
    assert caught.value.slug == "output-among-inputs"
    graded(works, works / "marks")
    names = {o.label for o in graded(works, works / "marks").klass.outcomes}
    assert not any("feedback" in name or "marks" in name for name in names)


def test_reports_do_not_lie_among_captures(tmp_path: Path) -> None:
    works = make_tree(tmp_path / "works", {"20260001.pcapng": PCAPNG, "results/x.json": b"{}"})
    with pytest.raises(LabsharkError) as caught:
        planned(Request((str(works),), str(works), LAB))
    assert caught.value.slug == "output-among-inputs"
    done = run("batch", works, "--out", works, "--no-pdf", cwd=tmp_path)
    assert (done.code, done.slugs[-1]) == (5, "output-among-inputs")


# ---- the others' turn ---------------------------------------------------------------------------


def test_one_students_thousands_of_files_push_nobody_out(tmp_path: Path) -> None:
    hoard = make_zip(tmp_path / "hoard.zip", {f"{n:04}.txt": b"x" for n in range(1500)})
    files = {f"2026{n:04}/report.md": MARKDOWN for n in range(2, 40)}
    files |= {f"20260001/{n}.zip": hoard.read_bytes() for n in range(3)}
    works = make_tree(tmp_path / "works", files)
    spool = tmp_path / "spool"
    spool.mkdir()
    intake = open_submissions(works, spool, limits=ArchiveLimits(files=120))
    there = {s.id: s for s in intake.submissions}
    assert len(there) == 39
    assert all(there[f"2026{n:04}"].of_role(Role.WRITEUP) for n in range(2, 40))
    assert "files-too-many" in {p.slug for p in intake.problems}


def test_one_students_gigabytes_leave_room_for_the_others(tmp_path: Path) -> None:
    large = make_zip(tmp_path / "large.zip", {f"{n}.bin": bytes(8 << 20) for n in range(6)})
    files = {f"2026{n:04}/work.zip": large.read_bytes() for n in range(1, 4)}
    small = make_zip(tmp_path / "small.zip", {"report.md": MARKDOWN})
    files |= {f"2026{n:04}/work.zip": small.read_bytes() for n in range(4, 20)}
    works = make_tree(tmp_path / "works", files)
    spool = tmp_path / "spool"
    spool.mkdir()
    intake = open_submissions(works, spool, limits=ArchiveLimits(total_bytes=60 << 20))
    refused = {s.id for s in intake.submissions if "nested-refused" in {p.slug for p in s.problems}}
    assert refused == {"20260002", "20260003"}
    assert sum(bool(s.of_role(Role.WRITEUP)) for s in intake.submissions) == 16


@pytest.mark.parametrize(
    "text",
    [
        "<!-- -->" * 8000,
        "<!-- -->" * 30 + "x",
        "<!--" * 16_000,
        "<?xml" * 12_000,
        " " * 60_000 + "x",
        "<p " * 20_000,
        "|" * 60_000,
        "**" * 30_000,
    ],
)
def test_telling_what_a_file_is_takes_no_time(text: str, tmp_path: Path) -> None:
    """It happens in the instructor's own process, to every file."""
    path = tmp_path / "work.html"
    path.write_text(text, encoding="utf-8")
    began = time.process_time()
    content_of(path, path.name)
    read_manifest(f"Name: {text}")
    read_manifest("a:" + text + "(" * 1000)
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("tail", ["_", "_ ", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_", "_" * 2000])
def test_a_suite_with_something_behind_it_takes_no_time(tail: str) -> None:
    suite = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    began = time.process_time()
    parsed = kind("cipher_suite").parse(suite + tail)
    assert time.process_time() - began < SECONDS
    if tail.strip("_ ") == "":
        assert parsed is not None


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' file names are text")
def test_names_in_an_old_encoding_stop_nothing(tmp_path: Path) -> None:
    """As `unzip` leaves them on Linux when the archive was packed on a Chinese Windows."""
    folder = os.fsencode(tmp_path / "works") + b"/" + "20260001张三".encode("gbk")
    os.makedirs(folder)
    Path(os.fsdecode(folder + b"/" + "报告".encode("gbk") + b".md")).write_bytes(MARKDOWN)
    other = os.fsencode(tmp_path / "works") + b"/20260002\xff\xfe\xed\xa0\x80"
    os.makedirs(other)
    Path(os.fsdecode(other + b"/\xff.md")).write_bytes(MARKDOWN)
    outcomes = graded(tmp_path / "works", tmp_path / "out").klass.outcomes
    assert [(o.who.id, o.unreadable) for o in outcomes] == [
        ("20260001", False),
        ("20260002", False),
    ]
    assert (outcomes[0].who.name, outcomes[0].files) == ("张三", ("报告.md",))
    json.loads((tmp_path / "out" / "grades.json").read_bytes())


# ---- what lies beside a capture -----------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_words_that_are_a_link_are_not_read(tmp_path: Path) -> None:
    works = make_tree(
        tmp_path / "works",
        {
            "alice/a.pcapng": PCAPNG,
            "alice/words.md": b"# q7\nalice's own\n",
            "bob/b.pcapng": PCAPNG,
            "carol/c.pcapng": PCAPNG,
        },
    )
    (works / "bob" / "words.md").symlink_to("../alice/words.md")
    (works / "bob" / "student.toml").symlink_to("/etc/passwd")
    os.mkfifo(works / "carol" / "words.md")
    items = {item.who.id: item for item in make_plan(find_inputs([works]), None).items}
    content = {name: read_content(item, (), carried=False) for name, item in items.items()}
    assert content["alice"].words == b"# q7\nalice's own\n"
    assert (content["bob"].words, content["bob"].student) == (b"", b"")
    assert content["carol"].words == b""


def test_a_key_log_opens_nobody_elses_capture(tmp_path: Path) -> None:
    """Whoever recorded a neighbour's session and hands it in gets no keys of the neighbour's."""
    demo = CHECKOUT / "traces" / "demo.pcapng"
    keys = demo.with_suffix(".keylog").read_bytes()
    works = make_tree(
        tmp_path / "works",
        {
            "alice.pcapng": demo.read_bytes(),
            "alice.keylog": keys,
            "bob.pcapng": demo.read_bytes(),
            "bob.keylog": KEYLOG,
            "carol/c.pcapng": demo.read_bytes(),
        },
    )
    plan = make_plan(find_inputs([works]), None)
    content = {i.who.id: read_content(i, plan.keylogs, carried=False) for i in plan.items}
    assert content["alice"].keylog == keys
    assert keys not in content["bob"].keylog
    assert content["carol"].keylog == b""
