"""The same answers under every usual way of numbering them."""

import pytest

from report.grading.reading.labels import label_at, labels_inside
from report.grading.reading.reader import read_answers
from report.labs.loader import load_lab
from report.questions.answer import AnswerValue
from tests.grading.reading.samples import plain_lines

LAB = load_lab("tls-v8.1")
TENS = ("", "十", "二十")
HAN = [TENS[n // 10] + "零一二三四五六七八九"[n % 10].replace("零", "") for n in range(1, 25)]
STYLES = {
    "dot": "{n}. ", "dot close": "{n}.", "ideographic": "{n}、", "wide dot": "{n}．",
    "paren": "{n}) ", "parens": "({n}) ", "wide parens": "（{n}）", "brackets": "[{n}] ",
    "wide brackets": "【{n}】", "q": "Q{n}: ", "q bare": "Q{n} ", "q dot": "Q.{n} ",
    "question": "Question {n}: ", "a": "A{n}. ", "ans": "Ans {n}: ", "ti": "第{n}题 ",
    "han ti": "第{h}题：", "wenti": "问题{n}：", "han wenti": "问题{h}：", "han": "{h}、",
    "han parens": "（{h}）", "da": "答{n}：", "hash": "#{n} ", "heading": "## {n}. ",
    "colon": "{n}: ", "wide colon": "{n}：", "dash": "{n} - ", "id": "q{n} = ",
    "bold": "**{n}.** ", "bullet": "- {n}: ", "bare": "{n} ", "circled": "{c} ",
}  # fmt: skip
ANSWERS: dict[str, tuple[str, AnswerValue]] = {
    "q1": ("1207", 1207),
    "q2": ("之前", "before"),
    "q3": ("1210 号包", 1210),
    "q4": ("TLS 1.2", "TLS 1.2"),
    "q5": ("共 22 个", 22),
    "q6": ("b7", "b7"),
    "q8": ("packet 1214", 1214),
    "q9": ("TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"),
    "q11": ("1217", 1217),
    "q13": ("Example CA 3", "Example CA 3"),
    "q14": ("sha384WithRSAEncryption", "sha384WithRSAEncryption"),
    "q15": ("00c6", "00c6"),
    "q17": ("1217", 1217),
    "q18": ("1219", 1219),
    "q20": ("AES_128_GCM", "AES_128_GCM"),
    "q21": ("Server Hello", "Server Hello"),
    "q22": ("1222", 1222),
}


def _label(style: str, number: int) -> str:
    circled = chr(0x2460 + number - 1) if number <= 20 else chr(0x3251 + number - 21)
    return STYLES[style].format(n=number, h=HAN[number - 1], c=circled)


@pytest.mark.parametrize("repeat", ["", "line", "same line"])
@pytest.mark.parametrize("style", STYLES)
def test_every_style_is_read_alike(style: str, repeat: str) -> None:
    text = ["TLS 实验", "姓名：某某"]
    for question in LAB.questions:
        if question.id in ANSWERS:
            asked = {"": "", "line": question.ask.zh + "\n", "same line": question.ask.zh + " "}
            text.append(
                _label(style, int(question.id[1:])) + asked[repeat] + ANSWERS[question.id][0]
            )
    given = read_answers(plain_lines("\n".join(text)), LAB, "x.txt")
    assert {name: given[name].value for name in ANSWERS} == {
        name: value for name, (_, value) in ANSWERS.items()
    }


@pytest.mark.parametrize(
    ("text", "number", "rest"),
    [
        ("3. 22", 3, "22"),
        ("3.22", 3, "22"),
        ("**3.** 22", 3, "** 22"),
        ("12、答案", 12, "答案"),
        ("第十二题：17", 12, "17"),
        ("⑫ 17", 12, "17"),
        ("Q7: x", 7, "x"),
    ],
)
def test_labels(text: str, number: int, rest: str) -> None:
    label = label_at(text)
    assert label is not None
    assert (label.number, text[label.end :]) == (number, rest)


@pytest.mark.parametrize(
    "text", ["No. 39", "TLS 1.2", "SYN 17", "192.168.1.1 is mine", "ab", "", "No.39 contains it"]
)
def test_what_is_no_label(text: str) -> None:
    assert label_at(text) is None


def test_several_answers_on_one_line() -> None:
    inside = labels_inside("1、８６　2、之前　3、８９".replace("　", " "))
    assert [label.number for _, label in inside] == [1, 2, 3]
    assert labels_inside("1. frames 32, 33, 34 and 37") == []
