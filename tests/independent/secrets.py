"""Key logs, key schedules and record protection: what it takes to open a session's records.

TLS 1.0 to 1.2 with CBC, RC4, GCM, CCM, ChaCha20-Poly1305 or no encryption (RFC 2246, 4346, 5246,
5288, 6655, 7366, 7905); TLS 1.3 (RFC 8446 sections 5.2 and 7). The key log's format is that of
NSS.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4, Camellia, TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

KeyLog = dict[tuple[str, bytes], bytes]
Aead = AESGCM | AESCCM | ChaCha20Poly1305
HASH_LENGTHS = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48}


class UnopenedError(Exception):
    """These keys do not open this record."""


def read_keylog(text: str) -> KeyLog:
    """The secrets of a key log, by label and client random."""
    secrets: KeyLog = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3 and not words[0].startswith("#"):
            secrets[words[0], bytes.fromhex(words[1])] = bytes.fromhex(words[2])
    return secrets


@dataclass(frozen=True, slots=True)
class Suite:
    """What a suite's name says: cipher ("AES_128_GCM"), MAC hash, hash of the key schedule."""

    name: str

    @property
    def cipher(self) -> str:
        """The symmetric algorithm, the name's part after WITH and before the hash."""
        rest = self.name.split("_WITH_")[-1].removeprefix("TLS_")
        head, _, tail = rest.rpartition("_")
        return head if tail.startswith("SHA") or tail in ("MD5", "NULL") else rest

    @property
    def mac(self) -> str:
        """The hash of the MAC of a suite that is not AEAD."""
        tail = self.name.rpartition("_")[2]
        return {"SHA": "sha1", "MD5": "md5", "SHA256": "sha256", "SHA384": "sha384"}[tail]

    @property
    def schedule(self) -> str:
        """The hash of the key schedule (TLS 1.2 and later)."""
        return "sha384" if self.name.endswith("SHA384") else "sha256"

    @property
    def aead(self) -> bool:
        return any(word in self.cipher for word in ("GCM", "CCM", "POLY1305"))

    @property
    def key_length(self) -> int:
        if "CHACHA20" in self.cipher or "_256" in self.cipher:
            return 32
        return 24 if "3DES" in self.cipher else 0 if self.cipher == "NULL" else 16

    @property
    def tag_length(self) -> int:
        return 8 if self.cipher.endswith("CCM_8") else 16

    def aead_with(self, key: bytes) -> Aead:
        if "CHACHA20" in self.cipher:
            return ChaCha20Poly1305(key)
        return AESCCM(key, self.tag_length) if "CCM" in self.cipher else AESGCM(key)


def prf(version: int, suite: Suite, secret: bytes, label: bytes, seed: bytes, size: int) -> bytes:
    """The pseudorandom function of TLS 1.0 to 1.2."""
    if version >= 0x0303:
        return _p_hash(suite.schedule, secret, label + seed, size)
    half = (len(secret) + 1) // 2
    first = _p_hash("md5", secret[:half], label + seed, size)
    second = _p_hash("sha1", secret[-half:], label + seed, size)
    return bytes(a ^ b for a, b in zip(first, second, strict=True))


def _p_hash(name: str, secret: bytes, seed: bytes, size: int) -> bytes:
    out, link = b"", seed
    while len(out) < size:
        link = hmac.digest(secret, link, name)
        out += hmac.digest(secret, link + seed, name)
    return out[:size]


def expand_label(name: str, secret: bytes, label: str, size: int) -> bytes:
    """HKDF-Expand-Label of RFC 8446 section 7.1, without context."""
    full = b"tls13 " + label.encode()
    info = size.to_bytes(2, "big") + bytes([len(full)]) + full + b"\0"
    out, block = b"", b""
    while len(out) < size:
        block = hmac.digest(
            secret, block + info + bytes([len(out) // HASH_LENGTHS[name] + 1]), name
        )
        out += block
    return out[:size]


class Opener:
    """Opens the records of one direction under one set of keys, in order.

    `open(type, version, body)` gives `(content type, content)`; `UnopenedError` when it fails,
    and then nothing has changed.
    """

    def open(self, kind: int, version: int, body: bytes) -> tuple[int, bytes]:
        raise NotImplementedError


SKIPPED = 32


class Tls13Opener(Opener):
    """TLS 1.3 from a traffic secret; `next_generation` follows a Key Update."""

    def __init__(self, suite: Suite, secret: bytes) -> None:
        self.suite, self.secret = suite, secret
        self._sequence = 0
        self._aead = suite.aead_with(expand_label(suite.schedule, secret, "key", suite.key_length))
        self._iv = expand_label(suite.schedule, secret, "iv", 12)

    def open(self, kind: int, version: int, body: bytes) -> tuple[int, bytes]:
        """A record that was not captured leaves a gap in the numbers: the next ones are tried."""
        header = bytes([kind]) + version.to_bytes(2, "big") + len(body).to_bytes(2, "big")
        for number in range(self._sequence, self._sequence + SKIPPED):
            nonce = _xored(self._iv, number)
            try:
                inner = self._aead.decrypt(nonce, body, header).rstrip(b"\0")
            except (InvalidTag, ValueError):
                continue
            self._sequence = number + 1
            return inner[-1], inner[:-1]
        raise UnopenedError

    def next_generation(self) -> "Tls13Opener":
        secret = expand_label(
            self.suite.schedule, self.secret, "traffic upd", HASH_LENGTHS[self.suite.schedule]
        )
        return Tls13Opener(self.suite, secret)


class AeadOpener(Opener):
    """TLS 1.2 with an AEAD cipher."""

    def __init__(self, suite: Suite, key: bytes, iv: bytes) -> None:
        self._suite, self._iv, self._sequence = suite, iv, 0
        self._aead = suite.aead_with(key)

    def open(self, kind: int, version: int, body: bytes) -> tuple[int, bytes]:
        explicit = 0 if "CHACHA20" in self._suite.cipher else 8
        nonce = self._iv + body[:8] if explicit else _xored(self._iv, self._sequence)
        size = len(body) - explicit - self._suite.tag_length
        if size < 0:
            raise UnopenedError
        extra = _pseudo_header(self._sequence, kind, version, size)
        try:
            content = self._aead.decrypt(nonce, body[explicit:], extra)
        except (InvalidTag, ValueError) as error:
            raise UnopenedError from error
        self._sequence += 1
        return kind, content


class MacOpener(Opener):
    """TLS 1.0 to 1.2 with CBC, a stream cipher or none, and an HMAC."""

    def __init__(
        self, suite: Suite, version: int, key: bytes, iv: bytes, mac_key: bytes, *, mac_last: bool
    ) -> None:
        self._suite, self._version, self._key, self._iv = suite, version, key, iv
        self._mac_key, self._mac_last, self._sequence = mac_key, mac_last, 0
        self._stream: CipherContext | None = None
        if suite.cipher == "RC4_128":
            self._stream = Cipher(ARC4(key), None).decryptor()

    def open(self, kind: int, version: int, body: bytes) -> tuple[int, bytes]:
        mac = self._suite.mac
        if self._mac_last:
            body, tag = body[: -HASH_LENGTHS[mac]], body[-HASH_LENGTHS[mac] :]
            self._check(kind, version, body, tag)
            content = self._decrypted(body)
        else:
            plain = self._decrypted(body)
            content, tag = plain[: -HASH_LENGTHS[mac]], plain[-HASH_LENGTHS[mac] :]
            self._check(kind, version, content, tag)
        self._sequence += 1
        return kind, content

    def _check(self, kind: int, version: int, content: bytes, tag: bytes) -> None:
        header = _pseudo_header(self._sequence, kind, version, len(content))
        if hmac.digest(self._mac_key, header + content, self._suite.mac) != tag:
            raise UnopenedError

    def _decrypted(self, body: bytes) -> bytes:
        if self._suite.cipher == "NULL":
            return body
        if self._stream is not None:
            return self._stream.update(body)
        cipher = _block_cipher(self._suite.cipher)(self._key)
        size = cipher.block_size // 8
        iv = self._iv
        if self._version >= 0x0302:
            iv, body = body[:size], body[size:]
        if len(iv) != size or not body or len(body) % size:
            raise UnopenedError
        self._iv = body[-size:]
        plain = Cipher(cipher, modes.CBC(iv)).decryptor().update(body)
        return plain[: -plain[-1] - 1]


def _block_cipher(name: str) -> Callable[[bytes], algorithms.AES | Camellia | TripleDES]:
    if "3DES" in name:
        return TripleDES
    return Camellia if "CAMELLIA" in name else algorithms.AES


def openers(
    suite: Suite, version: int, master: bytes, client: bytes, server: bytes, *, mac_last: bool
) -> tuple[Opener, Opener]:
    """The client's and the server's opener of a TLS 1.0 to 1.2 session, from its master secret.

    `client` and `server` are the randoms; `mac_last` is whether encrypt-then-MAC was agreed on.
    """
    mac = 0 if suite.aead else HASH_LENGTHS[suite.mac]
    iv = 12 if "CHACHA20" in suite.cipher else 4 if suite.aead else _iv_length(suite, version)
    sizes = [mac, mac, suite.key_length, suite.key_length, iv, iv]
    block = prf(version, suite, master, b"key expansion", server + client, sum(sizes))
    parts = []
    for size in sizes:
        parts.append(block[:size])
        block = block[size:]
    if suite.aead:
        return AeadOpener(suite, parts[2], parts[4]), AeadOpener(suite, parts[3], parts[5])
    cbc = "CBC" in suite.cipher
    first, second = (
        MacOpener(suite, version, parts[2 + i], parts[4 + i], parts[i], mac_last=mac_last and cbc)
        for i in (0, 1)
    )
    return first, second


def _iv_length(suite: Suite, version: int) -> int:
    if version >= 0x0302 or "CBC" not in suite.cipher:
        return 0
    return 8 if "3DES" in suite.cipher else 16


def _pseudo_header(sequence: int, kind: int, version: int, size: int) -> bytes:
    return (
        sequence.to_bytes(8, "big")
        + bytes([kind])
        + version.to_bytes(2, "big")
        + size.to_bytes(2, "big")
    )


def _xored(iv: bytes, sequence: int) -> bytes:
    return (int.from_bytes(iv, "big") ^ sequence).to_bytes(len(iv), "big")
