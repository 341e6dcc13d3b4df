"""How values are shown."""

import pytest

from report.questions.answer import AnswerValue
from report.questions.kinds import KINDS, kind
from report.text import Text

SHOWN: list[tuple[str, AnswerValue, Text]] = [
    ("packet_number", 28, Text("28", "28")),
    ("count", 17, Text("17", "17")),
    ("integer", 22, Text("22", "22")),
    ("byte_count", 1, Text("1 字节", "1 byte")),
    ("seconds", "0.078", Text("0.078 秒", "0.078 s")),
    ("version", "TLS 1.2", Text("TLS 1.2", "TLS 1.2")),
    ("hex", "00b3", Text("00b3", "00b3")),
    ("cipher_suite", "TLS_SHA256_SHA256", Text("TLS_SHA256_SHA256", "TLS_SHA256_SHA256")),
    ("algorithm", "AES_128_GCM", Text("AES_128_GCM", "AES_128_GCM")),
    ("name", "evil\u202eCA", Text("evil\\u202eCA", "evil\\u202eCA")),
    ("names", ("a.org", "B CA"), Text("a.org；B CA", "a.org; B CA")),
    ("yes_no", False, Text("否", "No")),
    ("before_after", "before", Text("之前", "before")),
    ("message_name", "Server Hello", Text("Server Hello", "Server Hello")),
    ("text", "own words", Text("own words", "own words")),
]


@pytest.mark.parametrize(("name", "value", "text"), SHOWN)
def test_format(name: str, value: AnswerValue, text: Text) -> None:
    assert kind(name).format(value) == text


def test_every_kind_is_shown() -> None:
    assert {name for name, *_ in SHOWN} == KINDS.keys()


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_value_of_another_kind_is_refused(name: str) -> None:
    wrong: AnswerValue = 3 if name in {"yes_no", "names", "text"} else ("x",)
    if name in {"version", "hex", "cipher_suite", "algorithm", "name", "message_name"}:
        wrong = 3
    with pytest.raises(TypeError):
        kind(name).format(wrong)
