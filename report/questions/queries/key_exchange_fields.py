"""How the secret is agreed on: the key exchange messages in detail (RFC 5246, 7.4.3 to 7.4.7)."""

from report.questions.absence import hidden, missing_message, not_applicable
from report.questions.answer import Answer
from report.questions.conditions import every
from report.questions.evidence import cite, message_bytes
from report.questions.finding import found
from report.questions.handshake_messages import first_message, from_message, why_missing
from report.questions.queries.finished import client_flight
from report.questions.queries.suite import agreed_group, chosen, version_number
from report.questions.registry import Tables, query
from report.questions.scope import handshake, session_scope
from report.tables.messages import Message
from report.tables.session import Session
from report.text import Text, visible
from report.tls.key_exchange import Sent
from report.tls.key_messages import (
    ClientKeyExchange,
    ServerKeyExchange,
    Signature,
    certificate_verify,
    client_key_exchange,
    server_key_exchange,
)
from report.tls.message_types import (
    CERTIFICATE_VERIFY,
    CLIENT_KEY_EXCHANGE,
    SERVER_HELLO,
    SERVER_HELLO_DONE,
    SERVER_KEY_EXCHANGE,
)
from report.tls.registry import version_name
from report.tls.suites import TLS_1_3, CipherSuite

_SKE, _CKE = ("RFC 5246, 7.4.3", "RFC 8422, 5.4"), ("RFC 5246, 7.4.7", "RFC 8422, 5.7")
_EPMS_PREFIX = 8


# --- Server Hello Done ------------------------------------------------------------------------


@query("server_hello_done.length")
def server_hello_done_length(tables: Tables, session: Session) -> Answer:
    """How long the body of the Server Hello Done is: it says all by being there."""
    done = first_message(session, SERVER_HELLO_DONE, client=False)
    field = done.first("tls.handshake.length") if done else None
    if done is None or field is None:
        return why_missing(tables, session, SERVER_HELLO_DONE, client=False)
    return from_message(
        tables,
        session,
        done,
        field.number,
        Text(
            f"{field.number} 字节，只有 4 字节的握手头（第 {done.frame} 号数据包）",
            f"{field.number} bytes: only the 4 bytes of the handshake header (packet {done.frame})",
        ),
        field,
        sources=("RFC 5246, 7.4.5",),
    )


# --- Server Key Exchange ----------------------------------------------------------------------


def _server_exchange(session: Session) -> tuple[Message, ServerKeyExchange] | None:
    message = first_message(session, SERVER_KEY_EXCHANGE, client=False)
    choice = chosen(session)
    if message is None or choice is None:
        return None
    try:
        read = server_key_exchange(message_bytes(message), choice[1], version_number(session))
    except ValueError:
        return None
    return (message, read) if read else None


@query("server_key_exchange.present")
def server_key_exchange_present(tables: Tables, session: Session) -> Answer:
    """Whether the server sent a Server Key Exchange, and why the suite asks for one or not."""
    choice = chosen(session)
    if choice is None:
        return missing_message(tables, session, SERVER_HELLO, client=False)
    hello, suite = choice
    message = first_message(session, SERVER_KEY_EXCHANGE, client=False)
    if message is not None:
        text = Text(f"有，在第 {message.frame} 号数据包中。", f"Yes, in packet {message.frame}.")
        return from_message(
            tables, session, message, True, text,
            reason=suite.method.why, sources=_SKE,
            also=[cite(hello, "tls.handshake.ciphersuite")],
        )  # fmt: skip
    never = not suite.tls13 and suite.method.server_key_exchange is Sent.NEVER
    if not never or session.connection.resumed:
        return why_missing(tables, session, SERVER_KEY_EXCHANGE, client=False)
    return from_message(
        tables,
        session,
        hello,
        False,
        Text("没有。", "No.").plus(suite.method.why),
        "tls.handshake.ciphersuite",
        sources=_SKE,
    )


@query("server_key_exchange.group")
def group(tables: Tables, session: Session) -> Answer:
    """The curve or group of the key exchange; in TLS 1.3 that of the server's key share."""
    if session.is_tls13:
        return _key_share_group(tables, session)
    exchange = _server_exchange(session)
    if exchange is None:
        return why_missing(tables, session, SERVER_KEY_EXCHANGE, client=False)
    message, read = exchange
    if read.group is None:
        return _without_parameters(message)
    fields = ("tls.handshake.server_named_curve", "tls.handshake.p_len")
    return from_message(
        tables,
        session,
        message,
        read.group,
        Text(read.group, read.group),
        next((f for name in fields if (f := message.first(name))), None),
        sources=(*_SKE, "RFC 7919"),
    )


def _key_share_group(tables: Tables, session: Session) -> Answer:
    hello = session.server_hello
    name = agreed_group(hello) if hello else None
    if hello is None:
        return missing_message(tables, session, SERVER_HELLO, client=False)
    if name is None:
        return not_applicable(
            Text(
                "服务器没有 key_share：密钥只来自预共享密钥，没有密钥交换。",
                "The server sent no key_share: the keys come from the pre-shared key alone.",
            ),
            cite(hello, "tls.handshake.extensions.supported_version"),
            sources=("RFC 8446, 2.2",),
        )
    return from_message(
        tables,
        session,
        hello,
        name,
        Text(
            f"{name}（Server Hello 的 key_share 扩展）",
            f"{name} (the key_share extension of the Server Hello)",
        ),
        "tls.handshake.extensions_key_share_group",
        sources=("RFC 8446, 4.2.8",),
    )


def _without_parameters(message: Message) -> Answer:
    return not_applicable(
        Text(
            "这个 Server Key Exchange 只有预共享密钥的提示，没有密钥交换的参数。",
            "This Server Key Exchange holds a hint for the shared key and no parameters.",
        ),
        cite(message),
        sources=("RFC 4279, 2",),
    )


@query("server_key_exchange.public_length")
def server_public_length(tables: Tables, session: Session) -> Answer:
    """How long the server's public value is."""
    if session.is_tls13:
        return _key_share_length(tables, session)
    exchange = _server_exchange(session)
    if exchange is None:
        return why_missing(tables, session, SERVER_KEY_EXCHANGE, client=False)
    message, read = exchange
    if not read.public:
        return _without_parameters(message)
    fields = ("tls.handshake.server_point", "tls.handshake.ys")
    shown = visible(read.public[:8].hex())
    return from_message(
        tables,
        session,
        message,
        len(read.public),
        Text(
            f"{len(read.public)} 字节，以 {shown} 开头",
            f"{len(read.public)} bytes, beginning with {shown}",
        ),
        next((f for name in fields if (f := message.first(name))), None),
        sources=_SKE,
    )


def _key_share_length(tables: Tables, session: Session) -> Answer:
    hello = session.server_hello
    name = "tls.handshake.extensions_key_share_key_exchange_length"
    field = hello.first(name) if hello else None
    if hello is None or field is None:
        return _key_share_group(tables, session)
    return from_message(
        tables,
        session,
        hello,
        field.number,
        Text(
            f"{field.number} 字节（Server Hello 的 key_share 扩展）",
            f"{field.number} bytes (the key_share extension of the Server Hello)",
        ),
        field,
        sources=("RFC 8446, 4.2.8",),
    )


@query("server_key_exchange.signature_algorithm")
def signature_algorithm(tables: Tables, session: Session) -> Answer:
    """The algorithm that the server proves its key with: here, in TLS 1.3 in Certificate Verify."""
    if session.is_tls13:
        return _tls13_signature(tables, session)
    exchange = _server_exchange(session)
    choice = chosen(session)
    if exchange is None or choice is None:
        return why_missing(tables, session, SERVER_KEY_EXCHANGE, client=False)
    message, read = exchange
    signature = read.signature
    if signature is None:
        return not_applicable(
            Text(
                f"{choice[1].name} 的 Server Key Exchange 没有签名。",
                f"The Server Key Exchange of {choice[1].name} is not signed.",
            ),
            cite(message),
            sources=_SKE,
        )
    if signature.name is None:
        return _not_negotiated(message, choice[1])
    return _signed(tables, session, message, signature, _SKE)


def _signed(
    tables: Tables,
    session: Session,
    message: Message,
    signature: Signature,
    sources: tuple[str, ...],
) -> Answer:
    name = signature.name or ""
    return from_message(
        tables,
        session,
        message,
        name,
        Text(
            f"{name}，签名长 {signature.length} 字节",
            f"{name}; the signature is {signature.length} bytes long",
        ),
        "tls.handshake.sig_hash_alg",
        sources=sources,
    )


def _not_negotiated(message: Message, suite: CipherSuite) -> Answer:
    """Before TLS 1.2 the certificate's key decides (RFC 4346, 7.4.3)."""
    what = "MD5 + SHA-1" if suite.authentication == "RSA" else "SHA-1"
    return not_applicable(
        Text(
            f"TLS 1.2 以前消息里不写签名算法：{suite.authentication} 固定签 {what} 的散列值。",
            f"Before TLS 1.2 the message names no algorithm: {suite.authentication} always signs "
            f"the {what} hash.",
        ),
        cite(message, "tls.handshake.sig"),
        sources=("RFC 4346, 7.4.3",),
    )


def _tls13_signature(tables: Tables, session: Session) -> Answer:
    message = first_message(session, CERTIFICATE_VERIFY, client=False)
    if message is None:
        return why_missing(tables, session, CERTIFICATE_VERIFY, client=False)
    signature = certificate_verify(message_bytes(message), TLS_1_3)
    return _signed(tables, session, message, signature, ("RFC 8446, 4.4.3",))


# --- Client Key Exchange ----------------------------------------------------------------------


def _client_exchange(session: Session) -> tuple[Message, ClientKeyExchange] | None:
    message = first_message(session, CLIENT_KEY_EXCHANGE, client=True)
    choice = chosen(session)
    if message is None or choice is None:
        return None
    try:
        read = client_key_exchange(message_bytes(message), choice[1], version_number(session))
    except ValueError:
        return None
    return (message, read) if read else None


@query("client_key_exchange.length")
def client_value_length(tables: Tables, session: Session) -> Answer:
    """How long the encrypted premaster secret, or the client's public value, is."""
    exchange = _client_exchange(session)
    if exchange is None:
        return why_missing(tables, session, CLIENT_KEY_EXCHANGE, client=True)
    message, read = exchange
    if not read.value:
        return not_applicable(
            Text(
                "只有预共享密钥的标识，没有别的值。",
                "It holds the identity of the shared key and nothing else.",
            ),
            cite(message),
            sources=("RFC 4279, 2",),
        )
    size = len(read.value)
    fields = ("tls.handshake.epms", "tls.handshake.client_point", "tls.handshake.yc")
    text = _ENCRYPTED if read.encrypted else _PUBLIC
    return from_message(
        tables,
        session,
        message,
        size,
        text.filled(size=size, frame=message.frame),
        next((f for name in fields if (f := message.first(name))), None),
        sources=_CKE,
    )


_ENCRYPTED = Text(
    "{size} 字节：用服务器证书里的 RSA 公钥加密的预主密钥（第 {frame} 号数据包）",
    "{size} bytes: the premaster secret, encrypted with the RSA key of the server's certificate "
    "(packet {frame})",
)
_PUBLIC = Text(
    "{size} 字节：客户端的临时公钥（第 {frame} 号数据包）；预主密钥由双方各自算出，不在线上传送。",
    "{size} bytes: the client's ephemeral public value (packet {frame}); both sides compute the "
    "premaster secret, which itself is never sent.",
)


@query("client_key_exchange.premaster_version")
def premaster_version(tables: Tables, session: Session) -> Answer:
    """The version in the first two bytes of an RSA-encrypted premaster secret.

    It is the one that the Client Hello offered, so that a forced rollback is found out. To be seen
    only with a key log that holds the premaster secret itself.
    """
    exchange = _client_exchange(session)
    if exchange is None:
        return why_missing(tables, session, CLIENT_KEY_EXCHANGE, client=True)
    message, read = exchange
    if not read.encrypted:
        return not_applicable(
            Text(
                "这里没有 RSA 加密的预主密钥：预主密钥是双方算出的共享值，不含版本号。",
                "No premaster secret is encrypted with RSA here: both sides compute it, and it "
                "holds no version.",
            ),
            cite(message),
            sources=("RFC 5246, 8.1.2", "RFC 8422, 5.10"),
        )
    premaster = tables.key_log().rsa.get(read.value[:_EPMS_PREFIX], b"")
    if not premaster:
        return hidden(
            tables,
            Text(
                "看不到：预主密钥是用服务器的 RSA 公钥加密的。",
                "It cannot be seen: the premaster secret is encrypted with the server's RSA key.",
            ),
        )
    name = version_name(int.from_bytes(premaster[:2]))
    return from_message(
        tables,
        session,
        message,
        name,
        Text(
            f"{name}：预主密钥的前两个字节是 {premaster[:2].hex()}，共 {len(premaster)} 字节。",
            f"{name}: the premaster secret's first two bytes are {premaster[:2].hex()}, of "
            f"{len(premaster)}.",
        ),
        "tls.handshake.epms",
        sources=("RFC 5246, 7.4.7.1",),
    )


@query("client_key_exchange.packets")
def packets(tables: Tables, session: Session) -> Answer:
    """In how many packets Client Key Exchange, Change Cipher Spec and Finished come."""
    exchange = first_message(session, CLIENT_KEY_EXCHANGE, client=True)
    if exchange is None:
        return why_missing(tables, session, CLIENT_KEY_EXCHANGE, client=True)
    flight = client_flight(session, exchange)
    frames = sorted({message.frame for message in flight})
    names = "、".join(f"{m.name}（{m.frame}）" for m in flight)
    names_en = ", ".join(f"{m.name} ({m.frame})" for m in flight)
    return found(
        tables,
        len(frames),
        Text(f"{len(frames)} 个数据包：{names}", f"{len(frames)}: {names_en}"),
        every(session_scope(session), handshake(CLIENT_KEY_EXCHANGE)),
        [cite(message) for message in flight],
        frames=frames,
        parts={part for message in flight for part in message.parts},
        sources=("RFC 5246, 7.3",),
    )
