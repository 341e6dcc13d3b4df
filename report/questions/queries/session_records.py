"""The record protocol: every record of the session, counted and measured (RFC 5246, 6.2)."""

from collections.abc import Iterable

from report.questions.absence import (
    absent,
    lacking_part,
    missing_message,
    not_applicable,
    not_captured,
)
from report.questions.answer import Answer, AnswerTable, Cell
from report.questions.conditions import Condition, Where, either, every
from report.questions.evidence import cite_header
from report.questions.finding import found
from report.questions.handshake_messages import from_message
from report.questions.queries.suite import chosen, version_number
from report.questions.registry import Tables, query
from report.questions.scope import content, session_scope, side
from report.questions.tabulated import CLIENT, FROM, PACKET, SERVER, column, sender
from report.tables.messages import Record
from report.tables.records import RecordFacts, session_records
from report.tables.session import Session
from report.text import Text
from report.tls.message_types import APPLICATION_DATA, SERVER_HELLO
from report.tls.registry import shown_name, version_name
from report.tls.suites import Overhead, record_overhead

_HEADER = 5
_FIRST_FRAMES = 8
_RECORDS = ("RFC 5246, 6.2.1", "RFC 8446, 5.1")


def holds_record() -> Condition:
    """Packets in which a TLS record is complete."""
    return either(Where("tls.record.content_type"), Where("tls.record.opaque_type"))


def no_records(tables: Tables, session: Session) -> Answer:
    """Why a session has no TLS records: QUIC has none, or the capture lacks them."""
    if session.connection.transport == "quic":
        return not_applicable(
            Text(
                "QUIC 没有 TLS 记录：握手消息装在 CRYPTO 帧里，数据由 QUIC 自己的数据包保护。",
                "QUIC has no TLS records: handshake messages travel in CRYPTO frames, and QUIC's "
                "own packets protect the data.",
            ),
            sources=("RFC 9001, 4.1.3", "RFC 9001, 5"),
        )
    lack = lacking_part(tables, session, client=True)
    opening = Text("抓包中没有完整的 TLS 记录。", "No TLS record is whole in the capture.")
    return not_captured(opening.plus(lack) if lack else opening)


def _type_name(record: RecordFacts) -> Cell:
    if record.dissected is not None and not record.dissected.has_header:
        return Text("（SSLv2 格式）", "(SSLv2 format)")
    outer = shown_name("content_types", record.content_type)
    shown = f"{outer} ({record.content_type})"
    if record.inner_type is None:
        return shown
    inner = shown_name("content_types", record.inner_type)
    if record.inner_type == record.content_type:
        return shown
    return Text(
        f"{shown}，解密后是 {inner} ({record.inner_type})",
        f"{shown}, inside {inner} ({record.inner_type})",
    )


def records_listed(records: Iterable[RecordFacts]) -> AnswerTable:
    """Frame, direction, content type, version and length of each record."""
    listed = tuple(records)
    rows = tuple(
        (
            str(record.frame),
            sender(record.from_client),
            _type_name(record),
            version_name(record.version),
            str(record.length),
        )
        for record in listed
    )
    columns = (
        PACKET,
        FROM,
        column("内容类型", "Content type"),
        column("版本", "Version"),
        column("长度（字节）", "Length (bytes)", numeric=True),
    )
    return AnswerTable(columns, rows, tuple(record.frame for record in listed))


def totals_table(records: Iterable[RecordFacts]) -> AnswerTable:
    """Records and bytes per type and direction; inner types where keys opened the records."""
    totals: dict[tuple[int, bool], list[int]] = {}
    for record in records:
        totals.setdefault((record.shown_type, record.from_client), []).append(record.length)
    rows = tuple(
        (
            f"{shown_name('content_types', kind)} ({kind})",
            sender(client),
            str(len(lengths)),
            str(sum(lengths)),
            str(_HEADER * len(lengths)),
        )
        for (kind, client), lengths in sorted(totals.items(), key=lambda item: item[0])
    )
    columns = (
        column("内容类型", "Content type"),
        FROM,
        column("记录数", "Records", numeric=True),
        column("字节（不含头）", "Bytes without headers", numeric=True),
        column("记录头字节", "Bytes of headers", numeric=True),
    )
    return AnswerTable(columns, rows, caption=_TOTALS)


_TOTALS = Text("按类型和方向合计", "Totals per type and direction")


@query("records.count")
def count(tables: Tables, session: Session) -> Answer:
    """How many records the session has, with all of them as a table, and totals."""
    records = session_records(session)
    if not records:
        return no_records(tables, session)
    frames = sorted({record.frame for record in records})
    evidence = [
        cite_header(r.dissected, "tls.record.length")
        for r in records[:3]
        if r.dissected is not None
    ]
    return found(
        tables,
        len(records),
        Text(
            f"{len(records)} 个记录，在 {len(frames)} 个数据包中收齐。",
            f"{len(records)} records, complete in {len(frames)} packets.",
        ),
        every(session_scope(session), holds_record()),
        evidence,
        frames=frames,
        reason=_TLS13_NOTE if session.is_tls13 else None,
        sources=_RECORDS,
        answer_tables=(records_listed(records), totals_table(records)),
    )


_TLS13_NOTE = Text(
    "TLS 1.3 的加密记录在线上一律标作 Application Data (23)，版本一律写 1.2。",
    "TLS 1.3 marks every encrypted record as Application Data (23) and as version 1.2.",
)


@query("records.server_data_bytes")
def server_data(tables: Tables, session: Session) -> Answer:
    """How many bytes of application data records the server sent, headers not counted."""
    records = session_records(session)
    data = [r for r in records if not r.from_client and r.shown_type == APPLICATION_DATA]
    if not records:
        return no_records(tables, session)
    note = _CANNOT_TELL if session.is_tls13 and not session.decrypted else None
    first = next((r.dissected for r in data if r.dissected is not None), None)
    if first is None:
        return _no_server_data(tables, session)
    if any(r.dissected and _cannot_be_opened(session, r.dissected) for r in data):
        return not_captured(_CUT_RECORD)
    total = sum(record.length for record in data)
    return found(
        tables,
        total,
        Text(
            f"{total} 字节，共 {len(data)} 个记录",
            f"{total} bytes in {len(data)} record{'s' if len(data) > 1 else ''}",
        ),
        every(session_scope(session), holds_record()),
        [cite_header(first, "tls.record.length")],
        frames=sorted({record.frame for record in data}),
        reason=note,
        sources=_RECORDS,
    )


def _cannot_be_opened(session: Session, record: Record) -> bool:
    """Whether keys would say what a TLS 1.3 record holds, had all of it been captured."""
    tls13 = session.is_tls13 and session.handshake_opened
    return tls13 and not record.opened and not record.fragment()


_CUT_RECORD = Text(
    "看不出来：有的加密记录只保留了一部分，无法解密，不知道里面是不是应用数据。",
    "The capture does not tell: of some encrypted records only a part was kept, so that they "
    "cannot be opened and may hold data or not.",
)
_CANNOT_TELL = Text(
    "没有密钥时，TLS 1.3 的证书、Finished、票据和警报也标作 Application Data，都算在内。",
    "Without keys this counts TLS 1.3's certificate, Finished, tickets and alerts too, which are "
    "marked as application data.",
)


def _no_server_data(tables: Tables, session: Session) -> Answer:
    if session.server_hello is None:
        return missing_message(tables, session, SERVER_HELLO, client=False)
    lack = lacking_part(tables, session, client=False)
    text = Text("服务器没有发送应用数据。", "The server sent no application data.")
    if lack is not None:
        return not_captured(text.plus(lack))
    condition = every(
        session_scope(session), content(APPLICATION_DATA), side(session, client=False)
    )
    return absent(text, condition)


@query("records.overhead")
def overhead(tables: Tables, session: Session) -> Answer:
    """The least that one protected record adds to its data: header, IV, MAC or tag, padding."""
    choice = chosen(session)
    if choice is None:
        return missing_message(tables, session, SERVER_HELLO, client=False)
    if session.connection.transport == "quic":
        return no_records(tables, session)
    hello, suite = choice
    added = record_overhead(suite, version_number(session))
    return from_message(
        tables,
        session,
        hello,
        added.total_min,
        Text(
            f"至少 {added.total_min} 字节（{suite.name}，{session.connection.version}）",
            f"{added.total_min} bytes at least ({suite.name}, {session.connection.version})",
        ),
        "tls.handshake.ciphersuite",
        reason=_PADDED.filled(most=added.padding_max) if added.padding_max else None,
        sources=("RFC 5246, 6.2.3", "RFC 8446, 5.2"),
        answer_tables=[_overhead_table(added)],
    )


_PADDED = Text(
    "填充使内容凑满整块，至少 1 字节，最多 {most} 字节，所以大多数记录还会更多一些。",
    "Padding fills the last block with 1 to {most} bytes, so most records add a little more.",
)


def _overhead_table(added: Overhead) -> AnswerTable:
    parts: list[tuple[Cell, int]] = [
        (Text("记录头", "Header"), added.header),
        (Text("显式的 IV 或 nonce", "Explicit IV or nonce"), added.explicit_iv),
        ("MAC", added.mac),
        (Text("AEAD 标签", "AEAD tag"), added.tag),
        (Text("真正的内容类型（TLS 1.3）", "True content type (TLS 1.3)"), added.content_type),
        (Text("填充，最少", "Padding, at least"), added.padding_min),
    ]
    rows = tuple((name, str(size)) for name, size in parts if size)
    columns = (column("部分", "Part"), column("字节", "Bytes", numeric=True))
    return AnswerTable(columns, rows)


# --- the first frames, as the older edition of the textbook asks for them ----------------------


def _first_frames(session: Session) -> tuple[RecordFacts, ...]:
    records = session_records(session)
    frames = list(dict.fromkeys(record.frame for record in records))[:_FIRST_FRAMES]
    return tuple(record for record in records if record.frame in frames)


@query("records.first_frames")
def first_frames(tables: Tables, session: Session) -> Answer:
    """How many records the first eight frames with records hold; frame by frame as a table."""
    records = _first_frames(session)
    if not records:
        return no_records(tables, session)
    frames = sorted({record.frame for record in records})
    return found(
        tables,
        len(records),
        Text(
            f"{len(frames)} 个数据包，共 {len(records)} 个记录",
            f"{len(frames)} packets with {len(records)} records in all",
        ),
        every(session_scope(session), holds_record()),
        [cite_header(r.dissected, "tls.record.length") for r in records if r.dissected][:6],
        frames=frames,
        sources=_RECORDS,
        answer_tables=(_by_frame(session, records),),
    )


def _by_frame(session: Session, records: tuple[RecordFacts, ...]) -> AnswerTable:
    rows: list[tuple[Cell, ...]] = []
    frames = sorted({record.frame for record in records})
    for frame in frames:
        own = [record for record in records if record.frame == frame]
        names = ", ".join(_record_name(session, record) for record in own)
        rows.append(
            (
                str(frame),
                CLIENT if own[0].from_client else SERVER,
                _ends(session, own[0].from_client),
                str(len(own)),
                names,
            )
        )
    columns = (
        PACKET,
        FROM,
        column("源 → 目的", "Source → destination"),
        column("记录数", "Records", numeric=True),
        column("依次是", "In order"),
    )
    return AnswerTable(columns, tuple(rows), tuple(frames))


def _ends(session: Session, from_client: bool) -> str:
    client, server = str(session.client), str(session.server)
    return f"{client} → {server}" if from_client else f"{server} → {client}"


def _record_name(session: Session, record: RecordFacts) -> str:
    """The names of the messages in a record; of a fragment, and of bulk data, its type."""
    inside = [m.name for m in session.messages if m.record is record.dissected]
    kind = shown_name("content_types", record.shown_type)
    return " + ".join(dict.fromkeys(inside)) or kind


@query("records.header_bytes")
def header_bytes(tables: Tables, session: Session) -> Answer:
    """How long the three fields are that each record begins with; those records as a table."""
    records = _first_frames(session)
    with_header = [r.dissected for r in records if r.dissected and r.dissected.has_header]
    if not with_header:
        return no_records(tables, session)
    first = with_header[0]
    return found(
        tables,
        _HEADER,
        Text(
            "5 字节：内容类型 1 字节、版本 2 字节、长度 2 字节。",
            "5 bytes: content type (1), version (2), length (2).",
        ),
        every(session_scope(session), holds_record()),
        [
            cite_header(first, name)
            for name in ("tls.record.content_type", "tls.record.version", "tls.record.length")
        ],
        frames=[first.frame],
        reason=_sslv2_note(records),
        sources=_RECORDS,
        answer_tables=(records_listed(records),),
    )


def _sslv2_note(records: tuple[RecordFacts, ...]) -> Text | None:
    if all(r.dissected is None or r.dissected.has_header for r in records):
        return None
    return Text(
        "第一个 Client Hello 是 SSLv2 格式，它的记录头只有 2 字节的长度。",
        "The first Client Hello is in SSLv2 format, whose record header is a length of 2 bytes.",
    )
