"""The tables: every student once, values as they are, nothing that a spreadsheet would run."""

import csv
import io
from pathlib import Path

import pandas as pd
import pytest

from report.batch.results import AnswerFacts, Result, Status, Who
from report.batch.sheets import (
    write_failures_csv,
    write_results_csv,
    write_results_parquet,
)
from report.grading.sheets.tables import original
from report.labs.loader import load_lab
from report.labs.model import Lab
from tests.batch.known import class_of, findings, result

HOSTILE = ("=cmd|'/C calc'!A0", "@SUM(1)", "+1\r\n2", "a,b\"c'", "\u202egnp", "-2+3", "\x1b[31m")


@pytest.fixture(scope="module")
def lab() -> Lab:
    return load_lab("tls-v8.1")


def _questions(lab: Lab) -> list[str]:
    return [question.id for question in lab.questions]


def _csv(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def _written(results: list[Result], lab: Lab) -> list[dict[str, str]]:
    target = io.BytesIO()
    write_results_csv(target, results, _questions(lab))
    return _csv(target.getvalue())


def test_one_row_for_each_of_two_thousand_five_hundred(lab: Lab) -> None:
    results = list(class_of(lab, 2500))
    rows = _written(results, lab)
    assert [row["id"] for row in rows] == [r.who.id for r in results]
    assert [row["status"] for row in rows] == [r.status.value for r in results]


def test_hostile_names_are_text_and_come_back(lab: Lab) -> None:
    results = [
        result(lab, 1, who=Who(id=name, name=name), findings=findings(lab, 1, server_name=name))
        for name in HOSTILE
    ]
    rows = _written(results, lab)
    assert [original(row["id"]) for row in rows] == list(HOSTILE)
    assert [original(row["server_name"]) for row in rows] == list(HOSTILE)
    for row in rows:
        for title in ("id", "name", "server_name"):
            assert not row[title].startswith(("=", "+", "-", "@", "\t", "\r"))


def test_values_of_every_kind(lab: Lab) -> None:
    facts = findings(lab, 3)
    answers = (
        AnswerFacts(id="q1", status="found", value=17),
        AnswerFacts(id="q10", status="found", value=True),
        AnswerFacts(id="q12", status="found", value=["a", "b"]),
        AnswerFacts(id="q11", status="hidden"),
    )
    one = result(lab, 3, findings=facts.model_copy(update={"answers": answers}))
    (row,) = _written([one], lab)
    assert [row[q] for q in ("q1", "q10", "q12", "q11")] == ["17", "true", "a; b", ""]
    assert (row["q11_status"], row["q2_status"]) == ("hidden", "")
    assert (row["decrypted"], row["session_seconds"], row["bytes"]) == ("true", "1.5", "1003")


def test_parquet_has_types(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "results.parquet"
    results = list(class_of(lab, 1200))
    with path.open("wb") as target:
        write_results_parquet(target, results, _questions(lab))
    frame = pd.read_parquet(path)
    reported = frame[frame["status"].isin(["done", "partial", "no_pdf"])]
    assert len(frame) == 1200
    assert (reported["session_seconds"] * 2 == reported["session_packets"]).all()
    assert set(reported["decrypted"]) == {True, False}
    assert list(frame["id"]) == [r.who.id for r in results]


def test_the_same_results_give_the_same_bytes(lab: Lab) -> None:
    def written() -> bytes:
        target = io.BytesIO()
        write_results_parquet(target, class_of(lab, 50), _questions(lab))
        return target.getvalue()

    assert written() == written()


def test_a_question_may_be_called_like_a_column_of_ours(lab: Lab) -> None:
    target = io.BytesIO()
    write_results_csv(target, [result(lab, 1)], ["status", "id"])
    (row,) = _csv(target.getvalue())
    assert row["status"] == "done"
    assert {"question_status", "question_id"} <= set(row)


def test_failures_say_what_to_tell_whom(lab: Lab) -> None:
    results = [result(lab, number, status) for number, status in enumerate(Status)]
    target = io.BytesIO()
    write_failures_csv(target, results)
    rows = _csv(target.getvalue())
    assert [row["status"] for row in rows] == [
        s.value for s in Status if s not in (Status.DONE, Status.PARTIAL)
    ]
    assert all("mine.pcapng" in row["tell_en"] and "空文件" in row["tell_zh"] for row in rows)
