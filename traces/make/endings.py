"""How connections end: orderly, by RST, half closed, without a word, after the capture.

Both ends are Python's ssl module (OpenSSL), which does exactly what it is told.
"""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from authority import Issued, chain, write_server_files
from ends import certificate_facts, client_randoms, suite_name
from scene import LAPTOP, SERVER, Scene, scene
from truth import Value, with_and_without, write_ends

SCRIPT = "make/endings.py"
HOST = "www.reading.example"
REQUEST = b"GET /index.html HTTP/1.1\r\nHost: www.reading.example\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 700\r\n\r\n" + b"Reading room. " * 50
Act = Callable[[ssl.SSLSocket], None]


@dataclass(frozen=True, slots=True)
class Row:
    """One ending: what both ends do once the request was answered, and the alerts that says.

    `rest` comes after the capture has stopped.
    """

    name: str
    zh: str
    en: str
    client: Act
    server: Act
    alerts: tuple[list[str], list[str]] = ([], [])
    rest: Act | None = None


def main() -> None:
    with scene("endings") as here:
        certificates = chain(HOST, 2, key="p256", authority_name="Reading")
        for row in rows():
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                record(here, row, version, certificates)
        aborted(here, certificates)
        unanswered(here)


def rows() -> list[Row]:
    closed = ["close_notify"]
    return [
        Row("closed-by-client", "客户端先发 close_notify 和 FIN，服务器照做。",
            "The client sends close_notify and FIN first, the server follows.",
            client=then(unwrap, close), server=then(wait, unwrap),
            alerts=(closed, closed)),
        Row("closed-by-server-alone", "服务器发 close_notify 和 FIN；抓包停止时客户端还没有关闭。",
            "The server sends close_notify and FIN; the client has not closed when the capture"
            " ends.",
            client=pause, server=then(alert, close),
            alerts=([], closed), rest=close),
        Row("left-without-closing", "客户端只发 FIN，没有 close_notify。",
            "The client sends FIN alone, no close_notify.", client=close,
            # OpenSSL takes an end without close_notify for a truncated record.
            server=then(wait, close), alerts=([], ["decode_error"])),
        Row("reset-by-client", "客户端读完答复就发 RST，没有 close_notify。",
            "The client resets the connection after the answer, no close_notify.", client=reset,
            server=then(wait, close)),
        Row("reset-by-server", "服务器答复后就发 RST。",
            "The server resets the connection after its answer.",
            client=then(pause, pause, close), server=then(pause, reset)),
        Row("closed-then-reset", "客户端发 close_notify 和 FIN，服务器还在发数据，客户端回 RST。",
            "The client sends close_notify and FIN; the server goes on sending and gets RSTs.",
            client=then(alert, close), server=keep_sending,
            alerts=(closed, [])),
        Row("half-closed", "客户端发完请求就关闭自己这一半，服务器继续发，最后也关闭。",
            "The client closes its half, the server goes on sending, then closes its own.",
            client=then(alert, shut, drain, close),
            server=then(wait, more, alert, close), alerts=(closed, closed)),
        Row("goes-on", "抓包停止时连接还开着。",
            "The connection is still open when the capture ends.",
            client=then(ask, answered), server=then(serve, wait),
            rest=close),
    ]  # fmt: skip


def ask(connection: ssl.SSLSocket) -> None:
    connection.sendall(REQUEST)


def answered(connection: ssl.SSLSocket) -> None:
    got = b""
    while len(got) < len(ANSWER) and (data := connection.recv(4000)):
        got += data


def serve(connection: ssl.SSLSocket) -> None:
    connection.recv(4000)
    connection.sendall(ANSWER)


def then(*acts: Act) -> Act:
    """One thing after the other."""

    def run(connection: ssl.SSLSocket) -> None:
        for act in acts:
            act(connection)

    return run


def pause(connection: ssl.SSLSocket) -> None:
    time.sleep(0.2)


def close(connection: ssl.SSLSocket) -> None:
    connection.close()


def shut(connection: ssl.SSLSocket) -> None:
    """Send FIN and keep receiving."""
    connection.shutdown(socket.SHUT_WR)


def unwrap(connection: ssl.SSLSocket) -> None:
    """Send close_notify and wait for the other's."""
    connection.unwrap()


def wait(connection: ssl.SSLSocket) -> None:
    """Read to the end, whatever it is."""
    with suppress(OSError):
        while connection.recv(4000):
            pass


def drain(connection: ssl.SSLSocket) -> None:
    """Read what comes on the TCP connection, without TLS."""
    plain = socket.socket(fileno=connection.detach())
    plain.settimeout(3)
    while plain.recv(4000):
        pass
    plain.close()


def alert(connection: ssl.SSLSocket) -> None:
    """Send close_notify without waiting for the other's."""
    connection.settimeout(0.02)
    with suppress(OSError):
        connection.unwrap()


def reset(connection: ssl.SSLSocket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def more(connection: ssl.SSLSocket) -> None:
    connection.sendall(b"And more. " * 90)


def keep_sending(connection: ssl.SSLSocket) -> None:
    try:
        for _ in range(5):
            more(connection)
            time.sleep(0.05)
    except OSError:
        connection.close()


def record(
    here: Scene, row: Row, version: ssl.TLSVersion, certificates: list[Issued]
) -> None:  # fmt: skip
    short = "12" if version == ssl.TLSVersion.TLSv1_2 else "13"
    server, client = contexts(here, version, certificates)
    listener, plain, port = ends(here)
    with here.record(f"tls{short}-{row.name}.pcapng", settle=0.3) as capture:
        keylog = here.keylog(capture)
        client.keylog_filename = str(keylog)
        thread = threading.Thread(target=accept, args=[listener, server, row.server])
        thread.start()
        plain.connect((SERVER, 443))
        secure = client.wrap_socket(plain, server_hostname=HOST)
        ask(secure)
        answered(secure)
        said = secure.version(), secure.cipher()
        row.client(secure)
        if row.rest is None:
            thread.join(10)
    if row.rest:
        row.rest(secure)
        thread.join(10)
    assert said[1]
    suite = said[1][0] if short == "13" else suite_name(said[1][0])
    known: dict[str, Value] = {
        "transport": "tcp", "client": f"{LAPTOP}:{port}", "server": f"{SERVER}:443",
        "server_name": HOST, "version": f"TLS 1.{short[1]}", "suite": suite,
        "client_random": client_randoms(keylog)[0], **certificate_facts(certificates),
        "resumed": "no", "client_certificate": "none asked", "client_alerts": row.alerts[0],
        "server_alerts": row.alerts[1], "first_data": "GET /index.html HTTP/1.1",
    }  # fmt: skip
    _write(capture, keylog, known, f"TLS 1.{short[1]}。{row.zh}", f"TLS 1.{short[1]}. {row.en}")


def contexts(
    here: Scene, version: ssl.TLSVersion, certificates: list[Issued]
) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*write_server_files(here.work, "endings", certificates))
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(cadata=certificates[-1].certificate_pem().decode())
    for context in (server, client):
        context.minimum_version = context.maximum_version = version
    return server, client


def ends(here: Scene) -> tuple[socket.socket, socket.socket, int]:
    """A listener on the server, and a socket on the laptop bound to a port of its own."""
    port = next(here.ports)
    with here.server.entered():
        listener = socket.create_server((SERVER, 443))
    with here.laptop.entered():
        plain = socket.socket()
    plain.bind((LAPTOP, port))
    return listener, plain, port


def accept(listener: socket.socket, context: ssl.SSLContext, act: Act) -> None:
    connection, _ = listener.accept()
    with listener, context.wrap_socket(connection, server_side=True) as secure:
        serve(secure)
        with suppress(OSError):
            act(secure)


def aborted(here: Scene, certificates: list[Issued]) -> None:
    """The client reads the server's flight and goes away without a word."""
    server, client = contexts(here, ssl.TLSVersion.TLSv1_2, certificates)
    listener, plain, port = ends(here)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    told = client.wrap_bio(incoming, outgoing, server_hostname=HOST)
    with here.record("tls12-client-gives-up.pcapng") as capture:
        thread = threading.Thread(target=refused, args=[listener, server])
        thread.start()
        plain.connect((SERVER, 443))
        try:
            told.do_handshake()
        except ssl.SSLWantReadError:
            plain.sendall(outgoing.read())
        time.sleep(0.2)
        plain.recv(9000)
        plain.close()
        thread.join(10)
    known: dict[str, Value] = {
        "transport": "tcp", "client": f"{LAPTOP}:{port}", "server": f"{SERVER}:443",
        "server_name": HOST, "version": "TLS 1.2", **certificate_facts(certificates),
        "client_alerts": [],
    }  # fmt: skip
    _write(
        capture,
        None,
        known,
        "TLS 1.2。客户端收到服务器的消息后一声不响地关闭连接。",
        "TLS 1.2. The client closes the connection after the server's flight, without a word.",
    )


def refused(listener: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = listener.accept()
    with listener, connection, suppress(OSError):
        context.wrap_socket(connection, server_side=True)


def unanswered(here: Scene) -> None:
    """A server that accepts the connection and says nothing."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    listener, plain, port = ends(here)
    with here.record("tls13-client-hello-unanswered.pcapng") as capture:
        plain.connect((SERVER, 443))
        plain.settimeout(0.5)
        with suppress(OSError):
            client.wrap_socket(plain, server_hostname=HOST)
        plain.close()
    listener.close()
    known: dict[str, Value] = {
        "transport": "tcp", "client": f"{LAPTOP}:{port}", "server": f"{SERVER}:443",
        "server_name": HOST, "client_alerts": [], "server_alerts": [],
    }  # fmt: skip
    _write(capture, None, known, "服务器收到 Client Hello 后什么也不回，客户端放弃。",
           "The server never answers the Client Hello; the client gives up.")  # fmt: skip


def _write(
    capture: Path, keylog: Path | None, known: dict[str, Value], zh: str, en: str
) -> None:  # fmt: skip
    write_ends(
        capture, zh=zh, en=en, script=SCRIPT, facts=known,
        known_from="what the script has Python's ssl module do and is told by it, the key log",
        cases=with_and_without(keylog, ({}, known)),
    )  # fmt: skip


if __name__ == "__main__":
    main()
