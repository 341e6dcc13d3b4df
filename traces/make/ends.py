"""What the two ends say of a session: nginx's access log, key logs, certificates as issued."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from authority import Issued
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

NGINX_LOG_FORMAT = (
    "log_format ends '$remote_addr:$remote_port $server_addr:$server_port|$ssl_server_name|"
    "$ssl_protocol|$ssl_cipher|$ssl_session_reused|$request';"
)


def nginx_sessions(log: Path) -> list[dict[str, str]]:
    """One row per TLS connection in a log written with `NGINX_LOG_FORMAT`, by first request.

    Keys: client, server, server_name, version ("TLS 1.2"), suite (IANA name), resumed ("yes"
    or "no"), first_data (the first request line).
    """
    rows: dict[str, dict[str, str]] = {}
    for line in log.read_text().splitlines():
        ends, name, protocol, suite, reused, request = line.split("|", 5)
        client, server = ends.split(" ")
        version = protocol.replace("TLSv1", "TLS 1") if "." in protocol else "TLS 1.0"
        rows.setdefault(
            client,
            {
                "client": client,
                "server": server,
                "server_name": name,
                "version": version,
                "suite": suite_name(suite),
                "resumed": "yes" if reused == "r" else "no",
                "first_data": request,
            },
        )
    return list(rows.values())


def client_randoms(keylog: Path) -> list[str]:
    """The client randoms of a key log, in order, each once."""
    rows = [line.split() for line in keylog.read_text().splitlines() if line and line[0] != "#"]
    return list(dict.fromkeys(row[1] for row in rows))


def certificate_facts(
    sent: Sequence[Issued] | Sequence[x509.Certificate],
) -> dict[str, str | list[str]]:
    """The facts subjects, issuer, signature, key and modulus of the certificates a server sends."""
    given = [item.certificate if isinstance(item, Issued) else item for item in sent]
    own = given[0]
    facts: dict[str, str | list[str]] = {
        "subjects": [_subject(item) for item in given],
        "issuer": common_name(own.issuer),
        # RFC 4055 calls it id-RSASSA-PSS.
        "signature": own.signature_algorithm_oid._name.replace("rsassaPss", "RSASSA-PSS"),
        "key": _key_name(own),
    }
    key = own.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        modulus = key.public_numbers().n
        facts["modulus"] = modulus.to_bytes(modulus.bit_length() // 8 + 1, "big").hex()[:8]
    return facts


def suite_name(openssl_name: str) -> str:
    """The IANA name of a suite that OpenSSL calls `openssl_name`."""
    command = ["openssl", "ciphers", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return next(row[0] for row in rows if row[2] == openssl_name)


def common_name(name: x509.Name) -> str:
    """The common name in a distinguished name."""
    return str(name.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _subject(certificate: x509.Certificate) -> str:
    """The common name, or the first host name of a certificate with an empty subject."""
    if certificate.subject.rdns:
        return common_name(certificate.subject)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return names.value.get_values_for_type(x509.DNSName)[0]


def _key_name(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"rsa{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"p{key.curve.key_size}"
    return "ed25519" if isinstance(key, ed25519.Ed25519PublicKey) else "ed448"
