"""`labs check`: every mistake at once, with the nearest name that would be right."""

import json
import re
from pathlib import Path

import pytest

from report.grading.marking.confusions import CONFUSIONS
from report.labs.loader import built_in_labs, load_draft, load_lab
from report.labs.mistakes import Mistake
from report.questions.lab_check import lab_mistakes
from tests.commands.process import run

HEAD = """
id = "mine"
title = { zh = "题目", en = "Title" }
intro = { zh = "开头", en = "Intro" }
[[sections]]
id = "one"
title = { zh = "一", en = "One" }
"""
QUESTION = """
[[questions]]
id = "%s"
section = "one"
ask = { zh = "问题", en = "Question" }
kind = "packet_number"
query = { where = { "tcp.flags.syn" = 1 } }
"""
CHINESE = re.compile("[\u4e00-\u9fff]")


def mistakes(tmp_path: Path, toml: str) -> tuple[Mistake, ...]:
    path = tmp_path / "mine.toml"
    path.write_text(toml, encoding="utf-8")
    return lab_mistakes(load_draft(path), CONFUSIONS.keys())


def said(found: tuple[Mistake, ...]) -> list[tuple[str, str, str]]:
    return [(each.place, each.key, each.what.en) for each in found]


def test_a_right_file_has_no_mistakes(tmp_path: Path) -> None:
    assert mistakes(tmp_path, HEAD + QUESTION % "q1") == ()


@pytest.mark.parametrize("name", built_in_labs())
def test_the_built_in_labs_have_no_mistakes(name: str) -> None:
    path = Path(__file__).parents[2] / "report" / "labs" / f"{name}.toml"
    assert lab_mistakes(load_draft(path), CONFUSIONS.keys()) == ()


@pytest.mark.parametrize(
    ("right", "wrong", "place", "key", "names"),
    [
        ('kind = "packet_number"', 'kind = "packet_numbr"', "q1", "kind", "packet_number"),
        ('"tcp.flags.syn" = 1', '"tcp.flag.syn" = 1', "q1", "query.where", "tcp.flags.syn"),
        ("where =", "wher =", "q1", "query.wher", "where"),
        ('section = "one"', 'section = "oen"', "q1", "section", "one"),
        ('ask = { zh = "问题", ', "ask = { ", "q1", "ask.zh", "missing"),
        ("query = { where", 'query = { table = "record", where', "q1", "query.table", "records"),
        ("query = { where", 'query = { pick = "frist", where', "q1", "query.pick", "first"),
        ("query = { where", 'query = { from = "clinet", where', "q1", "query.from", "client"),
        (
            'query = { where = { "tcp.flags.syn" = 1 } }',
            'query = { name = "client_hello.fame" }',
            "q1",
            "query.name",
            "client_hello.frame",
        ),
        (
            'query = { where = { "tcp.flags.syn" = 1 } }',
            'query = { filter = "tcp.stream == {strem}" }',
            "q1",
            "query.filter",
            "stream",
        ),
        (
            'query = { where = { "tcp.flags.syn" = 1 } }',
            'query = { table = "messages", show = "lenght" }',
            "q1",
            "query.show",
            "length",
        ),
        ('kind = "packet_number"', 'kind = "count"\nmodel_when = ["fond"]', "q1", "", "found"),
        ('id = "q1"', 'id = "q1"\ndepends = ["q11"]', "q1", "depends", "q1"),
        ('id = "q1"', 'id = "q1"\npionts = 2', "q1", "pionts", "points"),
        (
            'id = "q1"',
            'id = "q1"\ncompare = { partial = { sequence_numbr = 0.5 } }',
            "q1",
            "compare.partial",
            "sequence_number",
        ),
        ('id = "mine"', 'id = "mine"\nsesion = "tcp"', "", "sesion", "session"),
    ],
)
def test_a_wrong_name_is_named_with_the_nearest_right_one(
    tmp_path: Path, right: str, wrong: str, place: str, key: str, names: str
) -> None:
    toml = HEAD + QUESTION % "q1"
    assert right in toml
    (found,) = mistakes(tmp_path, toml.replace(right, wrong, 1))
    assert found.place == place
    assert key in found.key
    assert names in found.what.en.replace(wrong, "")
    assert names in found.what.zh or names == "missing"
    assert CHINESE.search(found.text.zh)
    assert not CHINESE.search(found.text.en)


@pytest.mark.parametrize(
    ("line", "key", "says"),
    [
        ("points = -1", "points", "0 or more"),
        ('points = "two"', "points", "a number"),
        ('ask = { zh = "问", en = "" }', "ask.en", "empty"),
        ('query = { where = { "tcp.len" = 1.5 } }', "query.where.tcp.len", "whole number"),
        ('query = { where = { "dns.qry.type" = "A" } }', "query.where", "number"),
        ('compare = { rule = "set" }', "compare.rule", "kind names"),
        ("compare = { may_omit = 1 }", "compare.may_omit", "kind names"),
        ('compare = { rule = "tolerance" }', "compare.tolerance", "how far off"),
        ("compare = { tolerance = -1 }", "compare.tolerance", "0 or more"),
        ('query = { filter = "tcp.len >" }', "query.filter", "tshark does not take it"),
        ('query = { show = "http.host" }', "query.show", "packet_number"),
        (
            'query = { table = "connections", from = "client" }',
            "query.from",
            "have no sender",
        ),
        (
            'query = { table = "records", scope = "capture" }',
            "query.scope",
            "only in the table packets",
        ),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, line: str, key: str, says: str) -> None:
    name = line.split(" = ")[0]
    block = "\n".join(
        row for row in (QUESTION % "q1").splitlines() if not row.startswith(f"{name} =")
    )
    (found,) = mistakes(tmp_path, f"{HEAD}{block}\n{line}\n")
    assert (found.place, found.key) == ("q1", key)
    assert says in found.what.en
    assert CHINESE.search(found.what.zh)


def test_all_mistakes_come_at_once_and_in_the_files_order(tmp_path: Path) -> None:
    toml = HEAD.replace('en = "Intro"', 'en = ""') + "".join(
        (
            (QUESTION % "q1").replace("packet_number", "number"),
            (QUESTION % "q2").replace("tcp.flags.syn", "tcp.flags.sin"),
            (QUESTION % "q2"),
            (QUESTION % "q3").replace('section = "one"', 'section = "two"'),
            (QUESTION % "q4") + 'depends = ["q5"]\n',
            (QUESTION % "q5") + 'depends = ["q4"]\n',
            '[[questions]]\nsection = "one"\nask = { zh = "问", en = "q" }\nkind = "text"\n',
        )
    )
    places = [(place, key) for place, key, _ in said(mistakes(tmp_path, toml))]
    assert places == [
        ("", "intro.en"),
        ("q1", "kind"),
        ("q2", "id"),
        ("q2", "query.where"),
        ("q3", "section"),
        ("q4", "depends"),
        ("[[questions]] 7", "id"),
        ("[[questions]] 7", "query"),
    ]


def test_a_mistake_does_not_show_what_cannot_be_seen(tmp_path: Path) -> None:
    toml = HEAD + (QUESTION % "q1").replace("tcp.flags.syn", "tcp.\\u001b[2Jflags")
    (found,) = mistakes(tmp_path, toml)
    assert "\x1b" not in found.text.zh + found.text.en


def test_a_logo_that_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"GIF89a")
    toml = HEAD.replace("\n[[sections]]", '\nlogo = "logo.png"\n[[sections]]') + QUESTION % "q1"
    (found,) = mistakes(tmp_path, toml)
    assert (found.key, "neither PNG nor JPEG" in found.what.en) == ("logo", True)


def test_a_built_in_labs_name_is_taken(tmp_path: Path, checkout: Path) -> None:
    copy = tmp_path / "copy.toml"
    copy.write_bytes((checkout / "report" / "labs" / "tcp.toml").read_bytes())
    (found,) = lab_mistakes(load_draft(copy), CONFUSIONS.keys())
    assert (found.key, "tcp" in found.what.en) == ("id", True)


# --- as an instructor runs it -----------------------------------------------------------------


def test_the_command_lists_every_mistake_in_both_languages(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    toml = HEAD + (QUESTION % "q1").replace("packet_number", "packet").replace("syn", "sin")
    path.write_text(toml, encoding="utf-8")
    done = run("labs", "check", str(path))
    lines = done.out.splitlines()
    assert done.code == 2
    assert done.err.count("[lab-mistakes]") == 2
    assert [bool(CHINESE.search(line)) for line in lines] == [True, False]
    document = json.loads(run("labs", "check", str(path), "--json").out)
    assert [each["key"] for each in document["mistakes"]] == ["kind"]


def test_a_dry_run_shows_each_answer_with_its_evidence(checkout: Path) -> None:
    """The expected values are those of the capture's own truth file."""
    capture = checkout / "traces" / "tcp-retransmissions.pcapng"
    lab = checkout / "report" / "labs" / "tcp.toml"
    done = run("labs", "check", str(lab), "--trace", str(capture))
    assert done.code == 0, done.err
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert [row[0] for row in rows] == [q.id for q in load_lab("tcp").questions]
    assert all(len(row) == 4 for row in rows)
    assert rows[0][1:] == ["found", "1", "1: .... .... ..1. = Syn: Set"]
    assert {row[1] for row in rows} == {"found", "explained"}


def test_a_dry_run_as_json(checkout: Path) -> None:
    capture, keys = (checkout / "traces" / f"demo.{end}" for end in ("pcapng", "keylog"))
    lab = checkout / "report" / "labs" / "ssl-v7.toml"
    words = ("--trace", str(capture), "--keylog", str(keys), "--host", "library.campus.example")
    done = run("labs", "check", str(lab), *words, "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["mistakes"] == []
    assert document["dry_run"]["session"]["server_name"] == "library.campus.example"
    assert document["dry_run"]["session"]["decrypted"] is True
    assert len(document["dry_run"]["answers"]) == 14


def test_a_dry_run_names_a_value_that_is_not_of_the_questions_kind(
    tmp_path: Path, checkout: Path
) -> None:
    path = tmp_path / "mine.toml"
    toml = HEAD + (QUESTION % "q1").replace('"packet_number"', '"before_after"').replace(
        "} }", '}, show = "ip.src" }'
    )
    path.write_text(toml, encoding="utf-8")
    words = ("--trace", str(checkout / "traces" / "demo.pcapng"), "--lang", "en")
    done = run("labs", "check", str(path), *words)
    assert done.code == 1
    assert done.out.startswith("q1\tfailed\t")
    assert "“192.0.2.23” of question q1 is no value of the kind before_after" in done.err
