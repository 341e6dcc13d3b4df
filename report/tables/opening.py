"""Records of TLS 1.3 that the key log opens though tshark did not.

tshark counts a side's records to know under which number to open the next one, and takes up the
later keys at the Finished. Where a segment is missing, a snap length cut a message, or the client
gives its certificate after the handshake, its count is off and everything after stays closed. A
record opens under its own number and key alone (RFC 8446, 5.2 and 5.3), so trying the numbers
proves what a record holds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from report.tables.messages import Message, Protocol, Record
from report.tls.key_schedule import traffic_keys
from report.tls.keylog import KeyLog
from report.tls.message_types import ALERT, CLIENT_HELLO, HANDSHAKE, SERVER_HELLO
from report.tls.records import AeadReader, Opened, RecordProtectionError
from report.tls.suites import TLS_1_3, CipherSuite, cipher_suite

_LABELS = {
    True: (
        "CLIENT_EARLY_TRAFFIC_SECRET",
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
    ),
    False: ("SERVER_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"),
}
_NUMBERS = 512
"""Record numbers tried per key: enough for the beginnings and ends of a page's connections."""


def opened_further(
    records: tuple[Record, ...], messages: tuple[Message, ...], keylog: KeyLog
) -> tuple[tuple[Record, ...], tuple[Message, ...]]:
    """The records and messages, with those opened that `keylog` opens and tshark left closed."""
    keys = _keys(messages, keylog)
    if not keys:
        return records, messages
    changed: dict[Record, list[Message]] = {}
    for message in messages:
        if message.protocol == "application_data" and not message.record.opened:
            opened = _opened(message.record, keys)
            if opened is not None:
                changed[message.record] = list(_contents(message, opened))
    if not changed:
        return records, messages
    kept = [m for old in messages for m in _instead(old, changed)]
    new = {old: found[0].record for old, found in changed.items() if found}
    return tuple(new.get(record, record) for record in records), tuple(kept)


def _instead(message: Message, changed: Mapping[Record, list[Message]]) -> list[Message]:
    return changed.get(message.record, [message])


Keys = Mapping[bool, tuple[tuple[CipherSuite, bytes], ...]]
"""By side (the client's first), the suite and secret of each key in the order of use."""


def _keys(messages: Iterable[Message], keylog: KeyLog) -> Keys:
    hello = _first(messages, CLIENT_HELLO, client=True)
    answer = _first(messages, SERVER_HELLO, client=False)
    random = hello.first("tls.handshake.random") if hello else None
    chosen = answer.first("tls.handshake.ciphersuite") if answer else None
    octets = random.octets if random else None
    if octets is None or chosen is None:
        return {}
    secrets = keylog.for_session(octets)
    try:
        suite = cipher_suite(chosen.number)
    except KeyError:
        return {}
    if not secrets or not suite.tls13:
        return {}
    return {
        client: tuple((suite, secrets[label]) for label in labels if label in secrets)
        for client, labels in _LABELS.items()
    }


def _first(messages: Iterable[Message], kind: int, *, client: bool) -> Message | None:
    own = (m for m in messages if m.from_client == client and m.protocol == "handshake")
    return next((m for m in own if m.type == kind), None)


def _opened(record: Record, keys: Keys) -> Opened | None:
    fragment = record.fragment()
    if not fragment:
        return None
    for suite, secret in keys[record.from_client]:
        opened = _under_some_number(fragment, suite, secret)
        if opened is not None:
            return opened
    return None


def _under_some_number(fragment: bytes, suite: CipherSuite, secret: bytes) -> Opened | None:
    try:
        reader = AeadReader(suite, TLS_1_3, traffic_keys(suite, TLS_1_3, secret))
    except ValueError:
        return None  # a cipher without an implementation here, or a secret of a wrong length
    for number in range(_NUMBERS):
        try:
            return reader.open_as(number, fragment)
        except RecordProtectionError:
            continue
    return None


def _contents(message: Message, opened: Opened) -> Iterator[Message]:
    record = replace(message.record, inner_type=opened.content_type)
    plain = replace(message, record=record)
    if opened.content_type == ALERT and len(opened.plaintext) == 2:
        level, kind = opened.plaintext
        yield replace(plain, protocol="alert", type=kind, level=level)
    elif opened.content_type == HANDSHAKE:
        yield from _handshake(plain, opened.plaintext)
    else:
        yield plain


def _handshake(plain: Message, content: bytes) -> Iterator[Message]:
    """The messages that begin and end in the record; one put together from several is not told."""
    protocol: Protocol = "handshake"
    while len(content) >= 4:
        size = 4 + int.from_bytes(content[1:4])
        whole = content[:size] if size <= len(content) else b""
        yield replace(plain, protocol=protocol, type=content[0], plaintext=whole)
        content = content[size:]
