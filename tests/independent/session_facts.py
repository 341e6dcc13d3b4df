"""Answers about a session as a whole: records, alerts, layers, keys, outcome."""

import hashlib
import hmac
from collections.abc import Callable, Iterator

from tests.independent.expected import (
    ABSENT,
    HIDDEN,
    NOT_APPLICABLE,
    NOT_CAPTURED,
    Expected,
    common_name,
    missing,
    q11,
    shown,
    subject_name,
)
from tests.independent.handshake import (
    finished,
    handshake_opened,
    no_finished,
)
from tests.independent.reader import TLS13, Connection, Facts
from tests.independent.records import APPLICATION_DATA, Record
from tests.independent.secrets import HASH_LENGTHS, Suite, expand_label, prf
from tests.independent.session import HANDSHAKE_NAMES, SIDES, Message, Side

Answer = Callable[[Facts, Connection], Expected]

HEADER = 5
BLOCKS = {"3DES": 8, "DES": 8, "IDEA": 8, "RC2": 8}
LAYERS = {0: "Loopback", 1: "Ethernet", 12: "Raw IP", 101: "Raw IP", 113: "Linux cooked",
          228: "Raw IP", 276: "Linux cooked"}  # fmt: skip
AFTER_HANDSHAKE = (4, 24)
NUMBERS = {name: number for number, name in HANDSHAKE_NAMES.items()}


# --- records ----------------------------------------------------------------------------------


def records(connection: Connection) -> list[tuple[Side, Record]]:
    """Every record that was complete in the capture, by the frame in which it was."""
    found = [(side, r) for side in SIDES for r in _shown_records(connection, side)]
    return sorted(found, key=lambda item: item[1].frame)


def _shown_records(connection: Connection, side: Side) -> Iterator[Record]:
    """Those that Wireshark shows: after a cut one it looks for the next where a segment begins."""
    stream = connection.streams.get(side)
    starts = set(stream.starts) if stream else set()
    in_step = True
    for record in connection.records.get(side, []):
        in_step = in_step or record.offset in starts
        snapped = record.cut and record.frame > 0
        # One that a snap length cut and that goes on in further segments is not put together.
        spread = any(record.offset < s < record.start + record.length for s in starts)
        if record.frame and in_step and not (snapped and spread):
            yield record
        in_step = in_step and not snapped


def _no_records(connection: Connection) -> Expected:
    return NOT_APPLICABLE if connection.transport == "quic" else NOT_CAPTURED


def record_count(found: Facts, connection: Connection) -> Expected:
    all_ = records(connection)
    if not all_:
        return _no_records(connection)
    frames = sorted({record.frame for _, record in all_})
    return {"status": "found", "value": len(all_), "frames": frames}


def first_frames(found: Facts, connection: Connection) -> Expected:
    all_ = records(connection)
    if not all_:
        return _no_records(connection)
    frames = sorted({record.frame for _, record in all_})[:8]
    value = sum(record.frame in frames for _, record in all_)
    return {"status": "found", "value": value, "frames": frames}


def header_bytes(found: Facts, connection: Connection) -> Expected:
    return {"status": "found", "value": HEADER} if records(connection) else _no_records(connection)


def server_data(found: Facts, connection: Connection) -> Expected:
    """Bytes of the server's records of application data; in TLS 1.3 of all that look like it."""
    if not records(connection):
        return _no_records(connection)
    at = {r.offset for side, r in records(connection) if side == "server"}
    data = [m for m in connection.all("server", "Application Data") if m.offset in at]
    sealed = [m for m in data if not m.opened]
    if connection.version == TLS13 and handshake_opened(connection) and any(m.cut for m in sealed):
        return NOT_CAPTURED
    total = sum(message.length for message in data)
    if connection.version == TLS13 and sealed and not handshake_opened(connection):
        total = sum(
            r.length for side, r in records(connection)
            if side == "server" and r.type == APPLICATION_DATA
        )  # fmt: skip
    if not data:
        return no_data(connection, "server")
    frames = sorted({message.frame for message in data})
    return {"status": "found", "value": total, "frames": frames}


def no_data(connection: Connection, side: Side) -> Expected:
    """Why a side sent no application data that the capture shows."""
    if connection.server_hello is None:
        return missing(connection, "server")
    stream = connection.streams.get(side)
    if stream is not None and (stream.lost() or stream.ends_early()):
        return NOT_CAPTURED
    return ABSENT if connection.over else NOT_CAPTURED


def overhead(found: Facts, connection: Connection) -> Expected:
    """RFC 5246, 6.2.3; RFC 7905, 2; RFC 8446, 5.2."""
    hello = connection.first("server", "Server Hello")
    if hello is None or connection.suite is None:
        return missing(connection, "server")
    if connection.transport == "quic":
        return NOT_APPLICABLE
    suite = Suite(connection.suite)
    if connection.version == TLS13:
        return shown(hello, HEADER + suite.tag_length + 1)
    if suite.aead:
        explicit = 0 if "CHACHA20" in suite.cipher else 8
        return shown(hello, HEADER + explicit + suite.tag_length)
    mac = HASH_LENGTHS[suite.mac]
    if "CBC" not in suite.cipher:
        return shown(hello, HEADER + mac)
    explicit = _block(suite) if (connection.version or 0) >= 0x0302 else 0
    return shown(hello, HEADER + explicit + mac + 1)


def _block(suite: Suite) -> int:
    return next((size for name, size in BLOCKS.items() if suite.cipher.startswith(name)), 16)


# --- data, alerts, outcome --------------------------------------------------------------------


def first_from_server(found: Facts, connection: Connection) -> Expected:
    data = connection.all("server", "Application Data")
    if connection.transport == "quic":
        return shown(data[0]) if data else HIDDEN
    if connection.version == TLS13 and data and not handshake_opened(connection):
        return HIDDEN
    if data and connection.version == TLS13 and data[0].cut:
        return NOT_CAPTURED  # it cannot be opened, and may be a ticket
    if data and connection.client_hello:
        return shown(data[0])
    if connection.client_hello is None:
        return NOT_CAPTURED
    return no_data(connection, "server")


def alerts(found: Facts, connection: Connection) -> Expected:
    sent = [m for m in connection.messages if m.name in ("Alert", "Encrypted Alert")]
    if sent:
        frames = sorted({message.frame for message in sent})
        return {"status": "found", "value": len(sent), "frames": frames}
    hides = connection.version == TLS13 and not connection.opened
    if hides and (connection.transport == "quic" or _whole(connection)):
        return HIDDEN
    sealed = any(message.encrypted for message in connection.messages)
    if connection.server_hello is None and sealed:
        return NOT_CAPTURED  # without a version, a sealed alert cannot be told from data
    return ABSENT if connection.over else NOT_CAPTURED


def _whole(connection: Connection) -> bool:
    return all(
        any(m.sender == side and m.encrypted and m.length >= 45 for m in connection.messages)
        for side in SIDES
    )


def completed(found: Facts, connection: Connection) -> Expected:
    """Whether both sides sent a Finished; in TLS 1.3 without keys, went on to encrypted data."""
    if connection.server_hello is not None:
        if connection.version == TLS13 and not handshake_opened(connection):
            done = connection.transport == "quic" or _whole(connection)
        else:
            done = all(_went_on(connection, side) for side in SIDES)
        if done:
            return {"status": "found", "value": True}
    fatal = next(
        (m for m in connection.messages if (a := m.alert()) is not None and a[0] == 2), None
    )
    if fatal:
        return {"status": "found", "value": False, "frames": [fatal.frame]}
    if connection.client_hello is None or not connection.over or _cut(connection):
        return NOT_CAPTURED
    return {"status": "found", "value": False}


def _cut(connection: Connection) -> bool:
    streams = connection.streams
    return any(connection.holes(side) or streams[side].ends_early() for side in streams)


def _went_on(connection: Connection, side: Side) -> bool:
    """Whether a side ended its handshake: its Finished, or, where that is lost, data after it."""
    if finished(connection, side):
        return True
    hello = connection.first("server", "Server Hello")
    later = [m for m in connection.all(side, "Application Data") if hello and m.frame > hello.frame]
    return bool(later) and not _fatal(connection)


def _fatal(connection: Connection) -> bool:
    return any((a := m.alert()) is not None and a[0] == 2 for m in connection.messages)


# --- the handshake as a whole -----------------------------------------------------------------


def layers(found: Facts, connection: Connection) -> Expected:
    message = connection.first("client", "Client Hello")
    if message is None:
        return NOT_CAPTURED
    frame = found.frame(message.frame)
    names = [LAYERS[frame.link_type]]
    data, at = frame.data, {0: 4, 1: 14, 113: 16, 276: 20}.get(frame.link_type, 0)
    kind = data[at - 2 : at] if frame.link_type in (1, 113) else b""
    while kind in (b"\x81\x00", b"\x88\xa8"):
        names.append("VLAN" if kind == b"\x81\x00" else "VLAN (802.1ad)")
        kind, at = data[at + 2 : at + 4], at + 4
    if kind == b"\x88\x64":
        names += ["PPPoE", "PPP"]
        at += 8
    names.append("IPv6" if data[at] >> 4 == 6 else "IPv4")
    names += ["UDP", "QUIC"] if connection.transport == "quic" else ["TCP"]
    return shown(message, [*names, "TLS"])


def handshake_messages(found: Facts, connection: Connection) -> Expected:
    named = {*HANDSHAKE_NAMES.values(), "Hello Retry Request", "Encrypted Handshake Message"}
    sent = [m for m in connection.messages if m.name in named or m.name.startswith("Handshake ")]
    if not sent:
        return NOT_CAPTURED
    return {"status": "found", "value": len(sent)}


def jobs(found: Facts, connection: Connection) -> Expected:
    return {"status": "explained"} if connection.client_hello else NOT_CAPTURED


def handshake_size(found: Facts, connection: Connection) -> Expected:
    """Handshake and Change Cipher Spec records, headers included, up to the later Finished."""
    if connection.server_hello is None:
        return missing(connection, "server")
    if connection.transport == "quic":
        return NOT_APPLICABLE
    if connection.version == TLS13 and not handshake_opened(connection):
        return HIDDEN
    ends = {side: finished(connection, side) for side in SIDES}
    for side in SIDES:
        if ends[side] is None:
            return no_finished(connection, side)
    order = [m for m in connection.messages if m.name != "Application Data"]
    last = max(order.index(end) for end in ends.values() if end)
    kinds = {*HANDSHAKE_NAMES.values(), "Hello Retry Request", "Encrypted Handshake Message",
             "Change Cipher Spec"}  # fmt: skip
    counted = [m for m in order[: last + 1] if m.name in kinds]
    total = sum(_record_bytes(connection, counted))
    return {"status": "found", "value": total}


def _record_bytes(connection: Connection, messages: list[Message]) -> list[int]:
    """The size of every record that carries any of these messages, each once."""
    sizes = []
    for side in SIDES:
        own = [m for m in messages if m.sender == side]
        spans = [(m.offset, m.end) for m in own]
        for record in connection.records[side]:
            begin, end = record.offset, record.start + record.length
            if record.frame and any(first < end and begin < last for first, last in spans):
                sizes.append(end - begin)
    return sizes


def own_record(found: Facts, connection: Connection) -> Expected:
    """Whether the Certificate's last record is another than the Server Hello's."""
    message, hello = (
        connection.certificate_message("server"),
        connection.first("server", "Server Hello"),
    )
    if message is None or hello is None:
        return q11(found, connection)
    if connection.transport == "quic":
        return shown(message, message.frame != hello.frame)
    holding = [
        r for r in connection.records["server"] if r.offset <= hello.offset < r.start + r.length
    ]
    apart = not (holding and message.end <= holding[0].start + holding[0].length)
    return shown(message, apart)


def chain(found: Facts, connection: Connection) -> Expected:
    """Names from the server's certificate up through what was sent, and the last issuer's."""
    message, sent = connection.certificate_message("server"), connection.certificates("server")
    if message is None or not sent:
        return q11(found, connection) if message is None else NOT_CAPTURED
    path, rest = [sent[0]], list(sent[1:])
    while path[-1].subject != path[-1].issuer:
        above = next((c for c in rest if c.subject == path[-1].issuer), None)
        if above is None:
            break
        path.append(above)
        rest.remove(above)
    names = [subject_name(c) for c in path]
    if path[-1].subject != path[-1].issuer:
        names.append(common_name(path[-1].issuer))
    return shown(message, names)


# --- keys -------------------------------------------------------------------------------------


def master_length(found: Facts, connection: Connection) -> Expected:
    hello = connection.first("server", "Server Hello")
    if hello is None or connection.suite is None:
        return missing(connection, "server")
    tls13 = connection.version == TLS13
    return shown(hello, HASH_LENGTHS[Suite(connection.suite).schedule] if tls13 else 48)


def block_length(found: Facts, connection: Connection) -> Expected:
    hello = connection.first("server", "Server Hello")
    if hello is None or connection.suite is None:
        return missing(connection, "server")
    suite = Suite(connection.suite)
    if "EXPORT" in suite.name:
        return NOT_APPLICABLE
    if connection.version == TLS13:
        return shown(hello, 2 * (suite.key_length + 12))
    if suite.aead:
        return shown(hello, 2 * (suite.key_length + (12 if "CHACHA20" in suite.cipher else 4)))
    iv = _block(suite) if "CBC" in suite.cipher and (connection.version or 0) <= 0x0301 else 0
    return shown(hello, 2 * (HASH_LENGTHS[suite.mac] + suite.key_length + iv))


def finished_matches(side: Side) -> Answer:
    def answer(found: Facts, connection: Connection) -> Expected:
        message = connection.first(side, "Finished")
        if connection.server_hello is None:
            return missing(connection, "server")
        if message is None:
            sealed = finished(connection, side)
            return HIDDEN if sealed else no_finished(connection, side)
        if _transcript_cut(connection, message):
            return NOT_CAPTURED
        computed = _verify_data(found, connection, side, message)
        return HIDDEN if computed is None else shown(message, computed == message.body)

    return answer


def _transcript_cut(connection: Connection, message: Message) -> bool:
    """Whether some of the messages that a Finished covers were not captured in full."""
    if connection.transport == "quic":
        return False
    last = connection.messages.index(message)
    before = connection.messages[: last + 1]
    if connection.client_hello is None or any(m.cut for m in before):
        return True
    ends = {side: [m.offset for m in before if m.sender == side] for side in SIDES}
    return any(connection.holes(side, 0, max(at)) for side, at in ends.items() if at)


def _verify_data(
    found: Facts, connection: Connection, side: Side, message: Message
) -> bytes | None:
    """What a Finished must hold: RFC 5246, 7.4.9; RFC 8446, 4.4.4."""
    suite, random = Suite(connection.suite or ""), _client_random(connection)
    before = connection.messages[: connection.messages.index(message)]
    raw = [_raw(m) for m in before if m.name in NUMBERS or m.name == "Hello Retry Request"]
    if connection.version == TLS13:
        # A server may send tickets before the client's Finished; they are not of the handshake.
        raw = [m for m in raw if m[0] not in AFTER_HANDSHAKE]
        secret = found.secrets.get((f"{side.upper()}_HANDSHAKE_TRAFFIC_SECRET", random))
        return None if secret is None else _tls13_verify_data(suite, secret, raw)
    master = found.secrets.get(("CLIENT_RANDOM", random))
    if master is None:
        return None
    raw = [m for m in raw if m[0]]  # a Hello Request does not count
    joined, version = b"".join(raw), connection.version or 0
    digest = (
        hashlib.new(suite.schedule, joined).digest()
        if version >= 0x0303
        else hashlib.md5(joined).digest() + hashlib.sha1(joined).digest()
    )
    return prf(version, suite, master, f"{side} finished".encode(), digest, 12)


def _client_random(connection: Connection) -> bytes:
    return connection.client_hello.random if connection.client_hello else b""


def _raw(message: Message) -> bytes:
    number = 2 if message.name == "Hello Retry Request" else NUMBERS[message.name]
    return bytes([number]) + len(message.body).to_bytes(3, "big") + message.body


def _tls13_verify_data(suite: Suite, secret: bytes, raw: list[bytes]) -> bytes:
    name = suite.schedule
    if len(raw) > 1 and raw[1][0] == 2 and len([m for m in raw if m[0] == 2]) > 1:
        digest = hashlib.new(name, raw[0]).digest()
        raw = [bytes([254, 0, 0, len(digest)]) + digest, *raw[1:]]
    key = expand_label(name, secret, "finished", HASH_LENGTHS[name])
    return hmac.digest(key, hashlib.new(name, b"".join(raw)).digest(), name)


client_finished_matches = finished_matches("client")
server_finished_matches = finished_matches("server")
