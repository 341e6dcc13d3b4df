"""Who is in the class, with which capture, and what each of them gets wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Format = Literal["md", "txt", "docx", "pdf", "html"]
Role = Literal["plain", "report", "edited-report", "broken", "no-capture"]


DENIED = object()


@dataclass(frozen=True)
class Slip:
    """One wrong (or left out) answer: what is written, and what becomes of it."""

    value: object
    """None leaves the answer out; DENIED says that there is none."""
    verdict: str
    confusion: str | None = None
    share: float = 0.0


@dataclass(frozen=True)
class Student:
    """One student and what they handed in."""

    number: int
    name: str
    language: Literal["zh", "en"]
    format: Format
    style: int
    capture: str | None
    """A trace of the corpus by its name, `textbook` for the one in ../shared."""
    keys: bool = False
    """Whether the key log is handed in too."""
    slips: Mapping[str, Slip] = field(default_factory=dict)
    role: Role = "plain"
    on_roster: bool = True
    resaved: bool = False
    """The capture is saved in another format and cut short, as copies are."""

    @property
    def id(self) -> str:
        """Leading zeros, as student numbers have them."""
        return f"0{2024000 + self.number}"


def wrong(value: object, confusion: str | None = None) -> Slip:
    return Slip(value, "wrong", confusion)


def partly(value: object, confusion: str, share: float = 0.5) -> Slip:
    return Slip(value, "partial", confusion, share)


def unsure(value: object, confusion: str | None = None) -> Slip:
    return Slip(value, "review", confusion)


MISSING = Slip(None, "missing")
RECORD = wrong("TLS 1.0", "record_version")
SUITE = partly("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "suite_for_algorithm")
TEXTBOOK = {
    "q1": wrong(17, "textbook_answer"),
    "q3": wrong(28, "textbook_answer"),
    "q6": wrong("4b", "textbook_answer"),
    "q8": wrong(32, "textbook_answer"),
    "q11": wrong(37, "textbook_answer"),
    "q13": wrong("InCommon RSA Server CA", "textbook_answer"),
    "q17": wrong(37, "textbook_answer"),
    "q18": wrong(39, "textbook_answer"),
    "q22": wrong(41, "textbook_answer"),
}
# What is right for tls12-starttls-smtp and not for the capture of who copied it.
FRIENDS = {
    "q3": wrong(11),
    "q8": wrong(12),
    "q17": wrong(12),
    "q18": wrong(13),
    "q22": wrong(15),
}
INVENTED = {"q3": wrong(61), "q8": wrong(63), "q11": wrong(77), "q18": wrong(80)}

CLASS: tuple[Student, ...] = (
    Student(1, "赵子涵", "zh", "md", 0, "tls12-ecdhe-rsa-aes256-gcm", slips={"q4": RECORD}),
    # 2 hands in 1's file, 3 the same re-saved and cut.
    Student(2, "钱雨桐", "zh", "docx", 1, "tls12-ecdhe-rsa-aes256-gcm", slips={"q20": SUITE}),
    Student(
        3,
        "孙浩然",
        "zh",
        "txt",
        2,
        "tls12-ecdhe-rsa-aes256-gcm",
        resaved=True,
        slips={"q11": wrong(6, "first_fragment")},
    ),
    Student(
        4,
        "李思远",
        "zh",
        "pdf",
        3,
        "tls12-chain-3",
        slips={
            "q13": wrong("Reading Root CA", "root_for_issuer"),
            "q12": partly(("www.reading.example", "Reading Server CA 1"), "some_names"),
        },
    ),
    Student(
        5,
        "周佳怡",
        "zh",
        "md",
        4,
        "tls12-chain-4",
        slips={
            "q13": wrong("www.reading.example", "subject_for_issuer"),
            "q5": wrong(82, "digits_turned"),
        },
    ),
    Student(
        6,
        "吴俊杰",
        "zh",
        "md",
        5,
        "tls12-rsa-aes256-gcm",
        keys=True,
        slips={
            "q24": wrong(17, "fin_for_alert"),
            "q15": partly("b3", "leading_zeros"),
        },
    ),
    Student(
        7,
        "郑欣怡",
        "zh",
        "html",
        0,
        "tls12-certificate-rsa4096",
        slips={
            "q20": partly("AES", "incomplete"),
        },
    ),
    Student(8, "王宇轩", "zh", "txt", 1, "tls12-dhe-rsa-chacha20", slips={"q4": RECORD}),
    Student(9, "冯诗雨", "zh", "md", 2, "tls11-dhe-rsa-aes256-cbc", slips={"q16": MISSING}),
    Student(10, "陈梓睿", "zh", "docx", 3, "tls12-gnutls-server", keys=True),
    Student(
        11,
        "褚一凡",
        "zh",
        "md",
        4,
        "tls12-linux-cooked",
        slips={
            "q6": wrong("__random__", "whole_random"),
        },
    ),
    Student(
        12,
        "卫梦琪",
        "zh",
        "md",
        5,
        "tls12-vlan",
        slips={
            "q18": wrong(217, "sequence_number"),
        },
    ),
    Student(
        13,
        "蒋天宇",
        "zh",
        "txt",
        0,
        "tls12-resumed-by-id",
        slips={
            "q1": wrong(20, "wrong_connection"),
            "q3": wrong(23, "wrong_connection"),
            "q8": wrong(25, "wrong_connection"),
        },
    ),
    Student(
        14,
        "沈若曦",
        "zh",
        "md",
        1,
        "tls12-certificate-wildcard",
        slips={
            "q15": unsure("04aa"),
        },
    ),
    Student(15, "韩冰", "zh", "docx", 2, "tls12-port-8009", slips={"q7": MISSING, "q23": MISSING}),
    Student(16, "杨帆", "zh", "md", 3, "tls12-client-cert", keys=True),
    Student(
        17,
        "朱晓明",
        "zh",
        "pdf",
        4,
        "tls13-client-cert",
        keys=True,
        slips={
            "q22": wrong(10, "finished_for_data"),
        },
    ),
    Student(18, "秦岚", "zh", "md", 5, "tls13-aes128-gcm", slips={"q4": RECORD}),
    Student(
        19,
        "尤佳",
        "zh",
        "txt",
        0,
        "tls13-chain-4",
        keys=True,
        slips={
            "q22": wrong(14, "finished_for_data"),
            "q13": wrong("Reading Server CA 1", "root_for_issuer"),
        },
    ),
    Student(
        20,
        "许诺",
        "zh",
        "docx",
        1,
        "tls13-hello-retry",
        keys=True,
        slips={
            "q8": wrong(6, "retry_for_server_hello"),
            "q5": wrong(13, "digits_turned"),
        },
    ),
    Student(21, "Alice Moore", "en", "md", 0, "tls13-key-update", keys=True),
    Student(22, "Bruno Costa", "en", "txt", 1, "tls13-ipv6", slips={"q22": unsure(11)}),
    Student(
        23,
        "Chloé Martin",
        "en",
        "docx",
        2,
        "tls12-small-segments",
        slips={
            "q11": wrong(10, "first_fragment"),
            "q3": wrong(4, "first_fragment"),
        },
    ),
    Student(24, "Dmitri Orlov", "en", "pdf", 3, "tls12-ocsp-asked", slips={"q16": wrong(DENIED)}),
    Student(
        25,
        "Emma Fischer",
        "en",
        "md",
        4,
        "tls13-resumed",
        keys=True,
        slips={
            "q3": wrong(24, "wrong_connection"),
            "q1": wrong(21, "wrong_connection"),
        },
    ),
    Student(
        26,
        "Farid Haddad",
        "en",
        "md",
        5,
        "tls12-ecdhe-ecdsa-chacha20",
        slips={
            "q15": wrong("04b4", "ec_point_as_modulus"),
        },
    ),
    Student(27, "Grace O'Neill", "en", "html", 0, "tls12-curl-go-server", slips={"q14": MISSING}),
    Student(
        28,
        "Hiro Tanaka",
        "en",
        "md",
        1,
        "tls12-handshake-in-many-records",
        slips={
            "q9": wrong("TLS_RSA_WITH_AES_128_CBC_SHA", "offered_for_chosen"),
        },
    ),
    Student(29, "Ines Duarte", "en", "txt", 2, "tls12-client-hello-not-captured"),
    # 30 wrote down the textbook's answers beside a capture of their own.
    Student(30, "何静", "zh", "md", 3, "tls12-loopback", slips=TEXTBOOK),
    # 31's numbers are 32's.
    Student(31, "吕鹏", "zh", "md", 4, "tls12-raw-ip", slips=FRIENDS),
    Student(32, "施琳", "zh", "md", 5, "tls12-starttls-smtp"),
    Student(33, "Jonas Berg", "en", "docx", 3, "tls12-null-loopback", slips=INVENTED),
    Student(34, "张三丰", "zh", "html", 0, "tls12-maximum-fragment-length", role="report"),
    Student(35, "孔令辉", "zh", "html", 0, "tls12-server-without-tls13", role="edited-report"),
    Student(36, "曹阳", "zh", "md", 1, "tls12-ipv6", role="broken"),
    Student(37, "Kate Lin", "en", "md", 2, None, role="no-capture"),
    Student(38, "严谨", "zh", "md", 3, "textbook"),
    Student(
        39,
        "华安",
        "zh",
        "txt",
        4,
        "tls12-certificate-ecdsa-signed-by-rsa",
        slips={
            "q20": wrong("sha256WithRSAEncryption", "signature_for_symmetric"),
        },
    ),
    Student(
        40, "Leo Novak", "en", "md", 5, "tls12-several-messages-in-one-record", on_roster=False
    ),
)
ABSENT = ("02024099", "金无迹")
"""On the roster, handed in nothing."""
