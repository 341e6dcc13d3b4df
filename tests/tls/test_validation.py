"""Chains of the tests' own CA, judged here, by `cryptography` and by openssl."""

import base64
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from report.text import Text
from report.tls.checks import TITLES, CheckId
from report.tls.trust import TrustStore, trust_store
from report.tls.validation import Validation, Verdict, validate
from tests.tls.small_ca import (
    DAY,
    INTERMEDIATE,
    LEAF,
    NOW,
    ROOT,
    Chain,
    Issued,
    Stapled,
    Wanted,
    chain,
    ec_key,
    ed25519_key,
    issue,
    ocsp_answer,
    replace,
    rsa_key,
)

_HOST = "www.example.test"


@dataclass(frozen=True)
class Given:
    """What a client sees and trusts."""

    sent: Sequence[bytes]
    root: Issued
    host: str | None = _HOST
    at: datetime = NOW
    stapled: bytes | None = None

    @property
    def store(self) -> TrustStore:
        return trust_store([self.root.certificate], "roots.pem")

    def judged(self) -> Validation:
        return validate(self.sent, self.host, self.at, self.store, stapled=self.stapled)


def _given(made: Chain, **changes: Any) -> Given:
    return replace(Given(made.sent, made.root), **changes)


def _bad_signature() -> Given:
    made = chain()
    der = made.leaf.der[:-1] + bytes([made.leaf.der[-1] ^ 1])
    return Given((der, made.intermediate.der), made.root)


def _leaf_as_ca() -> Given:
    """The owner of a certificate for another site issues one for this host."""
    other = chain(replace(LEAF, subject="other.test", names=("other.test",)))
    forged = issue(replace(LEAF, key=rsa_key("attacker")), other.leaf)
    return Given((forged.der, other.leaf.der, other.intermediate.der), other.root)


def _self_signed() -> Given:
    return Given((issue(LEAF).der,), chain().root)


def _unknown_ca() -> Given:
    made = chain(root=replace(ROOT, subject="Unknown Root", key=rsa_key("unknown")))
    return Given(made.sent, chain().root)


def _revoked() -> Given:
    made = chain()
    wanted = Stapled(made.leaf, made.intermediate, ocsp.OCSPCertStatus.REVOKED)
    return _given(made, stapled=ocsp_answer(wanted))


# The table: what is presented, which check must refuse it, and the word for it.
_NINE: dict[str, tuple[Callable[[], Given], CheckId | None, str]] = {
    "good": (lambda: _given(chain()), None, ""),
    "wrong name": (lambda: _given(chain(), host="bank.test"), CheckId.HOST, "wrong-name"),
    "expired": (lambda: _given(chain(), at=NOW + 61 * DAY), CheckId.VALIDITY, "expired"),
    "not yet valid": (
        lambda: _given(chain(), at=NOW - 31 * DAY),
        CheckId.VALIDITY,
        "not-yet-valid",
    ),
    "self-signed": (_self_signed, CheckId.SELF_SIGNED, "self-signed"),
    "unknown CA": (_unknown_ca, CheckId.ROOT, "unknown-ca"),
    "bad signature": (_bad_signature, CheckId.SIGNATURE, "bad-signature"),
    "leaf used as CA": (_leaf_as_ca, CheckId.CA_FLAGS, "leaf-as-ca"),
    "revoked by stapled OCSP": (_revoked, CheckId.OCSP, "revoked"),
}


@pytest.mark.parametrize("name", _NINE)
def test_nine_chains(name: str) -> None:
    make, refusing, fault = _NINE[name]
    found = make().judged()
    if refusing is None:
        assert found.verdict is Verdict.ACCEPTED
        assert found.faults == ()
        assert found.library.accepted
        return
    assert found.verdict is Verdict.REFUSED
    assert found.check(refusing).passed is False
    assert fault in found.faults
    # Revocation is what the verifier does not look at.
    assert found.library.accepted is (name == "revoked by stapled OCSP")


@pytest.mark.parametrize("name", [name for name in _NINE if name not in ("good", "self-signed")])
def test_nothing_else_is_blamed(name: str) -> None:
    """A self-signed certificate is an unknown CA's too; everywhere else one fault is one fault."""
    make, refusing, _ = _NINE[name]
    found = make().judged()
    wrong = {check.id for check in found.checks if check.passed is False and check.required}
    extra = {CheckId.CHAIN} if name == "unknown CA" else set()
    if name == "leaf used as CA":  # nor may it sign, nor may a CA stand where it stands
        extra = {CheckId.KEY_USAGE, CheckId.PATH_LENGTH}
    assert wrong - extra == {refusing}


# More of them: path length, key usages, names, order, and what is missing.


def _path_too_long() -> Given:
    root = issue(ROOT)
    first = issue(INTERMEDIATE, root)  # allows no CA below it
    second = issue(Wanted("Second CA", rsa_key("second"), ca=True), first)
    leaf = issue(LEAF, second)
    return Given((leaf.der, second.der, first.der), root)


def _three_deep() -> Given:
    root = issue(ROOT)
    first = issue(replace(INTERMEDIATE, path_length=1), root)
    second = issue(Wanted("Second CA", rsa_key("second"), ca=True), first)
    leaf = issue(LEAF, second)
    return Given((leaf.der, second.der, first.der), root)


def _constrained(permitted: str) -> Given:
    return _given(chain(intermediate=replace(INTERMEDIATE, permitted=(permitted,))))


def _leaf(**changes: Any) -> Given:
    return _given(chain(replace(LEAF, **changes)))


def _client_only() -> Given:
    return _leaf(ekus=(ExtendedKeyUsageOID.CLIENT_AUTH,))


def _ca_without_key_cert_sign() -> Given:
    root = issue(ROOT)
    wrong = issue(replace(INTERMEDIATE, ca=True, key_usage=False), root)
    usage = x509.KeyUsage(True, False, False, False, False, False, True, False, False)
    wrong = _with_extension(wrong, root, usage)
    leaf = issue(LEAF, wrong)
    return Given((leaf.der, wrong.der), root)


def _with_extension(made: Issued, issuer: Issued, extension: x509.ExtensionType) -> Issued:
    old = made.certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(old.issuer)
        .public_key(old.public_key())
        .serial_number(old.serial_number)
        .not_valid_before(old.not_valid_before_utc)
        .not_valid_after(old.not_valid_after_utc)
    )
    for kept in old.extensions:
        builder = builder.add_extension(kept.value, critical=kept.critical)
    builder = builder.add_extension(extension, critical=True)
    return Issued(builder.sign(issuer.key, hashes.SHA256()), made.key)


def _unknown_critical() -> Given:
    made = chain()
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
    leaf = _with_extension(made.leaf, made.intermediate, odd)
    return Given((leaf.der, made.intermediate.der), made.root)


def _reordered() -> Given:
    made, stray = chain(), issue(replace(ROOT, subject="Stray", key=rsa_key("stray")))
    return Given((made.leaf.der, stray.der, made.root.der, made.intermediate.der), made.root)


def _same_name_other_key() -> Given:
    """Two CAs with one name: the path with the right key counts."""
    made = chain()
    impostor = issue(replace(INTERMEDIATE, key=rsa_key("impostor")), made.root)
    return Given((made.leaf.der, impostor.der, made.intermediate.der), made.root)


@dataclass(frozen=True)
class Expected:
    verdict: Verdict
    faults: tuple[str, ...] = field(default=())


_MORE: dict[str, tuple[Callable[[], Given], Expected]] = {
    "missing intermediate": (
        lambda: replace(_given(chain()), sent=(chain().leaf.der,)),
        Expected(Verdict.REFUSED, ("missing-intermediate",)),
    ),
    "out of order, with a stray": (_reordered, Expected(Verdict.ACCEPTED)),
    "two CAs of one name": (_same_name_other_key, Expected(Verdict.ACCEPTED)),
    "path too long": (_path_too_long, Expected(Verdict.REFUSED, ("path-length",))),
    "path as long as allowed": (_three_deep, Expected(Verdict.ACCEPTED)),
    "client authentication only": (_client_only, Expected(Verdict.REFUSED, ("eku",))),
    "no extended key usage": (lambda: _leaf(ekus=()), Expected(Verdict.ACCEPTED)),
    "no key usage": (lambda: _leaf(key_usage=False), Expected(Verdict.ACCEPTED)),
    "CA without keyCertSign": (
        _ca_without_key_cert_sign,
        Expected(Verdict.REFUSED, ("key-usage",)),
    ),
    "name permitted": (lambda: _constrained("example.test"), Expected(Verdict.ACCEPTED)),
    "name not permitted": (
        lambda: _constrained("other.test"),
        Expected(Verdict.REFUSED, ("name-constraints",)),
    ),
    "unknown critical extension": (_unknown_critical, Expected(Verdict.REFUSED, ("critical",))),
    "address": (
        lambda: replace(_leaf(names=(), ips=("192.0.2.1", "2001:db8::1")), host="192.0.2.1"),
        Expected(Verdict.ACCEPTED),
    ),
    "IPv6 address in brackets": (
        lambda: replace(_leaf(names=(), ips=("2001:db8::1",)), host="[2001:DB8:0::1]"),
        Expected(Verdict.ACCEPTED),
    ),
    "wrong address": (
        lambda: replace(_leaf(names=(), ips=("192.0.2.1",)), host="192.0.2.2"),
        Expected(Verdict.REFUSED, ("wrong-name",)),
    ),
    "address as a name": (
        lambda: replace(_leaf(names=("192.0.2.1",)), host="192.0.2.1"),
        Expected(Verdict.REFUSED, ("wrong-name",)),
    ),
    "wildcard": (
        lambda: replace(_leaf(names=("*.example.test",)), host="shop.example.test"),
        Expected(Verdict.ACCEPTED),
    ),
    "wildcard for two labels": (
        lambda: replace(_leaf(names=("*.example.test",)), host="a.shop.example.test"),
        Expected(Verdict.REFUSED, ("wrong-name",)),
    ),
    "wildcard for none": (
        lambda: replace(_leaf(names=("*.example.test",)), host="example.test"),
        Expected(Verdict.REFUSED, ("wrong-name",)),
    ),
    "upper case and final dot": (
        lambda: _given(chain(), host="WWW.Example.TEST."),
        Expected(Verdict.ACCEPTED),
    ),
    "common name only": (
        lambda: _leaf(names=()),
        Expected(Verdict.REFUSED, ("common-name-only",)),
    ),
    "EC keys": (
        lambda: _given(
            chain(
                replace(LEAF, key=ec_key("leaf")),
                replace(INTERMEDIATE, key=ec_key("ca")),
                replace(ROOT, key=ec_key("root")),
            )
        ),
        Expected(Verdict.ACCEPTED),
    ),
    "Ed25519 keys": (
        lambda: _given(
            chain(
                replace(LEAF, key=ed25519_key("leaf")),
                replace(INTERMEDIATE, key=ed25519_key("ca")),
                replace(ROOT, key=ed25519_key("root")),
            )
        ),
        Expected(Verdict.DISPUTED),  # sound, and not allowed in the web
    ),
    "expired root": (
        lambda: _given(chain(root=replace(ROOT, not_after=NOW - DAY))),
        Expected(Verdict.REFUSED, ("expired",)),
    ),
    "expired intermediate": (
        lambda: _given(chain(intermediate=replace(INTERMEDIATE, not_after=NOW - DAY))),
        Expected(Verdict.REFUSED, ("expired",)),
    ),
    "root sent too": (
        lambda: replace(_given(chain()), sent=(*chain().sent, chain().root.der)),
        Expected(Verdict.ACCEPTED),
    ),
}


@pytest.mark.parametrize("name", _MORE)
def test_more_chains(name: str) -> None:
    make, expected = _MORE[name]
    found = make().judged()
    assert (found.verdict, found.faults) == (expected.verdict, expected.faults)


# openssl's own verdict on the same files.


def _openssl_accepts(given: Given, folder: Path) -> bool:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    pems = [_pem(der) for der in given.sent]
    (folder / "leaf.pem").write_bytes(pems[0])
    (folder / "others.pem").write_bytes(b"".join(pems[1:]) or pems[0])
    (folder / "roots.pem").write_bytes(given.root.pem)
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-auth_level", "0"]
    command += ["-attime", str(int(given.at.timestamp())), "-no-CApath", "-no-CAstore"]
    command += ["-CAfile", str(folder / "roots.pem"), "-untrusted", str(folder / "others.pem")]
    if given.host:
        bare = given.host.strip("[].")  # OpenSSL does not know the final dot
        kind = "-verify_ip" if ":" in bare or bare[-1].isdigit() else "-verify_hostname"
        command += [kind, bare]
    done = subprocess.run([*command, str(folder / "leaf.pem")], capture_output=True, check=False)
    return done.returncode == 0


def _pem(der: bytes) -> bytes:
    lines = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n".encode()


_OPENSSL = {name: make for name, (make, *_) in _NINE.items() if "OCSP" not in name}
_OPENSSL |= {name: make for name, (make, _) in _MORE.items()}
# The one difference, on purpose: openssl still takes the common name where there is no SAN.
_COMMON_NAME = "common name only"


@pytest.mark.parametrize("name", _OPENSSL)
def test_openssl_agrees(name: str, tmp_path: Path) -> None:
    given = _OPENSSL[name]()
    accepted = given.judged().verdict is not Verdict.REFUSED
    if name == _COMMON_NAME:
        assert not accepted
        assert _openssl_accepts(given, tmp_path)
        return
    assert _openssl_accepts(given, tmp_path) == accepted


# OCSP.


def _stapled(**changes: Any) -> Given:
    made = chain()
    wanted = replace(Stapled(made.leaf, made.intermediate), **changes)
    return _given(made, stapled=ocsp_answer(wanted))


def test_good_answer() -> None:
    check = _stapled().judged().check(CheckId.OCSP)
    assert (check.passed, check.fault) == (True, "")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"this_update": NOW - 20 * DAY, "next_update": NOW - 10 * DAY}, "ocsp-stale"),
        ({"this_update": NOW + DAY, "next_update": NOW + 7 * DAY}, "ocsp-stale"),
        ({"issuer": issue(replace(INTERMEDIATE, key=rsa_key("x")))}, "ocsp-other-certificate"),
        (
            {"about": issue(replace(LEAF, serial=77), chain().intermediate)},
            "ocsp-other-certificate",
        ),
        ({"responder": chain().leaf}, "ocsp-bad-signature"),
        ({"status": ocsp.OCSPCertStatus.UNKNOWN}, "ocsp-unknown"),
    ],
)
def test_useless_answers_refuse_nothing_by_themselves(changes: dict[str, Any], fault: str) -> None:
    found = _stapled(**changes).judged()
    check = found.check(CheckId.OCSP)
    assert (check.passed, check.required, check.fault) == (False, False, fault)
    assert found.verdict is Verdict.ACCEPTED


def test_a_changed_answer_is_no_answer() -> None:
    given = _stapled(status=ocsp.OCSPCertStatus.REVOKED)
    assert given.stapled
    changed = replace(given, stapled=given.stapled[:-1] + bytes([given.stapled[-1] ^ 1]))
    assert changed.judged().check(CheckId.OCSP).fault == "ocsp-bad-signature"


def test_unreadable_answer() -> None:
    check = replace(_given(chain()), stapled=b"\x30\x03\x0a\x01").judged().check(CheckId.OCSP)
    assert (check.passed, check.fault) == (False, "ocsp-unreadable")


def test_no_answer_at_all() -> None:
    assert _given(chain()).judged().check(CheckId.OCSP).passed is None


_EVERY = {name: make for name, (make, *_) in (_NINE | _MORE).items()}


@pytest.mark.parametrize("name", _EVERY)
def test_texts_are_there_in_both_languages(name: str) -> None:
    found = _EVERY[name]().judged()
    texts = [check.text for check in found.checks] + [found.text, found.attacker]
    texts += [careless.text for careless in found.careless]
    assert [text for text in texts if not _bilingual(text)] == []


def test_every_check_has_a_title() -> None:
    assert set(TITLES) == set(CheckId)
    assert all(_bilingual(title) for title in TITLES.values())


def _bilingual(text: Text) -> bool:
    chinese = ["\u4e00" <= character <= "\u9fff" for character in text.zh]
    english = ["\u4e00" <= character <= "\u9fff" for character in text.en]
    return any(chinese) and not any(english)


@pytest.mark.parametrize(
    ("name", "clients"),
    [
        ("wrong name", {"trust-all", "no-host"}),
        ("expired", {"trust-all", "expired"}),
        ("self-signed", {"trust-all", "self-signed"}),
        ("unknown CA", {"trust-all", "wrong-ca", "self-signed"}),
        ("bad signature", {"trust-all", "no-signature"}),
        ("leaf used as CA", {"trust-all", "no-ca-flags"}),
        ("revoked by stapled OCSP", {"trust-all", "no-revocation"}),
    ],
)
def test_which_careless_client_lets_it_through(name: str, clients: set[str]) -> None:
    found = _NINE[name][0]().judged()
    assert {careless.id for careless in found.careless if careless.accepts_this} == clients


def test_a_good_chain_needs_no_carelessness() -> None:
    found = _given(chain()).judged()
    assert {careless.accepts_this for careless in found.careless} == {None}
    assert _HOST in found.attacker.en
    assert _HOST in found.attacker.zh


def test_without_a_host_that_check_stays_open() -> None:
    found = _given(chain(), host=None).judged()
    assert found.verdict is Verdict.ACCEPTED
    assert found.check(CheckId.HOST).passed is None
    assert "host name" in found.text.en


def test_a_trusted_self_signed_certificate_is_accepted() -> None:
    """In --trust-store a certificate of one's own is trusted itself."""
    own = issue(replace(LEAF, ca=False))
    found = Given((own.der,), own).judged()
    assert found.check(CheckId.SELF_SIGNED).passed
    assert found.check(CheckId.ROOT).passed
    assert found.faults == ()


def test_key_usage_that_the_suite_needs() -> None:
    made = chain()
    store = trust_store([made.root.certificate], "roots.pem")
    good = validate(made.sent, _HOST, NOW, store, key_usage="digitalSignature")
    assert good.check(CheckId.KEY_USAGE).passed
    bad = validate(made.sent, _HOST, NOW, store, key_usage="keyAgreement")
    assert bad.faults == ("key-usage",)


def test_places_and_fields_of_evidence() -> None:
    found = _path_too_long().judged()
    check = found.check(CheckId.PATH_LENGTH)
    assert (check.certificate, check.field) == (2, "x509ce.pathLenConstraint")
    assert [link.sent for link in found.path] == [0, 1, 2, None]
    assert [link.trusted for link in found.path] == [False, False, False, True]


def test_disputed_says_which_rule_of_today() -> None:
    """A CA without key usage is fine by RFC 5280's old practice, and refused by today's profile."""
    given = _given(chain(intermediate=replace(INTERMEDIATE, key_usage=False)))
    found = given.judged()
    assert found.verdict is Verdict.DISPUTED
    assert found.library.accepted is False
    assert "no key usage" in found.text.en
    assert "没有密钥用途扩展" in found.text.zh


def _years_back(given: Wanted, years: int) -> Wanted:
    back = years * 365 * DAY
    return replace(given, not_before=given.not_before - back, not_after=given.not_after - back)


def test_before_2017_the_common_name_still_counted() -> None:
    leaf = replace(_years_back(LEAF, 14), names=())
    made = chain(leaf, _years_back(INTERMEDIATE, 14), _years_back(ROOT, 14))
    found = _given(made, at=NOW - 14 * 365 * DAY).judged()
    check = found.check(CheckId.HOST)
    assert (check.passed, check.required, check.fault) == (False, False, "common-name-only")
    assert found.verdict is Verdict.DISPUTED
    assert "no alternative name" in found.text.en


@pytest.mark.parametrize(("years", "verdict"), [(1, Verdict.REFUSED), (3, Verdict.UNDECIDED)])
def test_an_unknown_root_in_an_old_capture_is_left_open(years: int, verdict: Verdict) -> None:
    """certifi numbers its versions by the day; a root may have been dropped since the capture."""
    made = chain()
    store = replace(
        trust_store([issue(ROOT).certificate], "x"), state=NOW.date() + years * 365 * DAY
    )
    other = chain(root=replace(ROOT, subject="Dropped Root", key=rsa_key("dropped")))
    found = validate(other.sent, _HOST, NOW, store)
    assert found.verdict is verdict
    assert ("--trust-store" in found.text.en) == (verdict is Verdict.UNDECIDED)
    expired = validate(other.sent, _HOST, NOW + 61 * DAY, store)
    assert expired.verdict is Verdict.REFUSED
    assert validate(made.sent, _HOST, NOW, store).verdict is Verdict.ACCEPTED


def test_hostile_names_are_shown_safely() -> None:
    odd = "evil\x00\n{0}{name}\u202e.test"
    given = _given(chain(replace(LEAF, subject=odd, names=("a.test",))))
    found = given.judged()
    assert found.path[0].certificate.subject.common_name == odd
    for check in found.checks:
        assert "\x00" not in check.text.en
        assert "\u202e" not in check.text.zh


@pytest.mark.parametrize("sent", [(), (b"",), (b"\x30\x00", chain().intermediate.der)])
def test_no_or_unreadable_certificates(sent: Sequence[bytes]) -> None:
    found = Given(sent, chain().root).judged()
    assert found.verdict is Verdict.REFUSED
    assert found.path == ()
    with pytest.raises(KeyError):
        found.check(CheckId.CHAIN)


def test_an_unreadable_superfluous_certificate_is_reported_only() -> None:
    made = chain()
    found = Given((*made.sent, b"\x30\x03abc"), made.root).judged()
    assert found.verdict is Verdict.ACCEPTED
    assert found.check(CheckId.READABLE).passed is False
