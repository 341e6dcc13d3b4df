"""The packet list: Wireshark's colours against tshark's own, neighbours, lines of text."""

from pathlib import Path

import pytest

from report.rendering.packetlist import (
    PacketFacts,
    as_lines,
    cut,
    heading,
    overview_rows,
    packet_colour,
    rows_around,
)
from tests.rendering.conftest import tshark
from tests.rendering.test_tree import CAPTURES

# The names of the rules in Wireshark's own file `colorfilters`.
RULES = {
    "Bad TCP": "bad-tcp",
    "ICMP errors": "icmp-error",
    "ARP": "arp",
    "ICMP": "icmp",
    "TCP RST": "rst",
    "HTTP": "http",
    "Routing": "routing",
    "TCP SYN/FIN": "syn-fin",
    "TCP": "tcp",
    "UDP": "udp",
}
FIELDS = (
    "frame.number",
    "frame.time_relative",
    "_ws.col.Source",
    "_ws.col.Destination",
    "_ws.col.Protocol",
    "frame.len",
    "_ws.col.Info",
    "tcp.flags",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.analysis.flags",
    "frame.coloring_rule.name",
)


def _coloured(capture: Path) -> list[tuple[PacketFacts, str]]:
    """Every packet of a capture with the colouring rule that tshark gives it."""
    columns = [word for name in FIELDS for word in ("-e", name)]
    output = tshark(capture, "--color", "-T", "fields", "-E", "aggregator=;", *columns)
    found = []
    for line in output.decode("utf-8", "replace").splitlines():
        cells = dict(zip(FIELDS, line.split("\t"), strict=True))
        found.append((_facts(cells), cells["frame.coloring_rule.name"]))
    return found


def _facts(cells: dict[str, str]) -> PacketFacts:
    flags = cells["tcp.flags"].split(";")[-1]
    ports = cells["tcp.srcport"].split(";")[-1], cells["tcp.dstport"].split(";")[-1]
    info = cells["_ws.col.Info"]
    harmless = any(name in info for name in ("[TCP Window Update", "[TCP Keep-Alive"))
    return PacketFacts(
        frame=int(cells["frame.number"]),
        time=float(cells["frame.time_relative"]),
        source=cells["_ws.col.Source"],
        destination=cells["_ws.col.Destination"],
        protocol=cells["_ws.col.Protocol"],
        length=int(cells["frame.len"]),
        info=info,
        tcp_flags=int(flags, 16) if flags else None,
        analysed=cells["tcp.analysis.flags"] != "" and not harmless,
        ports=(int(ports[0]), int(ports[1])) if all(ports) else None,
    )


@pytest.mark.parametrize("name", CAPTURES)
def test_colours_are_those_of_wireshark(shared: Path, name: str) -> None:
    for facts, rule in _coloured(shared / "traces" / name):
        assert packet_colour(facts) == RULES[rule], (facts["frame"], facts["info"])


@pytest.mark.parametrize("name", CAPTURES)
def test_most_colours_can_be_told_from_the_columns_alone(shared: Path, name: str) -> None:
    """Only a TLS packet whose segment also ends the connection does not show its flags."""
    coloured = _coloured(shared / "traces" / name)
    wrong = [
        facts["info"] for facts, rule in coloured if packet_colour(_bare(facts)) != RULES[rule]
    ]
    assert len(wrong) <= len(coloured) * 0.05
    assert not [info for info in wrong if info.startswith("[TCP Retransmission")]


def _bare(facts: PacketFacts) -> PacketFacts:
    """Only what the columns of the packet list show."""
    bare = facts.copy()
    bare.pop("tcp_flags", None)
    bare.pop("analysed", None)
    bare.pop("ports", None)
    return bare


def _packets(count: int) -> list[PacketFacts]:
    return [
        PacketFacts(
            frame=10 * n,
            time=n / 7,
            source="192.0.2.1",
            destination="2001:db8::1",
            protocol="TLSv1.2",
            length=66,
            info=f"Application Data {n}",
        )
        for n in range(count)
    ]


def test_neighbours_of_a_packet() -> None:
    rows = rows_around(_packets(20), {100})
    assert [row.frame for row in rows] == [80, 90, 100, 110, 120]
    assert [row.frame for row in rows if row.marked] == [100]
    assert {row.skipped for row in rows} == {0}


def test_what_is_left_out_between_is_counted_a_single_row_is_not() -> None:
    rows = rows_around(_packets(30), {20, 200}, parts={80})
    assert [row.frame for row in rows] == [*range(0, 110, 10), *range(180, 230, 10)]
    assert [(row.frame, row.skipped) for row in rows if row.skipped] == [(180, 7)]
    assert [row.frame for row in rows if row.part] == [80]


def test_a_packet_outside_the_session_is_not_shown() -> None:
    assert rows_around(_packets(3), {999}) == ()


def test_overview_of_a_long_session_counts_its_middle() -> None:
    packets = _packets(100)
    rows = overview_rows(packets[:5], packets[-2:], left_out=93)
    assert [(row.frame, row.skipped) for row in rows][4:] == [(40, 0), (980, 93), (990, 0)]


def test_lines_stand_under_their_headings() -> None:
    rows = rows_around(_packets(20), {100})
    lines = "\n".join(group.text for group in as_lines(rows, 90)).split("\n")
    titles = heading(rows)
    for title in ("Source", "Destination", "Protocol", "Info"):
        column = titles.index(title)
        assert all(line[column - 1] == " " and line[column] != " " for line in lines)
    assert all(len(line) <= 90 for line in lines)
    assert [group.marked for group in as_lines(rows, 90)] == [False, True, False]


def test_cut() -> None:
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abcde…"


def test_hostile_columns_are_made_visible() -> None:
    packet = _packets(1)[0]
    packet["info"] = "a\x1b[31m\u202eb\\r\\n"
    packet["source"] = "x\u200b"
    row = rows_around([packet], {0})[0]
    assert row.info == "a\\x1b[31m\\u202eb\\r\\n"
    assert row.source == "x\\u200b"
