"""Client authentication: who proves what to whom (RFC 5246, 7.4.4, 7.4.8; RFC 8446, 4.3.2)."""

from dataclasses import replace

from report.questions.absence import absent, missing_message, not_applicable
from report.questions.answer import Answer, AnswerTable, Cell, Status
from report.questions.conditions import Condition, Where, every
from report.questions.evidence import cite, message_bytes
from report.questions.finding import message_text
from report.questions.handshake_messages import (
    first_message,
    from_message,
    where_message,
    why_missing,
)
from report.questions.queries.finished import finished
from report.questions.queries.suite import chosen, version_number
from report.questions.registry import Tables, query
from report.questions.tabulated import CLIENT, NOTHING, SERVER, column
from report.tables.messages import Message
from report.tables.session import Session
from report.text import Text, visible
from report.tls.key_messages import (
    CertificateRequest,
    Signature,
    certificate_request,
    certificate_verify,
    distinguished_name,
)
from report.tls.message_types import (
    CERTIFICATE,
    CERTIFICATE_REQUEST,
    CERTIFICATE_VERIFY,
    CLIENT_KEY_EXCHANGE,
    SERVER_HELLO,
    SERVER_KEY_EXCHANGE,
)
from report.tls.registry import shown_name, signature_scheme_name

_REQUEST = ("RFC 5246, 7.4.4", "RFC 8446, 4.3.2")
_VERIFY = ("RFC 5246, 7.4.8", "RFC 8446, 4.4.3")


def _where_request(session: Session) -> Condition:
    return where_message(session, CERTIFICATE_REQUEST, client=False)


def _request(session: Session) -> tuple[Message, CertificateRequest] | None:
    message = first_message(session, CERTIFICATE_REQUEST, client=False)
    if message is None:
        return None
    try:
        return message, certificate_request(message_bytes(message), version_number(session))
    except ValueError:
        return None


@query("certificate_request.frame")
def request_frame(tables: Tables, session: Session) -> Answer:
    """The frame in which the server asks for a client certificate."""
    message = first_message(session, CERTIFICATE_REQUEST, client=False)
    if message is None:
        return why_missing(tables, session, CERTIFICATE_REQUEST, client=False)
    text = message_text(tables, message)
    return from_message(tables, session, message, message.frame, text, sources=_REQUEST)


@query("certificate_request.types")
def request_types(tables: Tables, session: Session) -> Answer:
    """The kinds of certificate that the server takes, by name."""
    asked = _request(session)
    if asked is None:
        return why_missing(tables, session, CERTIFICATE_REQUEST, client=False)
    message, read = asked
    if session.is_tls13:
        return not_applicable(
            Text(
                "TLS 1.3 的请求里没有证书类型，只列出签名算法。",
                "A request of TLS 1.3 names no certificate types, only signature algorithms.",
            ),
            cite(message),
            sources=("RFC 8446, 4.3.2",),
        )
    names = tuple(shown_name("client_certificate_types", kind) for kind in read.types)
    return from_message(
        tables,
        session,
        message,
        names,
        Text("、".join(names), ", ".join(names)),
        "tls.handshake.cert_types",
        sources=_REQUEST,
    )


@query("certificate_request.schemes")
def request_schemes(tables: Tables, session: Session) -> Answer:
    """How many signature algorithms the server accepts from the client; all of them named."""
    asked = _request(session)
    if asked is None:
        return why_missing(tables, session, CERTIFICATE_REQUEST, client=False)
    message, read = asked
    if not read.schemes:
        return not_applicable(
            Text(
                "TLS 1.2 以前的请求里不写签名算法。",
                "Before TLS 1.2 the request names no signature algorithms.",
            ),
            cite(message),
            sources=("RFC 4346, 7.4.4",),
        )
    names = [signature_scheme_name(scheme) for scheme in read.schemes]
    count = len(names)
    return from_message(
        tables,
        session,
        message,
        count,
        Text(f"{count} 种", f"{count} of them"),
        "tls.handshake.sig_hash_algs",
        sources=_REQUEST,
        answer_tables=[
            AnswerTable(
                (column("次序", "Order"), column("签名算法", "Signature algorithm")),
                tuple((str(at), name) for at, name in enumerate(names, start=1)),
            )
        ],
    )


@query("certificate_request.authorities")
def request_authorities(tables: Tables, session: Session) -> Answer:
    """The CA names that the server accepts certificates of."""
    asked = _request(session)
    if asked is None:
        return why_missing(tables, session, CERTIFICATE_REQUEST, client=False)
    message, read = asked
    names = tuple(map(distinguished_name, read.authorities))
    field = message.first("tls.handshake.dnames_len") or message.first("tls.handshake.dnames")
    if not names:
        return absent(
            Text(
                "请求里没有列出 CA：哪个 CA 签发的都可以试。",
                "The request lists no authorities: a certificate of any may be tried.",
            ),
            every(_where_request(session), Where("tls.handshake.dname")),
            cite(message, field),
            sources=_REQUEST,
        )
    shown = [visible(name) for name in names]
    return from_message(
        tables,
        session,
        message,
        names,
        Text("；".join(shown), "; ".join(shown)),
        field,
        sources=_REQUEST,
    )


@query("certificate_verify.frame")
def verify_frame(tables: Tables, session: Session) -> Answer:
    """The frame in which the client proves that the certificate's key is its own."""
    message = first_message(session, CERTIFICATE_VERIFY, client=True)
    if message is None:
        return why_missing(tables, session, CERTIFICATE_VERIFY, client=True)
    text = message_text(tables, message)
    return from_message(tables, session, message, message.frame, text, sources=_VERIFY)


def _verified(session: Session) -> tuple[Message, Signature] | None:
    message = first_message(session, CERTIFICATE_VERIFY, client=True)
    if message is None:
        return None
    try:
        return message, certificate_verify(message_bytes(message), version_number(session))
    except ValueError:
        return None


@query("certificate_verify.algorithm")
def verify_algorithm(tables: Tables, session: Session) -> Answer:
    """The algorithm of the client's signature."""
    verified = _verified(session)
    if verified is None:
        return why_missing(tables, session, CERTIFICATE_VERIFY, client=True)
    message, signature = verified
    if signature.name is None:
        return not_applicable(
            Text(
                "TLS 1.2 以前消息里不写签名算法：RSA 固定签 MD5 和 SHA-1，DSA 和 ECDSA 签 SHA-1。",
                "Before TLS 1.2 the message names no algorithm: RSA signs MD5 and SHA-1, DSA and "
                "ECDSA sign SHA-1.",
            ),
            cite(message),
            sources=("RFC 4346, 7.4.8",),
        )
    return from_message(
        tables,
        session,
        message,
        signature.name,
        Text(signature.name, signature.name),
        "tls.handshake.sig_hash_alg",
        sources=_VERIFY,
    )


@query("certificate_verify.length")
def verify_length(tables: Tables, session: Session) -> Answer:
    """How long the client's signature is."""
    verified = _verified(session)
    if verified is None:
        return why_missing(tables, session, CERTIFICATE_VERIFY, client=True)
    message, signature = verified
    return from_message(
        tables,
        session,
        message,
        signature.length,
        Text(f"{signature.length} 字节", f"{signature.length} bytes"),
        "tls.handshake.client_cert_vrfy.sig",
        sources=_VERIFY,
    )


# --- who proves what to whom ------------------------------------------------------------------


@query("client_authentication.roles")
def roles(tables: Tables, session: Session) -> Answer:
    """Who proves what to whom in this session, as a table beside the explanation."""
    choice = chosen(session)
    if choice is None:
        return missing_message(tables, session, SERVER_HELLO, client=False)
    hello, suite = choice
    text = Text("本次会话里的证明见表。", "The table lists what was proven in this session.")
    shown = from_message(
        tables, session, hello, "", text, "tls.handshake.ciphersuite", sources=_VERIFY,
        answer_tables=[_proofs(session, suite.key_exchange)],
    )  # fmt: skip
    return replace(shown, status=Status.EXPLAINED, value=None)


def _proofs(session: Session, method: str) -> AnswerTable:
    rows: list[tuple[Cell, ...]] = []
    frames: list[int | None] = []
    for who, whom, what, message in _proving(session, method):
        rows.append((who, whom, what, message.name if message else NOTHING, _place(message)))
        frames.append(message.frame if message else None)
    columns = (
        column("谁", "Who"),
        column("向谁", "To whom"),
        column("证明什么", "Proves what"),
        column("用哪条消息", "By which message"),
        column("数据包", "Packet", numeric=True),
    )
    return AnswerTable(columns, tuple(rows), tuple(frames))


def _place(message: Message | None) -> Cell:
    return str(message.frame) if message else Text("本会话没有", "not in this session")


def _proving(session: Session, method: str) -> list[tuple[Cell, Cell, Cell, Message | None]]:
    def first(kind: int, client: bool) -> Message | None:
        return first_message(session, kind, client=client)

    mine, theirs = finished(session, client=True), finished(session, client=False)
    holds = first(CERTIFICATE_VERIFY, False) if session.is_tls13 else _server_proof(session, method)
    return [
        (SERVER, CLIENT, _NAMED, first(CERTIFICATE, False)),
        (SERVER, CLIENT, _HOLDS_KEY, holds),
        (CLIENT, SERVER, _NAMED, first(CERTIFICATE, True)),
        (CLIENT, SERVER, _HOLDS_KEY, first(CERTIFICATE_VERIFY, True)),
        (CLIENT, SERVER, _UNCHANGED, mine.message if mine else None),
        (SERVER, CLIENT, _UNCHANGED, theirs.message if theirs else None),
    ]


def _server_proof(session: Session, method: str) -> Message | None:
    """Signed parameters; with RSA key transport the Finished, which takes the private key."""
    signed = first_message(session, SERVER_KEY_EXCHANGE, client=False)
    if signed is not None or method not in ("RSA", "RSA_PSK"):
        return signed
    end = finished(session, client=False)
    return end.message if end and first_message(session, CLIENT_KEY_EXCHANGE, client=True) else None


_NAMED = Text("CA 证明这个名字属于这把公钥", "that a CA binds this name to this public key")
_HOLDS_KEY = Text("拥有证书对应的私钥", "that it holds the certificate's private key")
_UNCHANGED = Text(
    "算得出同样的密钥，握手消息没有被改动",
    "that it has the same keys and that no handshake message was changed",
)
