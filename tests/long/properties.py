"""What holds for whatever students and instructors type: answers, write-ups, labs, keys, rosters.

Every one of these takes generated input and raises nothing but the errors that it names.
"""

import tempfile
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from report.errors import CATALOGUE, LabsharkError
from report.grading.intake.lines import Line, LineKind, Place
from report.grading.intake.people import identity
from report.grading.intake.roster import read_roster
from report.grading.key import parse_key
from report.grading.marking.expected import ExpectedAnswer
from report.grading.marking.marked import Verdict
from report.grading.marking.marks import mark
from report.grading.reading.parsing import parsed
from report.grading.reading.reader import read_answers
from report.grading.sheets.tables import original, safe_text
from report.labs.keys import KEYS
from report.labs.loader import load_lab
from report.naming import folder_name, unique_folder_names
from report.questions.answer import AnswerValue, Status
from report.questions.kinds import KINDS
from report.questions.kinds.values import Rule
from report.student import load_student, load_words
from report.text import visible

LAB = load_lab("tls-v8.1")

_WORDS = """17 28 第17个 包 #17 frame packet No. TLS 1.2 1.3 TLSv1.0 SSL 0x0303 03 03 0xc02f
{0xC0,0x2F} TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 TLS_AES_128_GCM_SHA256_ ECDHE-RSA AES 128 GCM
SHA-256 sha256WithRSAEncryption RSA InCommon CA www.cs.umass.edu *.example.com before after 之前
之后 yes no 是 否 有 没有 不 not n't none 无 加密 encrypted 看不到 没抓到 not captured or 或者
还是 maybe 可能 Client Hello Server Hello Certificate Finished 4b:3f:a0 4b3fa00c 32 bytes 字节
0.024 秒 s ms , 、 。 ; : ( ) [ ] 【 】 " ' ` ** _ - -- ~ / | & + = @ < > # ? ？ 1. q7 第7题 答:
Answer: 1) ① 2^32 1e9 -1 +3 １７ 十七 seventeen NaN inf 000017 17, 18 17-18"""
_HIDDEN = [" ", "\t", "\\", "\u200b", "\u202e", "\x00", "\x1b", "\U000e0041"]
_TOKENS = st.sampled_from([*_WORDS.split(), *_HIDDEN])
_ANSWER = st.one_of(
    st.lists(st.one_of(_TOKENS, st.text(max_size=8)), max_size=14).map(" ".join),
    st.lists(_TOKENS, max_size=14).map("".join),
    st.text(max_size=300),
    st.tuples(_TOKENS, st.integers(1, 400)).map(lambda pair: pair[0] * pair[1]),
)
_VALUES: Mapping[str, AnswerValue] = {
    "packet_number": 17,
    "count": 5,
    "integer": 3,
    "byte_count": 32,
    "seconds": 24_000_000,
    "version": "TLS 1.2",
    "hex": "4b",
    "cipher_suite": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "algorithm": "sha256WithRSAEncryption",
    "name": "InCommon RSA Server CA",
    "names": ("www.cs.umass.edu", "InCommon RSA Server CA"),
    "yes_no": True,
    "before_after": "before",
    "message_name": "Client Hello",
}
_OUTCOMES = st.sampled_from(list(Status))


def answers(text: str) -> None:
    """Every kind reads any answer, or says that it cannot; one value comes back from its form."""
    for name, kind in KINDS.items():
        reading = parsed(name, text)
        if reading is None or name == "text":
            continue
        if name == "message_name" and isinstance(reading.value, int):
            continue  # the message by its packet's number: whoever shows it shows the number
        shown = kind.format(reading.value)
        assert shown.zh.strip()
        assert shown.en.strip()


def marks(given: tuple[str, Status]) -> None:
    """Every answer gets one verdict, never more points than there are, never zero undecided."""
    text, status = given
    lines = [Line(n, f"{n}. {text}", LineKind.PROSE, Place("line", n)) for n in range(1, 25)]
    read = read_answers(lines, LAB, "x.md")
    assert set(read) == {question.id for question in LAB.questions}
    for question in LAB.questions:
        one = read[question.id]
        assert 0 <= one.confidence <= 1
        usual = Status.EXPLAINED if question.kind == "text" else status
        value = _VALUES.get(question.kind) if usual is Status.FOUND else None
        outcome = usual if value is not None or usual is not Status.FOUND else Status.ABSENT
        expected = ExpectedAnswer(outcome, value, Rule(), question.points)
        marked = mark(question, one, expected)
        assert marked.points is None or 0 <= marked.points <= question.points
        if marked.verdict is Verdict.CORRECT and value is not None:
            assert one.value is not None


def writeups(lines: list[str]) -> None:
    """Lines of any kind in any order: every question has exactly one answer, from these lines."""
    given = [Line(n, text[:8000], LineKind.PROSE, Place("line", n)) for n, text in enumerate(lines)]
    read = read_answers(given, LAB, "x.md")
    assert list(read) == [question.id for question in LAB.questions]
    assert all(one.where is None or one.where.line < len(lines) for one in read.values())


def toml_files(text: str) -> None:
    """Labs, keys and students' headers: read, or refused by a message that has a name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.toml"
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        readers: tuple[Callable[[], object], ...] = (
            lambda: load_lab(str(path)),
            lambda: load_student(path),
            lambda: parse_key(text, "key.toml", LAB),
            lambda: load_words(path, frozenset({"q1", "q7"})),
        )
        for read in readers:
            _refused_by_name(read)


def rosters(text: str) -> None:
    """A class list is read, or refused by a message that has a name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roster.csv"
        path.write_text(text, encoding="utf-8", errors="replace")
        _refused_by_name(lambda: read_roster(path))


def names(labels: list[str]) -> None:
    """Whatever people and files are called: one folder each, inside, and nothing unseen shown."""
    folders = unique_folder_names(labels)
    assert len({name.casefold() for name in folders.values()}) == len(set(labels))
    for label in labels:
        identity(label)
        for name in (folder_name(label), folders[label]):
            assert name not in ("", ".", "..")
            assert not set(name) & set('/\\\0:*?"<>|\n')
            assert len(name.encode()) <= 200
        shown = visible(label, 10_000)
        assert not {unicodedata.category(c) for c in shown} & {
            "Cc",
            "Cf",
            "Cs",
            "Co",
            "Cn",
            "Zl",
            "Zp",
        }
        if len(label) < 1000:
            assert original(safe_text(label)) == label


def _refused_by_name(read: Callable[[], object]) -> None:
    try:
        read()
    except LabsharkError as fault:
        if fault.slug not in CATALOGUE:
            raise


def _toml() -> st.SearchStrategy[str]:
    """Files made of keys that a lab, a key or a header has, with values of any type."""
    keys = sorted(
        {name for table in KEYS.values() for name in table} | {"value", "accept", "points"}
    )
    text = st.one_of(_TOKENS, st.text(max_size=12))
    quoted = text.map(lambda value: '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"')
    scalar = st.one_of(
        quoted,
        st.integers(-(10**20), 10**20).map(str),
        st.floats().map(str),
        st.sampled_from(["true", "2026-11-21", "12:00:00", "inf", "nan", "[]", "{}"]),
    )
    value = st.one_of(
        scalar,
        st.lists(scalar, max_size=4).map(lambda each: f"[{', '.join(each)}]"),
        st.tuples(scalar, scalar).map(lambda two: f"{{ zh = {two[0]}, en = {two[1]} }}"),
    )
    tables = ["[questions.q4]", "[[questions]]", "[[sections]]", "[title]", "[student]", "[x.y]"]
    line = st.one_of(
        st.tuples(st.sampled_from(keys), value).map(" = ".join),
        st.sampled_from([*tables, 'lab = "tls-v8.1"', 'id = "q1"', 'kind = "name"']),
        st.text(max_size=20),
    )
    head = st.sampled_from(["", 'lab = "tls-v8.1"\n', 'id = "mine"\nformat = 1\n'])
    return st.tuples(head, st.lists(line, max_size=30).map("\n".join)).map("".join)


def _csv() -> st.SearchStrategy[str]:
    words = [
        "学号",
        "姓名",
        "班级",
        "Student ID",
        "Name",
        "SIS Login ID",
        "20260001",
        '="007"',
        "张三",
    ]
    cell = st.one_of(st.sampled_from(words), st.text(max_size=10))
    row = st.lists(cell, max_size=6).map(lambda cells: ",".join(cells))
    return st.one_of(st.lists(row, max_size=20).map("\n".join), st.text(max_size=400))


PROPERTIES: Mapping[str, tuple[Callable[[Any], None], st.SearchStrategy[Any]]] = {
    "answers": (answers, _ANSWER),
    "marks": (marks, st.tuples(_ANSWER, _OUTCOMES)),
    "writeups": (writeups, st.lists(_ANSWER, max_size=40)),
    "labs and keys": (toml_files, _toml()),
    "rosters": (rosters, _csv()),
    "names": (names, st.lists(st.text(max_size=60), max_size=8, unique=True)),
}
