"""Chains as the textbook's era made them: SHA-1 and MD5, 1024 bits, no SAN, version 1 roots."""

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from report.tls.checks import CheckId
from report.tls.signatures import certificate_signed_by
from report.tls.trust import trust_store
from report.tls.validation import Validation, Verdict, validate

_HOST = "shop.example.test"


class OldChain:
    """Root and leaf that openssl signs with an old hash."""

    def __init__(self, folder: Path, digest: str, bits: int, *, version_1_root: bool) -> None:
        self._folder, self._digest = folder, f"-{digest}"
        self._key("root", bits)
        self._key("leaf", bits)
        (folder / "root.ext").write_text(
            "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
            "subjectKeyIdentifier=hash\n"
        )
        (folder / "leaf.ext").write_text(
            f"basicConstraints=CA:FALSE\nsubjectAltName=DNS:{_HOST}\n"
            + ("" if version_1_root else "authorityKeyIdentifier=keyid\n")
        )
        self._request("root", "/CN=Old Root")
        extensions = [] if version_1_root else ["-extfile", "root.ext"]
        self._run("x509", "-req", "-in", "root.csr", "-signkey", "root.key", "-out", "root.pem",
                  "-days", "3650", self._digest, *extensions)  # fmt: skip
        self._request("leaf", f"/CN={_HOST}")
        self._run("x509", "-req", "-in", "leaf.csr", "-CA", "root.pem", "-CAkey", "root.key",
                  "-CAcreateserial", "-out", "leaf.pem", "-days", "365", self._digest,
                  "-extfile", "leaf.ext")  # fmt: skip
        self.root = self._load("root")
        self.leaf = self._load("leaf")

    def judged(self) -> Validation:
        store = trust_store([self.root], "old roots")
        der = self.leaf.public_bytes(serialization.Encoding.DER)
        return validate([der], _HOST, self.leaf.not_valid_before_utc, store)

    def _key(self, name: str, bits: int) -> None:
        self._run("genrsa", "-out", f"{name}.key", str(bits))

    def _request(self, name: str, subject: str) -> None:
        self._run("req", "-new", "-key", f"{name}.key", "-subj", subject, "-out", f"{name}.csr")

    def _load(self, name: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self._folder / f"{name}.pem").read_bytes())

    def _run(self, *command: str) -> None:
        subprocess.run(["openssl", *command], cwd=self._folder, check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    return tmp_path


@pytest.mark.parametrize(
    ("digest", "algorithm"),
    [("sha1", "sha1WithRSAEncryption"), ("md5", "md5WithRSAEncryption")],
)
def test_old_hashes(folder: Path, digest: str, algorithm: str) -> None:
    """Sound as far as the rules of their day go; the verifier of today refuses, and it is said."""
    old = OldChain(folder, digest, 2048, version_1_root=False)
    found = old.judged()
    assert found.path[0].certificate.signature_algorithm == algorithm
    assert found.check(CheckId.SIGNATURE).passed
    strength = found.check(CheckId.STRENGTH)
    assert (strength.passed, strength.required, strength.fault) == (False, False, "weak-signature")
    assert found.verdict is Verdict.DISPUTED
    assert algorithm in found.text.en
    assert found.library.accepted is False


def test_a_forged_old_signature_is_found_out(folder: Path) -> None:
    old = OldChain(folder, "sha1", 2048, version_1_root=False)
    der = old.leaf.public_bytes(serialization.Encoding.DER)
    forged = x509.load_der_x509_certificate(der[:-1] + bytes([der[-1] ^ 1]))
    assert certificate_signed_by(old.leaf, old.root) is True
    assert certificate_signed_by(forged, old.root) is False


def test_short_keys(folder: Path) -> None:
    found = OldChain(folder, "sha256", 1024, version_1_root=False).judged()
    strength = found.check(CheckId.STRENGTH)
    assert (strength.passed, strength.fault) == (False, "weak-key")
    assert "1024" in strength.text.en
    assert found.verdict in (Verdict.ACCEPTED, Verdict.DISPUTED)


def test_a_root_of_version_1(folder: Path) -> None:
    """It has no extensions at all: the trust store says that it is a CA."""
    old = OldChain(folder, "sha256", 2048, version_1_root=True)
    found = old.judged()
    assert old.root.version is x509.Version.v1
    assert found.check(CheckId.CA_FLAGS).passed
    assert found.faults == ()
    assert found.verdict is Verdict.DISPUTED
    assert "version 1" in found.text.en
