"""Lengths of TLS 1.3 records: for every suite that a session can use, none left out."""

from report.questions.protected import alert_length, finished_length
from report.tls.registry import registry
from report.tls.suites import known_suite


def test_every_suite_has_them() -> None:
    suites = [known_suite(code) for code in registry("cipher_suites").by_value]
    usable = [suite for suite in suites if suite is not None and not suite.signalling]
    assert len(usable) > 300
    for suite in usable:
        # RFC 8446, 4.4.4: as long as the hash, behind a header of 4 bytes, with type and tag.
        assert finished_length(suite) - alert_length(suite) >= 4 + 32 - 2


def test_a_number_without_a_name_is_no_suite() -> None:
    assert known_suite(0xAAAA) is None
    assert known_suite(0xFAFA) is None
