"""What each kind reads out of what students write; the values are the writers' own."""

import pytest

from report.questions.answer import AnswerValue
from report.questions.kinds import KINDS, kind

READ: dict[str, list[tuple[str, AnswerValue]]] = {
    "packet_number": [
        ("17", 17),
        ("显然是 64。", 64),
        ("Packet No. 39 contains the key exchange", 39),
        ("#17", 17),
        ("包号为２８", 28),
        ("第三十七号包", 37),
        ("不是 31 而是 37", 37),
        ("not frame 31 but 37", 37),
        ("the certificate spans frames 32, 33, 34 and 37", 37),
        ("frame 41 (583 bytes, from port 51146)", 41),
        ("目的地址 128.119.240.84 的 FIN 包号为503", 503),
        ("in mine it is 52; the textbook has 28", 52),
        ("~~31~~ 37", 37),
        ("the 41st packet", 41),
        ("seq=0, packet 12", 12),
    ],
    "count": [
        ("17 个：", 17),
        ("seventeen", 17),
        ("十七种", 17),
        ("twenty-one suites are offered", 21),
        ("Cipher Suites (18 suites)", 18),
        ("共支持31个加密套件", 31),
    ],
    "integer": [("22", 22), ("Content Type: Handshake (22)", 22), ("0x16", 22)],
    "byte_count": [
        ("6 字节", 6),
        ("32 bytes total. 4 bytes of time, 28 random ones.", 32),
        ("1024 bits", 128),
        ("the secret is 128 bytes long", 128),
    ],
    "seconds": [("0.078368 s", "0.078368"), ("78 ms", "0.078"), ("约 78.4 毫秒", "0.0784")],
    "version": [
        ("TLSv1.2 (0x0303)", "TLS 1.2"),
        ("版本为1.0", "TLS 1.0"),
        ("1.3", "TLS 1.3"),
        ("0x0303", "TLS 1.2"),
        ("TLS 1.2，但记录层写的是 TLS 1.0", "TLS 1.2"),
        ("SSLv3", "SSL 3.0"),
    ],
    "hex": [
        ("0x00b3", "00b3"),
        ("00 B3", "00b3"),
        ("00:b3", "00b3"),
        ("是 4b。", "4b"),
        ("前两位为4b", "4b"),
        ("00b3…", "00b3"),
        ("66 df 78 4c", "66df784c"),
    ],
    "cipher_suite": [
        ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 (0xc02f)", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        ("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        ("选的是0xc02f", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        ("{0xC0, 0x2F}", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        ("TLS_AES_128_GCM_SHA256 was chosen", "TLS_AES_128_GCM_SHA256"),
        ("AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"),
    ],
    "algorithm": [
        ("AES-128-GCM", "AES_128_GCM"),
        ("AES 128 in CBC mode", "AES_128_CBC"),
        ("AES 128位 GCM模式", "AES_128_GCM"),
        ("ChaCha20-Poly1305", "CHACHA20_POLY1305"),
        ("SHA-256 with RSA", "sha256WithRSAEncryption"),
        ("rsa_pkcs1_sha256", "sha256WithRSAEncryption"),
        ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
        ("AES_128_GCM (from TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)", "AES_128_GCM"),
    ],
    "name": [
        ("R11", "R11"),
        ("认证机构为Example Issuing CA 2。", "Example Issuing CA 2"),
        ("CN=R3, O=Let's Encrypt, C=US", "R3"),
        ("item: 1 item (id-at-commonName=Example Root)", "Example Root"),
    ],
    "names": [
        (
            "www.example.org, Example CA 2 and Example Root",
            ("www.example.org", "Example CA 2", "Example Root"),
        ),
    ],
    "yes_no": [
        ("No", False),
        ("不是,没有发现", False),
        ("Yes, they do", True),
        ("包含，用于会话复用", True),
        ("不包含", False),
        ("It does not contain one", False),
    ],
    "before_after": [
        ("Before", "before"),
        ("连接在第一条 TLS 消息之后建立", "after"),
        ("The Client Hello comes after the TCP handshake", "before"),
        ("先建立TCP连接，之后发送TLS", "before"),
    ],
    "message_name": [
        ("Server Hello", "Server Hello"),
        ("服务器问候", "Server Hello"),
        ("in the Server Hello Done message", "Server Hello Done"),
        ("得知在编号 32 的消息中。", 32),
    ],
    "text": [("  they keep replays out \n", "they keep replays out")],
}  # fmt: skip

NOTHING = ["", "   ", "``", "？", "____"]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [(name, text, value) for name, cases in READ.items() for text, value in cases],
)
def test_reads_the_value_as_written(name: str, text: str, value: AnswerValue) -> None:
    reading = kind(name).parse(text)
    assert reading is not None
    assert reading.value == value
    assert type(reading.value) is type(value)
    assert 0 < reading.confidence <= 1
    assert 0 <= reading.start < reading.end <= len(text)


def test_every_kind_has_cases() -> None:
    assert READ.keys() == KINDS.keys()


@pytest.mark.parametrize("name", sorted(KINDS.keys() - {"text"}))
@pytest.mark.parametrize("text", NOTHING)
def test_blanks_hold_no_value(name: str, text: str) -> None:
    assert kind(name).parse(text) is None


def test_a_second_value_shakes_the_reading() -> None:
    sure = kind("packet_number").parse("packet 52")
    unsure = kind("packet_number").parse("packet 52 or packet 61")
    assert sure is not None
    assert unsure is not None
    assert unsure.confidence < sure.confidence
    assert {unsure.value, *(other.value for other in unsure.alternatives)} == {52, 61}


def test_an_unknown_kind_is_named_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="packet_number"):
        kind("packet")
