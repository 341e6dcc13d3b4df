"""Questions that a lab file asks without Python: which row, which value, what proves it.

The expected values are tshark's own, from runs with other words than labshark's.
"""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from report.capture.programs import find_program
from report.capture.trace import open_trace
from report.labs.model import Lab
from report.questions.answer import Answer
from report.questions.engine import answer_lab

Queries = Mapping[str, tuple[str, Mapping[str, object]]]
"""By id: the kind of a question and its query."""


def lab(queries: Queries, session: str = "tls") -> Lab:
    both = {"zh": "题", "en": "text"}
    return Lab.model_validate(
        {
            "id": "mine",
            "title": both,
            "intro": both,
            "session": session,
            "sections": [{"id": "one", "title": both}],
            "questions": [
                {"id": name, "section": "one", "ask": both, "kind": kind, "query": query}
                for name, (kind, query) in queries.items()
            ],
        }
    )


def answers(
    capture: Path, queries: Queries, session: str = "tls", stream: int | None = None
) -> Mapping[str, Answer]:
    asked = lab(queries, session)
    with open_trace(capture) as trace:
        trace.start(asked.columns())
        return answer_lab(trace, asked, stream=stream).answers


def tshark(capture: Path, expression: str, field: str) -> list[str]:
    """A field's values in the packets that a filter selects, by a run of tshark's own."""
    words = [str(find_program("tshark")), "-r", str(capture), "-Y", expression, "-T", "fields"]
    done = subprocess.run(
        [*words, "-E", "occurrence=a", "-E", "aggregator=,", "-e", field],
        capture_output=True,
        text=True,
        check=True,
    )
    return [value for line in done.stdout.splitlines() for value in line.split(",") if value]


# --- several messages in one packet -----------------------------------------------------------

PAIRED: Queries = {
    # One packet holds Certificate (11), Server Key Exchange (12) and Server Hello Done (14).
    "certificate": ("byte_count", {"where": {"tls.handshake.type": 11}}),
    "key_exchange": ("byte_count", {"where": {"tls.handshake.type": 12}}),
    "done": ("byte_count", {"where": {"tls.handshake.type": 14}}),
    "filtered": ("byte_count", {"filter": "tls.handshake.type == 12"}),
    "record": ("byte_count", {"where": {"tls.record.content_type": 20}}),
    "count": ("count", {"where": {"tls.handshake.type": [11, 12, 14]}, "pick": "count"}),
}


@pytest.fixture(scope="module")
def chain(checkout: Path) -> Path:
    return checkout / "traces" / "tls12-chain-4.pcapng"


def with_shown(queries: Queries) -> Queries:
    shown = {"record": "tls.record.length", "count": "frame.number"}
    return {
        name: (kind, {"show": shown.get(name, "tls.handshake.length"), **query})
        for name, (kind, query) in queries.items()
    }


def test_the_value_beside_what_is_asked_for_is_taken(chain: Path) -> None:
    """Types and lengths stand in the same order: tshark's two lists can be laid together."""
    types = tshark(chain, "tls.handshake.type == 11", "tls.handshake.type")
    lengths = tshark(chain, "tls.handshake.type == 11", "tls.handshake.length")
    by_type = dict(zip(types, map(int, lengths), strict=True))
    assert set(by_type) == {"11", "12", "14"}
    found = answers(chain, with_shown(PAIRED))
    assert found["certificate"].value == by_type["11"]
    assert found["key_exchange"].value == found["filtered"].value == by_type["12"]
    assert found["done"].value == by_type["14"] == 0
    assert found["count"].value == 1, "packets are counted, not messages"
    assert not any(answer.inferred for answer in found.values())
    assert found["record"].value == 1, "a Change Cipher Spec is one byte (RFC 5246, 7.1)"


def test_the_evidence_is_the_field_of_the_value(chain: Path) -> None:
    found = answers(chain, with_shown(PAIRED))
    for name in ("certificate", "key_exchange", "done", "filtered"):
        (cited, *_) = found[name].evidence
        assert cited.field == "tls.handshake.length"
        assert int(cited.value) == found[name].value


def test_what_cannot_be_told_apart_is_inferred(chain: Path) -> None:
    """The packet meets both conditions, but no message in it does: none of its lengths is meant."""
    lengths = tshark(chain, "tls.handshake.type == 11", "tls.handshake.length")
    records = tshark(chain, "tls.handshake.type == 11", "tls.record.length")
    assert len(set(lengths)) == len(set(records)) == 3
    where = {"tls.handshake.type": 11, "tls.record.length": int(records[-1])}
    query = {"where": where, "show": "tls.handshake.length"}
    (found,) = answers(chain, {"q1": ("byte_count", query)}).values()
    assert found.inferred
    assert found.reason is not None
    one = {**query, "where": {**where, "tls.record.length": int(records[0])}}
    (sure,) = answers(chain, {"q1": ("byte_count", one)}).values()
    assert (sure.inferred, sure.value) == (False, int(lengths[0]))


# --- which row, which value -------------------------------------------------------------------

SERVER = {"from": "server", "where": {"tcp.len": True}}
PICKS: Queries = {
    "first": ("byte_count", {"filter": "tcp.srcport == {server_port} && tcp.len > 0"}),
    "last": ("byte_count", {**SERVER, "pick": "last"}),
    "largest": ("byte_count", {**SERVER, "pick": "largest"}),
    "sum": ("byte_count", {**SERVER, "pick": "sum"}),
    "count": ("count", {**SERVER, "pick": "count"}),
    "smallest": (
        "byte_count",
        {"filter": "tcp.srcport == {server_port} && tcp.len > 0", "pick": "smallest"},
    ),
}


def test_picks(checkout: Path) -> None:
    capture = checkout / "traces" / "tcp-retransmissions.pcapng"
    queries = {n: (kind, {"show": "tcp.len", **query}) for n, (kind, query) in PICKS.items()}
    found = {n: a.value for n, a in answers(capture, queries, "tcp").items()}
    lengths = [int(length) for length in tshark(capture, "tcp.srcport == 9000", "tcp.len")]
    data = [length for length in lengths if length]
    assert found == {
        "first": data[0],
        "last": lengths[-1],
        "largest": max(lengths),
        "sum": sum(lengths),
        "count": len(lengths),
        "smallest": min(data),
    }


def test_the_whole_capture_or_the_session_only(checkout: Path) -> None:
    """The demo trace has four DNS questions, each a conversation of its own."""
    capture = checkout / "traces" / "demo.pcapng"
    query = {"where": {"dns.flags.response": 0}, "pick": "all", "show": "dns.qry.name"}
    asked: Queries = {
        "session": ("names", query),
        "capture": ("names", {**query, "scope": "capture"}),
        "none": ("packet_number", {"where": {"dns.flags.rcode": 3}}),
    }
    found = answers(capture, asked, "udp", stream=2)
    names = tshark(capture, "dns.flags.response == 0", "dns.qry.name")
    (third,) = tshark(capture, "dns.flags.response == 0 && udp.stream == 2", "dns.qry.name")
    assert found["session"].value == (third,)
    assert found["capture"].value == tuple(names)
    assert len(set(names)) == 4
    assert found["none"].status.value == "absent"


def test_other_tables(chain: Path) -> None:
    """Of the certificates in the chain one is its own issuer; records as tshark lists them."""
    server = {"table": "records", "from": "server"}
    asked: Queries = {
        "records": ("count", {**server, "pick": "count"}),
        "largest": ("byte_count", {**server, "pick": "largest", "show": "length"}),
        "certificates": ("count", {"table": "certificates", "pick": "count"}),
        "done": ("packet_number", {"table": "messages", "where": {"type": 14}}),
        "missing": ("packet_number", {"table": "messages", "where": {"type": 13}}),
    }
    found = answers(chain, asked)
    records = tshark(chain, "tcp.srcport == 443 && tls", "tls.record.length")
    assert found["records"].value == len(records)
    assert found["largest"].value == max(map(int, records))
    sent = tshark(chain, "tls.handshake.type == 11", "tls.handshake.certificate")
    assert found["certificates"].value == len(sent) == 4
    (frame,) = tshark(chain, "tls.handshake.type == 14", "frame.number")
    assert found["done"].value == int(frame)
    assert found["missing"].status.value == "absent"


def test_what_is_encrypted_is_hidden_and_not_absent(chain: Path) -> None:
    query = {"where": {"http.request.method": "GET"}}
    found = answers(chain, {"q1": ("packet_number", query)})
    assert found["q1"].status.value == "hidden"


@pytest.mark.parametrize(
    ("kind", "query", "field"),
    [
        ("seconds", {"where": {"dns.flags.response": 1}, "show": "dns.time"}, "dns.time"),
        ("name", {"where": {"dns.flags.response": 1}, "show": "dns.qry.name"}, "dns.qry.name"),
        ("integer", {"where": {"dns.flags.response": 1}, "show": "dns.id"}, "dns.id"),
        ("name", {"where": {"dns.flags.response": 1}, "show": "dns.a"}, "dns.a"),
    ],
)
def test_kinds(kind: str, query: dict[str, object], field: str, checkout: Path) -> None:
    capture = checkout / "traces" / "demo.pcapng"
    found = answers(capture, {"q1": (kind, query)}, "udp", stream=0)["q1"]
    (shown,) = tshark(capture, "dns.flags.response == 1 && udp.stream == 0", field)
    if kind == "integer":
        assert found.value == int(shown, 0)
    elif kind == "seconds":
        assert float(str(found.value)) == float(shown)
    else:
        assert found.value == shown
    assert tshark(capture, str(found.filter), "frame.number") == [str(n) for n in found.frames]


def test_times_are_written_as_tshark_writes_them(checkout: Path) -> None:
    capture = checkout / "traces" / "demo.pcapng"
    query = {"where": {"dns.flags.response": 1}, "show": "frame.time_relative"}
    listed = {**query, "pick": "count", "columns": ["frame.number", "frame.time_relative"]}
    asked: Queries = {"q1": ("seconds", query), "q2": ("count", listed)}
    found = answers(capture, asked, "udp", stream=0)
    (shown,) = tshark(capture, "dns.flags.response == 1 && udp.stream == 0", "frame.time_relative")
    assert float(str(found["q1"].value)) == float(shown)
    ((_, cell),) = found["q2"].tables[0].rows
    assert cell == shown
