"""The chosen cipher suite taken apart: what its name says, and what follows from it."""

from report.questions.absence import missing_message
from report.questions.answer import Answer, AnswerTable, Cell
from report.questions.evidence import cite
from report.questions.handshake_messages import first_message, from_message
from report.questions.hellos import read_hello, suite_parts
from report.questions.registry import Tables, query
from report.questions.tabulated import NO, NOTHING, YES, column, facts_table
from report.tables.messages import Message
from report.tables.session import Session
from report.text import Text
from report.tls.key_exchange import METHODS, Sent
from report.tls.message_types import (
    CERTIFICATE,
    CLIENT_KEY_EXCHANGE,
    SERVER_HELLO,
    SERVER_KEY_EXCHANGE,
)
from report.tls.registry import group_name, registry
from report.tls.suites import SSL_3_0, TLS_1_3, CipherSuite, known_suite

_KEY_SHARE, _ENCRYPT_THEN_MAC = 51, 22
_NAMING = ("RFC 5246, A.5", "RFC 8446, B.4", "IANA TLS Cipher Suites")
_EXCHANGE = ("RFC 5246, 7.4.2", "RFC 5246, 7.4.3", "RFC 8422, 2", "RFC 8446, 2")


def chosen(session: Session) -> tuple[Message, CipherSuite] | None:
    """The Server Hello and the suite it chooses; None where either is unknown."""
    hello = session.server_hello
    field = hello.first("tls.handshake.ciphersuite") if hello else None
    suite = known_suite(field.number) if field else None
    return (hello, suite) if hello and suite else None


def version_number(session: Session) -> int:
    """The version agreed on as a number, 0x0303 for TLS 1.2; 0 without a Server Hello."""
    hello = session.server_hello
    field = hello.first("tls.handshake.version") if hello else None
    if session.is_tls13:
        return TLS_1_3
    return field.number if field else 0


def _missing(tables: Tables, session: Session) -> Answer:
    return missing_message(tables, session, SERVER_HELLO, client=False)


@query("suite.parts")
def parts(tables: Tables, session: Session) -> Answer:
    """The chosen suite's name taken apart by its naming rule."""
    found = chosen(session)
    named = suite_parts(found[1].code) if found else ()
    if found is None or not named:
        return _missing(tables, session)
    hello, suite = found
    return from_message(
        tables,
        session,
        hello,
        named,
        Text(f"{suite.name} 的各部分", f"The parts of {suite.name}"),
        "tls.handshake.ciphersuite",
        reason=_TLS13_NAMES if suite.tls13 else None,
        sources=_NAMING,
        answer_tables=[_parts_table(session, hello, suite)],
    )


_TLS13_NAMES = Text(
    "TLS 1.3 的套件名只说加密算法和散列算法；密钥交换和身份验证由扩展（key_share、"
    "signature_algorithms、pre_shared_key）另行协商。",
    "A TLS 1.3 suite names only the cipher and the hash; key exchange and authentication are "
    "agreed on in extensions (key_share, signature_algorithms, pre_shared_key).",
)


def _parts_table(session: Session, hello: Message, suite: CipherSuite) -> AnswerTable:
    bulk = suite.bulk
    method = METHODS[suite.key_exchange].title if not suite.tls13 else _agreed_method(hello)
    authentication: Cell = suite.authentication
    if suite.tls13:
        resumed = session.connection.resumed
        authentication = "PSK" if resumed else Text("证书", "certificate")
    mode = bulk.mode if bulk.mode != "none" else NOTHING
    mac: Cell = suite.mac or Text("AEAD 自带，没有单独的 MAC", "the AEAD's own; no separate MAC")
    state = registry("cipher_suites").date.isoformat()
    rows: list[tuple[Cell, Cell]] = [
        (Text("密钥交换", "Key exchange"), method),
        (Text("身份验证", "Authentication"), authentication),
        (Text("加密算法", "Cipher"), bulk.cipher),
        (Text("密钥长度", "Key length"), Text(f"{bulk.key_bits} 位", f"{bulk.key_bits} bits")),
        (Text("工作模式", "Mode"), mode),
        (Text("完整性（MAC）", "Integrity (MAC)"), mac),
        (Text("密钥推导的散列", "Hash of the key derivation"), _derivation(session, suite)),
        (Text("前向保密", "Forward secrecy"), YES if has_forward_secrecy(hello, suite) else NO),
        (
            Text(f"IANA 推荐（{state}）", f"Recommended by IANA ({state})"),
            _RECOMMENDED.get(suite.recommended, NOTHING),
        ),
    ]
    return facts_table(rows, frame=hello.frame)


_RECOMMENDED = {
    "Y": Text("推荐", "yes"),
    "N": Text("不推荐", "no"),
    "D": Text("不应使用", "discouraged"),
}


def _derivation(session: Session, suite: CipherSuite) -> Cell:
    if session.connection.version in ("TLS 1.0", "TLS 1.1"):
        return Text("MD5 与 SHA-1 合用（由版本决定）", "MD5 and SHA-1 together, by the version")
    return suite.prf_hash


def _agreed_method(hello: Message) -> Cell:
    name = agreed_group(hello)
    return Text(f"key_share 扩展：{name}", f"the key_share extension: {name}") if name else "PSK"


def agreed_group(hello: Message) -> str | None:
    """The group of a TLS 1.3 Server Hello's key share by name; None without one."""
    read = read_hello(hello)
    share = read.extensions.get(_KEY_SHARE, b"") if read else b""
    return group_name(int.from_bytes(share[:2])) if len(share) >= 2 else None


def has_forward_secrecy(hello: Message, suite: CipherSuite) -> bool:
    """Whether a key stolen later leaves this session secret; in TLS 1.3 a key share decides."""
    if suite.forward_secrecy is None:
        return agreed_group(hello) is not None
    return suite.forward_secrecy


@query("suite.forward_secrecy")
def forward_secrecy(tables: Tables, session: Session) -> Answer:
    """Whether the key exchange is ephemeral."""
    found = chosen(session)
    if found is None:
        return _missing(tables, session)
    hello, suite = found
    secret = has_forward_secrecy(hello, suite)
    text = _EPHEMERAL if secret else _STATIC
    group = hello.first("tls.handshake.extensions_key_share_group") if suite.tls13 else None
    return from_message(
        tables,
        session,
        hello,
        secret,
        text,
        "tls.handshake.ciphersuite",
        *((group,) if group else ()),
        sources=("RFC 5246, F.1.1.2", "RFC 8446, E.1"),
    )


_EPHEMERAL = Text(
    "是：密钥来自双方这一次才生成的临时公钥，以后即使服务器私钥泄露，也解不开录下的这次会话。",
    "Yes: the keys come from public values made for this session only, so a server key stolen "
    "later does not open what was recorded.",
)
_STATIC = Text(
    "否：密钥由长期不变的密钥保护；谁以后得到它，谁就能解开录下的会话。",
    "No: a long-lived key protects the secret, and whoever gets it later can open the recording.",
)


@query("suite.key_exchange")
def key_exchange(tables: Tables, session: Session) -> Answer:
    """The key exchange method, with the messages that it needs and those that came."""
    found = chosen(session)
    if found is None:
        return _missing(tables, session)
    hello, suite = found
    name = tls13_method(hello) if suite.tls13 else suite.key_exchange
    title = METHODS[suite.key_exchange].title
    text = (
        Text(f"{name}（由扩展决定）", f"{name} (decided by extensions)")
        if suite.tls13
        else Text(f"{name}：{title.zh}", f"{name}: {title.en}")
    )
    return from_message(
        tables,
        session,
        hello,
        name,
        text,
        "tls.handshake.ciphersuite",
        reason=METHODS[suite.key_exchange].why,
        sources=_EXCHANGE,
        answer_tables=[_messages_table(session, suite)],
    )


def tls13_method(hello: Message) -> str:
    """`ECDHE`, `DHE`, a hybrid group's own name, or `PSK` without any key share."""
    group = agreed_group(hello)
    if group is None:
        return "PSK"
    if group.startswith("ffdhe"):
        return "DHE"
    return group if "MLKEM" in group.upper() or "KYBER" in group.upper() else "ECDHE"


def _messages_table(session: Session, suite: CipherSuite) -> AnswerTable:
    method = suite.method
    needed = (
        (CERTIFICATE, False, "Certificate", method.certificate),
        (SERVER_KEY_EXCHANGE, False, "Server Key Exchange", method.server_key_exchange),
        (
            CLIENT_KEY_EXCHANGE,
            True,
            "Client Key Exchange",
            Sent.NEVER if suite.tls13 else Sent.ALWAYS,
        ),
    )
    rows, frames = [], []
    for kind, client, name, wanted in needed:
        message = first_message(session, kind, client=client)
        rows.append((name, _WANTED[wanted], str(message.frame) if message else NOTHING))
        frames.append(message.frame if message else None)
    columns = (
        column("消息", "Message"),
        column("这种方法需要它吗", "Does the method need it?"),
        column("所在的数据包", "Its packet", numeric=True),
    )
    note = None
    if session.connection.resumed:
        note = Text("会话是恢复的，没有密钥交换消息", "The session was resumed: none of them came")
    return AnswerTable(columns, tuple(rows), tuple(frames), note)


_WANTED = {
    Sent.ALWAYS: Text("需要", "yes"),
    Sent.NEVER: Text("不需要", "no"),
    Sent.OPTIONAL: Text("可有可无", "may come"),
}


@query("suite.symmetric")
def symmetric(tables: Tables, session: Session) -> Answer:
    """The algorithm that encrypts the data, with what gives confidentiality and integrity."""
    found = chosen(session)
    if found is None:
        return _missing(tables, session)
    hello, suite = found
    return from_message(
        tables,
        session,
        hello,
        suite.symmetric,
        _protection(session, suite, _ENCRYPT_THEN_MAC in extension_types(hello)),
        "tls.handshake.ciphersuite",
        sources=("RFC 5246, 6.2.3", "RFC 8446, 5.2"),
        also=[cite(m) for m in session.of("application_data", client=True)[:1]],
    )


def extension_types(hello: Message) -> tuple[int, ...]:
    """The extensions of a hello by number."""
    return tuple(field.number for field in hello.all("tls.handshake.extension.type"))


def _protection(session: Session, suite: CipherSuite, mac_outside: bool) -> Text:
    if suite.aead:
        return Text(
            f"{suite.symmetric}：一种 AEAD 算法，同时给出机密性和完整性；每个记录末尾的 "
            f"{suite.bulk.tag} 字节标签起 MAC 的作用。",
            f"{suite.symmetric}, an AEAD that gives confidentiality and integrity at once; the tag "
            f"of {suite.bulk.tag} bytes at the end of each record does the work of a MAC.",
        )
    mac = f"HMAC-{suite.mac}" if suite.mac else NOTHING
    if version_number(session) == SSL_3_0:  # its MAC came before HMAC (RFC 6101, 5.2.3.1)
        mac = f"MAC-{suite.mac}"
    if not suite.bulk.key_bits:
        return Text(
            f"{suite.symmetric} 不加密，没有机密性；{mac} 给出完整性，它跟在明文数据之后。",
            f"{suite.symmetric} does not encrypt, so there is no confidentiality; {mac}, which "
            "follows the data in clear, gives integrity.",
        )
    text = Text(
        f"{suite.symmetric} 给出机密性，{mac} 给出完整性。",
        f"{suite.symmetric} gives confidentiality and {mac} integrity.",
    )
    return text.plus(_MAC_OUTSIDE if mac_outside and suite.bulk.block else _MAC_INSIDE)


_MAC_INSIDE = Text(
    "MAC 与数据一起加密，在记录里分不出来。",
    "The MAC is encrypted along with the data and cannot be told from it in the record.",
)
_MAC_OUTSIDE = Text(
    "双方协商了 encrypt_then_mac：MAC 在密文之后，不加密。",
    "encrypt_then_mac was agreed on: the MAC stands behind the ciphertext, unencrypted.",
)
