"""Answers to questions on the handshake's fields, for the labs that ask for more than tls-v8.1.

Each function takes the capture's facts and a connection and gives an expected answer as in
`tests.independent.expected`; the labs' own modules say which question it belongs to.
"""

from collections.abc import Callable
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

from tests.independent.expected import (
    ABSENT,
    HIDDEN,
    NOT_APPLICABLE,
    NOT_CAPTURED,
    Expected,
    missing,
    none_asked,
    shown,
)
from tests.independent.hello import (
    VERSIONS,
    Bytes,
    CutError,
    grease,
    suite_name,
)
from tests.independent.reader import TLS13, Connection, Facts
from tests.independent.secrets import HASH_LENGTHS, Suite
from tests.independent.session import Message, Side

Answer = Callable[[Facts, Connection], Expected]

GROUPS = {
    0x17: "secp256r1", 0x18: "secp384r1", 0x19: "secp521r1", 0x1D: "x25519", 0x1E: "x448",
    0x100: "ffdhe2048", 0x101: "ffdhe3072", 0x11EB: "SecP256r1MLKEM768",
    0x11EC: "X25519MLKEM768", 0x11ED: "SecP384r1MLKEM1024",
}  # fmt: skip
SCHEMES = {
    0x0201: "rsa_pkcs1_sha1", 0x0203: "ecdsa_sha1", 0x0301: "rsa_sha224", 0x0303: "ecdsa_sha224",
    0x0302: "dsa_sha224", 0x0402: "dsa_sha256", 0x0202: "dsa_sha1", 0x0502: "dsa_sha384",
    0x0602: "dsa_sha512",
    0x0401: "rsa_pkcs1_sha256", 0x0501: "rsa_pkcs1_sha384", 0x0601: "rsa_pkcs1_sha512",
    0x0403: "ecdsa_secp256r1_sha256", 0x0503: "ecdsa_secp384r1_sha384",
    0x0603: "ecdsa_secp521r1_sha512", 0x0804: "rsa_pss_rsae_sha256",
    0x0805: "rsa_pss_rsae_sha384", 0x0806: "rsa_pss_rsae_sha512", 0x0807: "ed25519",
    0x0808: "ed448", 0x0809: "rsa_pss_pss_sha256", 0x080A: "rsa_pss_pss_sha384",
    0x080B: "rsa_pss_pss_sha512",
}  # fmt: skip
COMPRESSION = {0: "null", 1: "deflate", 64: "lzs"}
CERTIFICATE_TYPES = {
    1: "rsa_sign", 2: "dss_sign", 3: "rsa_fixed_dh", 4: "dss_fixed_dh", 64: "ecdsa_sign",
    65: "rsa_fixed_ecdh", 66: "ecdsa_fixed_ecdh",
}  # fmt: skip
NOT_IN_TLS13 = {
    "Server Key Exchange", "Server Hello Done", "Client Key Exchange", "Certificate Status",
}  # fmt: skip
FULL_ONLY = NOT_IN_TLS13 | {"Certificate", "Certificate Request", "Certificate Verify"}
OPTIONAL = {
    "New Session Ticket", "Certificate Request", "Certificate Verify", "Certificate Status",
    "Server Key Exchange",
}  # fmt: skip
KEY_SHARE, STATUS_REQUEST, EXTENDED_MASTER_SECRET = 51, 5, 23


# --- one message ------------------------------------------------------------------------------


def why_not(connection: Connection, side: Side, name: str) -> Expected:
    """Why a session has no message of this name from this side."""
    if connection.server_hello is None:
        return missing(connection, "server")
    if connection.version == TLS13 and name in NOT_IN_TLS13:
        return NOT_APPLICABLE
    if connection.resumed in ("id", "ticket", "psk") and name in FULL_ONLY:
        return NOT_APPLICABLE
    if connection.version == TLS13:
        return _why_not_in_tls13(connection, side, name)
    if name == "Server Key Exchange" and method(connection) in ("RSA", "DH", "ECDH"):
        return NOT_APPLICABLE
    if name == "Certificate" and not uses_certificate(connection):
        return NOT_APPLICABLE
    if name in OPTIONAL and _surely_left_out(connection, side, name):
        return ABSENT
    return missing(connection, side)


def _why_not_in_tls13(connection: Connection, side: Side, name: str) -> Expected:
    if name == "Certificate Verify" and _read_without(connection, side):
        return ABSENT
    end = connection.first(side, "Finished")
    if (
        name == "Certificate"
        and end
        and connection.streams
        and connection.holes(side, 0, end.offset)
    ):
        return NOT_CAPTURED  # a server that proves itself by a certificate has sent one
    if name == "Certificate Request" and _shown_none(connection):
        return ABSENT
    if name == "New Session Ticket" and handshake_opened(connection):
        return ABSENT if connection.over and not _cut_off(connection, side) else NOT_CAPTURED
    return in_tls13(connection, side)


def _shown_none(connection: Connection) -> bool:
    """RFC 8446, 4.4.2: a client asked for a certificate answers with one, or an empty one."""
    end = connection.first("client", "Finished")
    if end is None or not connection.streams or connection.holes("client", 0, end.offset):
        return False
    return connection.first("client", "Certificate") is None


def _read_without(connection: Connection, side: Side) -> bool:
    """TLS 1.3: a side's flight was read to its Finished, or the other side did not ask for it."""
    end = connection.first(side, "Finished")
    if end and connection.streams and not connection.holes(side, 0, end.offset):
        return True
    return none_asked(connection, "Finished")


def _surely_left_out(connection: Connection, side: Side, name: str) -> bool:
    """Whether all of the place in which the message would be was captured, and it is not there."""
    if name == "New Session Ticket":
        return False
    if name == "Certificate Verify" and none_asked(connection, "Server Hello Done"):
        return True
    last = connection.first(side, LAST_BEFORE_ENCRYPTION[side])
    if last is None:
        return False
    return not connection.holes(side, 0, last.offset, asked=name) and (
        connection.streams[side].from_start or name != "Certificate Verify"
    )


LAST_BEFORE_ENCRYPTION: dict[Side, str] = {
    "server": "Server Hello Done", "client": "Change Cipher Spec",
}  # fmt: skip


def in_tls13(connection: Connection, side: Side) -> Expected:
    """Of a message that TLS 1.3 encrypts: hidden, unless this side's were opened."""
    sealed = [m for m in connection.messages if m.sender == side and m.encrypted and not m.opened]
    if connection.transport == "quic":
        return missing(connection, side) if connection.opened else HIDDEN
    if sealed and not handshake_opened(connection):
        return HIDDEN
    finished_ = connection.first(side, "Finished")
    if handshake_opened(connection) and not finished_ and _cut_off(connection, side):
        return NOT_CAPTURED
    return missing(connection, side)


def _cut_off(connection: Connection, side: Side) -> bool:
    stream = connection.streams.get(side)
    if stream is None:
        return not connection.over
    return connection.holes(side) or stream.ends_early() or not connection.over


def handshake_opened(connection: Connection) -> bool:
    """Whether keys opened the protected part of a TLS 1.3 handshake."""
    names = ("Encrypted Extensions", "Certificate", "Finished")
    return any(m.opened for m in connection.all("server", *names))


def of(side: Side, name: str, value: Callable[[Connection, Message], object]) -> Answer:
    """A value that a message of one side shows; None for what such a message lacks."""

    def answer(found: Facts, connection: Connection) -> Expected:
        message = connection.first(side, name)
        if message is None:
            return why_not(connection, side, name)
        if message.cut:
            return NOT_CAPTURED
        try:
            known = value(connection, message)
        except CutError:
            return NOT_CAPTURED
        return NOT_APPLICABLE if known is None else shown(message, known)

    return answer


def frame_of(side: Side, name: str) -> Answer:
    """Where a message of one side is."""

    def answer(found: Facts, connection: Connection) -> Expected:
        message = connection.first(side, name)
        return shown(message) if message else why_not(connection, side, name)

    return answer


def _client_hello(value: Callable[[Connection], object]) -> Answer:
    def answer(found: Facts, connection: Connection) -> Expected:
        message = connection.first("client", "Client Hello")
        if message is None:
            return NOT_CAPTURED
        try:
            known = value(connection)
        except CutError:
            return NOT_CAPTURED
        return NOT_APPLICABLE if known is None else shown(message, known)

    return answer


def _server_hello(value: Callable[[Connection], object]) -> Answer:
    def answer(found: Facts, connection: Connection) -> Expected:
        message = connection.first("server", "Server Hello")
        if message is None:
            return missing(connection, "server")
        try:
            known = value(connection)
        except CutError:
            return NOT_CAPTURED
        return NOT_CAPTURED if known is None else shown(message, known)

    return answer


# --- suites -----------------------------------------------------------------------------------


def method(connection: Connection) -> str:
    """The suite's key exchange as its name says it, without the way of authentication."""
    head = (connection.suite or "").removeprefix("TLS_").split("_WITH_")[0]
    known = {
        "RSA": "RSA", "DH_anon": "DH_anon", "ECDH_anon": "ECDH_anon", "PSK": "PSK",
        "DHE_PSK": "DHE_PSK", "PSK_DHE": "DHE_PSK", "ECDHE_PSK": "ECDHE_PSK",
        "RSA_PSK": "RSA_PSK", "SRP_SHA": "SRP", "SRP_SHA_RSA": "SRP", "SRP_SHA_DSS": "SRP",
    }  # fmt: skip
    return known.get(head, head.split("_")[0])


def authentication(connection: Connection) -> str:
    """`RSA`, `ECDSA`, `DSS`, `PSK`, `anon` …, as the suite's name says it."""
    head = (connection.suite or "").removeprefix("TLS_").split("_WITH_")[0]
    known = {
        "RSA": "RSA", "PSK": "PSK", "DHE_PSK": "PSK", "PSK_DHE": "PSK", "ECDHE_PSK": "PSK",
        "RSA_PSK": "RSA + PSK", "SRP_SHA": "SRP", "SRP_SHA_RSA": "SRP + RSA",
        "SRP_SHA_DSS": "SRP + DSS",
    }  # fmt: skip
    return known.get(head, head.split("_")[-1])


def uses_certificate(connection: Connection) -> bool:
    words = (connection.suite or "").split("_WITH_")[0].split("_")
    return not ("anon" in words or ("PSK" in words and "RSA" not in words) or words[-1] == "SHA")


def parts(name: str) -> list[str] | None:
    """A suite's name taken apart by hand: exchange, authentication, cipher, hash, each once."""
    if name.startswith("SSL2_"):
        cipher, digest = name.removeprefix("SSL2_").split("_WITH_")
        return ["RSA", cipher, digest]
    if not name.startswith(("TLS_", "SSL_")) or name.endswith("_SCSV"):
        return None
    head, with_, tail = name.removeprefix("TLS_").removeprefix("SSL_").partition("_WITH_")
    cipher = Suite(name).cipher
    rest = (tail if with_ else head).removeprefix(cipher).strip("_")
    digest = rest or "SHA256"  # CCM suites name no hash: that of TLS 1.2's PRF
    exchange = []
    if with_:
        exchange = [_exchange(head), _authentication(head)]
    return list(dict.fromkeys([*exchange, cipher, digest]))


def _exchange(head: str) -> str:
    whole = {"DH_anon", "ECDH_anon", "PSK", "DHE_PSK", "ECDHE_PSK", "RSA_PSK"}
    if head in whole:
        return head
    if head == "PSK_DHE":
        return "DHE_PSK"
    if head.startswith("RSA_EXPORT"):
        return "RSA_EXPORT"
    return "SRP" if head.startswith("SRP") else head.split("_")[0]


def _authentication(head: str) -> str:
    known = {
        "RSA_PSK": "RSA + PSK", "SRP_SHA": "SRP", "SRP_SHA_RSA": "SRP + RSA",
        "SRP_SHA_DSS": "SRP + DSS", "PSK_DHE": "PSK", "RSA_FIPS": "RSA",
    }  # fmt: skip
    bare = head.removesuffix("_EXPORT").removesuffix("_EXPORT1024")
    return known.get(bare, bare.split("_")[-1])


T = TypeVar("T")


def _known(value: T | None) -> T:
    """A hello's field; `CutError` where its bytes are not there."""
    if value is None:
        raise CutError
    return value


def first_suite(connection: Connection) -> str | None:
    """The first suite offered that is one: no GREASE value, no signal."""
    hello = connection.client_hello
    for code in _known(hello.suites) if hello else []:
        if grease(code) or code in (0x00FF, 0x5600):
            continue
        return ssl2_name(code) if code > 0xFFFF else suite_name(code & 0xFFFF)
    return None


def ssl2_name(code: int) -> str:
    known = {
        0x010080: "SSL2_RC4_128_WITH_MD5", 0x020080: "SSL2_RC4_128_EXPORT40_WITH_MD5",
        0x030080: "SSL2_RC2_128_CBC_WITH_MD5", 0x040080: "SSL2_RC2_128_CBC_EXPORT40_WITH_MD5",
        0x050080: "SSL2_IDEA_128_CBC_WITH_MD5", 0x060040: "SSL2_DES_64_CBC_WITH_MD5",
        0x0700C0: "SSL2_DES_192_EDE3_CBC_WITH_MD5",
    }  # fmt: skip
    return known[code]


def group(connection: Connection) -> str | None:
    """The group of the server's key share in TLS 1.3."""
    hello = connection.server_hello
    share = hello.extensions.get(KEY_SHARE, b"") if hello else b""
    return GROUPS[int.from_bytes(share[:2], "big")] if len(share) >= 2 else None


def _forward_secrecy(connection: Connection) -> bool | None:
    if connection.suite is None:
        return None
    if connection.version == TLS13:
        return group(connection) is not None
    return method(connection).startswith(("DHE", "ECDHE", "DH_anon", "ECDH_anon", "SRP"))


def _key_exchange(connection: Connection) -> str | None:
    if connection.suite is None:
        return None
    if connection.version != TLS13:
        return method(connection)
    name = group(connection)
    if name is None:
        return "PSK"
    return "DHE" if name.startswith("ffdhe") else name if "MLKEM" in name else "ECDHE"


suite_parts = _server_hello(lambda c: parts(c.suite) if c.suite else None)
suite_symmetric = _server_hello(lambda c: Suite(c.suite).cipher if c.suite else None)
suite_forward_secrecy = _server_hello(_forward_secrecy)
suite_key_exchange = _server_hello(_key_exchange)


# --- hellos -----------------------------------------------------------------------------------


def _time(connection: Connection) -> str | None:
    hello = connection.client_hello
    return None if hello is None or hello.sslv2 else hello.random[:4].hex()


def _compressions(connection: Connection) -> list[str] | None:
    """The methods after the suites: hellos keep neither, so they are read here."""
    message, hello = connection.first("client", "Client Hello"), connection.client_hello
    if message is None or hello is None or hello.sslv2:
        return None
    reader = Bytes(message.body)
    reader.take(34)
    reader.vector(1)
    reader.vector(2)
    return [COMPRESSION[number] for number in reader.vector(1)]


def _extension_types(connection: Connection) -> int:
    """How many extensions the first Client Hello has."""
    hello = connection.client_hello
    if hello is None or not hello.extensions_listed:
        raise CutError
    return len(hello.extensions)


def _hello_length(connection: Connection) -> int | None:
    message, hello = connection.first("client", "Client Hello"), connection.client_hello
    if message is None or hello is None:
        return None
    if hello.sslv2:
        return message.length
    return len(message.body) if not message.cut else message.length - 4


def _nonce(connection: Connection, side: Side) -> bytes:
    hello = connection.client_hello if side == "client" else connection.server_hello
    if hello is None or (len(hello.random) < 32 and not hello.sslv2):
        raise CutError
    return hello.random


def _content_type(connection: Connection) -> int | None:
    hello = connection.client_hello
    if connection.transport == "quic" or (hello and hello.sslv2):
        return None
    return 22


def _compression(connection: Connection) -> str | None:
    message = connection.first("server", "Server Hello")
    if message is None:
        return None
    reader = Bytes(message.body)
    reader.take(34)
    reader.vector(1)
    reader.take(2)
    return COMPRESSION[reader.number(1)]


def _server_name(found: Facts, connection: Connection) -> Expected:
    message = connection.first("client", "Client Hello")
    if message is None:
        return NOT_CAPTURED
    if name := connection.server_name:
        return shown(message, name)
    hello = connection.client_hello
    return ABSENT if hello and hello.extensions_listed else NOT_CAPTURED


def _first_suite_parts(connection: Connection) -> list[str] | None:
    name = first_suite(connection)
    return parts(name) if name else None


client_hello_content_type = _client_hello(_content_type)
client_hello_length = _client_hello(_hello_length)
client_hello_time = _client_hello(_time)
client_hello_nonce = _client_hello(lambda c: _nonce(c, "client").hex())
client_hello_session_id = _client_hello(
    lambda c: len(_known(c.client_hello.session_id)) if c.client_hello else None
)
client_hello_suites = _client_hello(
    lambda c: len(_known(c.client_hello.suites)) if c.client_hello else None
)
client_hello_first_suite = _client_hello(first_suite)
client_hello_first_suite_parts = _client_hello(_first_suite_parts)
client_hello_compression = _client_hello(_compressions)
client_hello_extensions = _client_hello(_extension_types)
client_hello_server_name = _server_name

server_hello_version = _server_hello(lambda c: VERSIONS.get(c.version) if c.version else None)
server_hello_length = of("server", "Server Hello", lambda c, m: len(m.body))
server_hello_random_start = _server_hello(
    lambda c: (c.server_hello.random[:2].hex() or None) if c.server_hello else None
)
server_hello_nonce_length = _server_hello(lambda c: len(_nonce(c, "server")))
server_hello_session_id = _server_hello(
    lambda c: len(_known(c.server_hello.session_id)) if c.server_hello else None
)
server_hello_compression = _server_hello(_compression)
server_hello_extensions = _server_hello(
    lambda c: (
        len(c.server_hello.extensions)
        if c.server_hello and c.server_hello.extensions_listed
        else None
    )
)


# --- key exchange -----------------------------------------------------------------------------


def _after_hint(connection: Connection, message: Message) -> Bytes:
    """The body behind the hint or identity that PSK methods put first."""
    _known(connection.suite)  # without it the message's form is not known
    reader = Bytes(message.body)
    if "PSK" in method(connection):
        reader.vector(2)
    return reader


def _server_group(connection: Connection, message: Message) -> str | None:
    reader, kind = _after_hint(connection, message), method(connection)
    if kind.startswith("EC"):
        reader.take(1)
        return GROUPS[reader.number(2)]
    if kind.startswith("DH"):
        return f"DH-{int.from_bytes(reader.vector(2), 'big').bit_length()}"
    return None


def _server_public(connection: Connection, message: Message) -> int | None:
    reader, kind = _after_hint(connection, message), method(connection)
    if kind.startswith("EC"):
        reader.take(3)
        return len(reader.vector(1))
    if kind.startswith("DH"):
        reader.vector(2)
        reader.vector(2)
        return len(reader.vector(2))
    return None


def _server_scheme(connection: Connection, message: Message) -> str | None:
    reader, kind = _after_hint(connection, message), method(connection)
    if "PSK" in kind or "anon" in kind or connection.version in (0x0300, 0x0301, 0x0302):
        return None
    if kind.startswith("EC"):
        reader.take(3)
        reader.vector(1)
    else:
        for _ in range(3):
            reader.vector(2)
    return SCHEMES[reader.number(2)]


def server_key_exchange_group(found: Facts, connection: Connection) -> Expected:
    if connection.version == TLS13:
        return _tls13_group(connection, group(connection))
    return of("server", "Server Key Exchange", _server_group)(found, connection)


def _tls13_group(connection: Connection, value: object) -> Expected:
    hello = connection.first("server", "Server Hello")
    assert hello is not None
    return shown(hello, value) if group(connection) else NOT_APPLICABLE


def server_key_exchange_public(found: Facts, connection: Connection) -> Expected:
    if connection.version == TLS13:
        hello = connection.server_hello
        share = hello.extensions.get(KEY_SHARE, b"") if hello else b""
        return _tls13_group(connection, int.from_bytes(share[2:4], "big"))
    return of("server", "Server Key Exchange", _server_public)(found, connection)


def server_key_exchange_scheme(found: Facts, connection: Connection) -> Expected:
    if connection.version == TLS13:
        return of("server", "Certificate Verify", _scheme)(found, connection)
    return of("server", "Server Key Exchange", _server_scheme)(found, connection)


def _scheme(connection: Connection, message: Message) -> str:
    return SCHEMES[Bytes(message.body).number(2)]


def server_key_exchange_present(found: Facts, connection: Connection) -> Expected:
    message = connection.first("server", "Server Key Exchange")
    hello = connection.first("server", "Server Hello")
    if message:
        return shown(message, True)
    unneeded = method(connection) in ("RSA", "DH", "ECDH") and connection.version != TLS13
    if hello and unneeded and connection.resumed not in ("id", "ticket"):
        return shown(hello, False)
    return why_not(connection, "server", "Server Key Exchange")


def _client_value(connection: Connection, message: Message) -> int | None:
    reader, kind = _after_hint(connection, message), method(connection)
    if kind == "PSK":
        return None
    if connection.version == 0x0300 and kind == "RSA":
        return len(message.body)  # RFC 6101, 5.6.7: the encrypted secret stands alone
    if kind.startswith("EC"):
        return len(reader.vector(1))
    return len(reader.vector(2))


def premaster_version(found: Facts, connection: Connection) -> Expected:
    """To be seen only in a key log that holds the premaster secret by its encryption."""
    message = connection.first("client", "Client Key Exchange")
    if message is None:
        return why_not(connection, "client", "Client Key Exchange")
    if connection.suite is None:
        return NOT_CAPTURED
    if method(connection).split("_")[0] != "RSA":
        return NOT_APPLICABLE
    ssl3 = connection.version == 0x0300
    encrypted = message.body if ssl3 else _after_hint(connection, message).vector(2)
    premaster = found.secrets.get(("RSA", encrypted[:8]))
    if premaster is None:
        return HIDDEN
    return shown(message, VERSIONS[int.from_bytes(premaster[:2], "big")])


def client_key_exchange_packets(found: Facts, connection: Connection) -> Expected:
    exchange = connection.first("client", "Client Key Exchange")
    if exchange is None:
        return why_not(connection, "client", "Client Key Exchange")
    change = connection.first("client", "Change Cipher Spec")
    last = finished(connection, "client")
    frames = sorted({m.frame for m in (exchange, change, last) if m})
    return {"status": "found", "value": len(frames), "frames": frames}


client_key_exchange_length = of("client", "Client Key Exchange", _client_value)
server_hello_done_length = of("server", "Server Hello Done", lambda c, m: len(m.body))


# --- change cipher spec and finished ----------------------------------------------------------


def finished(connection: Connection, side: Side) -> Message | None:
    """A side's Finished, where it can be read or placed with certainty (TLS 1.2 and earlier)."""
    named = connection.first(side, "Finished")
    if named or connection.version == TLS13:
        return named
    return connection.first(side, "Encrypted Handshake Message")


def finished_by_length(connection: Connection) -> Message | None:
    """The client's Finished in TLS 1.3 without keys: the record of that length."""
    hello = connection.first("server", "Server Hello")
    if connection.version != TLS13 or hello is None or handshake_opened(connection):
        return None
    suite = Suite(connection.suite or "")
    wanted = HASH_LENGTHS[suite.schedule] + 4 + 1 + suite.tag_length
    at = connection.messages.index(hello)
    sealed = [
        m
        for m in connection.messages[at:]
        if m.sender == "client" and m.name == "Application Data" and not m.opened
    ]
    return next((m for m in sealed if m.length == wanted), None)


def no_finished(connection: Connection, side: Side) -> Expected:
    if connection.server_hello is None:
        return missing(connection, "server")
    if connection.version == TLS13:
        return in_tls13(connection, side)
    return missing(connection, side)


def finished_frame(side: Side) -> Answer:
    def answer(found: Facts, connection: Connection) -> Expected:
        message = finished(connection, side)
        if message:
            return shown(message)
        guessed = finished_by_length(connection) if side == "client" else None
        if guessed:
            return {**shown(guessed), "inferred": True}
        return no_finished(connection, side)

    return answer


def finished_length(found: Facts, connection: Connection) -> Expected:
    message = finished(connection, "client")
    guessed = None if message else finished_by_length(connection)
    if message is None and guessed is None:
        return no_finished(connection, "client")
    if connection.transport == "quic":
        return NOT_APPLICABLE
    if message:
        return shown(message, message.length)
    assert guessed
    return {**shown(guessed, guessed.length), "inferred": True}


def verify_data_length(found: Facts, connection: Connection) -> Expected:
    hello = connection.first("server", "Server Hello")
    if hello is None or connection.suite is None or connection.version is None:
        return missing(connection, "server")
    size = HASH_LENGTHS[Suite(connection.suite).schedule] if connection.version == TLS13 else 12
    return shown(hello, 36 if connection.version == 0x0300 else size)


def finished_order(found: Facts, connection: Connection) -> Expected:
    mine = finished(connection, "client") or finished_by_length(connection)
    theirs = finished(connection, "server")
    if mine is None:
        return no_finished(connection, "client")
    if theirs is None:
        return no_finished(connection, "server")
    before = connection.messages.index(mine) < connection.messages.index(theirs)
    return {"status": "found", "value": "before" if before else "after"}


def change_frame(side: Side) -> Answer:
    def answer(found: Facts, connection: Connection) -> Expected:
        message = connection.first(side, "Change Cipher Spec")
        return shown(message) if message else no_change(connection, side)

    return answer


def no_change(connection: Connection, side: Side) -> Expected:
    if connection.transport == "quic":
        return NOT_APPLICABLE
    if connection.server_hello is None:
        return missing(connection, "server")
    return missing(connection, side)


def _any_change(value: object) -> Answer:
    def answer(found: Facts, connection: Connection) -> Expected:
        sides: tuple[Side, Side] = ("client", "server")
        sent = [connection.first(side, "Change Cipher Spec") for side in sides]
        message = sent[0] or sent[1]
        return shown(message, value) if message else no_change(connection, "client")

    return answer


change_content_type = _any_change(20)
change_record_length = _any_change(6)


def server_sends_both(found: Facts, connection: Connection) -> Expected:
    change, last = connection.first("server", "Change Cipher Spec"), finished(connection, "server")
    if change is None:
        return no_change(connection, "server")
    if last is None:
        return no_finished(connection, "server")
    frames = sorted({change.frame, last.frame})
    return {"status": "found", "value": True, "frames": frames}


def finished_meaning(found: Facts, connection: Connection) -> Expected:
    known = finished_frame("client")(found, connection)
    return {"status": "explained"} if known["status"] == "found" else known


# --- client authentication --------------------------------------------------------------------


def _request(connection: Connection, message: Message) -> tuple[list[int], list[int], list[bytes]]:
    """Types, schemes and names of a Certificate Request."""
    reader = Bytes(message.body)
    if connection.version == TLS13:
        return _tls13_request(reader)
    types = list(reader.vector(1))
    newer = connection.version == 0x0303
    schemes = _pairs(reader.vector(2)) if newer else []
    return types, schemes, _vectors(reader.vector(2))


def _tls13_request(reader: Bytes) -> tuple[list[int], list[int], list[bytes]]:
    reader.vector(1)
    inside = Bytes(reader.vector(2))
    schemes: list[int] = []
    names: list[bytes] = []
    while inside.at < len(inside.data):
        kind, content = inside.number(2), Bytes(inside.vector(2))
        if kind == 13:
            schemes = _pairs(content.vector(2))
        elif kind == 47:
            names = _vectors(content.vector(2))
    return [], schemes, names


def _pairs(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


def _vectors(data: bytes) -> list[bytes]:
    reader, found = Bytes(data), []
    while reader.at < len(reader.data):
        found.append(reader.vector(2))
    return found


def _types(connection: Connection, message: Message) -> list[str] | None:
    types = _request(connection, message)[0]
    return [CERTIFICATE_TYPES[kind] for kind in types] if connection.version != TLS13 else None


def _scheme_count(connection: Connection, message: Message) -> int | None:
    return len(_request(connection, message)[1]) or None


def request_authorities(found: Facts, connection: Connection) -> Expected:
    message = connection.first("server", "Certificate Request")
    if message is None:
        return why_not(connection, "server", "Certificate Request")
    names = _request(connection, message)[2]
    if not names:
        return ABSENT
    return shown(message, [x509.Name.from_bytes(name).rfc4514_string() for name in names])


def _verify_scheme(connection: Connection, message: Message) -> str | None:
    old = connection.version in (0x0300, 0x0301, 0x0302)
    return None if old else _scheme(connection, message)


def _verify_length(connection: Connection, message: Message) -> int:
    reader = Bytes(message.body)
    if connection.version not in (0x0300, 0x0301, 0x0302):
        reader.take(2)
    return len(reader.vector(2))


request_frame = frame_of("server", "Certificate Request")
request_types = of("server", "Certificate Request", _types)
request_schemes = of("server", "Certificate Request", _scheme_count)
certificate_verify_frame = frame_of("client", "Certificate Verify")
certificate_verify_scheme = of("client", "Certificate Verify", _verify_scheme)
certificate_verify_length = of("client", "Certificate Verify", _verify_length)


def fits_suite(found: Facts, connection: Connection) -> Expected:
    message, sent = connection.certificate_message("server"), connection.certificates("server")
    if message is None or not sent:
        return why_not(connection, "server", "Certificate") if message is None else NOT_CAPTURED
    if connection.version == TLS13:
        return shown(message, True)
    key = sent[0].public_key()
    wanted: dict[str, tuple[type, ...]] = {
        "RSA": (rsa.RSAPublicKey,),
        "DSS": (dsa.DSAPublicKey,),
        "ECDSA": (
            ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey, ed448.Ed448PublicKey,
        ),
    }  # fmt: skip
    return shown(message, isinstance(key, wanted[authentication(connection).split(" ")[0]]))


# --- resumption, tickets, stapling ------------------------------------------------------------


def resumed(found: Facts, connection: Connection) -> Expected:
    hello = connection.first("server", "Server Hello")
    if hello is None:
        return missing(connection, "server")
    return shown(hello, connection.resumed in ("id", "ticket", "psk"))


def round_trips(found: Facts, connection: Connection) -> Expected:
    hello = connection.first("server", "Server Hello")
    if hello is None:
        return missing(connection, "server")
    short = connection.version == TLS13 or connection.resumed in ("id", "ticket", "psk")
    retried = connection.first("server", "Hello Retry Request") is not None
    return {"status": "found", "value": (1 if short else 2) + retried}


def _ticket(connection: Connection, message: Message) -> tuple[int, bytes]:
    reader = Bytes(message.body)
    lifetime = reader.number(4)
    if connection.version == TLS13:
        reader.take(4)
        reader.vector(1)
    return lifetime, reader.vector(2)


ticket_frame = frame_of("server", "New Session Ticket")
ticket_lifetime = of("server", "New Session Ticket", lambda c, m: str(_ticket(c, m)[0]))
ticket_length = of("server", "New Session Ticket", lambda c, m: len(_ticket(c, m)[1]))


def stapling_offered(found: Facts, connection: Connection) -> Expected:
    message, hello = connection.first("client", "Client Hello"), connection.client_hello
    if message is None or hello is None:
        return NOT_CAPTURED
    if not hello.extensions_listed and STATUS_REQUEST not in hello.extensions:
        return NOT_CAPTURED
    return shown(message, STATUS_REQUEST in hello.extensions)


def stapled(connection: Connection) -> tuple[Message, bytes] | None:
    """The message with the stapled answer, and the answer."""
    if connection.version == TLS13:
        message = connection.certificate_message("server")
        content = _tls13_staple(message) if message and not message.cut else b""
    else:
        message = connection.first("server", "Certificate Status")
        content = message.body if message else b""
    if message is None or content[:1] != b"\x01":
        return None
    return message, content[4 : 4 + int.from_bytes(content[1:4], "big")]


def _tls13_staple(message: Message) -> bytes:
    reader = Bytes(message.body)
    try:
        reader.vector(1)
        inside = Bytes(reader.vector(3))
        inside.vector(3)
        extensions = Bytes(inside.vector(2))
        while extensions.at < len(extensions.data):
            kind, content = extensions.number(2), extensions.vector(2)
            if kind == STATUS_REQUEST:
                return content
    except CutError:
        pass
    return b""


def not_stapled(connection: Connection) -> Expected:
    if connection.version == TLS13 and connection.certificate_message("server"):
        return ABSENT
    offer = connection.client_hello
    asked = offer is None or not offer.extensions_listed or STATUS_REQUEST in offer.extensions
    if connection.version == TLS13 and handshake_opened(connection) and not asked:
        return ABSENT
    hello = connection.server_hello
    announced = hello is None or not hello.extensions_listed or STATUS_REQUEST in hello.extensions
    if connection.version != TLS13 and not announced and connection.resumed in ("no", None):
        return ABSENT  # RFC 6066, 8: the Server Hello would have said so
    name = "Certificate" if connection.version == TLS13 else "Certificate Status"
    return why_not(connection, "server", name)
