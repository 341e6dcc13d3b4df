"""Certificates: key and signature types, chains of one to four, and chains with something odd."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from authority import Issued, chain, issue, write_server_files
from cryptography import x509
from openssl import capture_session
from scene import scene

SCRIPT = "make/certificates.py"
HOST = "www.reading.example"


@dataclass(frozen=True, slots=True)
class Row:
    """One capture: what the server has, and how much of it it sends."""

    name: str
    zh: str
    en: str
    certificates: Sequence[Issued]
    send: int | None = None
    options: Sequence[str] = ("-tls1_2",)
    keys: bool = False
    version: str = "TLS 1.2"
    server_name: str = HOST


def main() -> None:
    with scene("certs") as here:
        for row in [*key_types(), *signatures(here.work), *chains(), *odd_ones()]:
            capture_session(
                here, f"{row.name}.pcapng", zh=row.zh, en=row.en, script=SCRIPT,
                certificates=row.certificates, send=row.send, serving=row.options,
                asking=row.options, keys=row.keys, version=row.version,
                server_name=row.server_name,
            )  # fmt: skip


def key_types() -> list[Row]:
    edwards = chain(HOST, 2, key="ed25519", authority_name="Reading")
    odd = chain(HOST, 2, key="rsa2047", authority_name="Reading")
    return [
        Row("tls12-certificate-ed25519", "TLS 1.2，Ed25519 证书：没有模数。",
            "TLS 1.2, an Ed25519 certificate: no modulus.", edwards),
        Row("tls13-certificate-ed25519", "TLS 1.3，Ed25519 证书，有密钥日志。",
            "TLS 1.3, an Ed25519 certificate, with its key log.", edwards,
            options=["-tls1_3"], keys=True, version="TLS 1.3"),
        Row("tls12-certificate-p521-sha512", "TLS 1.2，P-521 证书，ecdsa-with-SHA512。",
            "TLS 1.2, a P-521 certificate, ecdsa-with-SHA512.",
            chain(HOST, 2, key="p521", digest="sha512", authority_name="Reading")),
        Row("tls12-certificate-rsa4096", "TLS 1.2，4096 位 RSA 证书，sha384。",
            "TLS 1.2, an RSA certificate of 4096 bits, sha384.",
            chain(HOST, 2, key="rsa4096", digest="sha384", authority_name="Reading")),
        Row("tls12-certificate-rsa2047", "TLS 1.2，2047 位 RSA 证书：模数不以 00 开头。",
            "TLS 1.2, an RSA certificate of 2047 bits: its modulus does not begin with 00.", odd),
    ]  # fmt: skip


def signatures(work: Path) -> list[Row]:
    root = issue("Reading Root CA", authority=True)
    return [
        Row("tls12-certificate-pss-signature", "TLS 1.2，证书用 RSASSA-PSS 签名。",
            "TLS 1.2, the certificate is signed with RSASSA-PSS.",
            [issue(HOST, issuer=root, hosts=[HOST], pss=True), root]),
        Row("tls12-certificate-ecdsa-signed-by-rsa", "TLS 1.2，P-256 证书，由 RSA 密钥的机构签名。",
            "TLS 1.2, a P-256 certificate signed by an authority with an RSA key.",
            [issue(HOST, issuer=root, hosts=[HOST], key="p256"), root]),
        Row("tls11-certificate-rsa1024-sha1", "TLS 1.1，1024 位 RSA 证书，sha1 签名。",
            "TLS 1.1, an RSA certificate of 1024 bits, signed with sha1.",
            [with_sha1(HOST, root, work), root],
            options=["-tls1_1", "-cipher", "ECDHE-RSA-AES128-SHA:@SECLEVEL=0"],
            version="TLS 1.1"),
    ]  # fmt: skip


def with_sha1(common_name: str, issuer: Issued, work: Path) -> Issued:
    """An RSA certificate of 1024 bits with a SHA-1 signature; only OpenSSL's program makes one."""
    bare = issue(common_name, key="rsa1024")
    own, _ = write_server_files(work, "own", [bare])
    authority, authority_key = write_server_files(work, "authority", [issuer])
    extensions = work / "own.extensions"
    extensions.write_text(
        f"basicConstraints=critical,CA:false\nsubjectAltName=DNS:{common_name}\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    )
    command = ["openssl", "x509", "-in", str(own), "-CA", str(authority), "-CAkey",
               str(authority_key), "-sha1", "-days", "3650", "-set_serial", "4097", "-clrext",
               "-extfile", str(extensions)]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True)
    return Issued(x509.load_pem_x509_certificate(done.stdout), bare.key)


def chains() -> list[Row]:
    three, four = (chain(HOST, n, authority_name="Reading") for n in (3, 4))
    return [
        Row("tls12-chain-1-self-signed", "TLS 1.2，自签名证书，只有一张。",
            "TLS 1.2, one self-signed certificate.", chain(HOST, 1)),
        Row("tls12-chain-3", "TLS 1.2，三张证书：服务器、中间机构、根。",
            "TLS 1.2, three certificates: server, intermediate, root.", three),
        Row("tls12-chain-4", "TLS 1.2，四张证书，分布在几个 TCP 段里。",
            "TLS 1.2, four certificates over several segments.", four),
        Row("tls13-chain-4", "TLS 1.3，四张证书，有密钥日志。",
            "TLS 1.3, four certificates, with the key log.", four, options=["-tls1_3"],
            keys=True, version="TLS 1.3"),
        Row("tls12-chain-root-left-out", "TLS 1.2，服务器不发根证书（常见做法）。",
            "TLS 1.2, the server leaves the root out, as most do.", three, send=2),
        Row("tls12-chain-intermediate-missing", "TLS 1.2，服务器只发自己的证书，缺中间证书。",
            "TLS 1.2, the server sends its own certificate only: the intermediate is missing.",
            three, send=1),
        Row("tls12-chain-out-of-order", "TLS 1.2，根证书排在中间证书之前。",
            "TLS 1.2, the root comes ahead of the intermediate.", [three[0], three[2], three[1]]),
    ]  # fmt: skip


def odd_ones() -> list[Row]:
    root = issue("Reading Root CA", authority=True, key="p256")
    past, since = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
    local = issue("阅览室根证书", authority=True, organization="示例大学图书馆", key="p256")
    return [
        Row("tls12-certificate-expired", "TLS 1.2，服务器证书已过期，客户端没有在意。",
            "TLS 1.2, the server's certificate has expired; the client does not mind.",
            [issue(HOST, issuer=root, hosts=[HOST], not_before=past, not_after=since), root]),
        Row("tls12-certificate-for-another-name", "TLS 1.2，证书上的名字不是客户端要的那个。",
            "TLS 1.2, the certificate is for another name than the one asked for.",
            [issue("mail.writing.example", issuer=root, hosts=["mail.writing.example"]), root]),
        Row("tls12-certificate-without-common-name",
            "TLS 1.2，证书主题为空，名字只在 subjectAltName 里。",
            "TLS 1.2, the certificate's subject is empty: its names are alternative names only.",
            [issue("", issuer=root, hosts=[HOST, "reading.example"]), root]),
        Row("tls12-certificate-chinese-names", "TLS 1.2，证书里的名字是中文（UTF-8）。",
            "TLS 1.2, names in the certificates are Chinese (UTF-8).",
            [issue("阅览室", issuer=local, hosts=[HOST], organization="示例大学图书馆"), local]),
        Row("tls12-certificate-wildcard", "TLS 1.2，通配符证书。",
            "TLS 1.2, a wildcard certificate.",
            [issue("*.reading.example", issuer=root, hosts=["*.reading.example"], key="p256"),
             root]),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
