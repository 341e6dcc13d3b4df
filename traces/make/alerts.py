"""Handshakes that fail, each with the alert that OpenSSL or Python's ssl module sends for it."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from authority import Issued, chain, issue, write_server_files
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from openssl import ask, capture_session
from scene import Scene, scene
from truth import Value, with_and_without, write_ends

SCRIPT = "make/alerts.py"
HOST = "www.reading.example"
PSK = ["-cipher", "PSK-AES128-GCM-SHA256", "-tls1_2", "-psk_identity"]


@dataclass(frozen=True, slots=True)
class Row:
    """One failure: options of both ends, and which alert comes from which."""

    name: str
    zh: str
    en: str
    serving: Sequence[str]
    asking: Sequence[str]
    certificates: Sequence[Issued]
    alerts: Mapping[str, Sequence[str]]
    known: Mapping[str, Value] = field(default_factory=dict)
    keys: bool = False
    server_name: str = HOST


def main() -> None:
    with scene("alerts") as here:
        chains = make_chains(here.work)
        for row in [
            *by_server(chains),
            *by_client(chains, here.work),
            *in_tls13(chains, here.work),
        ]:
            record(here, row)
        unrecognized_warning(here, chains["good"])
        for description in ("internal_error", "access_denied"):
            by_python(here, chains["good"], description)


def make_chains(work: Path) -> dict[str, list[Issued]]:
    good = chain(HOST, 2, authority_name="Reading")
    root = good[1]
    past = issue(HOST, issuer=root, hosts=[HOST], not_before=datetime(2024, 1, 1, tzinfo=UTC),
                 not_after=datetime(2025, 1, 1, tzinfo=UTC))  # fmt: skip
    (work / "good.crt").write_bytes(root.certificate_pem())
    write_server_files(work, "other", chain("mail.writing.example", 1))
    return {
        "good": good,
        "none": [],
        "unknown": chain(HOST, 2, authority_name="Unknown"),
        "expired": [past, root],
        "forged": [forged(good[0]), root],
    }


def forged(issued: Issued) -> Issued:
    """The certificate with one bit of its signature changed."""
    octets = bytearray(issued.certificate.public_bytes(Encoding.DER))
    octets[-1] ^= 1
    return Issued(x509.load_der_x509_certificate(bytes(octets)), issued.key)


def record(here: Scene, row: Row) -> None:
    # A failed handshake leaves no session; its facts are what the hellos and the alerts say. Where
    # the server never answered there are no keys either.
    tls13 = "tls13" in row.name and "version" in row.known
    facts: dict[str, Any] = {"first_data": None, "resumed": None, **row.known}
    capture_session(
        here, f"{row.name}.pcapng", zh=row.zh, en=row.en, script=SCRIPT,
        serving=row.serving, asking=row.asking, certificates=row.certificates,
        keys=row.keys or tls13, check=False, server_name=row.server_name,
        client_alerts=list(row.alerts.get("client", [])),
        server_alerts=list(row.alerts.get("server", [])),
        **facts,
    )  # fmt: skip


def by_server(chains: Mapping[str, list[Issued]]) -> list[Row]:
    good = chains["good"]
    names = ["-cert2", "other.crt", "-key2", "other.key", "-servername", "mail.writing.example",
             "-servername_fatal", "-tls1_2"]  # fmt: skip
    return [
        Row("tls12-alert-no-common-suite", "没有共同的密码套件：服务器回 handshake_failure。",
            "No suite in common: the server answers with handshake_failure.",
            ["-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384"],
            ["-tls1_2", "-cipher", "AES128-SHA"], good, {"server": ["handshake_failure"]}),
        Row("tls11-alert-protocol-version", "客户端只会 TLS 1.1：服务器回 protocol_version。",
            "The client speaks TLS 1.1 at most: the server answers with protocol_version.",
            ["-tls1_2"], ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], good,
            {"server": ["protocol_version"]}),
        Row("tls13-alert-protocol-version",
            "客户端只会 TLS 1.3，服务器最高 1.2：protocol_version。",
            "The client speaks TLS 1.3 alone, the server 1.2 at most: protocol_version.",
            ["-tls1_2"], ["-tls1_3"], good, {"server": ["protocol_version"]}),
        Row("tls11-alert-inappropriate-fallback",
            "客户端降级重试（TLS_FALLBACK_SCSV）：服务器识破。",
            "The client falls back to TLS 1.1 and says so: inappropriate_fallback.",
            ["-cipher", "ALL:@SECLEVEL=0"],
            ["-tls1_1", "-fallback_scsv", "-cipher", "ALL:@SECLEVEL=0"], good,
            {"server": ["inappropriate_fallback"]}),
        Row("tls12-alert-unrecognized-name",
            "服务器没有这个名字的网站：unrecognized_name（致命）。",
            "The server has no site of this name: unrecognized_name, fatal.", names, ["-tls1_2"],
            good, {"server": ["unrecognized_name"]}),
        Row("tls12-alert-no-application-protocol", "ALPN 没有共同的协议：no_application_protocol。",
            "No application protocol in common (ALPN): no_application_protocol.",
            ["-tls1_2", "-alpn", "h2"], ["-tls1_2", "-alpn", "imap,irc"], good,
            {"server": ["no_application_protocol"]}),
        Row("tls12-alert-client-cert-missing",
            "服务器一定要客户端证书，客户端没有：handshake_failure。",
            "The server insists on a client certificate, the client has none: handshake_failure.",
            ["-tls1_2", "-Verify", "2"], ["-tls1_2"], good, {"server": ["handshake_failure"]},
            {"version": "TLS 1.2"}),
        Row("tls12-alert-bad-record-mac",
            "两端的预共享密钥不同：服务器解不开 Finished，bad_record_mac。",
            "The two ends have different keys: the server cannot open the Finished,"
            " bad_record_mac.",
            [*PSK, "reader-17", "-psk", "00112233445566778899"],
            [*PSK, "reader-17", "-psk", "99887766554433221100"], [],
            {"server": ["bad_record_mac"]}, {"version": "TLS 1.2"}),
    ]  # fmt: skip


def by_client(chains: Mapping[str, list[Issued]], work: Path) -> list[Row]:
    trusting = ["-tls1_2", "-CAfile", str(work / "good.crt"), "-verify_return_error"]
    known = {"version": "TLS 1.2"}

    def row(name: str, zh: str, en: str, key: str, alert: str, *more: str) -> Row:
        return Row(f"tls12-alert-{name}", f"TLS 1.2，{zh}", f"TLS 1.2. {en}", ["-tls1_2"],
                   [*trusting, *more], chains[key], {"client": [alert]}, known)  # fmt: skip

    return [
        row("unknown-ca", "客户端不认识签发机构：客户端发 unknown_ca。",
            "The client does not know the issuer: it sends unknown_ca.", "unknown", "unknown_ca"),
        row("bad-certificate", "证书上的名字不对：客户端发 bad_certificate。",
            "The certificate is for another name: the client sends bad_certificate.", "good",
            "bad_certificate", "-verify_hostname", "other.reading.example"),
        row("certificate-expired", "证书已过期：客户端发 certificate_expired。",
            "The certificate has expired: the client sends certificate_expired.", "expired",
            "certificate_expired"),
        row("decrypt-error", "证书的签名是假的：客户端发 decrypt_error。",
            "The certificate's signature is false: the client sends decrypt_error.", "forged",
            "decrypt_error"),
        row("unsupported-certificate", "证书的用途不对：客户端发 unsupported_certificate。",
            "The certificate is for another purpose: the client sends unsupported_certificate.",
            "good", "unsupported_certificate", "-purpose", "smimesign"),
    ]  # fmt: skip


def in_tls13(chains: Mapping[str, list[Issued]], work: Path) -> list[Row]:
    known: dict[str, Value] = {"version": "TLS 1.3"}
    return [
        Row("tls13-alert-no-common-suite", "TLS 1.3，没有共同的密码套件：handshake_failure。",
            "TLS 1.3, no suite in common: handshake_failure.",
            ["-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256"],
            ["-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"], chains["good"],
            {"server": ["handshake_failure"]}),
        Row("tls13-alert-no-common-group", "TLS 1.3，没有共同的曲线：handshake_failure。",
            "TLS 1.3, no group in common: handshake_failure.",
            ["-tls1_3", "-groups", "P-384"], ["-tls1_3", "-groups", "X25519"], chains["good"],
            {"server": ["handshake_failure"]}),
        Row("tls13-alert-unknown-ca", "TLS 1.3，客户端不认识签发机构；OpenSSL 的告警是明文。",
            "TLS 1.3, the client does not know the issuer; its alert is in the clear, as"
            " OpenSSL does.",
            ["-tls1_3"],
            ["-tls1_3", "-CAfile", str(work / "good.crt"), "-verify_return_error"],
            chains["unknown"], {"client": ["unknown_ca"]}, known),
        Row("tls13-alert-certificate-required",
            "TLS 1.3，服务器一定要客户端证书：certificate_required。",
            "TLS 1.3, the server insists on a client certificate: certificate_required.",
            ["-tls1_3", "-Verify", "2"], ["-tls1_3"], chains["good"],
            {"server": ["certificate_required"]}, {**known, "client_certificate": "empty"}),
        Row("tls13-alert-illegal-parameter",
            "TLS 1.3，外部 PSK 的密钥不同：binder 不对，illegal_parameter。",
            "TLS 1.3, the external keys differ, so the binder does not fit: illegal_parameter.",
            ["-tls1_3", "-psk", "00112233445566778899", "-psk_identity", "reader-17"],
            ["-tls1_3", "-psk", "99887766554433221100", "-psk_identity", "reader-17"], [],
            {"server": ["illegal_parameter"]}),
    ]  # fmt: skip


def unrecognized_warning(here: Scene, certificates: Sequence[Issued]) -> None:
    """The same as a warning: the handshake goes on."""
    capture_session(
        here, "tls12-warning-unrecognized-name.pcapng", script=SCRIPT, certificates=certificates,
        zh="TLS 1.2，服务器先发 unrecognized_name 警告（不致命），然后照常握手。",
        en="TLS 1.2, the server warns (unrecognized_name, not fatal) and goes on as usual.",
        serving=["-tls1_2", "-cert2", "other.crt", "-key2", "other.key", "-servername",
                 "mail.writing.example"],
        asking=["-tls1_2"], version="TLS 1.2", keys=True,
    )  # fmt: skip


PYTHON_SERVER = """
import json, ssl, socket, sys
certificate, key, description = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
context.sni_callback = lambda connection, name, _: ssl.AlertDescription[
    "ALERT_DESCRIPTION_" + description.upper()]
listener = socket.create_server(("198.51.100.10", 8443))
connection, _ = listener.accept()
try:
    context.wrap_socket(connection, server_side=True)
except ssl.SSLError as error:
    print(json.dumps({"python": sys.version.split()[0], "openssl": ssl.OPENSSL_VERSION,
                      "error": str(error)}), flush=True)
connection.close()
"""


def by_python(here: Scene, certificates: Sequence[Issued], description: str) -> None:
    """Python's server refuses the name with an alert of its choice."""
    chain_file, key = write_server_files(here.work, description, certificates)
    log = here.work / f"{description}.log"
    process = here.server.start(
        [sys.executable, "-c", PYTHON_SERVER, str(chain_file), str(key), description],
        ports=[8443], log=log,
    )  # fmt: skip
    name = f"tls13-alert-{description.replace('_', '-')}"
    with here.record(f"{name}.pcapng") as capture:
        told = ask(here, port=8443, check=False)
    process.wait(5)
    if "callback failed" not in json.loads(log.read_text())["error"]:
        raise subprocess.SubprocessError(log.read_text())
    known = told.facts(client_alerts=[], server_alerts=[description])
    write_ends(
        capture, script=SCRIPT, facts=known,
        zh=f"Python 的服务器在端口 8443 上拒绝这个名字：{description}。",
        en=f"A server in Python, on port 8443, refuses the name: {description}.",
        known_from="the server's program, `openssl s_client -trace`",
        cases=with_and_without(None, ({}, known)),
    )  # fmt: skip


if __name__ == "__main__":
    main()
