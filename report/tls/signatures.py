"""Signatures on certificates and OCSP answers, old algorithms included."""

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import (
    dsa,
    ec,
    ed448,
    ed25519,
    padding,
    rsa,
)
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes


def certificate_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool | None:
    """Whether `issuer`'s key made the certificate's signature; names are not compared.

    None where that cannot be checked: an algorithm without an implementation, an unreadable key.
    SHA-1 and MD5 are checked like every other hash: whether they should be trusted is another
    question.
    """
    try:
        key = issuer.public_key()
        parameters = certificate.signature_algorithm_parameters
        hash_algorithm = certificate.signature_hash_algorithm
        data = certificate.tbs_certificate_bytes
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    scheme = parameters if isinstance(parameters, padding.PSS) else None
    return signature_valid(key, certificate.signature, data, hash_algorithm, scheme)


def signature_valid(
    key: PublicKeyTypes,
    signature: bytes,
    data: bytes,
    hash_algorithm: hashes.HashAlgorithm | None,
    scheme: padding.AsymmetricPadding | None = None,
) -> bool | None:
    """Whether `key` made `signature` over `data`; None where that cannot be checked.

    `scheme` is RSA's padding, PKCS #1 v1.5 unless given.
    """
    try:
        if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(signature, data)
        elif hash_algorithm is None:
            return None
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, scheme or padding.PKCS1v15(), hash_algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(hash_algorithm))
        elif isinstance(key, dsa.DSAPublicKey):
            key.verify(signature, data, hash_algorithm)
        else:
            return None
    except InvalidSignature:
        return False
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return True
