"""The certificates table: every certificate that either side of the session sent."""

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import brotli
import pandas as pd

from report.tables.dissection import TreeField
from report.tables.messages import Message
from report.tls.certificate_message import certificate_entries
from report.tls.certificates import Certificate, UnreadableCertificate, read_certificate
from report.tls.message_types import CERTIFICATE, COMPRESSED_CERTIFICATE
from report.tls.suites import TLS_1_3

CERTIFICATE_TYPES = (CERTIFICATE, COMPRESSED_CERTIFICATE)
"""Handshake messages with certificates in them (RFC 8446, 4.4.2; RFC 8879, 4)."""
_MOST_UNCOMPRESSED = 1 << 24


@dataclass(frozen=True, slots=True, eq=False)
class SentCertificate:
    """One certificate of a Certificate message: its bytes read, and its place in the tree.

    Values are read from the bytes by `cryptography`; tshark's tree is the evidence.
    """

    field: TreeField
    certificate: Certificate | UnreadableCertificate

    @property
    def readable(self) -> bool:
        """Whether its bytes are a certificate at all."""
        return not isinstance(self.certificate, UnreadableCertificate)

    @property
    def read(self) -> Certificate:
        """The certificate's content; raises ValueError where its bytes cannot be read."""
        if isinstance(self.certificate, UnreadableCertificate):
            raise ValueError(f"certificate cannot be read: {self.certificate.reason}")
        return self.certificate

    @property
    def subject_name(self) -> str:
        """Whom it is for, in one name."""
        read = self.read
        return read.subject.display or next(iter((*read.dns_names, *read.ip_addresses)), "")

    @property
    def ca_hosts(self) -> tuple[str, ...]:
        """The hosts of the CA that it names: OCSP, issuer certificate, CRL."""
        if isinstance(self.certificate, UnreadableCertificate):
            return ()
        read = self.certificate
        urls = (*read.ocsp_urls, *read.ca_issuer_urls, *read.crl_urls)
        return tuple(dict.fromkeys(host for url in urls if (host := _host(url))))

    def name_part(self, name: str) -> TreeField:
        """The line of a subject's or issuer's tree that names it, else the whole subject."""
        whole = self.part(name)
        items = whole.all("x509if.RDNSequence_item")
        for kind in ("id-at-commonName", "id-at-organizationName"):
            named = [item for item in items if f"({kind}=" in item.label]
            if named:
                return named[-1]
        return whole

    def part(self, name: str) -> TreeField:
        """A field of the certificate's own tree; the certificate's line if it has none."""
        return self.field.first(name) or self.field


def sent_certificates(message: Message) -> tuple[SentCertificate, ...]:
    """The certificates of a Certificate message, compressed or not, in the order they were sent.

    Of a compression that tshark does not undo, the message itself is the certificates' place.
    """
    shown = tuple(
        SentCertificate(field, read_certificate(octets))
        for field in message.all("tls.handshake.certificate")
        if (octets := field.octets)
    )
    if shown or message.type != COMPRESSED_CERTIFICATE:
        return shown
    return tuple(
        SentCertificate(message.field, read_certificate(der)) for der in _inflated(message)
    )


def _inflated(message: Message) -> tuple[bytes, ...]:
    """The certificates of a compressed message (RFC 8879); none where they cannot be had."""
    method = message.first("tls.compress_certificate.algorithm")
    packed = message.first("tls.compress_certificate.compressed_certificate_message")
    inflate = _METHODS.get(method.number) if method else None
    if inflate is None or packed is None or packed.octets is None:
        return ()
    try:
        body = inflate(packed.octets)
        entries = certificate_entries(b"\x0b\0\0\0" + body, TLS_1_3)
    except (ValueError, zlib.error, brotli.error):
        return ()
    return tuple(entry.der for entry in entries)


def _by_zlib(packed: bytes) -> bytes:
    return zlib.decompressobj().decompress(packed, _MOST_UNCOMPRESSED)


_METHODS: dict[int, Callable[[bytes], bytes]] = {1: _by_zlib, 2: brotli.decompress}
"""Algorithms of RFC 8879, 7.3; for Zstandard there is no decoder before Python 3.14."""


def certificates_table(messages: Iterable[Message]) -> pd.DataFrame:
    """One row per certificate, in the order they were sent.

    `frame` int64 (where the message is complete), `from_client` bool, `position` int64 (0 is the
    sender's own), `subject` and `issuer` text (one name each), `serial` text (hex), `not_before`
    and `not_after` datetime64 (UTC), `key` text, `key_bits` Int64, `signature_algorithm` text,
    `der` object (bytes). Cells of a certificate that cannot be read are empty.
    """
    rows = [
        _row(message, position, sent)
        for message in messages
        if message.protocol == "handshake" and message.type in CERTIFICATE_TYPES
        for position, sent in enumerate(sent_certificates(message))
    ]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    return frame.astype({name: dtype for name, dtype in _COLUMNS.items() if dtype})


_COLUMNS = {
    "frame": "int64",
    "from_client": "bool",
    "position": "int64",
    "subject": "str",
    "issuer": "str",
    "serial": "str",
    "not_before": "datetime64[s, UTC]",
    "not_after": "datetime64[s, UTC]",
    "key": "str",
    "key_bits": "Int64",
    "signature_algorithm": "str",
    "der": None,
}


def _row(message: Message, position: int, sent: SentCertificate) -> dict[str, object]:
    place = {"frame": message.frame, "from_client": message.from_client, "position": position}
    if isinstance(sent.certificate, UnreadableCertificate):
        return {**place, "der": sent.certificate.der}
    read = sent.certificate
    return {
        **place,
        "subject": sent.subject_name,
        "issuer": read.issuer.display,
        "serial": read.serial,
        "not_before": read.not_before,
        "not_after": read.not_after,
        "key": read.key.type,
        "key_bits": read.key.bits,
        "signature_algorithm": read.signature_algorithm,
        "der": read.der,
    }


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # what stands in a certificate need not be a URL
        return ""
