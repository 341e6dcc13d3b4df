"""Protected records opened with derived keys: the independent check that the keys are right."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers import algorithms as old
from cryptography.hazmat.primitives.ciphers import (
    BlockCipherAlgorithm,
    Cipher,
    CipherContext,
    algorithms,
    modes,
)
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

from report.tls.key_schedule import DirectionKeys, hash_name
from report.tls.message_types import APPLICATION_DATA
from report.tls.suites import SSL_3_0, TLS_1_0, TLS_1_3, CipherSuite, mac_length

_SSL3_PAD = {"md5": 48, "sha1": 40}  # RFC 6101 5.2.3.1


class RecordProtectionError(ValueError):
    """A record that these keys do not open: wrong keys, or bytes that were changed."""


class UnsupportedSuiteError(ValueError):
    """A suite whose cipher is not implemented here."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A record's true content type and its plaintext."""

    content_type: int
    plaintext: bytes


class RecordReader(Protocol):
    """Opens one direction's records in the order they were sent."""

    def open(self, content_type: int, fragment: bytes) -> Opened:
        """The record's plaintext; `fragment` is what follows the 5-byte header.

        Raises `RecordProtectionError`.
        """


def record_reader(
    suite: CipherSuite, version: int, keys: DirectionKeys, *, encrypt_then_mac: bool = False
) -> RecordReader:
    """A reader for the records that one side protects with `keys`, from its first one on.

    RFC 5246 section 6.2.3, RFC 7366, RFC 7905, RFC 8446 section 5.2. Raises
    `UnsupportedSuiteError` for ciphers without an implementation here (ARIA, SM4, GOST, RC2,
    Camellia in GCM).
    """
    try:
        if suite.aead:
            return AeadReader(suite, version, keys)
        if suite.bulk.block:
            return _CbcReader(suite, version, keys, encrypt_then_mac)
        return _StreamReader(suite, version, keys)
    except UnsupportedAlgorithm as fault:
        raise UnsupportedSuiteError(f"{suite.name} has no implementation here") from fault


class _Aead(Protocol):
    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...


_AEADS: dict[str, Callable[[bytes], _Aead]] = {
    "AES_GCM": AESGCM,
    "AES_CCM": AESCCM,
    "AES_CCM_8": lambda key: AESCCM(key, tag_length=8),
    "CHACHA20_POLY1305": ChaCha20Poly1305,
}
_BLOCKS: dict[str, Callable[[bytes], BlockCipherAlgorithm]] = {
    "AES": algorithms.AES,
    "3DES_EDE": old.TripleDES,
    # One DES is three times the same one.
    "DES": lambda key: old.TripleDES(key * 3),
    "CAMELLIA": old.Camellia,
    "SEED": old.SEED,
    "IDEA": old.IDEA,
}


class AeadReader:
    """Opens the records of an AEAD suite; raises `UnsupportedSuiteError` for others."""

    def __init__(self, suite: CipherSuite, version: int, keys: DirectionKeys) -> None:
        kind = f"{suite.bulk.cipher}_{suite.bulk.mode}"
        if kind not in _AEADS:
            raise UnsupportedSuiteError(f"{suite.name} has no implementation here")
        self._aead = _AEADS[kind](keys.key)
        self._suite, self._version, self._iv = suite, version, keys.iv
        self._sequence = 0

    def open_as(self, number: int, fragment: bytes) -> Opened:
        """A record of TLS 1.3 as the one of that number, counted from 0 under these keys.

        The count goes on from there. Raises `RecordProtectionError`.
        """
        self._sequence = number
        return self.open(APPLICATION_DATA, fragment)

    def open(self, content_type: int, fragment: bytes) -> Opened:
        """See `RecordReader`."""
        explicit = 0 if self._version >= TLS_1_3 else self._suite.bulk.explicit_nonce
        body = len(fragment) - explicit - self._suite.bulk.tag
        if body < 0:
            raise RecordProtectionError("the record is shorter than its nonce and tag")
        nonce = self._nonce(fragment[:explicit])
        associated = self._associated_data(content_type, body, len(fragment))
        try:
            plaintext = self._aead.decrypt(nonce, fragment[explicit:], associated)
        except InvalidTag as fault:
            raise RecordProtectionError("the tag does not match") from fault
        self._sequence += 1
        return _inner(plaintext) if self._version >= TLS_1_3 else Opened(content_type, plaintext)

    def _nonce(self, explicit: bytes) -> bytes:
        if explicit:
            return self._iv + explicit
        # RFC 7905 2, RFC 8446 5.3: the sequence number, padded on the left, XOR the IV.
        sequence = self._sequence.to_bytes(len(self._iv))
        return bytes(a ^ b for a, b in zip(self._iv, sequence, strict=True))

    def _associated_data(self, content_type: int, body: int, length: int) -> bytes:
        if self._version >= TLS_1_3:
            return bytes([APPLICATION_DATA, 3, 3]) + length.to_bytes(2)
        return _record_head(self._sequence, content_type, self._version, body)


def _inner(plaintext: bytes) -> Opened:
    """RFC 8446 section 5.2: padding of zeros, before it the true content type."""
    unpadded = plaintext.rstrip(b"\0")
    if not unpadded:
        raise RecordProtectionError("the record holds padding only")
    return Opened(unpadded[-1], unpadded[:-1])


class _CbcReader:
    def __init__(
        self, suite: CipherSuite, version: int, keys: DirectionKeys, encrypt_then_mac: bool
    ) -> None:
        if suite.bulk.cipher not in _BLOCKS:
            raise UnsupportedSuiteError(f"{suite.name} has no implementation here")
        self._algorithm = _BLOCKS[suite.bulk.cipher](keys.key)
        self._mac = _Mac(suite, version, keys.mac_key)
        self._block, self._version, self._iv = suite.bulk.block, version, keys.iv
        self._encrypt_then_mac = encrypt_then_mac
        # An implementation may be compiled out: learn it now, not at the first record.
        Cipher(self._algorithm, modes.CBC(bytes(self._block))).decryptor()

    def open(self, content_type: int, fragment: bytes) -> Opened:
        outer = b""
        if self._encrypt_then_mac:
            fragment, outer = self._mac.split(fragment)
        iv, ciphertext = self._split_iv(fragment)
        if not ciphertext or len(ciphertext) % self._block:
            raise RecordProtectionError("the record is not a whole number of blocks")
        decryptor = Cipher(self._algorithm, modes.CBC(iv)).decryptor()
        content = _unpadded(decryptor.update(ciphertext) + decryptor.finalize())
        if self._encrypt_then_mac:
            self._mac.check(content_type, fragment, outer)
        else:
            content, inner = self._mac.split(content)
            self._mac.check(content_type, content, inner)
        self._iv = ciphertext[-self._block :]
        return Opened(content_type, content)

    def _split_iv(self, fragment: bytes) -> tuple[bytes, bytes]:
        if self._version <= TLS_1_0:
            # The IV is the last block of the record before (RFC 2246 section 6.2.3.2).
            return self._iv, fragment
        if len(fragment) < self._block:
            raise RecordProtectionError("the record is shorter than its IV")
        return fragment[: self._block], fragment[self._block :]


def _unpadded(plaintext: bytes) -> bytes:
    padding = plaintext[-1] + 1
    if padding > len(plaintext):
        raise RecordProtectionError("the padding is longer than the record")
    return plaintext[:-padding]


class _StreamReader:
    """RC4, or no encryption at all with a MAC only."""

    def __init__(self, suite: CipherSuite, version: int, keys: DirectionKeys) -> None:
        self._mac = _Mac(suite, version, keys.mac_key)
        self._decryptor: CipherContext | None = None
        if suite.bulk.cipher == "RC4":
            self._decryptor = Cipher(old.ARC4(keys.key), mode=None).decryptor()
        elif suite.bulk.cipher != "NULL" or suite.tls13:
            raise UnsupportedSuiteError(f"{suite.name} has no implementation here")

    def open(self, content_type: int, fragment: bytes) -> Opened:
        clear = self._decryptor.update(fragment) if self._decryptor else fragment
        content, mac = self._mac.split(clear)
        self._mac.check(content_type, content, mac)
        return Opened(content_type, content)


class _Mac:
    """The MAC over one direction's records; counts them."""

    def __init__(self, suite: CipherSuite, version: int, key: bytes) -> None:
        self._length = mac_length(suite)
        self._hash = hash_name(suite.mac) if suite.mac else ""
        self._version, self._key, self._sequence = version, key, 0

    def split(self, data: bytes) -> tuple[bytes, bytes]:
        if len(data) < self._length:
            raise RecordProtectionError("the record is shorter than its MAC")
        cut = len(data) - self._length
        return data[:cut], data[cut:]

    def check(self, content_type: int, data: bytes, mac: bytes) -> None:
        if self._hash and not hmac.compare_digest(self._expected(content_type, data), mac):
            raise RecordProtectionError("the MAC does not match")
        self._sequence += 1

    def _expected(self, content_type: int, data: bytes) -> bytes:
        head = _record_head(self._sequence, content_type, self._version, len(data))
        if self._version > SSL_3_0:
            return hmac.digest(self._key, head + data, self._hash)
        # RFC 6101 5.2.3.1: not yet HMAC, and the version is left out.
        pad = _SSL3_PAD[self._hash]
        head = head[:9] + head[11:]
        inner = hashlib.new(self._hash, self._key + b"\x36" * pad + head + data).digest()
        return hashlib.new(self._hash, self._key + b"\x5c" * pad + inner).digest()


def _record_head(sequence: int, content_type: int, version: int, length: int) -> bytes:
    return sequence.to_bytes(8) + bytes([content_type]) + version.to_bytes(2) + length.to_bytes(2)
