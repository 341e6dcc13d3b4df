"""The certificates in a Certificate message, and the OCSP answers stapled to them."""

from dataclasses import dataclass, field

from report.tls.hello import Reader
from report.tls.ocsp import stapled_answer
from report.tls.suites import TLS_1_3

_STATUS_REQUEST = 5


@dataclass(frozen=True, slots=True)
class CertificateEntry:
    """One certificate as sent, with what TLS 1.3 lets travel beside it."""

    der: bytes = field(repr=False)
    stapled: bytes | None = None
    """An OCSP answer in DER; before TLS 1.3 it comes in a Certificate Status message of its own."""


def certificate_entries(message: bytes, version: int) -> tuple[CertificateEntry, ...]:
    """The entries of a Certificate message with its 4-byte header, the sender's own first.

    RFC 5246 section 7.4.2, RFC 8446 section 4.4.2. Raises `ValueError` if it is cut or malformed.
    """
    reader = Reader(message[4:])
    if version >= TLS_1_3:
        reader.vector(1)  # certificate_request_context
    entries = Reader(reader.vector(3))
    found = []
    while not entries.at_end:
        der = entries.vector(3)
        stapled = _stapled(entries.vector(2)) if version >= TLS_1_3 else None
        found.append(CertificateEntry(der, stapled))
    return tuple(found)


def _stapled(extensions: bytes) -> bytes | None:
    reader = Reader(extensions)
    while not reader.at_end:
        kind, content = reader.number(2), reader.vector(2)
        if kind == _STATUS_REQUEST:
            return stapled_answer(content)
    return None
