"""Clients that speak to the certificate authority (OCSP, CRL, issuer, DNS), and others that do.

Beside the laptop and the server there are a resolver (dnsmasq), the authority's hosts (OpenSSL's
OCSP responder, nginx for the rest) and a second laptop.
"""

import base64
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from authority import Issued, chain, write_server_files
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from network import Host, Link
from openssl import FIRST_DATA, ask, serve
from scene import Scene, scene
from truth import with_and_without, write_ends

SCRIPT = "make/authority_contacts.py"
HOST = "www.reading.example"
RESOLVER, RESOLVER6, AUTHORITY = "198.51.100.53", "2001:db8:51::53", "198.51.100.90"
NAMES = {
    "ocsp.reading-trust.example": AUTHORITY, "crl.reading-trust.example": "198.51.100.91",
    "certs.reading-trust.example": "198.51.100.91", "gone.reading-trust.example": "198.51.100.99",
    HOST: "198.51.100.10",
}  # fmt: skip
OCSP_URL = "http://ocsp.reading-trust.example/"
CRL_URL = "http://crl.reading-trust.example/server-ca-1.crl"
ISSUER_URL = "http://certs.reading-trust.example/server-ca-1.cer"


@dataclass(slots=True)
class Trust:
    """The authority's hosts and files."""

    here: Scene
    certificates: Sequence[Issued]
    leaf: Path
    issuer: Path
    other: Host
    router: Host


def main() -> None:
    with scene("contacts") as here:
        trust = authority(here)
        curl = ["curl", "-sS", "-o", "/dev/null"]
        by_post = ["openssl", "ocsp", "-issuer", str(trust.issuer), "-cert", str(trust.leaf),
                   "-url", OCSP_URL, "-noverify"]  # fmt: skip
        by_get = [*curl, "--http1.1", OCSP_URL + request(trust.certificates)]
        missing = ["getent", "ahostsv4", "gone.reading-trust.example"]
        asking: list[tuple[str, str, Callable[[], object], str, str]] = [
            ("tls12-ocsp-asked", "-tls1_2", lambda: here.laptop.run(by_post),
             "TLS 1.2，客户端先向证书里写的 OCSP 主机查询（DNS，然后 HTTP POST）。",
             "TLS 1.2, the client first asks the OCSP host that the certificate names: DNS, then"
             " an HTTP POST."),
            ("tls13-ocsp-asked", "-tls1_3", lambda: here.laptop.run(by_post),
             "TLS 1.3，客户端向 CA 发了 OCSP 请求；证书是加密的，没有密钥就不知道主机名对不对。",
             "TLS 1.3, the client sends the CA an OCSP request; without keys the certificate that"
             " names the host is hidden."),
            ("tls13-ocsp-asked-by-get", "-tls1_3", lambda: here.laptop.run(by_get),
             "TLS 1.3，OCSP 请求写在 HTTP GET 的路径里。",
             "TLS 1.3, the OCSP request is in the path of an HTTP GET."),
            ("tls12-crl-fetched", "-tls1_2", lambda: here.laptop.run([*curl, CRL_URL]),
             "TLS 1.2，客户端先下载吊销列表（CRL）。",
             "TLS 1.2, the client first fetches the revocation list (CRL)."),
            ("tls12-issuer-fetched-without-dns", "-tls1_2",
             lambda: here.laptop.run(
                 [*curl, "--resolve", "certs.reading-trust.example:80:198.51.100.91", ISSUER_URL]),
             "TLS 1.2，客户端下载中间证书，名字没有经过 DNS。",
             "TLS 1.2, the client fetches the issuer's certificate; no DNS question for the name."),
            ("tls12-authority-name-asked", "-tls1_2",
             lambda: here.laptop.run(["getent", "ahostsv4", "crl.reading-trust.example"]),
             "TLS 1.2，客户端只查了 CRL 主机的 DNS，没有连接。",
             "TLS 1.2, the client asks DNS for the CRL host's address and goes no further."),
            ("tls12-unrelated-name-asked", "-tls1_2", lambda: here.laptop.run(missing),
             "TLS 1.2，客户端查了 CA 同一域里的另一个名字，证书里没有它：不算。",
             "TLS 1.2, the client asks DNS for a name near the CA's that no certificate has: it"
             " does not count."),
        ]  # fmt: skip
        for name, version, act, zh, en in asking:
            session(trust, name, version, act, zh, en)
        session(
            trust, "tls12-ocsp-asked-by-another-host", "-tls1_2",
            lambda: trust.other.run(by_post),
            "TLS 1.2，在路由器上抓的包：查 OCSP 的是另一台电脑，不是这个客户端。",
            "TLS 1.2, captured on the router: another laptop asks the OCSP host, not this client.",
            at=trust.router,
        )  # fmt: skip
        here.laptop.names(RESOLVER6)
        session(
            trust, "tls12-ocsp-asked-dns-over-ipv6", "-tls1_2",
            lambda: here.laptop.run(by_post),
            "TLS 1.2，客户端向 CA 查 OCSP，DNS 走 IPv6，其余走 IPv4。",
            "TLS 1.2, the client asks the OCSP host: DNS over IPv6, the rest over IPv4.",
        )  # fmt: skip


def authority(here: Scene) -> Trust:
    """Start the resolver and the authority's servers; the chain names them."""
    certificates = chain(HOST, 3, authority_name="Reading", ocsp=OCSP_URL, crl=CRL_URL,
                         ca_issuers=ISSUER_URL)  # fmt: skip
    leaf, _ = write_server_files(here.work, "leaf", certificates, 1)
    issuer, issuer_key = write_server_files(here.work, "issuer", certificates[1:], 1)
    resolver = here.network.host("resolver", f"{RESOLVER}/24", f"{RESOLVER6}/64")
    answers = [f"--address=/{name}/{address}" for name, address in NAMES.items()]
    resolver.start(
        ["dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--user=root",
         f"--pid-file={here.work}/dnsmasq.pid", "--conf-file=/dev/null", *answers],
        ports=[53],
    )  # fmt: skip
    responder = here.network.host("ocsp", f"{AUTHORITY}/24", link=Link(delay=0.009))
    index = here.work / "index.txt"
    serial = f"{certificates[0].certificate.serial_number:X}"
    index.write_text(f"V\t360101000000Z\t\t{serial:0>2}\tunknown\t/CN={HOST}\n")
    responder.start(
        ["openssl", "ocsp", "-index", str(index), "-port", "80", "-rsigner", str(issuer), "-rkey",
         str(issuer_key), "-CA", str(issuer), "-ndays", "7"],
        ports=[80],
    )  # fmt: skip
    files(here, certificates[1])
    other = here.network.host("other", "192.0.2.24/24", link=Link(delay=0.001))
    for host in (here.laptop, other):
        host.names(RESOLVER)
    router = Host(here.network, "router", "eth1", b"")
    return Trust(here, certificates, leaf, issuer, other, router)


def files(here: Scene, issuer: Issued) -> None:
    """The host that gives the issuer's certificate and its (empty) CRL."""
    der = serialization.Encoding.DER
    folder = here.work / "authority"
    folder.mkdir()
    (folder / "server-ca-1.cer").write_bytes(issuer.certificate.public_bytes(der))
    certificate, key = write_server_files(here.work, "crl", [issuer])
    database = here.work / "crl.txt"
    database.write_text("")
    settings = here.work / "crl.conf"
    settings.write_text(
        f"[ca]\ndefault_ca=own\n[own]\ndatabase={database}\ndefault_md=sha256\n"
        "default_crl_days=30\n"
    )
    made = subprocess.run(
        ["openssl", "ca", "-gencrl", "-config", str(settings), "-cert", str(certificate),
         "-keyfile", str(key)],
        check=True, capture_output=True,
    )  # fmt: skip
    to_der = ["openssl", "crl", "-outform", "DER", "-out", str(folder / "server-ca-1.crl")]
    subprocess.run(to_der, input=made.stdout, check=True)
    web = here.network.host("certs", "198.51.100.91/24", link=Link(delay=0.009))
    configuration = here.work / "certs.conf"
    configuration.write_text(
        f"daemon off; user root; worker_processes 1; pid {here.work}/certs.pid; error_log stderr;"
        f" events {{}} http {{ access_log off; server {{ listen 80; root {folder}; }} }}\n"
    )
    web.start(["nginx", "-c", str(configuration)], ports=[80], log=here.work / "certs.out")


def request(certificates: Sequence[Issued]) -> str:
    """An OCSP request about the first certificate, as the path of a GET (RFC 6960 appendix A.1)."""
    made = ocsp.OCSPRequestBuilder().add_certificate(
        certificates[0].certificate, certificates[1].certificate, hashes.SHA1()
    )
    octets = made.build().public_bytes(serialization.Encoding.DER)
    return base64.b64encode(octets).decode().replace("+", "%2B").replace("/", "%2F")


def session(
    trust: Trust, name: str, option: str, act: Callable[[], object], zh: str, en: str,
    at: Host | None = None,
) -> None:  # fmt: skip
    """Record `act`, then a session with the server."""
    here = trust.here
    server = serve(here, option, certificates=trust.certificates, send=2, sessions=1)
    with here.record(f"{name}.pcapng", host=at, interface=at.interface if at else None) as capture:
        keylog = here.keylog(capture)
        act()
        told = ask(here, option, keylog=keylog)
    server.end()
    known = told.facts(resumed="no", first_data=FIRST_DATA)
    write_ends(
        capture, zh=zh, en=en, script=SCRIPT, facts=known,
        known_from="the command lines, `openssl s_client -trace`",
        cases=with_and_without(keylog, ({}, known)),
    )  # fmt: skip


if __name__ == "__main__":
    main()
