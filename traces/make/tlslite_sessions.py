"""What only tlslite-ng still does, or does already: SSL 3.0, packed records, compression.

SSL 3.0, several handshake messages in one record, certificates compressed by RFC 8879. Needs
tlslite-ng and brotli.
"""

import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import tlslite.tlsconnection as implementation
from authority import Issued, chain
from ends import certificate_facts
from openssl import FIRST_DATA, REQUEST, ask
from scene import LAPTOP, SERVER, Scene, scene
from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey
from tlslite.x509 import X509
from truth import Value, with_and_without, write_ends

SCRIPT = "make/tlslite_sessions.py"
HOST = "www.reading.example"
ANSWER = b"HTTP/1.0 200 OK\r\n\r\n<!doctype html><title>Reading room</title>\n"
LABELS = {
    b"c hs traffic": "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    b"s hs traffic": "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    b"c ap traffic": "CLIENT_TRAFFIC_SECRET_0",
    b"s ap traffic": "SERVER_TRAFFIC_SECRET_0",
}


def main() -> None:
    with scene("tlslite") as here:
        certificates = chain(HOST, 2, authority_name="Reading")
        for cipher, suite in (("3des", "3DES_EDE_CBC"), ("rc4", "RC4_128")):
            ssl3(here, certificates, cipher, suite)
        packed(here, certificates)
        for algorithm in ("zlib", "brotli"):
            compressed(here, certificates, algorithm)


def settings(version: tuple[int, int], **more: object) -> HandshakeSettings:
    chosen = HandshakeSettings()
    chosen.minVersion = chosen.maxVersion = version
    for name, value in more.items():
        setattr(chosen, name, value)
    return chosen


def serving(
    here: Scene, certificates: Sequence[Issued], chosen: HandshakeSettings
) -> tuple[threading.Thread, dict[str, Any]]:
    """A server for one session, in a thread; what it knows of the session comes into the dict."""
    with here.server.entered():
        listener = socket.create_server((SERVER, 443))
    sent = [X509().parse(item.certificate_pem().decode()) for item in certificates]
    key = parsePEMKey(certificates[0].key_pem().decode(), private=True)
    said: dict[str, Any] = {}

    def run() -> None:
        plain, _ = listener.accept()
        secure = TLSConnection(plain)
        secure.handshakeServer(certChain=X509CertChain(sent), privateKey=key, settings=chosen)
        said["request"] = bytes(secure.recv(4000))
        said["session"] = secure.session
        secure.sendall(ANSWER)
        secure.close()
        listener.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, said


def asking(
    here: Scene, chosen: HandshakeSettings, port: int
) -> tuple[TLSConnection, tuple[int, int]]:
    """A client's session (request, answer, close_notify), and the version that it settled on."""
    with here.laptop.entered():
        plain = socket.socket()
    plain.bind((LAPTOP, port))
    plain.connect((SERVER, 443))
    secure = TLSConnection(plain)
    secure.handshakeClientCert(settings=chosen, serverName=HOST)
    version = secure.version
    secure.sendall(REQUEST)
    while secure.recv(4000):
        pass
    secure.close()
    return secure, version


def known(
    port: int, asked: tuple[TLSConnection, tuple[int, int]], certificates: Sequence[Issued]
) -> dict[str, Value]:
    secure, version = asked
    names = {(3, 0): "SSL 3.0", (3, 3): "TLS 1.2", (3, 4): "TLS 1.3"}
    return {
        "transport": "tcp", "client": f"{LAPTOP}:{port}", "server": f"{SERVER}:443",
        "server_name": HOST, "version": names[version],
        "client_random": bytes(secure._clientRandom).hex(),
        "server_random": bytes(secure._serverRandom).hex(), **certificate_facts(certificates),
        "resumed": "no", "client_certificate": "none asked", "first_data": FIRST_DATA,
    }  # fmt: skip


def ssl3(here: Scene, certificates: Sequence[Issued], cipher: str, called: str) -> None:
    chosen = settings((3, 0), cipherNames=[cipher], keyExchangeNames=["rsa"], macNames=["sha"])
    port = next(here.ports)
    thread, _ = serving(here, certificates, chosen)
    with here.record(f"ssl30-rsa-{cipher}.pcapng") as capture:
        asked = asking(here, chosen, port)
        thread.join(10)
    facts = known(port, asked, certificates) | {"suite": f"TLS_RSA_WITH_{called}_SHA"}
    write(capture, None, facts, f"SSL 3.0，RSA 密钥交换，{called}。",
          f"SSL 3.0, RSA key exchange, {called}.")  # fmt: skip


def packed(here: Scene, certificates: Sequence[Issued]) -> None:
    """The server's whole flight in one record, to OpenSSL's client."""
    thread, _ = serving(here, certificates, settings((3, 3)))
    with here.record("tls12-several-messages-in-one-record.pcapng") as capture:
        keylog = here.keylog(capture)
        told = ask(here, "-tls1_2", keylog=keylog)
        thread.join(10)
    facts = told.facts(resumed="no", first_data=FIRST_DATA)
    write(capture, keylog, facts, "TLS 1.2，服务器的几条握手消息在同一个记录里。",
          "TLS 1.2, several handshake messages of the server are in one record.")  # fmt: skip


def compressed(here: Scene, certificates: Sequence[Issued], algorithm: str) -> None:
    chosen = settings((3, 4), certificate_compression_send=[algorithm],
                      certificate_compression_receive=[algorithm])  # fmt: skip
    port = next(here.ports)
    secrets: dict[bytes, bytes] = {}
    usual = implementation.derive_secret
    implementation.derive_secret = noting(usual, secrets)
    thread, _ = serving(here, certificates, settings((3, 4), certificate_compression_send=[
        algorithm], certificate_compression_receive=[algorithm]))  # fmt: skip
    with here.record(f"tls13-certificate-compressed-{algorithm}.pcapng") as capture:
        asked = asking(here, chosen, port)
        thread.join(10)
    implementation.derive_secret = usual
    secure = asked[0]
    if secure.server_cert_compression_algo != algorithm:
        raise RuntimeError(f"the certificates came {secure.server_cert_compression_algo}")
    keylog = here.keylog(capture)
    random = bytes(secure._clientRandom).hex()
    rows = [f"{LABELS[label]} {random} {secret.hex()}\n" for label, secret in secrets.items()]
    keylog.write_text("".join(rows))
    write(capture, keylog, known(port, asked, certificates),
          f"TLS 1.3，服务器的证书压缩过（{algorithm}，RFC 8879）。",
          f"TLS 1.3, the server's certificates are compressed ({algorithm}, RFC 8879).",
          )  # fmt: skip


def noting(
    derive: Callable[..., bytearray], secrets: dict[bytes, bytes]
) -> Callable[..., bytearray]:
    """tlslite's derivation, which keeps the traffic secrets besides."""

    def derived(secret: bytearray, label: bytearray, *more: object) -> bytearray:
        result = derive(secret, label, *more)
        if bytes(label) in LABELS:
            secrets[bytes(label)] = bytes(result)
        return result

    return derived


def write(
    capture: Path, keylog: Path | None, facts: dict[str, Value], zh: str, en: str
) -> None:  # fmt: skip
    write_ends(
        capture, zh=zh, en=en, script=SCRIPT, facts=facts,
        known_from="what tlslite-ng (and OpenSSL's trace) say, the certificates as issued",
        cases=with_and_without(keylog, ({}, facts)),
    )  # fmt: skip


if __name__ == "__main__":
    main()
