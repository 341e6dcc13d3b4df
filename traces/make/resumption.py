"""Resumed sessions: by session id, by ticket, by TLS 1.3's pre-shared key; early data."""

from pathlib import Path

from authority import chain
from nginx import serve_nginx
from openssl import FIRST_DATA, REQUEST, Told, ask, serve
from scene import Scene, scene
from truth import Value, with_and_without, write_ends

SCRIPT = "make/resumption.py"
HOST = "www.reading.example"
OPENSSL = "the command lines, `openssl s_client -trace`"
TICKET12 = ["-tls1_2"]
ID12 = ["-tls1_2", "-no_ticket"]


def main() -> None:
    with scene("resume") as here:
        pair(
            here,
            "tls12-resumed-by-id",
            ID12,
            "id",
            "TLS 1.2",
            "TLS 1.2，两个连接：先完整握手，再用会话 ID 恢复。",
            "TLS 1.2, two connections: a full handshake, then a resumption by session id.",
        )
        pair(
            here,
            "tls12-resumed-by-ticket",
            TICKET12,
            "ticket",
            "TLS 1.2",
            "TLS 1.2，两个连接：先完整握手，再用票据恢复。",
            "TLS 1.2, two connections: a full handshake, then a resumption by ticket.",
        )
        pair(
            here,
            "tls10-resumed-by-id",
            ["-tls1", "-no_ticket", "-cipher", "ECDHE-RSA-AES128-SHA:@SECLEVEL=0"],
            "id",
            "TLS 1.0",
            "TLS 1.0，两个连接：先完整握手，再用会话 ID 恢复。",
            "TLS 1.0, two connections: a full handshake, then a resumption by session id.",
        )
        pair(
            here,
            "tls13-resumed",
            ["-tls1_3"],
            "psk",
            "TLS 1.3",
            "TLS 1.3，两个连接：先完整握手，再用 PSK 恢复（没有证书）。",
            "TLS 1.3, two connections: a full handshake, then a resumption by PSK, without"
            " certificates.",
        )
        alone(
            here,
            "tls12-resumed-by-id-alone",
            ID12,
            "id",
            "TLS 1.2",
            "TLS 1.2，只有用会话 ID 恢复的那个连接。",
            "TLS 1.2, only the connection that was resumed by session id.",
        )
        alone(
            here,
            "tls12-resumed-by-ticket-alone",
            TICKET12,
            "ticket",
            "TLS 1.2",
            "TLS 1.2，只有用票据恢复的那个连接。",
            "TLS 1.2, only the connection that was resumed by ticket.",
        )
        alone(
            here,
            "tls13-resumed-alone",
            ["-tls1_3"],
            "psk",
            "TLS 1.3",
            "TLS 1.3，只有用 PSK 恢复的那个连接。",
            "TLS 1.3, only the connection that was resumed by PSK.",
        )
        refused(
            here,
            "tls12-ticket-refused",
            TICKET12,
            "TLS 1.2",
            "TLS 1.2，客户端带来票据，服务器不认（换过密钥），完整握手。",
            "TLS 1.2, the client brings a ticket that the server does not know: a full handshake.",
        )
        refused(
            here,
            "tls13-psk-refused",
            ["-tls1_3"],
            "TLS 1.3",
            "TLS 1.3，客户端提供 PSK，服务器不认，完整握手。",
            "TLS 1.3, the client offers a PSK that the server does not know: a full handshake.",
        )
        early(
            here,
            "tls13-early-data",
            [],
            [],
            True,
            "TLS 1.3，恢复会话并发送早期数据（0-RTT），服务器接受了。",
            "TLS 1.3, resumed with early data (0-RTT), which the server accepts.",
        )
        early(
            here,
            "tls13-early-data-refused",
            [],
            ["-alpn", "http/1.1"],
            False,
            "TLS 1.3，恢复会话时发送早期数据，服务器不要，客户端又发了一遍。",
            "TLS 1.3, early data on resumption, which the server refuses; the client sends it"
            " again.",
        )


def pair(
    here: Scene, name: str, options: list[str], kind: str, version: str, zh: str, en: str
) -> None:
    """A full handshake and its resumption in one capture."""
    server = serve(here, *options, certificates=chain(HOST, 2, authority_name="Reading"))
    session = here.work / f"{name}.session"
    with here.record(f"{name}.pcapng") as capture:
        keylog = here.keylog(capture)
        first = ask(here, *options, "-sess_out", str(session), keylog=keylog)
        second = ask(here, *options, "-sess_in", str(session), keylog=keylog)
    server.end()
    full, resumed = (facts(told, version=version) for told in (first, second))
    resumed |= {"resumed": _proven(second, kind), "subjects": []}
    cases = with_and_without(keylog, ({}, full), ({"stream": 1}, resumed))
    _write(capture, zh, en, full, cases)


def alone(
    here: Scene, name: str, options: list[str], kind: str, version: str, zh: str, en: str
) -> None:
    """A resumption whose first session was not captured."""
    server = serve(here, *options, certificates=chain(HOST, 2, authority_name="Reading"))
    session = here.work / f"{name}.session"
    ask(here, *options, "-sess_out", str(session))
    with here.record(f"{name}.pcapng") as capture:
        keylog = here.keylog(capture)
        told = ask(here, *options, "-sess_in", str(session), keylog=keylog)
    server.end()
    known = facts(told, version=version, resumed=_proven(told, kind))
    _write(capture, zh, en, known, with_and_without(keylog, ({}, known)))


def refused(
    here: Scene, name: str, options: list[str], version: str, zh: str, en: str
) -> None:  # fmt: skip
    """A session offered to a server that has lost it."""
    certificates = chain(HOST, 2, authority_name="Reading")
    session = here.work / f"{name}.session"
    server = serve(here, *options, certificates=certificates)
    ask(here, *options, "-sess_out", str(session))
    server.end()
    server = serve(here, *options, certificates=certificates)
    with here.record(f"{name}.pcapng") as capture:
        keylog = here.keylog(capture)
        told = ask(here, *options, "-sess_in", str(session), keylog=keylog)
    server.end()
    if "\nReused, " in told.output:
        raise RuntimeError("the session was resumed")
    known = facts(told, version=version)
    _write(capture, zh, en, known, with_and_without(keylog, ({}, known)))


def early(
    here: Scene, name: str, directives: list[str], options: list[str], accepted: bool,
    zh: str, en: str,
) -> None:  # fmt: skip
    """Early data sent to nginx, which is offered a resumption of a session of its own."""
    certificates = chain(HOST, 2, authority_name="Reading", key="p256")
    server = serve_nginx(
        here, certificates, "ssl_early_data on;", *directives, listen="443 ssl http2"
    )
    session, data = here.work / f"{name}.session", here.work / "early"
    data.write_bytes(REQUEST)
    ask(here, "-sess_out", str(session))
    with here.record(f"{name}.pcapng") as capture:
        keylog = here.keylog(capture)
        told = ask(here, *options, "-sess_in", str(session), "-early_data", str(data),
                   keylog=keylog, request=b"" if accepted else REQUEST)  # fmt: skip
    server.end()
    if ("Early data was accepted" in told.output) != accepted:
        raise RuntimeError(f"early data: {told.output}")
    known = facts(told, version="TLS 1.3", resumed=_proven(told, "psk"), early_data=True)
    _write(capture, zh, en, known, with_and_without(keylog, ({}, known)))


def facts(told: Told, **more: Value) -> dict[str, Value]:
    return told.facts(**{"resumed": "no", "first_data": FIRST_DATA, **more})


def _proven(told: Told, kind: str) -> str:
    """The kind of resumption, once the client has said that there was one."""
    if "\nReused, " not in told.output:
        raise RuntimeError(f"the session was not resumed: {told.output}")
    return kind


def _write(
    capture: Path, zh: str, en: str, known: dict[str, Value], cases: list[dict[str, Value]]
) -> None:
    write_ends(capture, zh=zh, en=en, script=SCRIPT, known_from=OPENSSL, facts=known, cases=cases)


if __name__ == "__main__":
    main()
