"""Captures with many connections: to one host, to several, one after another on the same port."""

import socket
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from authority import chain
from browser import chromium
from ends import certificate_facts
from nginx import serve_nginx
from openssl import FIRST_DATA, PAGE, Told, ask, serve
from scene import SERVER, Scene, scene
from truth import Value, with_and_without, write_ends

SCRIPT = "make/several.py"
HOST = "www.reading.example"
OPENSSL = "the command lines, `openssl s_client -trace`"


def main() -> None:
    with scene("several") as here:
        one_port_used_again(here)
        overlapping(here)
        failed_then_whole(here)
        not_tls_before(here)
        browser_to_one_host(here)


def one_port_used_again(here: Scene) -> None:
    """Two connections with the same four numbers: TLS 1.2, then TLS 1.3."""
    certificates = chain(HOST, 2, authority_name="Reading")
    server = serve(here, certificates=certificates, sessions=2)
    # The server closes first, so the port is free again at once.
    with here.record("port-used-again.pcapng") as capture:
        keylog = here.keylog(capture)
        port = next(here.ports)
        first, second = (
            ask(here, option, keylog=keylog, local_port=port, port=443, name=name)
            for option, name in (("-tls1_2", HOST), ("-tls1_3", "catalogue.reading.example"))
        )
    server.end()
    one = first.facts(resumed="no", first_data=FIRST_DATA)
    two = second.facts(resumed="no", first_data=FIRST_DATA)
    write(
        capture, "同一个客户端端口先后用于两个连接：先 TLS 1.2，再 TLS 1.3。",
        "One client port for two connections, one after the other: TLS 1.2, then TLS 1.3.", one,
        with_and_without(keylog, ({}, one), ({"stream": 1}, two),
                         ({"host": "catalogue.reading.example"}, two)),
    )  # fmt: skip


def overlapping(here: Scene) -> None:
    """Three connections at once to three names of two addresses, with interleaved handshakes."""
    names = (HOST, "catalogue.reading.example", "news.reading.example")
    ports = (443, 8443, 9443)
    servers = [
        serve(here, certificates=chain(name, 2, authority_name="Reading"), port=port, sessions=1)
        for name, port in zip(names, ports, strict=True)
    ]
    told: dict[str, Told] = {}

    def run(name: str, port: int, option: str) -> None:
        told[name] = ask(here, option, name=name, port=port, keylog=keys[name])

    with here.record("three-at-once.pcapng") as capture:
        keylog = here.keylog(capture)
        keys = {name: here.work / f"{name}.keys" for name in names}
        threads = [
            threading.Thread(target=run, args=row)
            for row in zip(names, ports, ("-tls1_3", "-tls1_2", "-tls1_2"), strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for server in servers:
        server.end()
    keylog.write_text("".join(keys[name].read_text() for name in names))
    known = {name: told[name].facts(resumed="no", first_data=FIRST_DATA) for name in names}
    sessions: list[tuple[Mapping[str, Value], Mapping[str, Value]]] = [
        ({"host": name}, known[name]) for name in names
    ]
    # Which hello comes first is the machine's affair; the case without options is left out.
    write(
        capture, "三个连接同时进行（三个名字、三个端口），握手交错。",
        "Three connections at once (three names, three ports), their handshakes interleaved.",
        known[HOST], with_and_without(keylog, *sessions),
    )  # fmt: skip


def failed_then_whole(here: Scene) -> None:
    """The first handshake fails; the one that the lab is about is the first whole one."""
    certificates = chain(HOST, 2, authority_name="Reading")
    server = serve(here, "-tls1_2", certificates=certificates, sessions=2)
    with here.record("failed-then-whole.pcapng") as capture:
        keylog = here.keylog(capture)
        failed = ask(here, "-tls1_3", check=False)
        whole = ask(here, "-tls1_2", keylog=keylog)
    server.end()
    one = whole.facts(resumed="no", first_data=FIRST_DATA)
    write(
        capture, "先是一次失败的握手（protocol_version），再是完整的 TLS 1.2 会话。",
        "A handshake that fails (protocol_version), then a whole session of TLS 1.2.", one,
        with_and_without(keylog, ({}, one), ({"stream": 0}, failed.facts())),
    )  # fmt: skip


def not_tls_before(here: Scene) -> None:
    """Other connections to the same server come first: refused, plain HTTP, opened and unused."""
    certificates = chain(HOST, 2, authority_name="Reading")
    server = serve(here, certificates=certificates, sessions=2)
    web = serve_nginx(here, certificates, listen="80", name=HOST)
    with here.record("other-connections-first.pcapng") as capture:
        keylog = here.keylog(capture)
        here.laptop.run(["curl", "-sS", "-o", "/dev/null", f"http://{SERVER}/"])
        with here.laptop.entered():
            refused = socket.socket()
            refused.connect_ex((SERVER, 444))
            unused = socket.create_connection((SERVER, 443))
        unused.close()
        told = ask(here, keylog=keylog)
    server.end()
    web.end()
    one = told.facts(resumed="no", first_data=FIRST_DATA)
    write(
        capture, "同一台服务器：先是明文 HTTP、被拒绝的端口、没有用过的连接，然后才是 TLS。",
        "One server: plain HTTP, a refused port and an unused connection come ahead of TLS.", one,
        with_and_without(keylog, ({}, one), ({"host": HOST}, one), ({"host": SERVER}, one)),
    )  # fmt: skip


def browser_to_one_host(here: Scene) -> None:
    """Chromium loads a page with pictures over HTTP/1.1: several connections in parallel."""
    certificates = chain(HOST, 2, authority_name="Reading")
    server = serve_nginx(here, certificates, "limit_rate 4000;", protocols="TLSv1.2")
    pictures = "".join(f"<img src=/{n}.png>" for n in range(4))
    (here.work / "pages" / "index.html").write_text(PAGE + pictures)
    for number in range(4):
        (here.work / "pages" / f"{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1500))
    with here.record("chromium-parallel-connections.pcapng") as capture:
        keylog = here.keylog(capture)
        chromium(here, f"https://{HOST}/", certificates[:1], keylog, "--disable-quic")
    server.end()
    sessions = server.sessions()
    if len(sessions) < 2:
        raise RuntimeError(f"Chromium made {len(sessions)} connections")
    page = next(row for row in sessions if row["first_data"].startswith("GET / "))
    known: dict[str, Value] = {
        "transport": "tcp", **page, **certificate_facts(certificates),
        "client_certificate": "none asked",
    }  # fmt: skip
    cases = with_and_without(keylog, ({}, known))
    write(
        capture, f"Chromium 经 HTTP/1.1 并行打开 {len(sessions)} 个连接。",
        f"Chromium opens {len(sessions)} connections in parallel (HTTP/1.1).",
        known, cases, "nginx's configuration and access log, the certificates as issued",
    )  # fmt: skip


def write(
    capture: Path, zh: str, en: str, known: Mapping[str, Value],
    cases: Sequence[Mapping[str, Value]], source: str = OPENSSL,
) -> None:  # fmt: skip
    write_ends(capture, zh=zh, en=en, script=SCRIPT, known_from=source, facts=known, cases=cases)


if __name__ == "__main__":
    main()
