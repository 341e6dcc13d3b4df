"""A real browser: Debian's Chromium, with GREASE, ECH GREASE and a post-quantum key share.

Needs chromium and nginx. Chromium runs headless with a fresh profile, knows the server's address
from its command line and asks no resolver.
"""

import base64
import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from authority import Issued, chain
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from ends import certificate_facts, client_randoms
from nginx import serve_nginx
from scene import SERVER, Scene, scene
from truth import Value, with_and_without, write_ends

SCRIPT = "make/browser.py"
HOST = "www.reading.example"


def main() -> None:
    with scene("browser") as here:
        certificates = chain(HOST, 3, authority_name="Reading")
        visit(
            here,
            "tls13-chromium",
            certificates,
            ["TLSv1.3"],
            "TLS 1.3，Chromium：GREASE、ECH GREASE、X25519MLKEM768，Client Hello 跨两个 TCP 段。",
            "TLS 1.3, Chromium: GREASE, ECH GREASE, X25519MLKEM768; the Client Hello takes two"
            " segments.",
        )
        visit(
            here,
            "tls12-chromium",
            certificates,
            ["TLSv1.2"],
            "Chromium 提供 TLS 1.3，服务器只会 1.2。",
            "Chromium offers TLS 1.3, the server speaks 1.2 at most.",
        )
        visit(
            here,
            "tls13-chromium-hello-retry",
            certificates,
            ["TLSv1.3; ssl_ecdh_curve secp384r1"],
            "TLS 1.3，Chromium，服务器只会 P-384：Hello Retry Request。",
            "TLS 1.3, Chromium and a server with P-384 alone: Hello Retry Request.",
            retry=True,
        )
        refused(here, "tls13-chromium-certificate-refused", certificates)


def chromium(
    here: Scene, url: str, trusted: Sequence[Issued], keylog: Path | None, *more: str
) -> bytes:
    """Load a page in Chromium, which accepts the keys of these certificates; its text."""
    with tempfile.TemporaryDirectory() as profile:
        command = [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-default-apps", "--disable-extensions", "--no-default-browser-check",
            f"--user-data-dir={profile}", "--virtual-time-budget=3000",
            f"--host-resolver-rules=MAP {HOST} {SERVER}, MAP * ~NOTFOUND, EXCLUDE {SERVER}",
        ]  # fmt: skip
        if trusted:
            keys = ",".join(spki_hash(item) for item in trusted)
            command.append(f"--ignore-certificate-errors-spki-list={keys}")
        environment = {"SSLKEYLOGFILE": str(keylog)} if keylog else {}
        done = here.laptop.run([*command, *more, "--dump-dom", url], env=environment, timeout=90)
    return done.stdout


def spki_hash(issued: Issued) -> str:
    key = issued.certificate.public_key()
    octets = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(octets).digest()).decode()


def visit(
    here: Scene, name: str, certificates: Sequence[Issued], protocols: Sequence[str], zh: str,
    en: str, *, retry: bool = False,
) -> None:  # fmt: skip
    server = serve_nginx(here, certificates, send=2, listen="443 ssl http2",
                         protocols=" ".join(protocols))  # fmt: skip
    with here.record(f"{name}.pcapng") as capture:
        keylog = here.keylog(capture)
        page = chromium(here, f"https://{HOST}/", certificates[:1], keylog, "--disable-quic")
    server.end()
    if b"Reading room" not in page:
        raise RuntimeError(f"Chromium shows {page[:300]!r}")
    known: dict[str, Value] = {
        "transport": "tcp", **server.sessions()[0], **certificate_facts(certificates[:2]),
        "client_random": client_randoms(keylog)[0], "retry": retry,
        "client_certificate": "none asked", "first_data": "PRI * HTTP/2.0",
    }  # fmt: skip
    _write(capture, keylog, known, zh, en)


def refused(here: Scene, name: str, certificates: Sequence[Issued]) -> None:
    """Chromium does not know the authority: it shows an error page."""
    server = serve_nginx(here, certificates, send=2, protocols="TLSv1.3")
    with here.record(f"{name}.pcapng") as capture:
        keylog = here.keylog(capture)
        chromium(here, f"https://{HOST}/", [], keylog, "--disable-quic")
    server.end()
    known: dict[str, Value] = {
        "transport": "tcp", "server": f"{SERVER}:443", "server_name": HOST, "version": "TLS 1.3",
        **certificate_facts(certificates[:2]), "client_random": client_randoms(keylog)[0],
        "resumed": "no", "client_alerts": server.alerts()[:1],
    }  # fmt: skip
    _write(capture, keylog, known,
           "TLS 1.3，Chromium 不认识签发机构：它的告警是加密的。",
           "TLS 1.3, Chromium does not know the issuer; its alert is encrypted.")  # fmt: skip


def _write(
    capture: Path, keylog: Path, known: Mapping[str, Value], zh: str, en: str
) -> None:  # fmt: skip
    write_ends(
        capture, zh=zh, en=en, script=SCRIPT, facts=known,
        known_from="nginx's configuration and access log, the certificates as issued, the key log",
        cases=with_and_without(keylog, ({}, known)),
    )  # fmt: skip


if __name__ == "__main__":
    main()
