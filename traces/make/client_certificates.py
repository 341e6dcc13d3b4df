"""Servers that ask for a client certificate: given, given with its chain, not given, asked late."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from authority import Issued, chain, issue
from openssl import FIRST_DATA, Told, ask, identity, serve
from scene import Scene, scene
from truth import Value, with_and_without, write_ends

SCRIPT = "make/client_certificates.py"
HOST = "www.reading.example"
READER = "reader-17.reading.example"


def main() -> None:
    with scene("clients") as here:
        server = chain(HOST, 2, authority_name="Reading")
        own = chain(READER, 2, authority_name="Readers", client=True, key="p256")
        edwards = chain(READER, 2, authority_name="Readers", client=True, key="ed25519")
        root = issue("Readers Root CA", authority=True)
        middle = issue("Readers Card CA 2", authority=True, issuer=root)
        long_chain = [issue(READER, issuer=middle, client=True), middle, root]
        trusted = here.work / "readers.crt"
        trusted.write_bytes(
            b"".join(c.certificate_pem() for c in (own[1], root, edwards[1])) + b"\n"
        )
        required = ["-Verify", "3", "-verifyCAfile", str(trusted)]
        wanted = ["-verify", "3", "-verifyCAfile", str(trusted)]
        tls12, tls13 = ["-tls1_2"], ["-tls1_3"]
        old = ["-tls1", "-cipher", "DHE-RSA-AES256-SHA:@SECLEVEL=0"]
        one(
            here,
            "tls12-client-cert",
            server,
            tls12,
            required,
            own[:1],
            "TLS 1.2，服务器要求客户端证书，客户端给了（P-256）。",
            "TLS 1.2, the server asks for a client certificate and gets one (P-256).",
        )
        one(
            here,
            "tls12-client-cert-chain-of-3",
            server,
            tls12,
            required,
            long_chain,
            "TLS 1.2，客户端发了三张证书，跨几个 TCP 段。",
            "TLS 1.2, the client sends three certificates over several segments.",
        )
        one(
            here,
            "tls12-client-cert-empty",
            server,
            tls12,
            wanted,
            (),
            "TLS 1.2，服务器问要客户端证书，客户端回了空的 Certificate。",
            "TLS 1.2, the server asks for a client certificate; the client's Certificate is empty.",
        )
        one(
            here,
            "tls10-client-cert",
            server,
            old,
            required,
            long_chain[:1],
            "TLS 1.0，客户端给了 RSA 证书。",
            "TLS 1.0, the client gives an RSA certificate.",
        )
        one(
            here,
            "tls13-client-cert",
            server,
            tls13,
            required,
            own[:1],
            "TLS 1.3，客户端证书在加密的握手里。",
            "TLS 1.3, the client's certificate is inside the encrypted handshake.",
        )
        one(
            here,
            "tls13-client-cert-ed25519-chain",
            server,
            tls13,
            required,
            edwards,
            "TLS 1.3，客户端发两张 Ed25519 证书。",
            "TLS 1.3, the client sends two Ed25519 certificates.",
        )
        one(
            here,
            "tls13-client-cert-empty",
            server,
            tls13,
            wanted,
            (),
            "TLS 1.3，服务器问要客户端证书，客户端回了空的。",
            "TLS 1.3, the server asks for a client certificate; the client's is empty.",
        )
        after_the_handshake(here, "tls13-client-cert-after-handshake", server, own[:1],
                            str(trusted))  # fmt: skip


def one(
    here: Scene, name: str, certificates: Sequence[Issued], options: list[str],
    asking: list[str], own: Sequence[Issued], zh: str, en: str,
) -> None:  # fmt: skip
    server = serve(here, *options, *asking, certificates=certificates)
    mine = identity(here.work, name, own) if own else []
    with here.record(f"{name}.pcapng") as capture:
        keylog = here.keylog(capture)
        told = ask(here, *options, *mine, keylog=keylog)
    server.end()
    _write(capture, keylog, told, zh, en, own)


def after_the_handshake(
    here: Scene, name: str, certificates: Sequence[Issued], own: Sequence[Issued], trusted: str
) -> None:
    """TLS 1.3: data first, then the server's Certificate Request, sent by a `c` on its input."""
    options = ["-tls1_3", "-verifyCAfile", trusted]
    server = serve(
        here,
        *options,
        certificates=certificates,
        answer=(),
        stdin=subprocess.PIPE,
        sessions=1,
    )
    mine = identity(here.work, name, own)
    with here.record(f"{name}.pcapng") as capture:
        keylog = here.keylog(capture)
        with server.typing((0.6, b"c\n"), (1.0, b"The reading room is open.\n")):
            told = ask(here, "-tls1_3", "-enable_pha", *mine, keylog=keylog, hold=2.2)
    server.end()
    zh = "TLS 1.3，握手结束、传过数据之后，服务器才要客户端证书（post-handshake authentication）。"
    en = (
        "TLS 1.3, the server asks for the client's certificate only after the handshake, once"
        " data has passed."
    )
    # The client leaves before it hears the server's closing.
    alerts = server.told().alerts("server")
    _write(capture, keylog, told, zh, en, own, server_alerts=alerts)


def _write(
    capture: Path, keylog: Path, told: Told, zh: str, en: str, own: Sequence[Issued], **more: Value
) -> None:
    known: dict[str, Value] = told.facts(resumed="no", first_data=FIRST_DATA, **more)
    expected = READER if own else "empty"
    if known["client_certificate"] != expected:
        raise RuntimeError(f"the client's trace says {known['client_certificate']}")
    write_ends(
        capture, zh=zh, en=en, script=SCRIPT, facts=known,
        known_from="the command lines, `openssl s_client -trace`",
        cases=with_and_without(keylog, ({}, known)),
    )  # fmt: skip


if __name__ == "__main__":
    main()
