"""Stapled OCSP answers: good, revoked, in TLS 1.3, and one that was asked for but not given."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from authority import Issued, chain
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from openssl import capture_session
from scene import scene

SCRIPT = "make/stapling.py"
HOST = "www.reading.example"
OCSP_URL = "http://ocsp.reading-trust.example"


def main() -> None:
    with scene("stapling") as here:
        certificates = chain(HOST, 2, authority_name="Reading", ocsp=OCSP_URL)
        good = stapled(certificates, here.work / "good.der", revoked=False)
        revoked = stapled(certificates, here.work / "revoked.der", revoked=True)
        rows: list[tuple[str, list[str], list[str], str, str, str]] = [
            ("tls12-ocsp-stapled-good", ["-tls1_2"], ["-status_file", str(good)], "TLS 1.2",
             "TLS 1.2，服务器附带 OCSP 应答（Certificate Status）：有效。",
             "TLS 1.2, the server staples an OCSP answer (Certificate Status): good."),
            ("tls12-ocsp-stapled-revoked", ["-tls1_2"], ["-status_file", str(revoked)], "TLS 1.2",
             "TLS 1.2，服务器附带 OCSP 应答：已吊销；客户端没有在意。",
             "TLS 1.2, the server staples an OCSP answer: revoked; the client does not mind."),
            ("tls12-ocsp-not-stapled", ["-tls1_2"], [], "TLS 1.2",
             "TLS 1.2，客户端请求 OCSP 装订，服务器没有给。",
             "TLS 1.2, the client asks for a stapled OCSP answer and gets none."),
            ("tls13-ocsp-stapled-good", ["-tls1_3"], ["-status_file", str(good)], "TLS 1.3",
             "TLS 1.3，OCSP 应答在加密的 Certificate 消息里：有效。",
             "TLS 1.3, the OCSP answer is inside the encrypted Certificate message: good."),
        ]  # fmt: skip
        for name, options, stapling, version, zh, en in rows:
            capture_session(
                here, f"{name}.pcapng", zh=zh, en=en, script=SCRIPT, certificates=certificates,
                serving=[*options, *stapling], asking=[*options, "-status"], keys=True,
                version=version,
            )  # fmt: skip


def stapled(certificates: Sequence[Issued], path: Path, *, revoked: bool) -> Path:
    """An OCSP answer about the first certificate, signed by its issuer, valid for a week."""
    own, issuer = certificates[0], certificates[1]
    now = datetime.now(UTC).replace(microsecond=0)
    assert isinstance(issuer.key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    answer = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            own.certificate,
            issuer.certificate,
            hashes.SHA1(),
            ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
            now - timedelta(hours=3),
            now + timedelta(days=7),
            now - timedelta(days=2) if revoked else None,
            x509.ReasonFlags.key_compromise if revoked else None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, issuer.certificate)
        .sign(issuer.key, hashes.SHA256())
    )
    path.write_bytes(answer.public_bytes(serialization.Encoding.DER))
    return path


if __name__ == "__main__":
    main()
