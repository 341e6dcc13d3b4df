"""Certificates as data: what openssl, Wireshark and the captures' sources say of them."""

import random
import re
import shutil
import subprocess
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from report.tls.certificate_message import certificate_entries
from report.tls.certificates import Certificate, UnreadableCertificate, read_certificate
from report.tls.keylog import KeyLog
from report.tls.replay import replay
from tests.tls.small_ca import (
    INTERMEDIATE,
    LEAF,
    ROOT,
    Issued,
    Wanted,
    chain,
    ec_key,
    ed25519_key,
    issue,
    replace,
    rsa_key,
)
from tests.tls.wire import sent_records, tcp_chunks


def _read(issued: Issued) -> Certificate:
    found = read_certificate(issued.der)
    assert isinstance(found, Certificate)
    return found


def _openssl(folder: Path, der: bytes, *options: str) -> str:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    (folder / "one.der").write_bytes(der)
    command = ["openssl", "x509", "-inform", "DER", "-in", str(folder / "one.der"), "-noout"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    return done.stdout


def test_fields_are_openssl_s(tmp_path: Path) -> None:
    wanted = replace(
        LEAF,
        ips=("192.0.2.7",),
        ekus=(ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH),
    )
    issued = chain(wanted).leaf
    found = _read(issued)
    text = _openssl(tmp_path, issued.der, "-text", "-fingerprint", "-sha256")
    modulus = _openssl(tmp_path, issued.der, "-modulus").strip().removeprefix("Modulus=")
    assert found.key.modulus
    assert found.key.modulus.upper().lstrip("0") == modulus.lstrip("0")
    assert f"Public-Key: ({found.key.bits} bit)" in text
    assert f"Signature Algorithm: {found.signature_algorithm}" in text
    assert "DNS:www.example.test, DNS:example.test, IP Address:192.0.2.7" in text
    assert (found.dns_names, found.ip_addresses) == (
        ("www.example.test", "example.test"),
        ("192.0.2.7",),
    )
    assert "Digital Signature, Key Encipherment" in text
    assert found.key_usage == ("digitalSignature", "keyEncipherment")
    assert "TLS Web Server Authentication, TLS Web Client Authentication" in text
    assert found.extended_key_usage == ("serverAuth", "clientAuth")
    assert found.sha256.upper() in text.replace(":", "")
    serial = _openssl(tmp_path, issued.der, "-serial").strip().removeprefix("serial=")
    assert found.serial.upper().lstrip("0") == serial.lstrip("0")
    dates = _openssl(tmp_path, issued.der, "-dates", "-dateopt", "iso_8601")
    assert f"notAfter={found.not_after:%Y-%m-%d %H:%M:%SZ}" in dates


def test_ec_and_ed25519_keys_are_openssl_s(tmp_path: Path) -> None:
    for key, type_, algorithm in (
        (ec_key("own"), "EC", "ecdsa-with-SHA256"),
        (ed25519_key("own"), "Ed25519", "id-Ed25519"),
    ):
        issued = issue(replace(LEAF, key=key))
        found = _read(issued)
        assert (found.key.type, found.key.modulus) == (type_, None)
        assert found.signature_algorithm == algorithm
        text = _openssl(tmp_path, issued.der, "-text")
        block = re.search(r"pub:\n((?: +[0-9a-f:]+\n)+)", text)
        assert block
        assert found.key.point == re.sub(r"[\s:]", "", block[1])
    assert found.key.bits == 256
    curve = _read(issue(replace(LEAF, key=ec_key("own")))).key
    assert (curve.curve, curve.bits) == ("secp256r1", 256)
    assert curve.first_digits.startswith("04")


def test_self_signed_and_self_issued() -> None:
    made = chain()
    assert _read(made.root).self_signed
    assert _read(made.root).self_issued
    assert not _read(made.leaf).self_signed
    impostor = issue(replace(ROOT, key=rsa_key("impostor")), made.root)
    assert (_read(impostor).self_issued, _read(impostor).self_signed) == (True, False)


def test_constraints_and_absent_extensions() -> None:
    bare = _read(issue(Wanted("bare", rsa_key("bare"), key_usage=False, basic_constraints=False)))
    assert (bare.ca, bare.path_length, bare.key_usage, bare.extended_key_usage) == (None,) * 4
    assert (bare.dns_names, bare.ocsp_urls, bare.sct_count, bare.must_staple) == ((), (), 0, False)
    intermediate = _read(issue(INTERMEDIATE))
    assert (intermediate.ca, intermediate.path_length) == (True, 0)
    limited = _read(issue(replace(INTERMEDIATE, permitted=("example.test",))))
    assert limited.permitted_names == ("dns:example.test",)


def test_addresses_of_ocsp_issuer_and_crl() -> None:
    access = x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(
                method, x509.UniformResourceIdentifier(f"http://{place}.example.test/")
            )
            for method, place in (
                (AuthorityInformationAccessOID.OCSP, "ocsp"),
                (AuthorityInformationAccessOID.CA_ISSUERS, "ca"),
            )
        ]
    )
    place = x509.UniformResourceIdentifier("http://crl.example.test/one.crl")
    crl = x509.CRLDistributionPoints([x509.DistributionPoint([place], None, None, None)])
    staple = x509.TLSFeature([x509.TLSFeatureType.status_request])
    found = _read(issue(replace(LEAF, extra=(access, crl, staple))))
    assert found.ocsp_urls == ("http://ocsp.example.test/",)
    assert found.ca_issuer_urls == ("http://ca.example.test/",)
    assert found.crl_urls == ("http://crl.example.test/one.crl",)
    assert found.must_staple


@pytest.mark.parametrize(
    "name", ["a\x00b", "a\nb", "\x1b[31m", "\u202egnp.exe", "<script>", "a,b", "ünïcödé/中文", " "]
)
def test_names_are_kept_exactly(name: str) -> None:
    found = _read(issue(replace(LEAF, subject=name)))
    assert found.subject.common_name == name
    assert found.display_name == name


def test_display_name_falls_back() -> None:
    """CN, else O, else the first name of the SAN."""
    issued = issue(replace(LEAF, subject="", organization="Example Ltd"))
    assert _read(issued).display_name == "Example Ltd"
    nameless = issue(replace(LEAF, subject="", names=("only.example.test",)))
    assert _read(nameless).display_name == "only.example.test"


@pytest.mark.parametrize("der", [b"", b"\x30", b"\x30\x00", b"not a certificate", b"\x30\x82" * 50])
def test_what_is_no_certificate(der: bytes) -> None:
    found = read_certificate(der)
    assert isinstance(found, UnreadableCertificate)
    assert found.reason


def test_two_thousand_mutated_certificates_raise_nothing() -> None:
    generator = random.Random(8448)
    made = chain()
    originals = (made.root.der, made.intermediate.der, made.leaf.der)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2000):
            der = bytearray(generator.choice(originals))
            for _ in range(generator.choice((1, 1, 2, 5))):
                der[generator.randrange(len(der))] = generator.randrange(256)
            found = read_certificate(bytes(der))
            assert isinstance(found, Certificate | UnreadableCertificate)


def test_every_prefix_of_a_certificate_raises_nothing() -> None:
    der = chain().leaf.der
    for length in range(len(der)):
        assert isinstance(read_certificate(der[:length]), UnreadableCertificate)


def _sent(shared: Path, name: str, client_port: int | None = None) -> list[Certificate]:
    chunks = tcp_chunks(shared / "traces" / name, client_port=client_port)
    session = replay(sent_records(chunks), KeyLog({}, {}, 0))
    message = next(m.data for m in session.messages if m.kind == 11 and m.sender == "server")
    read = [read_certificate(entry.der) for entry in certificate_entries(message, session.version)]
    return [certificate for certificate in read if isinstance(certificate, Certificate)]


def test_certificates_of_the_textbook_trace(shared: Path) -> None:
    """The answers that the lab's authors and this project's design give: q12 to q15."""
    found = _sent(shared, "textbook-tls12.pcapng", 51146)
    assert [certificate.display_name for certificate in found] == [
        "www.cs.umass.edu",
        "InCommon RSA Server CA",
        "USERTrust RSA Certification Authority",
    ]
    leaf = found[0]
    assert leaf.issuer.common_name == "InCommon RSA Server CA"
    assert leaf.signature_algorithm == "sha256WithRSAEncryption"
    assert leaf.key.first_digits.startswith("00b3")
    assert leaf.serial == "71497d967ff27104074936f53d3f56c8"  # as Wireshark shows it


def test_certificates_of_an_ecdsa_session(shared: Path) -> None:
    """nDPI: issuer and subject, and the SHA-1 that begins A0:4E:AF:B3 and ends C9:C9."""
    leaf = _sent(shared, "tls12-ecdsa-ticket-resume.pcap")[0]
    assert leaf.issuer.common_name == "DigiCert SHA2 High Assurance Server CA"
    assert leaf.subject.common_name == "*.facebook.com"
    assert (leaf.sha1[:8], leaf.sha1[-4:]) == ("a04eafb3", "c9c9")
    assert (leaf.key.type, leaf.key.modulus) == ("EC", None)
    assert leaf.key.first_digits.startswith("04")


def test_certificates_of_a_tls11_session(shared: Path) -> None:
    """zeek's x509.log: *.google.com, serial 3D1DE44E346ECE68, RSA 2048; then two CAs."""
    found = _sent(shared, "tls11-ecdhe.pcap")
    leaf = found[0]
    assert leaf.subject.common_name == "*.google.com"
    assert leaf.serial == "3d1de44e346ece68"
    assert (leaf.key.type, leaf.key.bits) == ("RSA", 2048)
    assert leaf.signature_algorithm == "sha256WithRSAEncryption"
    assert [c.display_name for c in found[1:]] == [
        "Google Internet Authority G2",
        "GeoTrust Global CA",
    ]
    assert leaf.not_before < datetime(2017, 11, 30, 20, tzinfo=UTC) < leaf.not_after


def test_entries_of_a_certificate_message() -> None:
    first, second = b"A" * 300, b"B" * 5
    listed = b"".join(len(der).to_bytes(3) + der for der in (first, second))
    body = len(listed).to_bytes(3) + listed
    message = b"\x0b" + len(body).to_bytes(3) + body
    assert [entry.der for entry in certificate_entries(message, 0x0303)] == [first, second]
    with pytest.raises(ValueError, match="ends before"):
        certificate_entries(message[:-1], 0x0303)


def test_entries_of_a_tls13_certificate_message_with_a_stapled_answer() -> None:
    """RFC 8446 4.4.2: a context, and extensions with each certificate."""
    answer = b"\x30\x03\x0a\x01\x06"
    status = b"\x01" + len(answer).to_bytes(3) + answer
    extension = b"\x00\x05" + len(status).to_bytes(2) + status
    sct = b"\x00\x12\x00\x02\x00\x00"
    extensions = sct + extension
    first = b"\x00\x00\x04" + b"LEAF" + len(extensions).to_bytes(2) + extensions
    second = b"\x00\x00\x02" + b"CA" + b"\x00\x00"
    body = b"\x00" + len(first + second).to_bytes(3) + first + second
    found = certificate_entries(b"\x0b" + len(body).to_bytes(3) + body, 0x0304)
    assert [(entry.der, entry.stapled) for entry in found] == [(b"LEAF", answer), (b"CA", None)]
    empty = certificate_entries(b"\x0b\x00\x00\x04\x00\x00\x00\x00", 0x0304)
    assert empty == ()
