"""Conditions on packets: the mask that finds them and the filter that proves them agree.

What a filter selects is tshark's to say, run here on the capture by itself.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from report.capture.programs import find_program
from report.capture.trace import open_trace
from report.questions.conditions import (
    Condition,
    Matching,
    Where,
    either,
    every,
    frames_where,
    proving_filter,
    where,
)
from report.tables.packets import packets_table

FIELDS = (
    "frame.number",
    "ip.src",
    "eth.src",
    "tcp.stream",
    "tcp.flags",
    "tcp.len",
    "tcp.srcport",
    "tcp.analysis.retransmission",
    "tls.record.content_type",
    "tls.handshake.type",
    "tls.handshake.ciphersuite",
    "tls.handshake.extensions_server_name",
    "dns.qry.name",
    "dns.flags.response",
    "http.request.method",
    "http.response.code",
    "http.user_agent",
)
CONDITIONS: list[Condition] = [
    Where("tcp.flags.syn", ("1",)),
    Where("tcp.flags.fin", ("0",)),
    Where("tls.handshake.type"),
    Where("tls.handshake.type", negated=True),
    Where("tls.handshake.type", ("11",)),
    Where("tls.record.content_type", ("20", "21")),
    Where("tls.handshake.ciphersuite", ("0xc02f",)),
    Where("tls.handshake.ciphersuite", ("49199",)),
    Where("dns.qry.name", ("library.campus.example", "news.campus.example")),
    Where("eth.src", ("00:00:00:00:00:00",)),
    Matching("dns.qry.name", r"LIBRARY\.campus"),
    every(Where("tcp.stream", ("3",)), Where("tls.record.content_type", ("22",))),
    either(Where("dns.qry.name"), Where("http.request.method", ("GET",))),
    every(either(Where("tcp.stream", ("0",)), Where("tcp.stream", ("1",))), Where("tcp.len")),
    every(*where({"http.request.method": "GET"})),
    every(*where({"http.request.method": "get"})),
    every(*where({"http.request.method": True, "http.response.code": False})),
    every(*where({"http.response.code": [204, 404]})),
    every(*where({"dns.flags.response": 1})),
    every(*where({"dns.flags.response": 0, "ip.src": "192.0.2.23"})),
    every(*where({"tls.handshake.type": ["0xb", 14]})),
    every(*where({"http.user_agent": 'a "quoted" \\ name'})),
]


def selected(capture: Path, expression: str) -> list[int]:
    """The packets that tshark selects with a filter, asked by a run of its own."""
    words = [str(find_program("tshark")), "-r", str(capture), "-Y", expression]
    done = subprocess.run(
        [*words, "-T", "fields", "-e", "frame.number"], capture_output=True, text=True, check=True
    )
    return [int(line) for line in done.stdout.split()]


@pytest.fixture(scope="module")
def capture(checkout: Path) -> Path:
    return checkout / "traces" / "demo.pcapng"


@pytest.fixture(scope="module")
def packets(capture: Path) -> Iterator[pd.DataFrame]:
    with open_trace(capture) as trace:
        trace.start(FIELDS)
        yield packets_table(trace.columns(FIELDS))


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.text())
def test_a_mask_finds_what_the_filter_selects(
    condition: Condition, packets: pd.DataFrame, capture: Path
) -> None:
    assert list(frames_where(packets, condition)) == selected(capture, condition.text())


def test_the_conditions_find_something(packets: pd.DataFrame) -> None:
    """All but the three that cannot: a foreign address, `get` in small letters, a made-up name."""
    empty = [c.text() for c in CONDITIONS if not frames_where(packets, c)]
    assert len(empty) == 3


@pytest.mark.parametrize(
    "choose", [slice(None), slice(0, 1), slice(-1, None), slice(2, 3), slice(1, 4), slice(0, 5, 2)]
)
def test_a_proving_filter_selects_the_cited_packets_alone(
    choose: slice, packets: pd.DataFrame, capture: Path
) -> None:
    for condition in (
        Where("tls.record.content_type", ("22",)),
        either(Where("dns.qry.name"), Where("http.request.method")),
    ):
        cited = frames_where(packets, condition)[choose]
        proof = proving_filter(packets, condition, cited)
        assert selected(capture, proof) == list(cited)
