"""Two accounts of a session held together: the two ends' facts, and what the reader saw."""

from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from tests.corpus.truth import same_value
from tests.independent import Connection
from tests.independent.expected import common_name, signature_name, subject_name
from tests.independent.hello import EARLY_DATA, VERSIONS
from tests.independent.packets import Endpoint
from tests.independent.reader import TLS13
from tests.independent.session import Side


def disagreements(facts: Mapping[str, Any], connection: Connection) -> list[str]:
    """Every fact that the capture contradicts; what the capture does not tell is passed over."""
    found = []
    for key, stated in facts.items():
        if key in ALERTS:
            agree = _alerts_agree(stated, connection, ALERTS[key])
            seen: object = [m.alert() for m in connection.all(ALERTS[key], "Alert")]
        else:
            seen = SEEN[key](connection)
            agree = seen is None or AGREE.get(key, same_value)(stated, seen)
        if not agree:
            found.append(f"{key}: the two ends say {stated!r}, the capture {seen!r}")
    return found


def written(endpoint: Endpoint) -> str:
    address, port = endpoint
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _server_name(connection: Connection) -> str | None:
    hello = connection.client_hello
    if hello is None or not hello.extensions_read:
        return None
    return hello.server_name() or ""


def _version(connection: Connection) -> str | None:
    return VERSIONS.get(connection.version) if connection.version is not None else None


def _offered(connection: Connection) -> int | None:
    hello = connection.client_hello
    return len(hello.suites) if hello and hello.suites is not None else None


def _client_random(connection: Connection) -> str | None:
    return connection.client_hello.random.hex() if connection.client_hello else None


def _server_random(connection: Connection) -> str | None:
    return connection.server_hello.random.hex() if connection.server_hello else None


def _subjects(connection: Connection) -> list[str] | None:
    sent = connection.certificates("server")
    return None if sent is None else [subject_name(item) for item in sent]


def _issuer(connection: Connection) -> str | None:
    sent = connection.certificates("server")
    return common_name(sent[0].issuer) if sent else None


def _signature(connection: Connection) -> str | None:
    sent = connection.certificates("server")
    return signature_name(sent[0]) if sent else None


def _key(connection: Connection) -> str | None:
    sent = connection.certificates("server")
    key = sent[0].public_key() if sent else None
    if isinstance(key, rsa.RSAPublicKey):
        return f"rsa{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"p{key.curve.key_size}"
    kinds = {ed25519.Ed25519PublicKey: "ed25519", ed448.Ed448PublicKey: "ed448"}
    return next((name for kind, name in kinds.items() if isinstance(key, kind)), None)


def _modulus(connection: Connection) -> str | None:
    sent = connection.certificates("server")
    key = sent[0].public_key() if sent else None
    if not isinstance(key, rsa.RSAPublicKey):
        return None
    modulus = key.public_numbers().n
    return modulus.to_bytes(modulus.bit_length() // 8 + 1, "big").hex()


def _retry(connection: Connection) -> bool | None:
    if connection.server_hello is None:
        return None
    return connection.first("server", "Hello Retry Request") is not None


def _early_data(connection: Connection) -> bool | None:
    hello = connection.client_hello
    return EARLY_DATA in hello.extensions if hello and hello.extensions_read else None


def _client_certificate(connection: Connection) -> str | None:
    if connection.version == TLS13 and not connection.first("client", "Finished"):
        return None
    if connection.certificate_message("client"):
        sent = connection.certificates("client")
        return common_name(sent[0].subject) if sent else "empty"
    if connection.first("client", "Client Key Exchange", "Finished") is None:
        return None
    if len(connection.all("client", "Encrypted Handshake Message")) > 1:
        return None  # another handshake follows that cannot be read
    return "none asked"


def _first_data(connection: Connection) -> str | None:
    """All the client's data: against CBC attacks TLS 1.0 stacks send an empty record first."""
    data = connection.all("client", "Application Data")
    if not data or not all(message.opened for message in data):
        return None
    return b"".join(message.body for message in data).decode("utf-8", "replace")


def _resumption_agrees(stated: str, seen: str) -> bool:
    return seen != "no" if stated == "yes" else stated == seen


def _alerts_agree(stated: list[str], connection: Connection, side: Side) -> bool:
    """All of them once the connection's end was captured, else the first ones.

    Sealed alerts are counted; in TLS 1.3, and where the version was not captured, they cannot be
    told from data.
    """
    sealed = len(connection.all(side, "Encrypted Alert"))
    readable = [alert[1] for m in connection.all(side, "Alert") if (alert := m.alert())]
    if connection.version in (TLS13, None) and not connection.opened:
        return readable == stated[: len(readable)]
    whole = connection.over and side == "client" and connection.transport == "tcp"
    count = len(readable) + sealed
    if whole and count != len(stated):
        return False
    return readable == stated[: len(readable)] and count <= len(stated)


ALERTS: dict[str, Side] = {"client_alerts": "client", "server_alerts": "server"}
AGREE: dict[str, Callable[[Any, Any], bool]] = {
    # A snap length may leave their beginning only.
    "client_random": lambda stated, seen: stated.startswith(seen),
    "server_random": lambda stated, seen: stated.startswith(seen),
    "modulus": lambda stated, seen: seen.startswith(stated),
    "first_data": lambda stated, seen: seen.startswith(stated),
    "resumed": _resumption_agrees,
}
SEEN: dict[str, Callable[[Connection], object]] = {
    "transport": lambda connection: connection.transport,
    "client": lambda connection: written(connection.client),
    "server": lambda connection: written(connection.server),
    "server_name": _server_name,
    "version": _version,
    "suite": lambda connection: connection.suite,
    "offered": _offered,
    "client_random": _client_random,
    "server_random": _server_random,
    "subjects": _subjects,
    "issuer": _issuer,
    "signature": _signature,
    "key": _key,
    "modulus": _modulus,
    "resumed": lambda connection: connection.resumed,
    "retry": _retry,
    "early_data": _early_data,
    "client_certificate": _client_certificate,
    "first_data": _first_data,
}
