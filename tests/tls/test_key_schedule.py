"""The PRFs and key derivations, held against published vectors and against openssl's own KDFs."""

import hashlib
import shutil
import subprocess
from collections.abc import Sequence

import pytest

from report.tls.key_schedule import (
    finished_key,
    handshake_hash,
    hkdf_expand_label,
    hkdf_extract,
    master_secret,
    next_traffic_secret,
    prf,
    session_keys,
    traffic_keys,
    transcript_hash,
    verify_data,
)
from report.tls.suites import (
    SSL_3_0,
    TLS_1_0,
    TLS_1_1,
    TLS_1_2,
    TLS_1_3,
    cipher_suite,
    cipher_suite_named,
)


def _hex(text: str) -> bytes:
    return bytes.fromhex(text)


# Published on the IETF TLS list: www.ietf.org/mail-archive/web/tls/current/msg03416.html
_TLS12_PRF = [
    (
        "SHA256",
        "9bbe436ba940f017b17652849a71db35",
        "a0ba9f936cda311827a6f796ffd5198c",
        "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e"
        "14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5"
        "a72e5a5110fff70187347b66",
    ),
    (
        "SHA384",
        "b80b733d6ceefcdc71566ea48e5567df",
        "cd665cf6a8447dd6ff8b27555edb7465",
        "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b123"
        "3c9146a0e534cb400fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd"
        "4abfdad05d9184259b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a2"
        "6854308d5eaa3be85e0990703d73e56f",
    ),
    (
        "SHA512",
        "b0323523c1853599584d88568bbb05eb",
        "d4640e12e4bcdbfb437f03e6ae418ee5",
        "1261f588c798c5c201ff036e7a9cb5edcd7fe3f94c669a122a4638d7d508b283042df6789875c7147e906d86"
        "8bc75c45e20eb40c1cf4a1713b27371f68432592f7dc8ea8ef223e12ea8507841311bf68653d0cfc4056d811"
        "f025c45ddfa6e6fec702f054b409d6f28dd0a3233e498da41a3e75c5630eedbe22fe254e33a1b0e9f6b98266"
        "75bec7d01a845658dc9c397545401d40b9f46c7a400ee1b8f81ca0a60d1a397a1028bff5d2ef5066126842fb"
        "8da4197632bdb54ff6633f86bbc836e640d4d898",
    ),
]
# The vector that TLS libraries have shared since TLS 1.0 ("PRF Testvector").
_TLS10_PRF = (
    "d3d4d1e349b5d515044666d51de32bab258cb521b6b053463e354832fd976754443bcf9a296519bc289abcbc1187"
    "e4ebd31e602353776c408aafb74cbc85eff69255f9788faa184cbb957a9819d84a5d7eb006eb459d3ae8de981045"
    "4b8b2d8f1afbc655a8c9a013"
)


@pytest.mark.parametrize("vector", _TLS12_PRF, ids=lambda vector: vector[0])
def test_prf_of_tls12(vector: tuple[str, str, str, str]) -> None:
    name, secret, seed, output = vector
    length = len(output) // 2
    assert prf(TLS_1_2, name, _hex(secret), b"test label", _hex(seed), length).hex() == output


@pytest.mark.parametrize("version", [TLS_1_0, TLS_1_1])
def test_prf_of_tls10_and_11(version: int) -> None:
    output = prf(version, "SHA256", b"\xab" * 48, b"PRF Testvector", b"\xcd" * 64, 104)
    assert output.hex() == _TLS10_PRF


def _openssl_kdf(name: str, length: int, options: Sequence[str]) -> str:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    command = ["openssl", "kdf", "-keylen", str(length)]
    for option in options:
        command += ["-kdfopt", option]
    found = subprocess.run([*command, name], capture_output=True, text=True, check=True)
    return found.stdout.strip().replace(":", "").lower()


@pytest.mark.parametrize(
    ("version", "suite_hash", "digest"),
    [
        (TLS_1_0, "SHA256", "MD5-SHA1"),
        (TLS_1_1, "SHA384", "MD5-SHA1"),
        (TLS_1_2, "SHA256", "SHA256"),
        (TLS_1_2, "SHA384", "SHA384"),
    ],
)
@pytest.mark.parametrize("secret_length", [16, 47, 48])
def test_prf_agrees_with_openssl(
    version: int, suite_hash: str, digest: str, secret_length: int
) -> None:
    """An odd secret too: its halves share a byte in TLS 1.0."""
    secret, seed = bytes(range(1, secret_length + 1)), bytes(range(64))
    options = [
        f"digest:{digest}",
        f"hexsecret:{secret.hex()}",
        f"hexseed:{(b'key expansion' + seed).hex()}",
    ]
    ours = prf(version, suite_hash, secret, b"key expansion", seed, 136)
    assert ours.hex() == _openssl_kdf("TLS1-PRF", 136, options)


@pytest.mark.parametrize(("digest", "length"), [("SHA256", 32), ("SHA384", 48)])
def test_hkdf_agrees_with_openssl(digest: str, length: int) -> None:
    salt, key = bytes(range(length)), bytes(range(100, 100 + length))
    extract = [f"digest:{digest}", f"hexkey:{key.hex()}", f"hexsalt:{salt.hex()}"]
    expected = _openssl_kdf("HKDF", length, [*extract, "mode:EXTRACT_ONLY"])
    assert hkdf_extract(digest, salt, key).hex() == expected
    expand = [f"digest:{digest}", f"hexkey:{key.hex()}", "mode:EXPAND_ONLY"]
    for label, wanted in ((b"key", 16), (b"traffic upd", length)):
        full = b"tls13 " + label
        info = wanted.to_bytes(2) + bytes([len(full)]) + full + b"\0"
        expected = _openssl_kdf("HKDF", wanted, [*expand, f"hexinfo:{info.hex()}"])
        assert hkdf_expand_label(digest, key, label, b"", wanted).hex() == expected


def test_next_traffic_secret_and_finished_key_agree_with_openssl() -> None:
    secret = bytes(range(48))
    for ours, label in (
        (next_traffic_secret("SHA384", secret), b"tls13 traffic upd"),
        (finished_key("SHA384", secret), b"tls13 finished"),
    ):
        info = (48).to_bytes(2) + bytes([len(label)]) + label + b"\0"
        options = ["digest:SHA384", f"hexkey:{secret.hex()}", "mode:EXPAND_ONLY"]
        assert ours.hex() == _openssl_kdf("HKDF", 48, [*options, f"hexinfo:{info.hex()}"])


# SSL 3.0 (RFC 6101): computed with tlslite-ng 0.8.2 (PRF_SSL, HandshakeHashes.digestSSL).
_SSL3_MASTER = (
    "99f8eafe5bbf857e2759ce35b732152fb1469173b88265a2b61e3e52e320b9abece16f561eb0a24b"
    "d3703173310cae1d"
)
_SSL3_BLOCK = (
    "f95e197acb17d02da015fab6c3b55c75663e37da71f286a192357696470d8d69521cde015db73d20"
    "14c96fdaf8226440790150158691df1741f3999c480f7115a8f9f8c4663c7f6ce8d8f6edead947bb"
    "f7461aa31e4834c3ef0865287826b30ddad495d1d161fbe6"
)
_SSL3_PREMASTER = b"\x03\x00" + bytes(range(46))
_SSL3_CLIENT, _SSL3_SERVER = b"\x11" * 32, b"\x22" * 32


def test_ssl3_master_secret() -> None:
    master = master_secret(SSL_3_0, "SHA256", _SSL3_PREMASTER, _SSL3_CLIENT, _SSL3_SERVER)
    assert master.hex() == _SSL3_MASTER


def test_ssl3_keys() -> None:
    suite = cipher_suite_named("TLS_RSA_WITH_3DES_EDE_CBC_SHA")
    master = _hex(_SSL3_MASTER)
    keys = session_keys(suite, SSL_3_0, master, _SSL3_CLIENT, _SSL3_SERVER)
    block = keys.client.mac_key + keys.server.mac_key + keys.client.key + keys.server.key
    block += keys.client.iv + keys.server.iv
    assert block.hex() == _SSL3_BLOCK


def test_ssl3_finished() -> None:
    suite = cipher_suite_named("TLS_RSA_WITH_3DES_EDE_CBC_SHA")
    master = _hex(_SSL3_MASTER)
    messages = [b"\x01\x00\x00\x05hello", b"\x02\x00\x00\x05there"]
    assert (
        verify_data(suite, SSL_3_0, master, "client", messages).hex()
        == "669f4bdc38351f6df386177439e4a2f89e25a8bacdbe6ce1cffe46912ef5caa0274dd540"
    )
    assert (
        verify_data(suite, SSL_3_0, master, "server", messages).hex()
        == "ba50981c60c027666db40255797e20e27ccb94ee54c61296a5c16d135b1ca2a9392e6841"
    )


def test_handshake_hash_before_tls12_is_md5_and_sha1() -> None:
    """The digests of nothing, known to everybody."""
    expected = "d41d8cd98f00b204e9800998ecf8427e" + "da39a3ee5e6b4b0d3255bfef95601890afd80709"
    assert handshake_hash(TLS_1_1, "SHA256", []).hex() == expected


def test_transcript_of_a_retry_counts_the_first_hello_as_its_hash() -> None:
    """RFC 8446 section 4.4.1: message_hash (254), three bytes of length, the hash."""
    first = b"\x01\x00\x00\x02ab"
    retry_random = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
    retry = b"\x02\x00\x00\x22\x03\x03" + _hex(retry_random)
    stand_in = b"\xfe\x00\x00\x20" + hashlib.sha256(first).digest()
    expected = hashlib.sha256(stand_in + retry).digest()
    assert transcript_hash("SHA256", [first, retry]) == expected
    plain_hello = b"\x02\x00\x00\x22\x03\x03" + b"r" * 32
    expected = hashlib.sha256(first + plain_hello).digest()
    assert transcript_hash("SHA256", [first, plain_hello]) == expected


def test_export_and_unknown_hashes_are_refused() -> None:
    with pytest.raises(ValueError, match="export"):
        session_keys(cipher_suite(0x0003), TLS_1_0, b"m" * 48, b"c" * 32, b"s" * 32)
    gost = cipher_suite_named("TLS_GOSTR341112_256_WITH_KUZNYECHIK_CTR_OMAC")
    with pytest.raises(ValueError, match="STREEBOG"):
        session_keys(gost, TLS_1_2, b"m" * 48, b"c" * 32, b"s" * 32)
    with pytest.raises(ValueError, match="0x0304"):
        traffic_keys(cipher_suite(0xC02F), TLS_1_3, b"s" * 32)
