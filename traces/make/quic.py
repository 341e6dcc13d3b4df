"""QUIC: aioquic and Chromium with an HTTP/3 server on aioquic, alone and beside TCP.

Needs aioquic and chromium.
"""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from authority import Issued, chain, write_server_files
from browser import chromium
from ends import certificate_facts, client_randoms
from openssl import FIRST_DATA, ask, serve
from scene import SERVER, SERVER6, Scene, scene
from truth import Value, with_and_without, write_ends

SCRIPT = "make/quic.py"
HOST, OTHER = "www.reading.example", "catalogue.reading.example"
PROGRAM = Path(__file__).parent / "programs" / "quic_ends.py"


def main() -> None:
    with scene("quic") as here:
        certificates = chain(HOST, 2, key="p256", authority_name="Reading")
        alone(
            here,
            "quic-aioquic",
            certificates,
            [],
            [],
            "QUIC 版本 1，aioquic，没有 TCP。",
            "QUIC version 1, aioquic, no TCP.",
        )
        alone(
            here,
            "quic-version-2",
            certificates,
            [],
            ["--v2"],
            "QUIC 版本 2，aioquic。",
            "QUIC version 2, aioquic.",
        )
        alone(here, "quic-ipv6", certificates, [], [], "QUIC，IPv6。", "QUIC over IPv6.", six=True)
        browser(
            here, "quic-chromium", certificates, [],
            "QUIC，Chromium：GREASE 和后量子密钥；Client Hello 分在几个 Initial 包里，次序打乱。",
            "QUIC, Chromium: GREASE, a post-quantum share; the Client Hello takes several Initial"
            " packets, in shuffled pieces.",
        )  # fmt: skip
        browser(
            here, "quic-retry-packet", certificates, ["--retry"],
            "QUIC，服务器先发 Retry 包，Chromium 把同一个 Client Hello 再发一次。",
            "QUIC, the server sends a Retry packet first; Chromium sends the same Client Hello"
            " again.",
        )  # fmt: skip
        beside_tcp(here, certificates, first="tcp")
        beside_tcp(here, certificates, first="quic")


def http3_server(
    here: Scene, certificates: Sequence[Issued], *more: str, six: bool = False
) -> tuple[subprocess.Popen[bytes], Path]:
    chain_file, key = write_server_files(here.work, "quic", certificates)
    log = here.work / f"quic-{len(here.network.processes)}.log"
    process = here.server.start(
        [sys.executable, str(PROGRAM), "server", SERVER6 if six else SERVER, "443",
         str(chain_file), str(key), *more],
        log=log,
    )  # fmt: skip
    deadline = time.monotonic() + 20
    while "listening" not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    return process, log


def http3_client(
    here: Scene, certificates: Sequence[Issued], keylog: Path, *more: str, six: bool = False
) -> dict[str, Value]:
    """A request over QUIC; what both ends say of the session."""
    roots = here.work / "roots.crt"
    roots.write_bytes(certificates[-1].certificate_pem())
    done = here.laptop.run(
        [sys.executable, str(PROGRAM), "client", SERVER6 if six else SERVER, "443", HOST,
         str(roots), str(keylog), *more]
    )  # fmt: skip
    suite = json.loads(done.stdout.decode().splitlines()[-1])["suite"]
    return quic_facts(certificates, keylog, six=six) | {"suite": suite}


def quic_facts(
    certificates: Sequence[Issued], keylog: Path, *, six: bool = False
) -> dict[str, Value]:
    return {
        "transport": "quic", "server": f"[{SERVER6}]:443" if six else f"{SERVER}:443",
        "server_name": HOST, "version": "TLS 1.3", "client_random": client_randoms(keylog)[0],
        **certificate_facts(certificates), "resumed": "no", "client_certificate": "none asked",
    }  # fmt: skip


def alone(
    here: Scene, name: str, certificates: Sequence[Issued], serving: Sequence[str],
    asking: Sequence[str], zh: str, en: str, *, six: bool = False,
) -> None:  # fmt: skip
    server, log = http3_server(here, certificates, *serving, six=six)
    with here.record(f"{name}.pcapng") as capture:
        keylog = here.keylog(capture)
        known = http3_client(here, certificates, keylog, *asking, six=six)
    stop(server, log)
    _write(capture, zh, en, known, with_and_without(keylog, ({}, known)))


def stop(server: subprocess.Popen[bytes], log: Path) -> None:
    server.terminate()
    server.wait(10)
    if '"request"' not in log.read_text():
        raise RuntimeError(f"the server saw no request: {log.read_text()}")


def browser(
    here: Scene, name: str, certificates: Sequence[Issued], serving: Sequence[str], zh: str,
    en: str,
) -> None:  # fmt: skip
    """Chromium told to use QUIC for the host."""
    server, log = http3_server(here, certificates, *serving)
    with here.record(f"{name}.pcapng") as capture:
        keylog = here.keylog(capture)
        page = chromium(here, f"https://{HOST}/", certificates[:1], keylog, "--enable-quic",
                        f"--origin-to-force-quic-on={HOST}:443")  # fmt: skip
    stop(server, log)
    if b"Reading room" not in page:
        raise RuntimeError(f"Chromium shows {page[:300]!r}")
    known = quic_facts(certificates, keylog)
    _write(capture, zh, en, known, with_and_without(keylog, ({}, known)))


def beside_tcp(here: Scene, certificates: Sequence[Issued], *, first: str) -> None:
    """One session over TCP and one over QUIC, with the hosts' names apart."""
    server, log = http3_server(here, certificates)
    other = chain(OTHER, 2, authority_name="Reading")
    over_tcp = serve(here, "-tls1_2", certificates=other, sessions=1)
    with here.record(f"quic-{'after' if first == 'tcp' else 'before'}-tcp.pcapng") as capture:
        keylog = here.keylog(capture)
        keylog.touch()
        if first == "tcp":
            told = ask(here, "-tls1_2", name=OTHER, keylog=keylog)
        quic_keys = here.work / f"{first}.keys"
        quic = http3_client(here, certificates, quic_keys)
        if first == "quic":
            told = ask(here, "-tls1_2", name=OTHER, keylog=keylog)
        with keylog.open("a") as keys:
            keys.write(quic_keys.read_text())
    over_tcp.end()
    stop(server, log)
    tcp = told.facts(resumed="no", first_data=FIRST_DATA, version="TLS 1.2")
    automatic, zh, en = {
        "tcp": (tcp, "先是 TCP 上的 TLS 1.2，然后是 QUIC。",
                "TLS 1.2 over TCP first, then QUIC."),
        "quic": (quic, "先是 QUIC，然后是 TCP 上的 TLS 1.2。",
                 "QUIC first, then TLS 1.2 over TCP."),
    }[first]  # fmt: skip
    sessions: list[tuple[dict[str, Value], Mapping[str, Value]]] = [
        ({}, automatic), ({"host": HOST}, quic), ({"host": OTHER}, tcp),
    ]  # fmt: skip
    _write(capture, zh, en, automatic, with_and_without(keylog, *sessions))


def _write(
    capture: Path, zh: str, en: str, known: Mapping[str, Value], cases: list[dict[str, Value]]
) -> None:
    write_ends(
        capture, zh=zh, en=en, script=SCRIPT, facts=known, cases=cases,
        known_from="the command lines, the certificates as issued, what aioquic logs, the key log",
    )  # fmt: skip


if __name__ == "__main__":
    main()
