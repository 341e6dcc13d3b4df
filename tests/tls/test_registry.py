"""The registries: names as IANA writes them, held against the RFCs and against OpenSSL's table."""

import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from report.tls import registry as module
from report.tls.registry import (
    alert_name,
    cipher_suite_name,
    content_type_name,
    extension_name,
    group_name,
    handshake_name,
    is_grease,
    is_grease_psk_mode,
    registry,
    shown_name,
    signature_scheme_name,
    suite_code,
    version_name,
)

_ALL = sorted(path.stem for path in Path(module.__file__).with_name("data").glob("*.csv"))


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (0x0000, "TLS_NULL_WITH_NULL_NULL"),  # RFC 5246 A.5
        (0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
        (0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA"),
        (0x00FF, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"),  # RFC 5746
        (0x1301, "TLS_AES_128_GCM_SHA256"),  # RFC 8446 B.4
        (0x1305, "TLS_AES_128_CCM_8_SHA256"),
        (0x5600, "TLS_FALLBACK_SCSV"),  # RFC 7507
        (0xC009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),  # RFC 8422
        (0xC02F, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),  # RFC 5289
        (0xC0AB, "TLS_PSK_DHE_WITH_AES_256_CCM_8"),  # RFC 6655
        (0xC0B4, "TLS_SHA256_SHA256"),  # RFC 9150
        (0xCCA8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),  # RFC 7905
        (0xD005, "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256"),  # RFC 8442
        (0x0064, "TLS_RSA_EXPORT1024_WITH_RC4_56_SHA"),  # never registered, seen in old hellos
        (0x0700C0, "SSL_CK_DES_192_EDE3_CBC_WITH_MD5"),  # SSL 2.0
        (0x3A3A, "GREASE (0x3A3A)"),  # RFC 8701
        (0x9999, "Unknown (0x9999)"),
    ],
)
def test_cipher_suite_name(value: int, name: str) -> None:
    assert cipher_suite_name(value) == name


def test_suite_code_is_the_inverse() -> None:
    assert suite_code("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256") == 0xC02F
    for value, entry in registry("cipher_suites").by_value.items():
        assert suite_code(entry.name) == value
    with pytest.raises(KeyError):
        suite_code("TLS_MADE_UP")


def test_suite_names_are_openssl_s() -> None:
    """Every suite that OpenSSL knows by its standard name has that name here."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    command = ["openssl", "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    table = re.findall(r"0x(\w\w),0x(\w\w) - (\S+)", output)
    assert len(table) > 100
    for high, low, name in table:
        assert cipher_suite_name(int(high + low, 16)) == name


def test_names_of_other_numbers() -> None:
    assert extension_name(0) == "server_name"  # RFC 6066
    assert extension_name(43) == "supported_versions"  # RFC 8446 4.2
    assert extension_name(65281) == "renegotiation_info"  # RFC 5746
    assert extension_name(0x2A2A) == "GREASE (0x2A2A)"
    assert group_name(29) == "x25519"  # RFC 8446 4.2.7
    assert group_name(23) == "secp256r1"
    assert group_name(4588) == "X25519MLKEM768"
    assert alert_name(0) == "close_notify"  # RFC 8446 6
    assert alert_name(40) == "handshake_failure"
    assert alert_name(48) == "unknown_ca"
    assert alert_name(99) == "Unknown (0x63)"
    assert handshake_name(14) == "server_hello_done"
    assert handshake_name(8) == "encrypted_extensions"
    assert content_type_name(20) == "change_cipher_spec"


def test_words_shown_for_messages() -> None:
    assert shown_name("handshake_types", 16) == "Client Key Exchange"
    assert shown_name("content_types", 23) == "Application Data"
    assert shown_name("alerts", 42) == "Bad Certificate"
    assert shown_name("extensions", 16) == "application_layer_protocol_negotiation"


def test_renamed_extension_is_found_by_both_names() -> None:
    """RFC 9846 renamed it; Wireshark and RFC 7627 keep the old name."""
    names = registry("extensions").by_name
    assert names["extended_master_secret"] is names["extended_main_secret"]
    assert names["elliptic_curves"].value == 10


def test_signature_schemes_and_tls12_pairs() -> None:
    assert signature_scheme_name(0x0804) == "rsa_pss_rsae_sha256"  # RFC 8446 4.2.3
    assert signature_scheme_name(0x0403) == "ecdsa_secp256r1_sha256"
    assert signature_scheme_name(0x0301) == "rsa_sha224"  # RFC 5246 7.4.1.4.1: a pair
    assert signature_scheme_name(0x0202) == "dsa_sha1"
    assert signature_scheme_name(0xFFFF) == "Unknown (0xFFFF)"


def test_grease_is_rfc_8701_s_list() -> None:
    listed = [0x0A0A, 0x1A1A, 0x2A2A, 0x3A3A, 0x4A4A, 0x5A5A, 0x6A6A, 0x7A7A]
    listed += [0x8A8A, 0x9A9A, 0xAAAA, 0xBABA, 0xCACA, 0xDADA, 0xEAEA, 0xFAFA]
    assert [value for value in range(0x10000) if is_grease(value)] == listed
    modes = [0x0B, 0x2A, 0x49, 0x68, 0x87, 0xA6, 0xC5, 0xE4]
    assert [value for value in range(0x100) if is_grease_psk_mode(value)] == modes


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (0x0002, "SSL 2.0"),
        (0x0300, "SSL 3.0"),
        (0x0301, "TLS 1.0"),
        (0x0303, "TLS 1.2"),
        (0x0304, "TLS 1.3"),
        (0x7F17, "TLS 1.3 (draft 23)"),
        (0xFEFD, "DTLS 1.2"),
        (0x8A8A, "GREASE (0x8A8A)"),
        (0x0399, "Unknown (0x0399)"),
    ],
)
def test_version_name(value: int, name: str) -> None:
    assert version_name(value) == name


@pytest.mark.parametrize("name", _ALL)
def test_each_file_says_its_day_and_source_and_repeats_nothing(name: str) -> None:
    kept = registry(name)
    rows = [
        line
        for line in Path(module.__file__)
        .with_name("data")
        .joinpath(f"{name}.csv")
        .read_text(encoding="utf-8")
        .splitlines()
        if line[:1].isdigit()
    ]
    extra = len(registry("cipher_suites_unregistered").by_value) if name == "cipher_suites" else 0
    assert len(kept.by_value) == len(rows) + extra
    assert len({entry.name for entry in kept.by_value.values()}) == len(kept.by_value)
    assert date(1995, 1, 1) <= kept.date <= date(2026, 11, 20)
    assert len(kept.source) > 10


def test_iana_counts_and_recommendations() -> None:
    """352 suites are registered; RFC 10015 leaves 14 recommended; RFC 9847 marks 26 more."""
    suites = [entry for entry in registry("cipher_suites").by_value.values() if entry.registered]
    assert len(suites) == 352
    assert sum(entry.recommended == "Y" for entry in suites) == 14
    marked = [entry for entry in suites if "RFC9847" in entry.reference]
    assert len(marked) == 26
    assert {entry.recommended for entry in marked} == {"D"}
    assert registry("cipher_suites").by_value[0x009C].recommended == "D"
    assert not registry("cipher_suites").by_value[0x0064].registered


def test_import_reads_no_file() -> None:
    """Start-up stays cheap: a registry is read at the first question."""
    script = (
        "import report.tls.registry as r, report.tls.suites; print(r.registry.cache_info().misses)"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout
    assert found.strip() == "0"
