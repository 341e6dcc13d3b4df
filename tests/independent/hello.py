"""Hellos, certificates, alerts: the bodies of the messages that say something in the clear.

Structures from RFC 5246 section 7.4, RFC 8446 section 4, RFC 6066 (server name). Every reader
gives what the bytes that are there tell, and None for the rest: captures may be cut short.
"""

import zlib
from dataclasses import dataclass, field

import brotli
from cryptography import x509
from dpkt.ssl_ciphersuites import BY_CODE

VERSIONS = {
    0x0002: "SSL 2.0", 0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1",
    0x0303: "TLS 1.2", 0x0304: "TLS 1.3",
}  # fmt: skip
RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
SERVER_NAME, SESSION_TICKET, PRE_SHARED_KEY, EARLY_DATA = 0, 35, 41, 42
SUPPORTED_VERSIONS, ENCRYPT_THEN_MAC = 43, 22
ALERTS = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed",
    22: "record_overflow", 30: "decompression_failure", 40: "handshake_failure",
    41: "no_certificate", 42: "bad_certificate", 43: "unsupported_certificate",
    44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
    47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error",
    51: "decrypt_error", 60: "export_restriction", 70: "protocol_version",
    71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback",
    90: "user_canceled", 100: "no_renegotiation", 109: "missing_extension",
    110: "unsupported_extension", 111: "certificate_unobtainable", 112: "unrecognized_name",
    113: "bad_certificate_status_response", 114: "bad_certificate_hash_value",
    115: "unknown_psk_identity", 116: "certificate_required", 120: "no_application_protocol",
}  # fmt: skip


class CutError(Exception):
    """The bytes end before the value does."""


@dataclass(slots=True)
class Bytes:
    """Reads values one after another; `CutError` when they run out."""

    data: bytes
    at: int = 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise CutError
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def vector(self, width: int) -> bytes:
        """A vector with its length in `width` bytes before it."""
        return self.take(self.number(width))


@dataclass(slots=True)
class Hello:
    """A Client Hello or Server Hello; what was not captured is None or missing.

    `suites` has the one chosen in a Server Hello; `extensions` maps type to content.
    """

    version: int | None = None
    random: bytes = b""
    session_id: bytes | None = None
    suites: list[int] | None = None
    extensions: dict[int, bytes] = field(default_factory=dict)
    extensions_read: bool = False
    extensions_listed: bool = False
    """Whether the type of every extension is known, even if the last one's content is cut."""
    sslv2: bool = False

    @property
    def retry(self) -> bool:
        return self.random == RETRY_RANDOM

    def server_name(self) -> str | None:
        content = self.extensions.get(SERVER_NAME, b"")
        return content[5:].decode("ascii", "replace") if len(content) > 5 else None

    def chosen_version(self) -> int | None:
        """In a Server Hello: the version settled on, supported_versions before all else.

        None when the hello was cut before its extensions, of which this may have been one.
        """
        content = self.extensions.get(SUPPORTED_VERSIONS)
        if content and len(content) == 2:
            return int.from_bytes(content, "big")
        legacy = self.version is not None and self.version < 0x0303
        return self.version if self.extensions_read or legacy else None


def client_hello(body: bytes) -> Hello:
    """A Client Hello's body (after the four bytes of handshake header)."""
    hello, reader = Hello(), Bytes(body)
    try:
        hello.version = reader.number(2)
        _random_and_session(hello, reader)
        suites = reader.vector(2)
        hello.suites = [int.from_bytes(suites[i : i + 2], "big") for i in range(0, len(suites), 2)]
        reader.vector(1)
        _extensions(hello, reader)
    except CutError:
        pass
    return hello


def server_hello(body: bytes) -> Hello:
    """A Server Hello's or Hello Retry Request's body."""
    hello, reader = Hello(), Bytes(body)
    try:
        hello.version = reader.number(2)
        _random_and_session(hello, reader)
        hello.suites = [reader.number(2)]
        reader.take(1)
        _extensions(hello, reader)
    except CutError:
        pass
    return hello


def sslv2_client_hello(body: bytes) -> Hello:
    """A hello in the format of SSL 2.0, from its message type on. `random` is the challenge."""
    hello, reader = Hello(sslv2=True), Bytes(body, 1)
    try:
        hello.version = reader.number(2)
        sizes = [reader.number(2) for _ in range(3)]
        suites = reader.take(sizes[0])
        hello.suites = [int.from_bytes(suites[i : i + 3], "big") for i in range(0, sizes[0], 3)]
        hello.session_id = reader.take(sizes[1])
        hello.random = reader.take(sizes[2])
        hello.extensions_read = hello.extensions_listed = True
    except CutError:
        pass
    return hello


def _random_and_session(hello: Hello, reader: Bytes) -> None:
    try:
        hello.random = reader.take(32)
    except CutError:
        hello.random = reader.data[reader.at :]
        raise
    hello.session_id = reader.vector(1)


def _extensions(hello: Hello, reader: Bytes) -> None:
    if reader.at < len(reader.data):
        size = reader.number(2)
        inside = Bytes(reader.data[reader.at : reader.at + size])
        while inside.at < size:
            kind, length = inside.number(2), inside.number(2)
            # The last one's content may be cut off; that it is there is known.
            hello.extensions.setdefault(kind, inside.data[inside.at : inside.at + length])
            inside.at += length
        hello.extensions_listed = inside.at == size
        if inside.at > len(inside.data):
            raise CutError
    hello.extensions_read = hello.extensions_listed = True


def certificates(body: bytes, *, tls13: bool) -> list[x509.Certificate]:
    """The certificates of a Certificate message, in the order sent."""
    reader = Bytes(body)
    if tls13:
        reader.vector(1)
    inside, found = Bytes(reader.vector(3)), []
    while inside.at < len(inside.data):
        found.append(x509.load_der_x509_certificate(inside.vector(3)))
        if tls13:
            inside.vector(2)
    return found


def decompressed(body: bytes) -> bytes:
    """The Certificate message in a Compressed Certificate (RFC 8879 section 4)."""
    reader = Bytes(body)
    algorithm, size = reader.number(2), reader.number(3)
    unpack = {1: zlib.decompress, 2: brotli.decompress}[algorithm]
    message = unpack(reader.vector(3))
    if len(message) != size:
        raise CutError
    return bytes(message)


def suite_name(code: int) -> str:
    """A suite's IANA name, "0x…" for one without."""
    # The registry's spelling (RFC 6655) differs from all its neighbours' and from dpkt's.
    if code in (0xC0AA, 0xC0AB):
        return f"TLS_PSK_DHE_WITH_AES_{128 if code == 0xC0AA else 256}_CCM_8"
    suite = BY_CODE.get(code)
    return suite.name if suite and suite.name.startswith("TLS_") else f"0x{code:04X}"


def grease(code: int) -> bool:
    """RFC 8701."""
    return code & 0x0F0F == 0x0A0A and code >> 8 == code & 0xFF
