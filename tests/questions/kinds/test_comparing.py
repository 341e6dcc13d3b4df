"""Right, partly right and different values of each kind."""

import pytest

from report.questions.answer import AnswerValue
from report.questions.kinds import KINDS, kind
from report.questions.kinds.values import EXACTLY, Rule

GCM = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"

EQUAL: list[tuple[str, AnswerValue, AnswerValue]] = [
    ("packet_number", 28, 28),
    ("version", "TLS 1.2", "TLS 1.2"),
    ("hex", "4B", "4b"),
    ("hex", "00b39e72", "00b3"),
    ("cipher_suite", GCM, GCM),
    ("algorithm", "AES-128-GCM", "AES_128_GCM"),
    ("algorithm", "SHA256 with RSA", "sha256WithRSAEncryption"),
    ("algorithm", "RC4", "RC4_128"),
    ("name", "incommon rsa server ca", "InCommon RSA Server CA"),
    ("name", "USERTrust RSA Certificati", "USERTrust RSA Certification Authority"),
    ("name", "InCommon RSA Sever CA", "InCommon RSA Server CA"),
    ("names", ("B Root", "a.example.org"), ("a.example.org", "B Root")),
    ("yes_no", False, False),
    ("before_after", "before", "before"),
    ("message_name", "server hello", "Server Hello"),
    ("seconds", "0.078", "0.078368"),
]

DIFFERENT: list[tuple[str, AnswerValue, AnswerValue]] = [
    ("packet_number", 27, 28),
    ("version", "TLS 1.0", "TLS 1.2"),
    ("hex", "b3", "00b4"),
    ("cipher_suite", "TLS_RSA_WITH_AES_128_CBC_SHA", GCM),
    ("algorithm", "AES_128_CBC", "AES_128_GCM"),
    ("algorithm", "sha384WithRSAEncryption", "sha256WithRSAEncryption"),
    ("name", "InCommon RSA Server CA", "InCommon RSA Server CA 2"),
    ("name", "InCommon RSA Server CA 2", "InCommon RSA Server CA"),
    ("name", "R5", "E5"),
    ("name", "Let's Encrypt R5", "Let's Encrypt E5"),
    ("name", "a.example.org", "b.example.org"),
    ("names", ("Other CA",), ("a.example.org", "B Root")),
    ("yes_no", True, False),
    ("before_after", "after", "before"),
    ("message_name", "Client Hello", "Server Hello"),
    ("seconds", "0.79", "0.078368"),
    ("text", "same words", "same words"),
]

PARTLY: list[tuple[str, AnswerValue, AnswerValue, str, float]] = [
    ("algorithm", GCM, "AES_128_GCM", "suite_for_algorithm", 0.5),
    ("algorithm", "AES_128", "AES_128_GCM", "incomplete", 0.5),
    ("algorithm", "SHA256", "sha256WithRSAEncryption", "incomplete", 0.5),
    ("hex", "b3", "00b3", "leading_zeros", 0.5),
    ("names", ("B Root",), ("a.example.org", "B Root"), "some_names", 0.5),
]


@pytest.mark.parametrize(("name", "given", "expected"), EQUAL)
def test_equal(name: str, given: AnswerValue, expected: AnswerValue) -> None:
    assert kind(name).compare(given, expected, EXACTLY).equal


@pytest.mark.parametrize(("name", "given", "expected"), DIFFERENT)
def test_different(name: str, given: AnswerValue, expected: AnswerValue) -> None:
    compared = kind(name).compare(given, expected, EXACTLY)
    assert not compared.equal
    assert compared.partial is None


@pytest.mark.parametrize(("name", "given", "expected", "why", "share"), PARTLY)
def test_partly(
    name: str, given: AnswerValue, expected: AnswerValue, why: str, share: float
) -> None:
    compared = kind(name).compare(given, expected, EXACTLY)
    assert (compared.equal, compared.why, compared.partial) == (False, why, share)


def test_every_kind_is_compared_both_ways() -> None:
    assert {name for name, *_ in DIFFERENT} | {"count", "integer", "byte_count"} == KINDS.keys()


def test_the_rule_decides() -> None:
    assert kind("packet_number").compare(27, 28, Rule(tolerance=1)).equal
    assert kind("packet_number").compare(37, 28, Rule(accept=(37,))).equal
    assert kind("message_name").compare(32, "Server Hello", Rule(accept=(32,))).equal
    assert not kind("message_name").compare(32, "Server Hello", EXACTLY).equal
    assert kind("names").compare(("B",), ("a.example.org", "B"), Rule(may_omit=1)).equal
    assert not kind("names").compare(("B",), ("A", "B"), EXACTLY).equal
    assert kind("names").compare(("B",), ("A", "B"), Rule(one_is_enough=True)).equal
    assert not kind("names").compare(("C",), ("A", "B"), Rule(one_is_enough=True)).equal
    less = Rule(partial={"suite_for_algorithm": 0.25})
    assert kind("algorithm").compare(GCM, "AES_128_GCM", less).partial == 0.25
