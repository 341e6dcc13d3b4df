"""Stapled OCSP answers: the tests' own, openssl's, and one out of a capture."""

import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from report.tls.certificate_message import certificate_entries
from report.tls.keylog import KeyLog
from report.tls.ocsp import (
    OcspAnswer,
    OcspVerdict,
    Revocation,
    UnreadableOcsp,
    judge_ocsp,
    read_ocsp,
    stapled_answer,
)
from report.tls.replay import replay
from tests.tls.small_ca import (
    DAY,
    LEAF,
    NOW,
    Chain,
    Issued,
    Stapled,
    Wanted,
    chain,
    ec_key,
    ed25519_key,
    issue,
    ocsp_answer,
    rsa_key,
)
from tests.tls.small_ca import replace as changed
from tests.tls.wire import sent_records, tcp_chunks

_SIGNING = (ExtendedKeyUsageOID.OCSP_SIGNING,)


def _answer(der: bytes) -> OcspAnswer:
    found = read_ocsp(der)
    assert isinstance(found, OcspAnswer)
    return found


def _judged(at: datetime = NOW, **changes: Any) -> OcspVerdict:
    made = chain()
    wanted = changed(Stapled(made.leaf, made.intermediate), **changes)
    answer = _answer(ocsp_answer(wanted))
    return judge_ocsp(answer, made.leaf.certificate, made.intermediate.certificate, at)


def _responder(**changes: Any) -> Issued:
    wanted = changed(Wanted("OCSP responder", rsa_key("responder"), ekus=_SIGNING), **changes)
    return issue(wanted, chain().intermediate)


def test_fields() -> None:
    made = chain()
    answer = _answer(ocsp_answer(Stapled(made.leaf, made.intermediate)))
    assert answer.response_status == "SUCCESSFUL"
    key = x509.SubjectKeyIdentifier.from_public_key(made.intermediate.key.public_key())
    assert answer.responder_key_hash == key.digest.hex()
    assert answer.produced_at
    (single,) = answer.answers
    assert single.status is Revocation.GOOD
    assert single.serial == made.leaf.certificate.serial_number
    assert (single.this_update, single.next_update) == (NOW - DAY, NOW + 6 * DAY)
    assert (single.revoked_at, single.reason) == (None, None)


def test_revoked_fields() -> None:
    verdict = _judged(status=ocsp.OCSPCertStatus.REVOKED)
    assert verdict.status is Revocation.REVOKED
    assert verdict.answer
    assert (verdict.answer.revoked_at, verdict.answer.reason) == (NOW - 10 * DAY, "keyCompromise")


@pytest.mark.parametrize("hash_algorithm", [hashes.SHA1(), hashes.SHA256()])
def test_signed_by_the_issuer(hash_algorithm: hashes.HashAlgorithm) -> None:
    verdict = _judged(hash=hash_algorithm)
    assert (verdict.signed, verdict.delegated, verdict.timely) == (True, False, True)
    assert verdict.status is Revocation.GOOD


def test_signed_by_a_delegated_responder() -> None:
    verdict = _judged(responder=_responder())
    assert (verdict.signed, verdict.delegated) == (True, True)
    assert verdict.status is Revocation.GOOD


@pytest.mark.parametrize(
    "responder",
    [
        _responder(ekus=()),
        _responder(ekus=(ExtendedKeyUsageOID.SERVER_AUTH,)),
        _responder(not_after=NOW - DAY),
        _responder(not_before=NOW + DAY),
        issue(Wanted("OCSP responder", rsa_key("responder"), ekus=_SIGNING), chain().root),
        issue(Wanted("OCSP responder", rsa_key("responder"), ekus=_SIGNING)),
    ],
    ids=["no purpose", "other purpose", "expired", "not yet valid", "other issuer", "self-signed"],
)
def test_a_responder_that_nobody_empowered(responder: Issued) -> None:
    """RFC 6960 section 4.2.2.2."""
    verdict = _judged(responder=responder)
    assert verdict.signed is False
    assert verdict.status is None


def test_a_responder_whose_certificate_is_not_sent() -> None:
    assert _judged(responder=_responder(), with_certificate=False).signed is False


@pytest.mark.parametrize("key", [ec_key("ca"), ed25519_key("ca")], ids=["EC", "Ed25519"])
def test_other_keys(key: Any) -> None:
    made = chain(intermediate=Wanted("Test Issuing CA", key, ca=True))
    answer = _answer(ocsp_answer(Stapled(made.leaf, made.intermediate)))
    verdict = judge_ocsp(answer, made.leaf.certificate, made.intermediate.certificate, NOW)
    assert verdict.status is Revocation.GOOD


@pytest.mark.parametrize(
    ("at", "timely"),
    [
        (NOW - 1 * DAY, True),
        (NOW + 6 * DAY, True),
        (NOW - 2 * DAY, False),
        (NOW + 7 * DAY, False),
    ],
)
def test_times(at: datetime, timely: bool) -> None:
    verdict = _judged(at=at)
    assert (verdict.timely, verdict.usable) == (timely, timely)


def test_without_next_update_an_answer_stays_current() -> None:
    """RFC 6960 section 4.2.2.1: newer information is then always available."""
    assert _judged(at=NOW + 300 * DAY, next_update=None).timely


def test_about_another_certificate() -> None:
    other = issue(changed(LEAF, serial=4711), chain().intermediate)
    verdict = _judged(about=other)
    assert (verdict.answer, verdict.usable) == (None, False)


@pytest.mark.parametrize("der", [b"", b"\x30\x00", b"junk", b"\x30\x03\x0a\x01"])
def test_unreadable(der: bytes) -> None:
    assert isinstance(read_ocsp(der), UnreadableOcsp)


@pytest.mark.parametrize(
    ("code", "name"), [(1, "MALFORMED_REQUEST"), (3, "TRY_LATER"), (6, "UNAUTHORIZED")]
)
def test_no_answer(code: int, name: str) -> None:
    """RFC 6960 4.2.1: only a status, no response bytes."""
    answer = _answer(bytes([0x30, 3, 0x0A, 1, code]))
    assert (answer.response_status, answer.answers, answer.produced_at) == (name, (), None)


def test_damaged_answers_raise_nothing() -> None:
    made = chain()
    der = ocsp_answer(Stapled(made.leaf, made.intermediate, responder=_responder()))
    leaf, issuer = made.leaf.certificate, made.intermediate.certificate
    signed = 0
    for at in range(0, len(der), 7):
        answer = read_ocsp(der[:at] + bytes([der[at] ^ 0x55]) + der[at + 1 :])
        if isinstance(answer, OcspAnswer):
            verdict = judge_ocsp(answer, leaf, issuer, NOW)
            signed += verdict.usable
    assert signed == 0


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"\x01\x00\x00\x03abc", b"abc"),
        (b"\x01\x00\x00\x03abcd", b"abc"),
        (b"\x01\x00\x00\x04abc", None),
        (b"\x02\x00\x00\x03abc", None),
        (b"\x01\x00\x00\x00", None),
        (b"", None),
    ],
)
def test_certificate_status(body: bytes, answer: bytes | None) -> None:
    """RFC 6066 section 8: type ocsp(1), three bytes of length, the answer."""
    assert stapled_answer(body) == answer


@dataclass(frozen=True)
class _Index:
    """openssl's own responder, with its list of certificates."""

    folder: Path
    flag: str
    made: Chain

    def answer(self) -> bytes:
        made, folder = self.made, self.folder
        serial = f"{made.leaf.certificate.serial_number:X}"
        serial = serial.rjust(len(serial) + len(serial) % 2, "0")
        revoked = f"{NOW - 10 * DAY:%y%m%d%H%M%SZ},keyCompromise" if self.flag == "R" else ""
        line = "\t".join(
            [self.flag, f"{NOW + 60 * DAY:%y%m%d%H%M%SZ}", revoked, serial, "unknown", "/CN=x"]
        )
        (folder / "index.txt").write_text(line + "\n")
        for name, issued in (("leaf", made.leaf), ("ca", made.intermediate)):
            (folder / f"{name}.pem").write_bytes(issued.pem)
            (folder / f"{name}.key").write_bytes(issued.key_pem)
        run = ["openssl", "ocsp", "-CA", "ca.pem", "-issuer", "ca.pem", "-noverify"]
        subprocess.run(
            [*run, "-cert", "leaf.pem", "-reqout", "request.der", "-no_nonce"],
            cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
        run = ["openssl", "ocsp", "-CA", "ca.pem", "-index", "index.txt", "-rsigner", "ca.pem"]
        subprocess.run(
            [*run, "-rkey", "ca.key", "-reqin", "request.der", "-respout", "answer.der",
             "-ndays", "7"], cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
        return (folder / "answer.der").read_bytes()


@pytest.mark.parametrize(
    ("flag", "status"), [("V", Revocation.GOOD), ("R", Revocation.REVOKED)], ids=["good", "revoked"]
)
def test_an_answer_that_openssl_made(tmp_path: Path, flag: str, status: Revocation) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    made = chain()
    answer = _answer(_Index(tmp_path, flag, made).answer())
    now = answer.answers[0].this_update + DAY  # openssl answers as of today
    verdict = judge_ocsp(answer, made.leaf.certificate, made.intermediate.certificate, now)
    assert (verdict.status, verdict.signed, verdict.timely) == (status, True, True)


def test_the_answer_stapled_in_a_capture(shared: Path, tmp_path: Path) -> None:
    """zeek validated this session of March 2017; openssl verifies the answer as well."""
    chunks = tcp_chunks(shared / "traces" / "tls12-grease-ocsp-staple.pcap")
    session = replay(sent_records(chunks), KeyLog({}, {}, 0))
    by_kind = {m.kind: m.data for m in session.messages if m.sender == "server"}
    leaf_der, issuer_der = (e.der for e in certificate_entries(by_kind[11], session.version))
    der = stapled_answer(by_kind[22][4:])
    assert der
    answer = _answer(der)
    leaf = x509.load_der_x509_certificate(leaf_der)
    issuer = x509.load_der_x509_certificate(issuer_der)
    at = datetime(2017, 3, 22, 1, 29, tzinfo=UTC)
    verdict = judge_ocsp(answer, leaf, issuer, at)
    assert verdict.status is Revocation.GOOD
    assert not judge_ocsp(answer, leaf, issuer, datetime(2017, 4, 22, tzinfo=UTC)).usable
    if not shutil.which("openssl"):
        return
    (tmp_path / "answer.der").write_bytes(der)
    command = ["openssl", "ocsp", "-respin", "answer.der", "-text", "-noverify"]
    text = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "Cert Status: good" in text
    assert answer.produced_at
    assert f"Produced At: {answer.produced_at:%b %e %H:%M:%S %Y} GMT" in text
    assert answer.responder_key_hash
    assert f"Responder Id: {answer.responder_key_hash.upper()}" in text
    single = answer.answers[0]
    assert f"Serial Number: {single.serial:032X}" in text
