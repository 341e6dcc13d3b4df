"""The keys: master secret, key block, traffic secrets, and both Finished recomputed.

RFC 5246, 5, 6.3, 8.1, 7.4.9; RFC 7627; RFC 8446, 7.1, 7.3, 4.4.4. Key material is put into
cells only where the user asked to see it; lengths and outcomes always are.
"""

from collections.abc import Sequence

from report.questions.absence import hidden, missing_message, not_applicable, not_captured
from report.questions.answer import Answer, AnswerTable, Cell
from report.questions.conditions import every
from report.questions.evidence import cite, message_bytes
from report.questions.finding import found
from report.questions.gaps import gaps
from report.questions.handshake_messages import first_message, from_message, where_message
from report.questions.hellos import random_of, read_hello
from report.questions.queries.finished import finished, no_finished
from report.questions.queries.suite import chosen, version_number
from report.questions.registry import Tables, query
from report.questions.replayed import replayed
from report.questions.scope import session_scope
from report.questions.tabulated import CLIENT, NOTHING, SERVER, column, facts_table, yes_or_no
from report.tables.messages import Message
from report.tables.packets import cut_short
from report.tables.session import Session
from report.text import Text
from report.tls.key_schedule import DirectionKeys, finished_verify_data, traffic_keys
from report.tls.message_types import CLIENT_HELLO, FINISHED, SERVER_HELLO
from report.tls.replay import FinishedCheck
from report.tls.suites import (
    HASH_LENGTHS,
    SSL_3_0,
    TLS_1_2,
    TLS_1_3,
    CipherSuite,
    key_block,
)

_MASTER_SECRET = 48
_EXTENDED_MASTER_SECRET = 23
_LEGACY = ("RFC 5246, 8.1", "RFC 5246, 5", "RFC 7627, 4")
_BLOCK = ("RFC 5246, 6.3",)
_SCHEDULE = ("RFC 8446, 7.1", "RFC 8446, 7.3")
_FINISHED = ("RFC 5246, 7.4.9", "RFC 8446, 4.4.4")


def _missing(tables: Tables, session: Session) -> Answer:
    return missing_message(tables, session, SERVER_HELLO, client=False)


def _secrets(tables: Tables, session: Session) -> dict[str, bytes]:
    """The session's lines of the key log, by label."""
    hello = first_message(session, CLIENT_HELLO, client=True)
    return tables.key_log().for_session(random_of(hello)[1]) if hello else {}


def _shown(tables: Tables, secret: bytes | None) -> Cell:
    """Key material where it was asked for; else only whether it is there."""
    if secret is None:
        return Text("密钥日志中没有", "not in the key log") if tables.keys_given else NOTHING
    if tables.circumstances.show_secrets:
        return secret.hex()
    return Text(f"已有，{len(secret)} 字节，不显示", f"there, {len(secret)} bytes, not shown")


_WITHHELD = Text(
    "密钥本身不写进报告；需要时用 --show-secrets。",
    "Key material itself is kept out of the report; --show-secrets puts it in.",
)


def _withheld(tables: Tables, secrets: dict[str, bytes]) -> Text | None:
    return _WITHHELD if secrets and not tables.circumstances.show_secrets else None


# --- the master secret ------------------------------------------------------------------------


@query("keys.master_secret")
def master_secret(tables: Tables, session: Session) -> Answer:
    """How long the master secret is, and how this session's comes about, formula and inputs."""
    choice = chosen(session)
    if choice is None:
        return _missing(tables, session)
    hello, suite = choice
    version = version_number(session)
    size = HASH_LENGTHS[suite.prf_hash] if version >= TLS_1_3 else _MASTER_SECRET
    secrets = _secrets(tables, session)
    table = (
        _schedule_table(tables, suite, secrets)
        if version >= TLS_1_3
        else _formula_table(tables, session, hello, secrets)
    )
    offer = first_message(session, CLIENT_HELLO, client=True)
    return from_message(
        tables,
        session,
        hello,
        size,
        Text(f"{size} 字节，由来见表。", f"{size} bytes; the table shows where they come from."),
        "tls.handshake.random",
        "tls.handshake.ciphersuite",
        reason=_withheld(tables, secrets),
        sources=_SCHEDULE if version >= TLS_1_3 else _LEGACY,
        answer_tables=[table],
        also=[cite(offer, random_of(offer)[0])] if offer else [],
    )


def _formula_table(
    tables: Tables, session: Session, hello: Message, secrets: dict[str, bytes]
) -> AnswerTable:
    offer = first_message(session, CLIENT_HELLO, client=True)
    read = read_hello(hello)
    extended = read is not None and _EXTENDED_MASTER_SECRET in read.extensions
    premaster = secrets.get("PMS_CLIENT_RANDOM")
    rows: list[tuple[Cell, Cell]] = [
        (Text("公式", "Formula"), _master_formula(session, extended=extended)),
        (Text("推导函数", "Derivation"), _prf(session)),
        ("client_random", random_of(offer)[1].hex() if offer else NOTHING),
        ("server_random", random_of(hello)[1].hex()),
        (Text("预主密钥", "Premaster secret"), _shown(tables, premaster)),
        (Text("主密钥", "Master secret"), _shown(tables, secrets.get("CLIENT_RANDOM"))),
    ]
    if extended:
        rows.insert(2, ("session_hash", _SESSION_HASH))
    return facts_table(rows)


def _master_formula(session: Session, *, extended: bool) -> str:
    if version_number(session) == SSL_3_0:
        return _ssl3_formula("premaster_secret", "client_random + server_random", "… 'CCC' …")
    if extended:
        return 'PRF(premaster_secret, "extended master secret", session_hash)[0..47]'
    return 'PRF(premaster_secret, "master secret", client_random + server_random)[0..47]'


def _ssl3_formula(secret: str, randoms: str, last: str) -> str:
    """SSL 3.0 has no PRF: it hashes the secret with `A`, `BB`, `CCC` (RFC 6101, 6.1 and 6.2.2)."""
    pieces = [f"MD5({secret} + SHA-1('{each}' + {secret} + {randoms}))" for each in ("A", "BB")]
    return " + ".join([*pieces, last])


_SESSION_HASH = Text(
    "从 Client Hello 到 Client Key Exchange 全部握手消息的散列值",
    "the hash of all handshake messages from the Client Hello to the Client Key Exchange",
)


def _prf(session: Session) -> Cell:
    choice, version = chosen(session), version_number(session)
    if version >= TLS_1_2 and choice is not None:
        return f"PRF: P_{choice[1].prf_hash}"
    if version == SSL_3_0:
        return Text("SSL 3.0 没有 PRF：MD5 套 SHA-1", "SSL 3.0 has no PRF: MD5 over SHA-1")
    return "PRF: P_MD5 ⊕ P_SHA1"


_STAGES: tuple[tuple[str, str, str], ...] = (
    ("CLIENT_EARLY_TRAFFIC_SECRET", "c e traffic", "ClientHello"),
    ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", "c hs traffic", "ClientHello … ServerHello"),
    ("SERVER_HANDSHAKE_TRAFFIC_SECRET", "s hs traffic", "ClientHello … ServerHello"),
    ("CLIENT_TRAFFIC_SECRET_0", "c ap traffic", "ClientHello … server Finished"),
    ("SERVER_TRAFFIC_SECRET_0", "s ap traffic", "ClientHello … server Finished"),
    ("EXPORTER_SECRET", "exp master", "ClientHello … server Finished"),
)
_EXTRACTED: tuple[tuple[str, str], ...] = (
    ("Early Secret", "HKDF-Extract(0, PSK | 0)"),
    ("Handshake Secret", 'HKDF-Extract(Derive-Secret(Early Secret, "derived"), (EC)DHE | 0)'),
    ("Master Secret", 'HKDF-Extract(Derive-Secret(Handshake Secret, "derived"), 0)'),
)


def _schedule_table(tables: Tables, suite: CipherSuite, secrets: dict[str, bytes]) -> AnswerTable:
    size = str(HASH_LENGTHS[suite.prf_hash])
    rows: list[tuple[Cell, ...]] = [(name, formula, size, NOTHING) for name, formula in _EXTRACTED]
    for label, short, messages in _STAGES:
        base = _EXTRACTED[0 if " e " in short else 1 if " hs " in short else 2][0]
        formula = f'Derive-Secret({base}, "{short}", {messages})'
        rows.append((label, formula, size, _shown(tables, secrets.get(label))))
    columns = (
        column("密钥", "Secret"),
        column("怎样得来", "How it comes about"),
        column("字节", "Bytes", numeric=True),
        column("密钥日志", "Key log"),
    )
    caption = f"HKDF-{suite.prf_hash}"
    return AnswerTable(columns, tuple(rows), caption=Text(caption, caption))


# --- the key block ----------------------------------------------------------------------------


@query("keys.block_length")
def block_length(tables: Tables, session: Session) -> Answer:
    """How many bytes of key material the suite needs, and how they are cut."""
    choice = chosen(session)
    if choice is None:
        return _missing(tables, session)
    hello, suite = choice
    version = version_number(session)
    if suite.export:
        return not_applicable(
            Text(
                "出口级套件的密钥另有一步推导，这里不计算。",
                "Export suites derive their keys in a further step, which is not done here.",
            ),
            cite(hello, "tls.handshake.ciphersuite"),
        )
    lengths = key_block(suite, version)
    secrets = _secrets(tables, session)
    return from_message(
        tables,
        session,
        hello,
        lengths.total,
        Text(
            f"{lengths.total} 字节，两个方向合计（{suite.name}）",
            f"{lengths.total} bytes for both directions ({suite.name})",
        ),
        "tls.handshake.ciphersuite",
        reason=_withheld(tables, secrets),
        sources=_SCHEDULE if version >= TLS_1_3 else _BLOCK,
        answer_tables=[_cuts_table(tables, session, suite, version)],
    )


def _cuts_table(tables: Tables, session: Session, suite: CipherSuite, version: int) -> AnswerTable:
    lengths = key_block(suite, version)
    client, server = _derived(tables, session, suite, version)
    parts: list[tuple[Cell, int, bytes | None, bytes | None]] = [
        (Text("MAC 密钥", "MAC key"), lengths.mac_key, *_pair(client, server, "mac_key")),
        (Text("加密密钥", "Encryption key"), lengths.key, *_pair(client, server, "key")),
        ("IV", lengths.iv, *_pair(client, server, "iv")),
    ]
    rows: list[tuple[Cell, ...]] = []
    for name, size, mine, theirs in parts:
        if size:
            rows.append((name, CLIENT, str(size), _shown(tables, mine)))
            rows.append((name, SERVER, str(size), _shown(tables, theirs)))
    columns = (
        column("部分", "Part"),
        column("由谁使用", "Used by"),
        column("字节", "Bytes", numeric=True),
        column("算出的值", "Derived value"),
    )
    formula = _block_formula(version)
    return AnswerTable(columns, tuple(rows), caption=Text(formula, formula))


def _block_formula(version: int) -> str:
    if version >= TLS_1_3:
        return 'HKDF-Expand-Label(traffic_secret, "key" | "iv", "", length)'
    if version == SSL_3_0:
        return f"key_block = {_ssl3_formula('master_secret', 'server_random + client_random', '…')}"
    return 'key_block = PRF(master_secret, "key expansion", server_random + client_random)'


def _pair(
    client: DirectionKeys | None, server: DirectionKeys | None, part: str
) -> tuple[bytes | None, bytes | None]:
    mine: bytes | None = getattr(client, part) if client else None
    theirs: bytes | None = getattr(server, part) if server else None
    return mine, theirs


def _derived(
    tables: Tables, session: Session, suite: CipherSuite, version: int
) -> tuple[DirectionKeys | None, DirectionKeys | None]:
    """Both sides' keys from the key log; of TLS 1.3 those of the application data."""
    secrets = _secrets(tables, session)
    if version < TLS_1_3:
        keys = replayed(tables, session).keys
        return (keys.client, keys.server) if keys else (None, None)
    labels = ("CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0")
    found_ = [
        traffic_keys(suite, version, secrets[label]) if label in secrets else None
        for label in labels
    ]
    return found_[0], found_[1]


# --- both Finished recomputed -----------------------------------------------------------------


@query("keys.client_finished")
def client_finished(tables: Tables, session: Session) -> Answer:
    """Whether the verify_data of the client's Finished is what the messages make it."""
    return _compared(tables, session, client=True)


@query("keys.server_finished")
def server_finished(tables: Tables, session: Session) -> Answer:
    """Whether the verify_data of the server's Finished is what the messages make it."""
    return _compared(tables, session, client=False)


def _compared(tables: Tables, session: Session, *, client: bool) -> Answer:
    end = finished(session, client=client)
    choice = chosen(session)
    if choice is None or (end is None and not session.is_tls13):
        return no_finished(tables, session, client=client)
    if session.decrypted and end is not None and _lacks_of_transcript(session, end.message):
        return not_captured(_LACKING)
    check = _check(tables, session, choice[1], client=client)
    if check is None and end is None:
        return no_finished(tables, session, client=client)
    if check is None:
        return _without_check(tables, session, client=client)
    message = end.message if end is not None else choice[0]
    equal = check.matches
    return found(
        tables,
        equal,
        _EQUAL if equal else _DIFFERENT,
        where_message(session, message.type or FINISHED, client=message.from_client),
        [cite(message, "tls.handshake.verify_data")],
        frames=[message.frame],
        parts=message.parts,
        sources=_FINISHED,
        answer_tables=(_comparison(session, choice[1], check, client=client),),
    )


_EQUAL = Text(
    "是：用密钥日志算出的值与解密出来的 Finished 完全一致，握手消息没有被改动。",
    "Yes: what the key log and the messages give is exactly what the decrypted Finished holds; "
    "nobody changed a handshake message.",
)
_DIFFERENT = Text(
    "否：算出的值与 Finished 中的不同，握手消息被改动过，或抓包缺少其中一部分。",
    "No: what was computed differs from the Finished; a handshake message was changed, or the "
    "capture lacks a part of one.",
)


_LACKING = Text(
    "抓包缺少握手消息的一部分，无法重新计算 Finished。",
    "The capture lacks a part of the handshake messages, so the Finished cannot be recomputed.",
)


def _lacks_of_transcript(session: Session, end: Message) -> bool:
    """Whether bytes are missing of the messages that a Finished covers."""
    if session.connection.hello_frame is None:
        return True
    before = session.messages[: session.messages.index(end) + 1]
    for client in (True, False):
        frames = [m.frame for m in before if m.from_client == client]
        if not frames:
            continue
        own = session.packets[session.from_client.to_numpy() == client].loc[: frames[-1]]
        if cut_short(own) or gaps(session, client=client, until=frames[-1]):
            return True
    return False


def _check(
    tables: Tables, session: Session, suite: CipherSuite, *, client: bool
) -> FinishedCheck | None:
    if session.connection.transport == "quic":
        return _check_messages(tables, session, suite, client=client)
    sender = "client" if client else "server"
    return next((c for c in replayed(tables, session).finished if c.sender == sender), None)


def _check_messages(
    tables: Tables, session: Session, suite: CipherSuite, *, client: bool
) -> FinishedCheck | None:
    """QUIC has no records to open: tshark's decryption gives the messages."""
    label = f"{'CLIENT' if client else 'SERVER'}_HANDSHAKE_TRAFFIC_SECRET"
    secret = _secrets(tables, session).get(label)
    end = finished(session, client=client)
    if secret is None or end is None or end.message.type != FINISHED:
        return None
    before = session.messages[: session.messages.index(end.message)]
    transcript = [message_bytes(m) for m in before if m.protocol == "handshake"]
    expected = finished_verify_data(suite.prf_hash, secret, transcript)
    sent = message_bytes(end.message)[4:]
    return FinishedCheck("client" if client else "server", 0, sent, expected)


def _without_check(tables: Tables, session: Session, *, client: bool) -> Answer:
    condition = every(session_scope(session), where_message(session, FINISHED, client=client))
    faults: Sequence[str] = replayed(tables, session).faults if tables.keys_given else ()
    if session.handshake_opened and faults:
        return not_applicable(
            Text(
                "有密钥，但这里没有实现这种加密算法，无法自己解密比较。",
                "The keys are there, but this cipher is not implemented here, so that the Finished "
                "cannot be opened and compared.",
            )
        )
    return hidden(
        tables,
        Text(
            "Finished 是加密的：没有密钥就不能解密，也不能重新计算。",
            "The Finished is encrypted: without keys it can neither be opened nor recomputed.",
        ),
        condition,
    )


def _comparison(
    session: Session, suite: CipherSuite, check: FinishedCheck, *, client: bool
) -> AnswerTable:
    label = f'"{"client" if client else "server"} finished"'
    version = version_number(session)
    formula = f"PRF(master_secret, {label}, Hash(handshake_messages))[0..{len(check.expected) - 1}]"
    if version >= TLS_1_3:
        formula = f"HMAC-{suite.prf_hash}(finished_key, Transcript-Hash)"
    elif version == SSL_3_0:
        inner = f"handshake_messages + '{'CLNT' if client else 'SRVR'}' + master_secret + pad1"
        formula = f"H(master_secret + pad2 + H({inner})), H = MD5, SHA-1"
    rows: list[tuple[Cell, Cell]] = [
        (Text("公式", "Formula"), formula),
        (Text("解密出的 verify_data", "Decrypted verify_data"), check.sent.hex()),
        (Text("重新计算的 verify_data", "Recomputed verify_data"), check.expected.hex()),
        (Text("一致", "Equal"), yes_or_no(check.matches)),
    ]
    return facts_table(rows)
