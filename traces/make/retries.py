"""TLS 1.3: Hello Retry Request, Key Update, padding; TLS 1.2: renegotiation."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from authority import chain
from openssl import FIRST_DATA, REQUEST, Told, ask, capture_session, identity, serve
from scene import Scene, scene
from truth import Value, with_and_without, write_ends

SCRIPT = "make/retries.py"
HOST = "www.reading.example"
READER = "reader-17.reading.example"
BOTH = "the command lines, `openssl s_client -trace`, `openssl s_server -trace`"


def main() -> None:
    with scene("retries") as here:
        certificates = chain(HOST, 2, authority_name="Reading")
        capture_session(
            here, "tls13-hello-retry.pcapng", script=SCRIPT, certificates=certificates, keys=True,
            zh="TLS 1.3，服务器要另一条曲线（P-384）的公钥：Hello Retry Request，"
            "客户端再发一次 Client Hello。",
            en="TLS 1.3, the server wants a share on another curve (P-384): Hello Retry Request,"
            " and a second Client Hello.",
            serving=["-groups", "P-384"], asking=["-groups", "X25519:P-256:P-384"],
            version="TLS 1.3", retry=True,
        )  # fmt: skip
        reader = identity(here.work, "reader", chain(READER, 1, client=True))
        capture_session(
            here, "tls13-hello-retry-client-cert.pcapng", script=SCRIPT, keys=True,
            certificates=certificates,
            zh="TLS 1.3，Hello Retry Request 之后还要求客户端证书。",
            en="TLS 1.3, a Hello Retry Request, and then a client certificate as well.",
            serving=["-groups", "P-521", "-verify", "2"],
            asking=["-groups", "X25519:P-521", *reader],
            version="TLS 1.3", retry=True, client_certificate=READER,
        )  # fmt: skip
        capture_session(
            here, "tls13-records-padded.pcapng", script=SCRIPT, certificates=certificates,
            zh="TLS 1.3，所有加密记录都填充到 256 的倍数：长度说明不了是什么。", keys=True,
            en="TLS 1.3, every encrypted record is padded to a multiple of 256: lengths tell"
            " nothing.",
            serving=["-record_padding", "256"], asking=["-record_padding", "256"],
            version="TLS 1.3",
        )  # fmt: skip
        typed(
            here,
            "tls13-key-update",
            [],
            [],
            [(0.6, b"K\n"), (1.0, b"Closed on Monday.\n")],
            "TLS 1.3",
            "TLS 1.3，连接中途服务器发 Key Update，客户端也换了密钥。",
            "TLS 1.3, the server sends a Key Update amid the connection; the client follows.",
        )
        typed(
            here,
            "tls12-renegotiation-by-server",
            ["-tls1_2"],
            [],
            [(0.6, b"r\n"), (1.2, b"Closed on Monday.\n")],
            "TLS 1.2",
            "TLS 1.2，服务器中途要求重新协商；第二次握手是加密的。",
            "TLS 1.2, the server asks for a renegotiation; the second handshake is encrypted.",
        )
        own = chain(READER, 2, authority_name="Readers", client=True)
        readers = here.work / "readers.crt"
        readers.write_bytes(own[1].certificate_pem())
        typed(
            here,
            "tls12-renegotiation-for-client-cert",
            ["-tls1_2"],
            identity(here.work, "own", own[:1]),
            [(0.6, b"R\n"), (1.2, b"Closed on Monday.\n")],
            "TLS 1.2",
            "TLS 1.2，服务器重新协商并要求客户端证书；证书只在加密的第二次握手里。",
            "TLS 1.2, the server renegotiates to ask for a client certificate, which is sent in"
            " the second, encrypted handshake alone.",
            serving=["-no_resumption_on_reneg", "-verifyCAfile", str(readers)],
        )
        by_client(here)


def typed(
    here: Scene, name: str, options: list[str], own: Sequence[str],
    lines: Sequence[tuple[float, bytes]], version: str, zh: str, en: str,
    serving: Sequence[str] = (),
) -> None:  # fmt: skip
    """A session in which a line typed on the server's input starts something."""
    server = serve(
        here, *options, *serving, certificates=chain(HOST, 2, authority_name="Reading"), answer=(),
        stdin=subprocess.PIPE, sessions=1,
    )  # fmt: skip
    with here.record(f"{name}.pcapng") as capture:
        keylog = here.keylog(capture)
        with server.typing(*lines):
            # The client answers a Key Update when it next has something to send.
            told = ask(here, *options, *own, keylog=keylog, hold=2.0, later=[(1.3, b"Thanks.\n")])
    server.end()
    _write(capture, keylog, told, server.told(), version, zh, en)


def by_client(here: Scene) -> None:
    """The client renegotiates: an `R` on its input."""
    server = serve(
        here, "-tls1_2", "-client_renegotiation", answer=("-rev",), sessions=1,
        certificates=chain(HOST, 2, authority_name="Reading"),
    )  # fmt: skip
    with here.record("tls12-renegotiation-by-client.pcapng") as capture:
        keylog = here.keylog(capture)
        told = ask(here, "-tls1_2", keylog=keylog, hold=1.6,
                   later=[(0.5, b"R\n"), (1.0, REQUEST)])  # fmt: skip
    server.end()
    _write(
        capture, keylog, told, server.told(), "TLS 1.2",
        "TLS 1.2，客户端中途要求重新协商；第二次 Client Hello 是加密的。",
        "TLS 1.2, the client asks for a renegotiation; its second Client Hello is encrypted.",
    )  # fmt: skip


def _write(
    capture: Path, keylog: Path, told: Told, server: Told, version: str, zh: str, en: str
) -> None:
    known: dict[str, Value] = told.facts(
        resumed="no", first_data=FIRST_DATA, version=version,
        server_alerts=server.alerts("server"),
    )  # fmt: skip
    write_ends(
        capture, zh=zh, en=en, script=SCRIPT, facts=known, known_from=BOTH,
        cases=with_and_without(keylog, ({}, known)),
    )  # fmt: skip


if __name__ == "__main__":
    main()
