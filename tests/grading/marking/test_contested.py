"""Write-ups that name the right value and mean another are never marked right by machine."""

import pytest

from report.grading.key import KeyEntry
from report.grading.marking.expected import expected_answer
from report.grading.marking.marks import mark
from report.grading.reading.given import GivenAnswer
from report.grading.reading.parsing import parsed
from report.grading.reading.stances import stance_of
from report.labs.loader import load_lab
from tests.textbook import TEXTBOOK

LAB = {question.id: question for question in load_lab("tls-v8.1").questions}
SUITE = TEXTBOOK["q9"]


def verdict(question: str, text: str) -> str:
    """What the machine says of a line, read and marked."""
    asked = LAB[question]
    entry = {"value": TEXTBOOK[question]} if question in TEXTBOOK else {"status": "absent"}
    expected = expected_answer(asked, None, KeyEntry.model_validate(entry))
    reading = parsed(asked.kind, text)
    value = None if reading is None or question not in TEXTBOOK else reading.value
    sure = reading.confidence if reading else 0.8
    given = GivenAnswer(question, text, value, sure, None, stance=stance_of(text))
    return mark(asked, given, expected, {}).verdict.value


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("q1", "17之后的26"),
        ("q2", "不是在之前，而是在之后建立的"),
        ("q2", "TCP 连接不是之前建立的，而是之后建立的"),
        ("q3", "The packet before 28"),
        ("q8", "32的下一个，即33"),
        ("q8", "Packet 32 is the Client Hello, so 28"),
        ("q9", f"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384. The client also offered {SUITE} but it was "
               "not chosen"),
        ("q9", f"TLS_AES_128_GCM_SHA256. {SUITE} was offered, too."),
        ("q10", "Not included"),
        ("q10", "Not at all"),
        ("q16", "并非没有：客户端向 CA 发出了 OCSP 请求"),
        ("q16", "抓包中有，不是没有"),
        ("q16", "It is not true that there is none: packet 25 asks for it"),
        ("q16", "There was no lack of contact: the client asked ocsp.usertrust.com"),
        ("q17", "37之后的39"),
        ("q18", "39之前的37"),
        ("q18", "39 is the Server Hello Done, so 37"),
        ("q19", "不是没有，第39号包里有"),
        ("q19", "The client did not refuse: its certificate is in packet 39"),
        ("q19", "The client does not fail to provide one; see packet 39"),
        ("q20", "AES-256-GCM, as opposed to AES_128_GCM of the server"),
        ("q20", "AES_256_GCM, the server prefers AES_128_GCM"),
        ("q22", "41是服务器发的，客户端的第一个是42"),
        ("q22", "41 is still handshake, so 42"),
        ("q22", "41 is the client's Finished, 42 is the first"),
        ("q24", "358 不是，503 才是"),
        ("q24", "The packet after 358"),
        ("q24", "358 is a TCP FIN; 404 ends it"),
    ],
)  # fmt: skip
def test_what_means_another_is_not_right(question: str, text: str) -> None:
    assert verdict(question, text) in ("review", "wrong")


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("q1", "No.17（26 是应答）"),
        ("q2", "Prior to it: the SYN is 17, the first TLS message 28"),
        ("q2", "TCP 三次握手完成之后才开始 TLS"),
        ("q3", "Client Hello 是第 28 个包，长度 583 字节"),
        ("q8", "the packet after 28 that has the hello: 32"),
        ("q8", "32 (the next after 31)"),
        ("q9", f"{SUITE}, out of 17"),
        ("q10", "有的，作用相同，防重放。"),
        ("q16", "没有，浏览器预装了 CA 公钥"),
        ("q16", "未发现；仅有 25 号 DNS 查询，与 CA 无关"),
        ("q17", "与证书同一个包，37"),
        ("q18", "39号，不是40号"),
        ("q18", "39（同一包里有 CCS 和 Finished）"),
        ("q19", "没有，因为服务器没有发 Certificate Request"),
        ("q19", "No, it was not asked for one"),
        ("q20", "对称加密采用 AES，密钥 128 位，GCM 模式"),
        ("q22", "41 for the client, 42 for the server"),
        ("q22", "41 (frame 42 is the first from the server)"),
        ("q24", "358号，Encrypted Alert；随后是 FIN"),
    ],
)
def test_what_is_right_stays_so(question: str, text: str) -> None:
    assert verdict(question, text) == "correct"
