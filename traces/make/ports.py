"""TLS elsewhere than on port 443: ports of other protocols, STARTTLS, a proxy's CONNECT."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from authority import chain, write_server_files
from network import Link
from openssl import FIRST_DATA, Told, ask, serve
from scene import SERVER, Scene, scene
from truth import Value, with_and_without, write_ends

SCRIPT = "make/ports.py"
HOST = "www.reading.example"
KNOWN = "the command lines, `openssl s_client -trace`"
PROXY = "198.51.100.60"
# The ports' usual protocols, for which Wireshark has dissectors.
PORTS = [
    (80, "-tls1_2", "HTTP"), (8443, "-tls1_3", ""), (853, "-tls1_3", "DNS over TLS"),
    (5222, "-tls1_2", "XMPP"), (6667, "-tls1_3", "IRC"), (8009, "-tls1_2", "AJP13"),
    (1433, "-tls1_2", "TDS"), (5060, "-tls1_3", "SIP"), (3306, "-tls1_2", "MySQL"),
    (1883, "-tls1_3", "MQTT"), (2049, "-tls1_2", "NFS"), (8080, "-tls1_3", "HTTP"),
]  # fmt: skip
Talk = Callable[[socket.socket], object]


def main() -> None:
    with scene("ports") as here:
        for port, option, usual in PORTS:
            on_port(here, port, option, usual)
        a_claimed_client_port(here)
        starttls(here, "smtp", 25, smtp, b"EHLO laptop.reading.example\r\nQUIT\r\n")
        starttls(here, "imap", 143, imap, b"a2 LOGOUT\r\n")
        starttls(here, "postgres", 5432, postgres, b"X\0\0\0\x04\n")
        through_proxy(here, "-tls1_2")
        through_proxy(here, "-tls1_3")
        both_sides_of_the_proxy(here)
        without_a_name(here)


def on_port(here: Scene, port: int, option: str, usual: str) -> None:
    certificates = chain(HOST, 2, key="p256", authority_name="Reading")
    server = serve(here, option, certificates=certificates, port=port, sessions=1)
    version = option.replace("-tls1_", "1.")
    with here.record(f"tls{version.replace('.', '')}-port-{port}.pcapng") as capture:
        keylog = here.keylog(capture)
        told = ask(here, option, port=port, keylog=keylog)
    server.end()
    zh = f"TLS {version}，服务器端口 {port}" + (f"（通常是 {usual}）。" if usual else "。")
    en = f"TLS {version}, server port {port}" + (f", usually {usual}'s." if usual else ".")
    _write(capture, keylog, told, zh, en)


def a_claimed_client_port(here: Scene) -> None:
    certificates = chain(HOST, 2, key="p256", authority_name="Reading")
    server = serve(here, "-tls1_2", certificates=certificates, sessions=1)
    with here.record("tls12-client-port-5222.pcapng") as capture:
        keylog = here.keylog(capture)
        told = ask(here, "-tls1_2", keylog=keylog, local_port=5222)
    server.end()
    _write(capture, keylog, told, "TLS 1.2，客户端的端口是 5222（通常是 XMPP 服务器的）。",
           "TLS 1.2, the client's port is 5222, usually that of XMPP servers.")  # fmt: skip


def starttls(here: Scene, protocol: str, port: int, talk: Talk, request: bytes) -> None:
    """A server that speaks in the clear first, then TLS; Python's ssl module does the rest."""
    certificates = chain(HOST, 2, key="p256", authority_name="Reading")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*write_server_files(here.work, protocol, certificates))
    with here.server.entered():
        listener = socket.create_server((SERVER, port))
    thread = threading.Thread(target=serve_starttls, args=[listener, context, talk])
    thread.start()
    option = "-tls1_3" if protocol == "imap" else "-tls1_2"
    version = option.replace("-tls1_", "1.")
    name = f"tls{version.replace('.', '')}-starttls-{protocol}.pcapng"
    with here.record(name) as capture:
        keylog = here.keylog(capture)
        told = ask(here, option, "-starttls", protocol, port=port, keylog=keylog, request=request,
                   hold=0.8)  # fmt: skip
    thread.join(10)
    called = {"postgres": "PostgreSQL"}.get(protocol, protocol.upper())
    _write(capture, keylog, told, f"TLS {version}，先是明文的 {called}，再 STARTTLS。",
           f"TLS {version} after {called} in the clear (STARTTLS).",
           first_data=request.split(b"\r\n")[0].split(b"\0")[0].decode(),
           server_alerts=None)  # fmt: skip


def serve_starttls(listener: socket.socket, context: ssl.SSLContext, talk: Talk) -> None:
    connection, _ = listener.accept()
    with listener, connection:
        talk(connection)
        with context.wrap_socket(connection, server_side=True) as secure, suppress(OSError):
            while data := secure.recv(1000):
                secure.sendall(b"221 2.0.0 Bye\r\n" if b"QUIT" in data else b"* BYE\r\n")


def smtp(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.reading.example ESMTP\r\n")
    connection.recv(500)
    connection.sendall(b"250-mail.reading.example\r\n250-8BITMIME\r\n250 STARTTLS\r\n")
    connection.recv(500)
    connection.sendall(b"220 2.0.0 Ready to start TLS\r\n")


def imap(connection: socket.socket) -> None:
    connection.sendall(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n")
    while line := connection.recv(500):
        tag, _, command = line.strip().partition(b" ")
        if command.upper().startswith(b"CAPABILITY"):
            connection.sendall(b"* CAPABILITY IMAP4rev1 STARTTLS\r\n" + tag + b" OK done\r\n")
        if command.upper() == b"STARTTLS":
            connection.sendall(tag + b" OK begin TLS\r\n")
            return


def postgres(connection: socket.socket) -> None:
    connection.recv(8)
    connection.sendall(b"S")


def through_proxy(here: Scene, option: str) -> None:
    """tinyproxy, asked to CONNECT; the laptop's connection ends at the proxy."""
    version = option.replace("-tls1_", "1.")
    proxy = next((host for host in here.network.hosts if host.name == "proxy"), None)
    if proxy is None:
        proxy = here.network.host("proxy", f"{PROXY}/24", link=Link(delay=0.002))
        configuration = here.work / "proxy.conf"
        configuration.write_text(
            f"Port 3128\nListen {PROXY}\nTimeout 30\nMaxClients 5\nConnectPort 443\n"
            f'LogFile "{here.work}/proxy.log"\nPidFile "{here.work}/proxy.pid"\n'
        )
        proxy.start(["tinyproxy", "-d", "-c", str(configuration)], ports=[3128])
    certificates = chain(HOST, 2, key="p256", authority_name="Reading")
    server = serve(here, option, certificates=certificates, sessions=1)
    with here.record(f"tls{version.replace('.', '')}-proxy-connect.pcapng") as capture:
        keylog = here.keylog(capture)
        told = ask(here, option, "-proxy", f"{PROXY}:3128", keylog=keylog)
    server.end()
    _write(capture, keylog, told, f"TLS {version}，经过代理（HTTP CONNECT，端口 3128）。",
           f"TLS {version} through a proxy (HTTP CONNECT, port 3128).",
           server=f"{PROXY}:3128")  # fmt: skip


def both_sides_of_the_proxy(here: Scene) -> None:
    """Captured on the proxy: the same TLS bytes in two connections."""
    proxy = next(host for host in here.network.hosts if host.name == "proxy")
    certificates = chain(HOST, 2, key="p256", authority_name="Reading")
    server = serve(here, "-tls1_2", certificates=certificates, sessions=1)
    port = next(here.ports)
    proxy.setting("net.ipv4.ip_local_port_range", f"{port} {port}")
    with here.record("tls12-both-sides-of-a-proxy.pcapng", host=proxy) as capture:
        keylog = here.keylog(capture)
        told = ask(here, "-tls1_2", "-proxy", f"{PROXY}:3128", keylog=keylog)
    server.end()
    known = {**told.facts(server=f"{PROXY}:3128"), "resumed": "no", "first_data": FIRST_DATA}
    other = {**known, "client": f"{PROXY}:{port}", "server": f"{SERVER}:443"}
    write_ends(
        capture, script=SCRIPT, facts=known, known_from=KNOWN,
        zh="TLS 1.2，在代理上抓的包：同样的 TLS 数据出现在两个连接里。",
        en="TLS 1.2, captured on the proxy: the same TLS bytes are in two connections.",
        cases=with_and_without(keylog, ({}, known), ({"host": SERVER}, other)),
    )  # fmt: skip


def without_a_name(here: Scene) -> None:
    """A client that names no server, as programs given an address do."""
    certificates = chain(HOST, 2, key="p256", authority_name="Reading")
    for option in ("-tls1_2", "-tls1_3"):
        version = option.replace("-tls1_", "1.")
        server = serve(here, option, certificates=certificates, sessions=1)
        name = f"tls{version.replace('.', '')}-no-server-name.pcapng"
        with here.record(name) as capture:
            keylog = here.keylog(capture)
            told = ask(here, option, name=None, keylog=keylog)
        server.end()
        known = {**told.facts(), "resumed": "no", "first_data": FIRST_DATA}
        write_ends(
            capture, script=SCRIPT, facts=known, known_from=KNOWN,
            zh=f"TLS {version}，客户端没有说服务器名（没有 SNI）。",
            en=f"TLS {version}, the client names no server (no SNI).",
            cases=with_and_without(keylog, ({}, known), ({"host": SERVER}, known)),
        )  # fmt: skip


def _write(capture: Path, keylog: Path, told: Told, zh: str, en: str, **more: Value | None) -> None:
    given = {"resumed": "no", "first_data": FIRST_DATA, **told.facts(), **more}
    known = {key: value for key, value in given.items() if value is not None}
    write_ends(
        capture, zh=zh, en=en, script=SCRIPT, facts=known,
        known_from=KNOWN,
        cases=with_and_without(keylog, ({}, known)),
    )  # fmt: skip


if __name__ == "__main__":
    main()
