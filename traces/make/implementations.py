"""Clients and servers of different makers: GnuTLS, nginx, curl, Node, Java, Go, newer OpenSSL.

Needs gnutls-bin, nginx, curl, nodejs, a JDK, Go and pyOpenSSL (whose wheels bring OpenSSL 4).
"""

import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from authority import Issued, chain, write_server_files
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from ends import certificate_facts
from files import merge_keylogs
from nginx import serve_nginx
from OpenSSL import SSL
from openssl import FIRST_DATA, REQUEST, ask, serve
from scene import LAPTOP, SERVER, Scene, scene
from truth import Value, with_and_without, write_ends

SCRIPT = "make/implementations.py"
HOST = "www.reading.example"
PROGRAMS = Path(__file__).parent / "programs"
GNUTLS = "NORMAL:-VERS-ALL:+VERS-TLS{}"


@dataclass(slots=True)
class Files:
    """The server's certificates in every form that the programs want."""

    certificates: list[Issued]
    chain: Path
    key: Path
    store: Path
    trusted: Path
    trust_store: Path
    go: Path


def main() -> None:
    with scene("makers") as here:
        files = make_files(here.work)
        for version in ("1.2", "1.3"):
            gnutls_client(here, files, version)
            gnutls_server(here, files, version)
            curl_nginx(here, files, version)
            java_client_node(here, files, version)
            go_client_java(here, files, version)
            curl_go(here, files, version)
        gnutls_both(
            here,
            files,
            "tls12-gnutls-3des-cbc",
            "1.2",
            "-CIPHER-ALL:+3DES-CBC",
            "TLS 1.2，3DES-CBC，两端都是 GnuTLS。",
            "TLS 1.2, 3DES-CBC, GnuTLS at both ends.",
        )
        gnutls_both(
            here,
            files,
            "tls10-gnutls-rc4",
            "1.0",
            "-CIPHER-ALL:+ARCFOUR-128:-KX-ALL:+RSA:%COMPAT",
            "TLS 1.0，RC4，两端都是 GnuTLS。",
            "TLS 1.0, RC4, GnuTLS at both ends.",
        )
        fast_open(here, files)
        newer_openssl(here, files)
        post_quantum_not_chosen(here, files)


def make_files(work: Path) -> Files:
    certificates = chain(HOST, 3, authority_name="Reading")
    sent = certificates[:2]
    chain_file, key = write_server_files(work, "server", sent)
    password = b"changeit"
    encryption = serialization.BestAvailableEncryption(password)
    store, trust_store, trusted = work / "server.p12", work / "trusted.p12", work / "trusted.crt"
    others = [item.certificate for item in sent[1:]]
    assert not isinstance(sent[0].key, bytes)
    store.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"server", sent[0].key, sent[0].certificate, others, encryption
        )
    )
    root = certificates[-1]
    trusted.write_bytes(root.certificate_pem())
    # keytool marks the entry as trusted, which cryptography's PKCS #12 does not.
    subprocess.run(
        ["keytool", "-importcert", "-noprompt", "-alias", "root", "-file", str(trusted),
         "-keystore", str(trust_store), "-storetype", "PKCS12", "-storepass", "changeit"],
        check=True, capture_output=True,
    )  # fmt: skip
    go = work / "ends"
    subprocess.run(
        ["go", "build", "-o", str(go), str(PROGRAMS / "ends.go")],
        check=True, env={**os.environ, "GO111MODULE": "off", "GOCACHE": str(work / "go")},
    )  # fmt: skip
    return Files(sent, chain_file, key, store, trusted, trust_store, go)


def next_port(here: Scene) -> int:
    """Leave the laptop's kernel one port to give to the next client."""
    port = next(here.ports)
    here.laptop.setting("net.ipv4.ip_local_port_range", f"{port} {port}")
    return port


def gnutls_client(here: Scene, files: Files, version: str) -> None:
    server = serve(here, certificates=files.certificates, sessions=1)
    port = next_port(here)
    with here.record(f"tls{short(version)}-gnutls-client.pcapng") as capture:
        keylog = here.keylog(capture)
        gnutls_cli(here, files, GNUTLS.format(version), keylog)
    server.end()
    told = server.told()
    known = told.facts(client=f"{LAPTOP}:{port}", server=f"{SERVER}:443", server_name=HOST,
                       version=f"TLS {version}", resumed="no", first_data=FIRST_DATA)  # fmt: skip
    write(capture, keylog, known, "`openssl s_server -trace`, the command lines",
          f"TLS {version}，客户端是 GnuTLS，服务器是 OpenSSL。",
          f"TLS {version}, GnuTLS as the client, OpenSSL as the server.")  # fmt: skip


def gnutls_cli(here: Scene, files: Files, priority: str, keylog: Path, *more: str) -> None:
    here.laptop.run(
        ["gnutls-cli", "--port", "443", "--priority", priority, "--x509cafile",
         str(files.trusted), "--sni-hostname", HOST, "--verify-hostname", HOST, *more, SERVER],
        stdin=REQUEST, env={"SSLKEYLOGFILE": str(keylog)},
    )  # fmt: skip


def gnutls_serv(here: Scene, files: Files, priority: str, *more: str) -> subprocess.Popen[bytes]:
    page = here.work / "page.html"
    page.write_text("<!doctype html><title>Reading room</title>\n")
    return here.server.start(
        ["gnutls-serv", "--http", "--port", "443", "--priority", priority, "--x509certfile",
         str(files.chain), "--x509keyfile", str(files.key), "--disable-client-cert",
         "--httpdata", str(page), *more],
        ports=[443], log=here.work / f"gnutls-serv-{len(here.network.processes)}.log",
    )  # fmt: skip


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(10)


def gnutls_server(here: Scene, files: Files, version: str) -> None:
    server = gnutls_serv(here, files, GNUTLS.format(version))
    with here.record(f"tls{short(version)}-gnutls-server.pcapng") as capture:
        keylog = here.keylog(capture)
        told = ask(here, keylog=keylog, hold=0.5)
    stop(server)
    known = told.facts(resumed="no", first_data=FIRST_DATA, version=f"TLS {version}")
    # The client may leave before it has read the server's closing.
    del known["server_alerts"]
    write(capture, keylog, known, "`openssl s_client -trace`, the command lines",
          f"TLS {version}，客户端是 OpenSSL，服务器是 GnuTLS。",
          f"TLS {version}, OpenSSL as the client, GnuTLS as the server.")  # fmt: skip


def gnutls_both(
    here: Scene, files: Files, name: str, version: str, more: str, zh: str, en: str
) -> None:
    priority = f"NORMAL:-VERS-ALL:+VERS-TLS{version}:{more}:+SHA1"
    server = gnutls_serv(here, files, priority)
    port = next_port(here)
    with here.record(f"{name}.pcapng") as capture:
        keylog = here.keylog(capture)
        gnutls_cli(here, files, priority, keylog)
    stop(server)
    known: dict[str, Value] = {
        **ends_of(port), "version": f"TLS {version}", **certificate_facts(files.certificates),
        "resumed": "no", "client_certificate": "none asked", "first_data": FIRST_DATA,
    }  # fmt: skip
    write(capture, keylog, known, "the command lines, the certificates as issued, the key log",
          zh, en)  # fmt: skip


def ends_of(port: int, server_port: int = 443) -> dict[str, Value]:
    return {"transport": "tcp", "client": f"{LAPTOP}:{port}", "server": f"{SERVER}:{server_port}",
            "server_name": HOST}  # fmt: skip


def fast_open(here: Scene, files: Files) -> None:
    """TCP Fast Open: the Client Hello comes in the SYN."""
    here.laptop.setting("net.ipv4.tcp_fastopen", "5")
    here.server.setting("net.ipv4.tcp_fastopen", str(0x2 | 0x200 | 0x400))
    server = serve(here, "-tls1_2", certificates=files.certificates, sessions=1)
    port = next_port(here)
    with here.record("tls12-tcp-fast-open.pcapng") as capture:
        keylog = here.keylog(capture)
        gnutls_cli(here, files, GNUTLS.format("1.2"), keylog, "--fastopen")
    server.end()
    known = server.told().facts(**ends_of(port), version="TLS 1.2", resumed="no",
                                first_data=FIRST_DATA)  # fmt: skip
    write(capture, keylog, known, "`openssl s_server -trace`, the command lines",
          "TLS 1.2，TCP Fast Open：Client Hello 就在 SYN 里。",
          "TLS 1.2, TCP Fast Open: the Client Hello is in the SYN.")  # fmt: skip


def curl_nginx(here: Scene, files: Files, version: str) -> None:
    server = serve_nginx(here, files.certificates, listen="443 ssl http2",
                         protocols=f"TLSv{version}")  # fmt: skip
    next_port(here)
    with here.record(f"tls{short(version)}-curl-nginx-http2.pcapng") as capture:
        keylog = here.keylog(capture)
        curl(here, files, keylog, 443, "--http2")
    server.end()
    known: dict[str, Value] = {
        "transport": "tcp", **server.sessions()[0], **certificate_facts(files.certificates),
        "client_certificate": "none asked", "first_data": "PRI * HTTP/2.0",
    }  # fmt: skip
    write(capture, keylog, known, "nginx's configuration and access log",
          f"TLS {version}，curl 访问 nginx，ALPN 选了 HTTP/2。",
          f"TLS {version}, curl and nginx, HTTP/2 by ALPN.")  # fmt: skip


def curl(here: Scene, files: Files, keylog: Path, port: int, *more: str) -> None:
    here.laptop.run(
        ["curl", "-sS", "-o", "/dev/null", "--cacert", str(files.trusted), "--connect-to",
         f"{HOST}:{port}:{SERVER}:{port}", *more, f"https://{HOST}:{port}/index.html"],
        env={"SSLKEYLOGFILE": str(keylog)},
    )  # fmt: skip


def java_client_node(here: Scene, files: Files, version: str) -> None:
    log = here.work / f"node-{version}.log"
    # Only the server tells its keys.
    keys = here.work / f"node-{version}.keys"
    server = here.server.start(
        ["node", str(PROGRAMS / "server.js"), str(files.chain), str(files.key), "443",
         f"TLSv{version}", str(keys)],
        ports=[443], log=log,
    )  # fmt: skip
    port = next_port(here)
    with here.record(f"tls{short(version)}-java-client-node-server.pcapng") as capture:
        here.laptop.run(
            ["java", str(PROGRAMS / "Client.java"), str(files.trust_store), SERVER, "443", HOST,
             f"TLSv{version}"]
        )  # fmt: skip
    stop(server)
    keylog = merge_keylogs([keys], here.keylog(capture))
    known = {
        **ends_of(port),
        **said_in(log, files.certificates),
        "client_certificate": "none asked",
    }
    write(capture, keylog, known, "what the server's program logs, the certificates as issued",
          f"TLS {version}，客户端是 Java，服务器是 Node。",
          f"TLS {version}, Java as the client, Node as the server.")  # fmt: skip


def go_client_java(here: Scene, files: Files, version: str) -> None:
    log = here.work / f"java-{version}.log"
    server = here.server.start(
        ["java", str(PROGRAMS / "Server.java"), str(files.store), "443", f"TLSv{version}"],
        ports=[443], log=log, timeout=40,
    )  # fmt: skip
    port = next_port(here)
    with here.record(f"tls{short(version)}-go-client-java-server.pcapng") as capture:
        keylog = here.keylog(capture)
        here.laptop.run(
            [str(files.go), "client", f"{SERVER}:443", HOST, str(files.trusted), version,
             str(keylog)]
        )  # fmt: skip
    server.wait(10)
    known = {
        **ends_of(port),
        **said_in(log, files.certificates),
        "client_certificate": "none asked",
    }
    write(capture, keylog, known, "what the server's program logs, the certificates as issued",
          f"TLS {version}，客户端是 Go，服务器是 Java。",
          f"TLS {version}, Go as the client, Java as the server.")  # fmt: skip


def curl_go(here: Scene, files: Files, version: str) -> None:
    log = here.work / f"go-{version}.log"
    server = here.server.start(
        [str(files.go), "server", str(files.chain), str(files.key), "443", version,
         str(here.work / "go.keys")],
        ports=[443], log=log,
    )  # fmt: skip
    port = next_port(here)
    with here.record(f"tls{short(version)}-curl-go-server.pcapng") as capture:
        keylog = here.keylog(capture)
        curl(here, files, keylog, 443)
    server.wait(10)
    known = {
        **ends_of(port),
        **said_in(log, files.certificates),
        "client_certificate": "none asked",
    }
    write(
        capture,
        keylog,
        known,
        "what the server's program logs, the certificates as issued",
        f"TLS {version}，curl 访问 Go 写的服务器。",
        f"TLS {version}, curl and a server in Go.",
    )


def said_in(log: Path, certificates: Sequence[Issued]) -> dict[str, Value]:
    """What a server's program says of its session."""
    line = next(row for row in log.read_text().splitlines() if row.startswith("{"))
    said: Mapping[str, object] = json.loads(line)
    return {
        "version": str(said["protocol"]).replace("TLSv", "TLS "), "suite": str(said["suite"]),
        "server_name": str(said["server_name"]), "resumed": "yes" if said["resumed"] else "no",
        "first_data": str(said["request"]), "client_certificate": "none asked",
        **certificate_facts(certificates),
    }  # fmt: skip


def newer_openssl(here: Scene, files: Files) -> None:
    """OpenSSL 4 at both ends: X25519MLKEM768 offered and chosen, so both hellos are long."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate_chain_file(str(files.chain))
    context.use_privatekey_file(str(files.key))
    said: dict[str, str] = {}

    def answer(secure: SSL.Connection) -> None:
        secure.recv(4000)
        said["group"] = secure.get_group_name() or ""
        secure.sendall(b"HTTP/1.0 200 OK\r\n\r\n<!doctype html><title>Reading room</title>\n")
        secure.shutdown()

    thread, port = accept(here, context, answer)
    with here.record("tls13-mlkem768-chosen.pcapng") as capture:
        keylog = here.keylog(capture)
        known = ask_with_pyopenssl(here, files, keylog, port)
        thread.join(10)
    if said["group"] != "X25519MLKEM768":
        raise RuntimeError(f"the group is {said['group']}")
    write(capture, keylog, {**known, **certificate_facts(files.certificates)},
          "what OpenSSL's interface tells both programs, the certificates as issued",
          "TLS 1.3，OpenSSL 4，选了后量子密钥交换 X25519MLKEM768：两个 Hello 都很长。",
          "TLS 1.3, OpenSSL 4, post-quantum key exchange X25519MLKEM768 chosen: both hellos are"
          " long.")  # fmt: skip


def accept(
    here: Scene, context: SSL.Context, answer: Callable[[SSL.Connection], None]
) -> tuple[threading.Thread, int]:
    """A server in a thread, for one session; and the client's port."""
    with here.server.entered():
        listener = socket.create_server((SERVER, 443))

    def run() -> None:
        plain, _ = listener.accept()
        secure = SSL.Connection(context, plain)
        secure.set_accept_state()
        answer(secure)
        plain.close()
        listener.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, next_port(here)


def ask_with_pyopenssl(here: Scene, files: Files, keylog: Path, port: int) -> dict[str, Value]:
    context = SSL.Context(SSL.TLS_METHOD)
    context.load_verify_locations(str(files.trusted))
    context.set_verify(SSL.VERIFY_PEER)
    with keylog.open("w") as keys:
        context.set_keylog_callback(lambda _, line: print(line.decode(), file=keys))
        with here.laptop.entered():
            plain = socket.create_connection((SERVER, 443))
        secure = SSL.Connection(context, plain)
        secure.set_tlsext_host_name(HOST.encode())
        secure.set_connect_state()
        secure.do_handshake()
        secure.sendall(REQUEST)
        try:
            while secure.recv(4000):
                pass
        except SSL.ZeroReturnError:
            secure.shutdown()
    known: dict[str, Value] = {
        **ends_of(port), "version": secure.get_protocol_version_name().replace("v", " "),
        "suite": secure.get_cipher_name() or "",
        "client_random": (secure.client_random() or b"").hex(),
        "server_random": (secure.server_random() or b"").hex(), "resumed": "no",
        "client_certificate": "none asked", "client_alerts": ["close_notify"],
        "first_data": FIRST_DATA,
    }  # fmt: skip
    plain.close()
    return known


def post_quantum_not_chosen(here: Scene, files: Files) -> None:
    server = serve_nginx(here, files.certificates, protocols="TLSv1.3")
    port = next_port(here)
    with here.record("tls13-mlkem768-offered.pcapng") as capture:
        keylog = here.keylog(capture)
        known = ask_with_pyopenssl(here, files, keylog, port)
    server.end()
    write(capture, keylog, {**known, **certificate_facts(files.certificates)},
          "what OpenSSL's interface tells the client, nginx's configuration",
          "TLS 1.3，OpenSSL 4 的客户端提供 X25519MLKEM768，nginx 选了 x25519。",
          "TLS 1.3, OpenSSL 4 offers X25519MLKEM768, nginx takes x25519.")  # fmt: skip


def short(version: str) -> str:
    return version.replace(".", "")


def write(
    capture: Path, keylog: Path | None, known: Mapping[str, Value], source: str, zh: str, en: str
) -> None:
    write_ends(
        capture, zh=zh, en=en, script=SCRIPT, facts=known, known_from=source,
        cases=with_and_without(keylog, ({}, known)),
    )  # fmt: skip


if __name__ == "__main__":
    main()
