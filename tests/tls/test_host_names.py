"""Which names a certificate covers: RFC 9525 section 6.3, and openssl's word on them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from report.tls.certificates import Certificate, read_certificate
from report.tls.host_names import ip_address, matched_names, matches, names_host, within
from tests.tls.small_ca import LEAF, issue, replace

_CASES = [
    ("www.example.test", "www.example.test", True),
    ("www.example.test", "WWW.EXAMPLE.TEST", True),
    ("www.example.test", "example.test", False),
    ("example.test", "www.example.test", False),
    ("*.example.test", "www.example.test", True),
    ("*.example.test", "a.b.example.test", False),
    ("*.example.test", "example.test", False),
    ("*.test", "example.test", False),
    ("*", "example", False),
    ("w*.example.test", "www.example.test", False),
    ("*w.example.test", "www.example.test", False),
    ("www.*.test", "www.example.test", False),
    ("*.*.test", "www.example.test", False),
    ("", "www.example.test", False),
    ("xn--bcher-kva.example.test", "bücher.example.test", True),
    ("*.example.test", "xn--bcher-kva.example.test", True),
    ("www.example.test\x00.evil.test", "www.example.test", False),
]


@pytest.mark.parametrize(("pattern", "host", "covered"), _CASES)
def test_matches(pattern: str, host: str, covered: bool) -> None:
    assert matches(pattern, host) is covered


@pytest.mark.parametrize(
    ("pattern", "host", "covered"),
    [case for case in _CASES if case[0] and "\0" not in case[0] and case[1].isascii()],
)
def test_openssl_agrees(tmp_path: Path, pattern: str, host: str, covered: bool) -> None:
    """But for partial wildcards, which RFC 9525 forbids and openssl still takes."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    (tmp_path / "leaf.pem").write_bytes(issue(replace(LEAF, names=(pattern,))).pem)
    command = ["openssl", "x509", "-in", str(tmp_path / "leaf.pem"), "-noout", "-checkhost", host]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    partial = "*" in pattern.split(".")[0] and pattern.split(".")[0] != "*"
    assert ("does match" in said) == (covered or partial)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:DB8::0:1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("www.example.test", None),
        ("192.0.2", None),
        ("", None),
    ],
)
def test_addresses(host: str, address: str | None) -> None:
    assert ip_address(host) == address


def _certificate(names: tuple[str, ...], ips: tuple[str, ...]) -> Certificate:
    wanted = replace(LEAF, subject="cn.example.test", names=names, ips=ips)
    found = read_certificate(issue(wanted).der)
    assert isinstance(found, Certificate)
    return found


def test_names_host() -> None:
    certificate = _certificate(names=("a.test", "*.b.test"), ips=("192.0.2.1",))
    assert names_host(certificate, "a.test")
    assert names_host(certificate, "x.b.test")
    assert names_host(certificate, "192.0.2.1")
    assert not names_host(certificate, "192.0.2.2")
    assert not names_host(certificate, "cn.example.test")  # the common name does not count
    assert matched_names(certificate, "x.b.test") == ("*.b.test",)
    assert matched_names(certificate, "192.0.2.1") == ("192.0.2.1",)


def test_within_a_subtree() -> None:
    """RFC 5280 section 4.2.1.10: the name itself and everything below it."""
    assert within("example.test", ("dns:example.test",))
    assert within("a.b.example.test", ("dns:example.test",))
    assert within("a.example.test", ("dns:.example.test",))
    assert not within("badexample.test", ("dns:example.test",))
    assert within("anything.test", ("dns:",))
