"""From the secrets of a handshake to its keys and its Finished messages, SSL 3.0 to TLS 1.3."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from report.tls.message_types import SERVER_HELLO
from report.tls.suites import (
    SSL_3_0,
    TLS_1_2,
    CipherSuite,
    key_block,
    verify_data_length,
)

Sender = Literal["client", "server"]

_MASTER_SECRET = 48
_FINISHED_LABELS: dict[Sender, bytes] = {"client": b"client finished", "server": b"server finished"}
_SSL3_SENDERS: dict[Sender, bytes] = {"client": b"CLNT", "server": b"SRVR"}  # RFC 6101 5.6.9
_SSL3_PAD_LENGTHS = {"md5": 48, "sha1": 40}  # RFC 6101 5.2.3.1
_MESSAGE_HASH = 254
# RFC 8446 4.1.3: this random marks a Server Hello as a Hello Retry Request.
HELLO_RETRY_RANDOM = hashlib.sha256(b"HelloRetryRequest").digest()


@dataclass(frozen=True, slots=True)
class DirectionKeys:
    """The keys that one side writes with."""

    mac_key: bytes
    key: bytes
    iv: bytes


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """The keys of both sides."""

    client: DirectionKeys
    server: DirectionKeys


def hash_name(name: str) -> str:
    """The name hashlib knows a suite's hash by: `SHA` to `sha1`. Raises `ValueError` if none."""
    known = "sha1" if name == "SHA" else name.lower()
    if known not in hashlib.algorithms_available:
        raise ValueError(f"no implementation of the hash {name}")
    return known


# TLS 1.2 and earlier -------------------------------------------------------------------------


def prf(
    version: int, prf_hash: str, secret: bytes, label: bytes, seed: bytes, length: int
) -> bytes:
    """The pseudorandom function: RFC 5246 section 5 (TLS 1.2), RFC 2246 section 5 (1.0, 1.1).

    `prf_hash` is the suite's (`SHA256`, `SHA384`) and counts in TLS 1.2 only.
    """
    if version >= TLS_1_2:
        return _p_hash(hash_name(prf_hash), secret, label + seed, length)
    # The halves share a byte when the secret's length is odd.
    half = (len(secret) + 1) // 2
    md5 = _p_hash("md5", secret[:half], label + seed, length)
    sha1 = _p_hash("sha1", secret[len(secret) - half :], label + seed, length)
    return bytes(a ^ b for a, b in zip(md5, sha1, strict=True))


def _p_hash(name: str, secret: bytes, seed: bytes, length: int) -> bytes:
    output, a = b"", seed
    while len(output) < length:
        a = hmac.digest(secret, a, name)
        output += hmac.digest(secret, a + seed, name)
    return output[:length]


def _ssl3_expand(secret: bytes, seed: bytes, length: int) -> bytes:
    """RFC 6101 sections 6.1 and 6.2.2: MD5 over SHA-1 with `A`, `BB`, `CCC` in front."""
    output = b""
    for step in range(-(-length // 16)):
        letters = bytes([ord("A") + step]) * (step + 1)
        inner = hashlib.sha1(letters + secret + seed).digest()
        output += hashlib.md5(secret + inner).digest()
    return output[:length]


def master_secret(
    version: int, prf_hash: str, premaster: bytes, client_random: bytes, server_random: bytes
) -> bytes:
    """The 48-byte master secret from the premaster secret and both randoms (RFC 5246 8.1)."""
    seed = client_random + server_random
    if version == SSL_3_0:
        return _ssl3_expand(premaster, seed, _MASTER_SECRET)
    return prf(version, prf_hash, premaster, b"master secret", seed, _MASTER_SECRET)


def extended_master_secret(
    version: int, prf_hash: str, premaster: bytes, messages: Sequence[bytes]
) -> bytes:
    """The master secret bound to the handshake (RFC 7627 section 4).

    `messages` are the handshake messages with their headers, Client Hello up to and including
    Client Key Exchange, without Hello Request.
    """
    session_hash = handshake_hash(version, prf_hash, messages)
    return prf(
        version, prf_hash, premaster, b"extended master secret", session_hash, _MASTER_SECRET
    )


def session_keys(
    suite: CipherSuite, version: int, master: bytes, client_random: bytes, server_random: bytes
) -> SessionKeys:
    """The key block, cut for the suite (RFC 5246 section 6.3).

    Raises `ValueError` for an export suite, whose keys need one step more that nothing here takes,
    and where the suite does not exist in that version.
    """
    if suite.export:
        raise ValueError(f"{suite.name}: export suites are not derived")
    lengths = key_block(suite, version)
    # The randoms stand in the other order than for the master secret.
    seed = server_random + client_random
    if version == SSL_3_0:
        block = _ssl3_expand(master, seed, lengths.total)
    else:
        block = prf(version, suite.prf_hash, master, b"key expansion", seed, lengths.total)
    cuts = [lengths.mac_key, lengths.mac_key, lengths.key, lengths.key, lengths.iv, lengths.iv]
    parts = []
    for cut in cuts:
        parts.append(block[:cut])
        block = block[cut:]
    return SessionKeys(
        client=DirectionKeys(parts[0], parts[2], parts[4]),
        server=DirectionKeys(parts[1], parts[3], parts[5]),
    )


def handshake_hash(version: int, prf_hash: str, messages: Sequence[bytes]) -> bytes:
    """Hash of the handshake so far: the PRF's in TLS 1.2, MD5 followed by SHA-1 before that."""
    joined = b"".join(messages)
    if version >= TLS_1_2:
        return hashlib.new(hash_name(prf_hash), joined).digest()
    return hashlib.md5(joined).digest() + hashlib.sha1(joined).digest()


def verify_data(
    suite: CipherSuite, version: int, master: bytes, sender: Sender, messages: Sequence[bytes]
) -> bytes:
    """What `sender`'s Finished must contain (RFC 5246 section 7.4.9; SSL 3.0: RFC 6101 5.6.9).

    `messages` are all handshake messages before that Finished, with their headers, in the order
    they were sent; without Hello Request and without Change Cipher Spec, which is none.
    """
    if version == SSL_3_0:
        joined = b"".join(messages)
        return b"".join(
            _ssl3_finished(name, master, _SSL3_SENDERS[sender], joined) for name in ("md5", "sha1")
        )
    digest = handshake_hash(version, suite.prf_hash, messages)
    label = _FINISHED_LABELS[sender]
    length = verify_data_length(suite, version)
    return prf(version, suite.prf_hash, master, label, digest, length)


def _ssl3_finished(name: str, master: bytes, sender: bytes, messages: bytes) -> bytes:
    pad = _SSL3_PAD_LENGTHS[name]
    inner = hashlib.new(name, messages + sender + master + b"\x36" * pad).digest()
    return hashlib.new(name, master + b"\x5c" * pad + inner).digest()


# TLS 1.3 -------------------------------------------------------------------------------------


def hkdf_extract(prf_hash: str, salt: bytes, input_key: bytes) -> bytes:
    """HKDF-Extract (RFC 5869 section 2.2)."""
    name = hash_name(prf_hash)
    return hmac.digest(salt or bytes(hashlib.new(name).digest_size), input_key, name)


def hkdf_expand_label(
    prf_hash: str, secret: bytes, label: bytes, context: bytes, length: int
) -> bytes:
    """HKDF-Expand-Label (RFC 8446 section 7.1); `label` without its prefix `tls13 `."""
    full = b"tls13 " + label
    info = length.to_bytes(2) + bytes([len(full)]) + full + bytes([len(context)]) + context
    name, output, block, count = hash_name(prf_hash), b"", b"", 0
    while len(output) < length:
        count += 1
        block = hmac.digest(secret, block + info + bytes([count]), name)
        output += block
    return output[:length]


def derive_secret(prf_hash: str, secret: bytes, label: bytes, messages: Sequence[bytes]) -> bytes:
    """Derive-Secret (RFC 8446 section 7.1) over handshake messages with their headers."""
    digest = transcript_hash(prf_hash, messages)
    return hkdf_expand_label(prf_hash, secret, label, digest, len(digest))


def transcript_hash(prf_hash: str, messages: Sequence[bytes]) -> bytes:
    """Transcript-Hash (RFC 8446 section 4.4.1).

    If the second message is a Hello Retry Request, the first Client Hello counts as its hash only.
    """
    name = hash_name(prf_hash)
    parts = list(messages)
    if len(parts) > 1 and _is_hello_retry_request(parts[1]):
        digest = hashlib.new(name, parts[0]).digest()
        parts[0] = bytes([_MESSAGE_HASH, 0, 0, len(digest)]) + digest
    return hashlib.new(name, b"".join(parts)).digest()


def _is_hello_retry_request(message: bytes) -> bool:
    return message[:1] == bytes([SERVER_HELLO]) and message[6:38] == HELLO_RETRY_RANDOM


@dataclass(frozen=True, slots=True)
class Tls13Secrets:
    """The three stages of the TLS 1.3 key schedule (RFC 8446 section 7.1)."""

    early: bytes
    handshake: bytes
    master: bytes


def tls13_secrets(prf_hash: str, shared_secret: bytes, psk: bytes = b"") -> Tls13Secrets:
    """Early, handshake and master secret from the (EC)DHE result and the PSK, each may be empty."""
    zeros = bytes(hashlib.new(hash_name(prf_hash)).digest_size)
    early = hkdf_extract(prf_hash, b"", psk or zeros)
    salt = derive_secret(prf_hash, early, b"derived", [])
    handshake = hkdf_extract(prf_hash, salt, shared_secret or zeros)
    salt = derive_secret(prf_hash, handshake, b"derived", [])
    return Tls13Secrets(early, handshake, hkdf_extract(prf_hash, salt, zeros))


def traffic_keys(suite: CipherSuite, version: int, secret: bytes) -> DirectionKeys:
    """Key and IV of one direction from its traffic secret (RFC 8446 section 7.3).

    Raises `ValueError` for a suite that is not of TLS 1.3.
    """
    lengths = key_block(suite, version)
    key = hkdf_expand_label(suite.prf_hash, secret, b"key", b"", lengths.key)
    return DirectionKeys(
        b"", key, hkdf_expand_label(suite.prf_hash, secret, b"iv", b"", lengths.iv)
    )


def next_traffic_secret(prf_hash: str, secret: bytes) -> bytes:
    """The traffic secret after a Key Update (RFC 8446 section 7.2)."""
    return hkdf_expand_label(prf_hash, secret, b"traffic upd", b"", len(secret))


def finished_key(prf_hash: str, traffic_secret: bytes) -> bytes:
    """The HMAC key of a Finished message (RFC 8446 section 4.4.4)."""
    return hkdf_expand_label(prf_hash, traffic_secret, b"finished", b"", len(traffic_secret))


def finished_verify_data(prf_hash: str, traffic_secret: bytes, messages: Sequence[bytes]) -> bytes:
    """What a TLS 1.3 Finished must contain: its sender's handshake traffic secret over `messages`.

    `messages` are all handshake messages before it, with their headers.
    """
    digest = transcript_hash(prf_hash, messages)
    return hmac.digest(finished_key(prf_hash, traffic_secret), digest, hash_name(prf_hash))
