"""The demo trace: a student's laptop opens the library's pages; other connections around it.

The laptop (192.0.2.23) reads the campus news over TLS 1.3, answers a portal check over plain HTTP,
says hello to a chat server, and opens https://library.campus.example/, whose server still speaks
TLS 1.2 and sends its certificate, the intermediate and the root. The page reports to a metrics
host meanwhile. Servers: nginx and dnsmasq; client: curl. Run as root; see `network.py`.
"""

import random
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
import zlib
from pathlib import Path

from authority import Issued, issue, write_server_files
from ends import NGINX_LOG_FORMAT, certificate_facts, client_randoms, nginx_sessions
from files import rewrite_section
from network import Host, Link, Network
from truth import Value, write_ends

TRACES = Path(__file__).parent.parent
LAPTOP = "192.0.2.23"
ADDRESSES = {
    "library.campus.example": "198.51.100.84",
    "news.campus.example": "198.51.100.80",
    "portal.campus.example": "198.51.100.7",
    "metrics.visits.example": "203.0.113.60",
    "chat.campus.example": "198.51.100.94",
}


def main() -> None:
    work = Path(tempfile.mkdtemp())
    certificates = make_certificates(work)
    make_pages(work)
    capture, keylog = TRACES / "demo.pcapng", TRACES / "demo.keylog"
    keylog.unlink(missing_ok=True)
    with Network("demo") as network:
        laptop = network.host(
            "laptop", f"{LAPTOP}/24", interface="wlan0", mac="a4:c3:f0:5d:17:2b",
            link=Link(delay=0.0021, jitter=0.0012, rate=60e6),
        )  # fmt: skip
        start_servers(network, work)
        laptop.names("198.51.100.53")
        with laptop.capture(capture):
            browse(laptop, work, keylog)
    rewrite_section(
        capture, hardware="Intel(R) Core(TM) i5 (with SSE4.2)", system="Debian GNU/Linux 12"
    )
    write_truth(capture, keylog, work, certificates)
    shutil.rmtree(work)


def make_certificates(work: Path) -> dict[str, list[Issued]]:
    """The library: leaf, intermediate and root, RSA. News and metrics: another authority, P-256."""
    root = issue(
        "Example Trust Root G1", organization="Example Trust", authority=True, key="rsa4096",
        digest="sha384",
    )  # fmt: skip
    campus = issue(
        "Campus TLS RSA CA 3", organization="Example Trust", authority=True, issuer=root,
        key="rsa3072", digest="sha384", crl="http://crl.trust.example/root-g1.crl",
    )  # fmt: skip
    library = issue(
        "library.campus.example",
        organization="Example University Library",
        issuer=campus,
        hosts=["library.campus.example", "catalogue.campus.example"],
        ocsp="http://ocsp.trust.example",
        ca_issuers="http://certs.trust.example/campus-tls.cer",
        crl="http://crl.trust.example/campus-tls.crl",
    )
    other = issue("Quick Sites Root X", organization="Quick Sites", authority=True, key="p384")
    issuing = issue("Quick Sites CA 7", organization="Quick Sites", authority=True, issuer=other,
                    key="p256", digest="sha384")  # fmt: skip
    chains = {"library": [library, campus, root]}
    for stem, host in (("news", "news.campus.example"), ("metrics", "metrics.visits.example")):
        leaf = issue(host, organization="Example Sites", issuer=issuing, hosts=[host], key="p256")
        chains[stem] = [leaf, issuing]
    for stem, certificates in chains.items():
        write_server_files(work, stem, certificates)
    (work / "trusted.crt").write_bytes(root.certificate_pem() + other.certificate_pem())
    return chains


def make_pages(work: Path) -> None:
    """What the servers give: text that compresses like text, pictures that do not."""
    chance = random.Random(20260901)
    words = ["the", "library", "opens", "its", "catalogue", "shelves", "loans", "rooms", "hours"]
    rows = "".join(
        f"<tr><td>{1000 + n}</td><td>{' '.join(chance.choices(words, k=9))}</td></tr>\n"
        for n in range(140)
    )
    page = "<!doctype html><html lang=en><meta charset=utf-8><title>{}</title><link rel=stylesheet"
    page += " href=/style.css><script src=/catalogue.js defer></script><h1>{}</h1><table>{}</table>"
    for name in ("library", "news", "portal", "metrics"):
        (work / name).mkdir()
    library = work / "library"
    (library / "index.html").write_text(page.format("Library", "University Library", rows))
    (library / "style.css").write_text("".join(f".s{n}{{margin:{n}px}}\n" for n in range(300)))
    (library / "catalogue.js").write_text("".join(f"const s{n}={n * 7};\n" for n in range(1100)))
    (library / "reading-room.png").write_bytes(picture(chance, 150, 150))
    (library / "opening.png").write_bytes(picture(chance, 210, 190))
    (library / "favicon.png").write_bytes(picture(chance, 16, 16))
    (work / "news" / "index.html").write_text(page.format("News", "Campus news", rows[:6000]))
    (work / "portal" / "generate_204").write_text("")


def picture(chance: random.Random, width: int, height: int) -> bytes:
    """A PNG of noise."""

    def block(kind: bytes, data: bytes) -> bytes:
        return (struct.pack("!I", len(data)) + kind + data
                + struct.pack("!I", zlib.crc32(kind + data)))  # fmt: skip

    noise = b"".join(b"\0" + chance.randbytes(width * 3) for _ in range(height))
    header = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + block(b"IHDR", header) + block(b"IDAT", zlib.compress(noise))
            + block(b"IEND", b""))  # fmt: skip


def start_servers(network: Network, work: Path) -> None:
    far, near = Link(delay=0.031, jitter=0.002), Link(delay=0.0085, jitter=0.001)
    resolver = network.host("resolver", "198.51.100.53/24", link=Link(delay=0.0012))
    names = [f"--address=/{name}/{address}" for name, address in ADDRESSES.items()]
    resolver.start(
        ["dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--user=root",
         f"--pid-file={work}/dnsmasq.pid", "--conf-file=/dev/null", *names],
        ports=[53],
    )  # fmt: skip
    sites = {
        "library": ("198.51.100.84", near, "listen 443 ssl; ssl_protocols TLSv1.2;"
                    " ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256; keepalive_timeout 20;"),
        "news": ("198.51.100.80", near, "listen 443 ssl; ssl_protocols TLSv1.3;"),
        "metrics": ("203.0.113.60", far, "listen 443 ssl; ssl_protocols TLSv1.2;"
                    " ssl_ciphers ECDHE-ECDSA-CHACHA20-POLY1305; return 204;"),
        "portal": ("198.51.100.7", near, "listen 80; location / { return 204; }"),
    }  # fmt: skip
    for name, (address, link, directives) in sites.items():
        server = network.host(name, f"{address}/24", link=link)
        tls = f"ssl_certificate {work}/{name}.crt; ssl_certificate_key {work}/{name}.key;"
        configuration = work / f"{name}.conf"
        configuration.write_text(
            f"daemon off; user root; worker_processes 1; pid {work}/{name}.pid; error_log stderr;"
            f" events {{}} http {{ types {{ text/html html; text/css css; image/png png; }}"
            f" server_tokens off; {NGINX_LOG_FORMAT} access_log {work}/{name}.log ends;"
            f" server {{ root {work}/{name}; {'' if name == 'portal' else tls} {directives} }} }}"
        )
        port = 80 if name == "portal" else 443
        server.start(["nginx", "-c", str(configuration)], ports=[port], log=work / f"{name}.out")
    chat = network.host("chat", "198.51.100.94/24", link=near)
    with chat.entered():
        listener = socket.create_server(("198.51.100.94", 6667))
    threading.Thread(target=answer_chat, args=[listener], daemon=True).start()


def answer_chat(listener: socket.socket) -> None:
    """A chat server that welcomes one visitor."""
    connection, _ = listener.accept()
    with connection, listener:
        connection.sendall(b":chat.campus.example NOTICE * :*** Looking up your hostname...\r\n")
        while line := connection.recv(500):
            if b"QUIT" in line:
                connection.sendall(b"ERROR :Closing link\r\n")
                return
            connection.sendall(b":chat.campus.example 001 guest :Welcome to the campus chat\r\n")


def visit_chat(laptop: Host) -> None:
    with laptop.entered():
        connection = socket.create_connection(("198.51.100.94", 6667))
    with connection:
        connection.recv(500)
        connection.sendall(b"NICK guest\r\nUSER guest 0 * :guest\r\n")
        connection.recv(500)
        time.sleep(1.6)
        connection.sendall(b"QUIT :see you\r\n")
        while connection.recv(500):
            pass


def browse(laptop: Host, work: Path, keylog: Path) -> None:
    """What the student does, in this order; the times between are a person's and a page's."""
    environment = {"SSLKEYLOGFILE": str(keylog)}
    curl = ["curl", "-sS", "--ipv4", "--http1.1", "--cacert", str(work / "trusted.crt"),
            "-A", "Mozilla/5.0 (X11; Linux x86_64) curl/7.88.1"]  # fmt: skip

    def fetch(*urls: str) -> list[str]:
        return [*curl, *(part for url in urls for part in ("-o", "/dev/null", url))]

    laptop.run(fetch("http://portal.campus.example/generate_204"))
    time.sleep(0.3)
    laptop.run(fetch("https://news.campus.example/"), env=environment)
    time.sleep(0.7)
    chat = threading.Thread(target=visit_chat, args=[laptop])
    chat.start()
    time.sleep(0.4)
    library = "https://library.campus.example/"
    names = ["", "style.css", "catalogue.js", "reading-room.png", "opening.png", "favicon.png"]
    page = laptop.start(
        [*fetch(*(library + name for name in names)), "--limit-rate", "160k"], env=environment
    )
    time.sleep(0.28)
    beacon = [*fetch("https://metrics.visits.example/visit"), "-d", "page=/&width=1440&lang=zh-CN"]
    laptop.run(beacon, env=environment)
    if page.wait(30) != 0:
        raise subprocess.SubprocessError("the library's page did not load")
    chat.join()


def write_truth(
    capture: Path, keylog: Path, work: Path, certificates: dict[str, list[Issued]]
) -> None:
    randoms = dict(zip(("news", "library", "metrics"), client_randoms(keylog), strict=True))
    facts: dict[str, dict[str, Value]] = {}
    for name, sent in certificates.items():
        session = nginx_sessions(work / f"{name}.log")[0]
        facts[name] = {
            "transport": "tcp",
            **session,
            "client_random": randoms[name],
            **certificate_facts(sent),
            "resumed": "no",
            "client_certificate": "none asked",
            "client_alerts": ["close_notify"],
        }
    cases: list[dict[str, Value]] = [{"options": {}}]
    for name, host in (
        ("library", "library.campus.example"),
        ("metrics", "metrics.visits.example"),
        ("news", "news.campus.example"),
    ):
        for keys in ({}, {"keylog": keylog.name}):
            cases.append({"options": {"host": host, **keys}, "facts": facts[name]})
    write_ends(
        capture,
        zh="学生的笔记本电脑打开图书馆网页（TLS 1.2，三张证书），前后还有别的连接："
        "DNS、TLS 1.3 的校园新闻、明文 HTTP、聊天服务器、访问统计主机。",
        en="A student's laptop opens the library's page (TLS 1.2, three certificates) among other"
        " connections: DNS, campus news over TLS 1.3, plain HTTP, a chat server, a metrics host.",
        script="make/demo.py",
        known_from="nginx's configuration and access log, certificates as issued, curl's key log",
        facts=facts["news"],
        cases=cases,
    )


if __name__ == "__main__":
    main()
