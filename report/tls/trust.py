"""The roots that chains are judged against: certifi's, or a PEM file of the user's."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.utils import CryptographyDeprecationWarning

from report.errors import LabsharkError
from report.text import Text

_LARGEST_FILE = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TrustStore:
    """Trusted certificates; `source` names where they come from."""

    roots: tuple[x509.Certificate, ...] = field(repr=False)
    source: Text
    state: date | None = None
    """The day whose trust it stands for; None: the user vouches for it."""

    def named(self, subject: x509.Name) -> tuple[x509.Certificate, ...]:
        """The roots with this subject."""
        return tuple(root for root in self.roots if root.subject == subject)

    def holds(self, certificate: x509.Certificate) -> bool:
        """Whether a certificate is trusted: itself, or its name and key in another certificate."""
        key = _spki(certificate)
        return any(_spki(root) == key for root in self.named(certificate.subject))


@cache
def certifi_store() -> TrustStore:
    """The roots that Mozilla trusts, from the package certifi."""
    version = certifi.__version__
    roots = _certificates(Path(certifi.where()).read_bytes())
    return TrustStore(
        tuple(roots),
        Text(
            f"certifi {version} 收录的 {len(roots)} 个 Mozilla 受信任根证书",
            f"the {len(roots)} roots that Mozilla trusts, from certifi {version}",
        ),
        state=_day(version),
    )


def _day(version: str) -> date | None:
    """certifi numbers its versions by the day: 2026.10.18."""
    try:
        return date(*map(int, version.split(".")[:3]))
    except (TypeError, ValueError):
        return None


def load_trust_store(path: Path) -> TrustStore:
    """The certificates of a PEM file. Raises `LabsharkError` if there is none in it."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_FILE)
    except OSError as fault:
        raise LabsharkError("trust-store-missing", path=str(path)) from fault
    try:
        roots = _certificates(data)
    except ValueError as fault:
        raise LabsharkError("trust-store-not-pem", path=str(path)) from fault
    return trust_store(roots, path.name)


def trust_store(roots: Iterable[x509.Certificate], name: str) -> TrustStore:
    """A store of given certificates."""
    kept = tuple(roots)
    text = Text("信任库“{name}”中的 {count} 个证书", "the {count} certificates of “{name}”")
    return TrustStore(kept, text.filled(name=name, count=len(kept)))


def _certificates(data: bytes) -> list[x509.Certificate]:
    with warnings.catch_warnings():
        # Old roots with a serial number of zero.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return x509.load_pem_x509_certificates(data)


def _spki(certificate: x509.Certificate) -> bytes:
    try:
        return certificate.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return certificate.public_bytes(serialization.Encoding.DER)
