"""Suite names taken apart: every registered one, and held against the RFCs and OpenSSL."""

import re
import shutil
import subprocess

import pytest

from report.tls.key_exchange import METHODS, Sent
from report.tls.registry import registry
from report.tls.suites import (
    SSL_3_0,
    TLS_1_0,
    TLS_1_1,
    TLS_1_2,
    TLS_1_3,
    KeyBlock,
    cipher_suite,
    cipher_suite_named,
    key_block,
    mac_length,
    protected_length,
    record_overhead,
    verify_data_length,
)

_CODES = sorted(registry("cipher_suites").by_value)


@pytest.mark.parametrize("code", _CODES, ids=lambda code: f"0x{code:04X}")
def test_every_suite_is_taken_apart(code: int) -> None:
    suite = cipher_suite(code)
    assert suite.code == code
    assert suite.key_exchange in METHODS
    assert suite.symmetric == "NULL" or suite.symmetric in suite.name
    if suite.signalling:
        return
    version = TLS_1_3 if suite.tls13 else TLS_1_2
    lengths = key_block(suite, version)
    assert lengths.total == 2 * (lengths.mac_key + lengths.key + lengths.iv)
    assert record_overhead(suite, version).total_min >= 5
    assert (suite.mac is None) == suite.aead or suite.name == "TLS_NULL_WITH_NULL_NULL"


# Name, then: key exchange, authentication, symmetric, key bits, mode, tag, MAC, PRF hash, AEAD,
# forward secrecy. Sources: RFC 5246 appendix C, 5288, 5289, 6655, 7905, 8422, 4279, 4346, 8446.
_KNOWN = [
    ("TLS_RSA_WITH_AES_128_CBC_SHA", "RSA", "RSA", "AES_128_CBC", 128, "CBC", 0, "SHA", "SHA256",
     False, False),
    ("TLS_RSA_WITH_AES_256_CBC_SHA256", "RSA", "RSA", "AES_256_CBC", 256, "CBC", 0, "SHA256",
     "SHA256", False, False),
    ("TLS_RSA_WITH_RC4_128_MD5", "RSA", "RSA", "RC4_128", 128, "stream", 0, "MD5", "SHA256",
     False, False),
    ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", "RSA", "RSA", "3DES_EDE_CBC", 168, "CBC", 0, "SHA",
     "SHA256", False, False),
    ("TLS_DHE_DSS_WITH_DES_CBC_SHA", "DHE", "DSS", "DES_CBC", 56, "CBC", 0, "SHA", "SHA256",
     False, True),
    ("TLS_DH_anon_WITH_AES_256_GCM_SHA384", "DH_anon", "anon", "AES_256_GCM", 256, "GCM", 16,
     None, "SHA384", True, True),
    ("TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA384", "ECDH", "ECDSA", "AES_256_CBC", 256, "CBC", 0,
     "SHA384", "SHA384", False, False),
    ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE", "RSA", "AES_128_GCM", 128, "GCM", 16,
     None, "SHA256", True, True),
    ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE", "ECDSA", "CHACHA20_POLY1305", 256,
     "POLY1305", 16, None, "SHA256", True, True),
    ("TLS_DHE_RSA_WITH_AES_128_CCM_8", "DHE", "RSA", "AES_128_CCM_8", 128, "CCM_8", 8, None,
     "SHA256", True, True),
    ("TLS_PSK_DHE_WITH_AES_256_CCM_8", "DHE_PSK", "PSK", "AES_256_CCM_8", 256, "CCM_8", 8, None,
     "SHA256", True, True),
    ("TLS_RSA_PSK_WITH_AES_256_CBC_SHA384", "RSA_PSK", "RSA + PSK", "AES_256_CBC", 256, "CBC", 0,
     "SHA384", "SHA384", False, False),
    ("TLS_RSA_EXPORT_WITH_RC4_40_MD5", "RSA_EXPORT", "RSA", "RC4_40", 40, "stream", 0, "MD5",
     "SHA256", False, False),
    ("TLS_KRB5_EXPORT_WITH_DES_CBC_40_SHA", "KRB5", "KRB5", "DES_CBC_40", 40, "CBC", 0, "SHA",
     "SHA256", False, False),
    ("TLS_SRP_SHA_DSS_WITH_AES_128_CBC_SHA", "SRP", "SRP + DSS", "AES_128_CBC", 128, "CBC", 0,
     "SHA", "SHA256", False, True),
    ("TLS_PSK_WITH_NULL_SHA384", "PSK", "PSK", "NULL", 0, "none", 0, "SHA384", "SHA384", False,
     False),
    ("TLS_AES_256_GCM_SHA384", "TLS 1.3", "certificate or PSK", "AES_256_GCM", 256, "GCM", 16,
     None, "SHA384", True, None),
    ("TLS_CHACHA20_POLY1305_SHA256", "TLS 1.3", "certificate or PSK", "CHACHA20_POLY1305", 256,
     "POLY1305", 16, None, "SHA256", True, None),
    ("TLS_SM4_GCM_SM3", "TLS 1.3", "certificate or PSK", "SM4_GCM", 128, "GCM", 16, None, "SM3",
     True, None),
]  # fmt: skip


@pytest.mark.parametrize("known", _KNOWN, ids=lambda known: known[0])
def test_parts_of_known_names(known: tuple[object, ...]) -> None:
    suite = cipher_suite_named(str(known[0]))
    bulk = suite.bulk
    assert (
        suite.name,
        suite.key_exchange,
        suite.authentication,
        suite.symmetric,
        bulk.key_bits,
        bulk.mode,
        bulk.tag,
        suite.mac,
        suite.prf_hash,
        suite.aead,
        suite.forward_secrecy,
    ) == known


def test_parts_agree_with_openssl() -> None:
    """OpenSSL prints key exchange, authentication, cipher with key length, and MAC per suite."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    command = ["openssl", "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    pattern = r"- (TLS_\S+) .* Kx=(\S+) +Au=(\S+) +Enc=(\S+?)(?:\((\d+)\))? +Mac=(\S+)"
    table = re.findall(pattern, output)
    assert len(table) > 100
    methods = {"DHE": "DH", "DH_anon": "DH", "ECDH_anon": "ECDH", "ECDHE": "ECDH"}
    methods |= {"DHE_PSK": "DHEPSK", "ECDHE_PSK": "ECDHEPSK", "RSA_PSK": "RSAPSK", "TLS 1.3": "any"}
    proofs = {"anon": "None", "RSA + PSK": "RSA", "certificate or PSK": "any"}
    proofs |= {"SRP + RSA": "RSA", "SRP + DSS": "DSS"}
    for name, kx, au, enc, bits, mac in table:
        suite = cipher_suite_named(name)
        assert methods.get(suite.key_exchange, suite.key_exchange) == kx, name
        assert proofs.get(suite.authentication, suite.authentication) == au, name
        # OpenSSL counts 3DES as 168 bits, as the name means it.
        assert str(suite.bulk.key_bits or "") == bits, name
        assert ("AEAD" if suite.aead else str(suite.mac).replace("SHA", "SHA1", 1)
                if suite.mac == "SHA" else suite.mac) == mac, name  # fmt: skip
        assert enc.upper().startswith(suite.bulk.cipher.split("_")[0][:4]) or enc == "None", name


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        # RFC 5246 6.3 gives the 104 bytes of AES_256_CBC_SHA; RFC 2246 6.3 adds two IVs.
        ("TLS_RSA_WITH_AES_256_CBC_SHA", TLS_1_2, KeyBlock(20, 32, 0)),
        ("TLS_RSA_WITH_AES_256_CBC_SHA", TLS_1_1, KeyBlock(20, 32, 0)),
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", TLS_1_0, KeyBlock(20, 24, 8)),
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", SSL_3_0, KeyBlock(20, 24, 8)),
        ("TLS_RSA_WITH_RC4_128_MD5", TLS_1_0, KeyBlock(16, 16, 0)),
        ("TLS_RSA_WITH_AES_128_CBC_SHA256", TLS_1_2, KeyBlock(32, 16, 0)),
        ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", TLS_1_2, KeyBlock(0, 16, 4)),  # RFC 5288 3
        ("TLS_RSA_WITH_AES_256_CCM", TLS_1_2, KeyBlock(0, 32, 4)),  # RFC 6655 3
        ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", TLS_1_2, KeyBlock(0, 32, 12)),  # RFC 7905
        ("TLS_AES_256_GCM_SHA384", TLS_1_3, KeyBlock(0, 32, 12)),  # RFC 8446 5.3
        ("TLS_AES_128_CCM_8_SHA256", TLS_1_3, KeyBlock(0, 16, 12)),
    ],
)
def test_key_block(name: str, version: int, expected: KeyBlock) -> None:
    assert key_block(cipher_suite_named(name), version) == expected


def test_key_block_of_aes_256_cbc_sha_is_104_bytes() -> None:
    """The example at the end of RFC 5246 section 6.3 (there with SHA-256: 128 bytes)."""
    assert key_block(cipher_suite_named("TLS_RSA_WITH_AES_256_CBC_SHA"), TLS_1_2).total == 104
    assert key_block(cipher_suite_named("TLS_RSA_WITH_AES_256_CBC_SHA256"), TLS_1_2).total == 128


@pytest.mark.parametrize(
    ("name", "version", "total_min", "padding_max"),
    [
        ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", TLS_1_2, 5 + 8 + 16, 0),
        ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", TLS_1_2, 5 + 16, 0),
        ("TLS_RSA_WITH_AES_128_CCM_8", TLS_1_2, 5 + 8 + 8, 0),
        ("TLS_RSA_WITH_AES_128_CBC_SHA", TLS_1_2, 5 + 16 + 20 + 1, 256),
        ("TLS_RSA_WITH_AES_128_CBC_SHA", TLS_1_0, 5 + 20 + 1, 256),
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", SSL_3_0, 5 + 20 + 1, 8),
        ("TLS_RSA_WITH_RC4_128_MD5", TLS_1_0, 5 + 16, 0),
        ("TLS_AES_128_GCM_SHA256", TLS_1_3, 5 + 1 + 16, 0),
    ],
)
def test_record_overhead(name: str, version: int, total_min: int, padding_max: int) -> None:
    overhead = record_overhead(cipher_suite_named(name), version)
    assert (overhead.total_min, overhead.padding_max) == (total_min, padding_max)


@pytest.mark.parametrize(
    ("name", "version", "plaintext", "length"),
    [
        # The encrypted Finished: 4 + 12 bytes. 40 is what the textbook trace shows.
        ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", TLS_1_2, 16, 40),
        ("TLS_RSA_WITH_AES_128_CBC_SHA", TLS_1_2, 16, 64),
        ("TLS_RSA_WITH_AES_128_CBC_SHA", TLS_1_0, 16, 48),
        ("TLS_RSA_WITH_RC4_128_MD5", TLS_1_0, 16, 32),
        ("TLS_RSA_WITH_RC4_128_MD5", SSL_3_0, 40, 56),  # SSL 3.0: 4 + 36 bytes
        ("TLS_AES_128_GCM_SHA256", TLS_1_3, 36, 53),  # RFC 8448 section 3: 0x35
        ("TLS_AES_128_GCM_SHA256", TLS_1_3, 2, 19),  # its alerts: 0x13
    ],
)
def test_protected_length(name: str, version: int, plaintext: int, length: int) -> None:
    assert protected_length(cipher_suite_named(name), version, plaintext) == length


def test_encrypt_then_mac_pads_without_the_mac() -> None:
    """RFC 7366 section 3: 16 bytes and the length byte pad to 32; IV and MAC are outside."""
    suite = cipher_suite_named("TLS_RSA_WITH_AES_128_CBC_SHA")
    assert protected_length(suite, TLS_1_2, 16, encrypt_then_mac=True) == 16 + 32 + 20


def test_verify_data_lengths() -> None:
    suite = cipher_suite_named("TLS_RSA_WITH_AES_128_CBC_SHA")
    assert verify_data_length(suite, SSL_3_0) == 36  # RFC 6101 5.6.9
    assert verify_data_length(suite, TLS_1_2) == 12  # RFC 5246 7.4.9
    tls13 = cipher_suite_named("TLS_AES_256_GCM_SHA384")
    assert verify_data_length(tls13, TLS_1_3) == 48  # RFC 8446 4.4.4


def test_a_suite_outside_its_version_is_refused() -> None:
    with pytest.raises(ValueError, match="0x0303"):
        key_block(cipher_suite_named("TLS_AES_128_GCM_SHA256"), TLS_1_2)
    with pytest.raises(ValueError, match="0x0304"):
        record_overhead(cipher_suite_named("TLS_RSA_WITH_AES_128_CBC_SHA"), TLS_1_3)
    with pytest.raises(ValueError, match="0x0302"):
        key_block(cipher_suite(0xC02F), TLS_1_1)
    with pytest.raises(ValueError, match="0x0300"):
        key_block(cipher_suite_named("TLS_RSA_WITH_AES_128_CBC_SHA256"), SSL_3_0)
    with pytest.raises(ValueError, match="SCSV"):
        key_block(cipher_suite_named("TLS_FALLBACK_SCSV"), TLS_1_2)


@pytest.mark.parametrize(
    ("name", "certificate", "server_key_exchange"),
    [
        ("TLS_RSA_WITH_AES_128_CBC_SHA", Sent.ALWAYS, Sent.NEVER),
        ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Sent.ALWAYS, Sent.ALWAYS),
        ("TLS_DH_RSA_WITH_AES_128_CBC_SHA", Sent.ALWAYS, Sent.NEVER),
        ("TLS_DH_anon_WITH_AES_128_CBC_SHA", Sent.NEVER, Sent.ALWAYS),
        ("TLS_PSK_WITH_AES_128_CBC_SHA", Sent.NEVER, Sent.OPTIONAL),
        ("TLS_RSA_EXPORT_WITH_RC4_40_MD5", Sent.ALWAYS, Sent.OPTIONAL),
        ("TLS_AES_128_GCM_SHA256", Sent.OPTIONAL, Sent.NEVER),
    ],
)
def test_messages_of_the_method(name: str, certificate: Sent, server_key_exchange: Sent) -> None:
    """RFC 5246 7.4.2 and 7.4.3, RFC 4279 2, RFC 2246 7.4.3 (export)."""
    method = cipher_suite_named(name).method
    assert (method.certificate, method.server_key_exchange) == (certificate, server_key_exchange)


def test_recommendation_and_weakness() -> None:
    assert cipher_suite(0xC02F).recommended == "Y"
    assert cipher_suite(0x002F).recommended == "D"  # RFC 10015
    assert cipher_suite(0x0003).export
    assert not cipher_suite(0x002F).export
    assert mac_length(cipher_suite(0xC02F)) == 0
    assert mac_length(cipher_suite(0x002F)) == 20
