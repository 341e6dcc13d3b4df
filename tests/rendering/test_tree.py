"""Every line of every tree, against `tshark -V`; folds, marks and neighbours."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from report.rendering.tree import field_at, line_text, shown_children, tree_lines
from report.rendering.view import ReportView, TreeLine
from tests.conftest import CHECKOUT
from tests.rendering.conftest import Answered, tshark

OURS = CHECKOUT / "traces"

CAPTURES = (
    "illustrated-tls12.pcap",
    "illustrated-tls13.pcap",
    "quic-v1-http3.pcap",
    "textbook-tls12.pcapng",
    "tls10-sslv2hello-id-resume-parallel.pcap",
    "tls11-ecdhe.pcap",
    "tls12-alert-handshake-failure.pcap",
    "tls12-clienthello-3-segments.pcap",
    "tls12-ecdsa-ticket-resume.pcap",
    "tls12-grease-ocsp-staple.pcap",
    "tls12-mtls-ipv6.pcap",
    "tls12-rsa-vlan-qinq-retrans.pcap",
    "tls12-snaplen-gtp-retrans.pcap",
    "tls13-hello-retry-request.pcapng",
    "tls13-pq-offered-grease-keylog.pcapng",
)


def _trees(capture: Path, *options: str, keylog: Path | None = None) -> list[etree._Element]:
    pdml = tshark(capture, "-T", "pdml", *options, keylog=keylog)
    return list(etree.fromstring(pdml, etree.XMLParser(huge_tree=True, recover=True)))


def _lines(element: etree._Element, depth: int) -> Iterator[str]:
    for child in shown_children(element):
        yield "    " * depth + line_text(child)
        yield from _lines(child, depth + 1)


def _printed(capture: Path, *options: str, keylog: Path | None = None) -> list[str]:
    """The lines of `tshark -V` without the hex rows that it prints for unclaimed bytes."""
    output = tshark(capture, "-V", *options, keylog=keylog).decode("utf-8", "replace")
    return [line for line in output.split("\n") if line and not _is_hex_row(line)]


def _is_hex_row(line: str) -> bool:
    return len(line) > 6 and line[4:6] == "  " and all(c in "0123456789abcdef" for c in line[:4])


@pytest.mark.parametrize("name", CAPTURES)
def test_every_line_is_what_tshark_prints(shared: Path, name: str) -> None:
    chosen = ("-Y", "tls || frame.number < 60") if name.startswith("textbook") else ()
    _hold_against_tshark(shared / "traces" / name, *chosen)


@pytest.mark.parametrize("name", [p.name for p in sorted(OURS.glob("*.pcapng"))[::12]])
def test_every_line_of_our_own_captures_too(name: str) -> None:
    _hold_against_tshark(OURS / name, "-Y", "tls || dns || frame.number < 20")


def _hold_against_tshark(capture: Path, *chosen: str) -> None:
    keylog = capture.with_suffix(".keylog")
    keys = keylog if keylog.exists() else None
    ours = [line for tree in _trees(capture, *chosen, keylog=keys) for line in _lines(tree, 0)]
    theirs = _printed(capture, *chosen, keylog=keys)
    different = [pair for pair in zip(ours, theirs, strict=False) if pair[0] != pair[1]]
    assert not different[:5]
    assert len(ours) == len(theirs)
    assert len(ours) > 200


def test_lines_on_the_page_are_lines_of_tshark(
    textbook: Answered, textbook_view: ReportView
) -> None:
    printed: dict[int, set[str]] = {}
    exhibits = [q.exhibit for s in textbook_view.sections for q in s.questions if q.exhibit]
    frames = sorted({d.frame for e in exhibits for d in e.details})
    for frame in frames:
        lines = _printed(textbook.path, "-Y", f"frame.number == {frame}")
        printed[frame] = {line.strip() for line in lines}
    shown = [(d.frame, line) for e in exhibits for d in e.details for line in d.tree]
    assert len(shown) > 200
    for frame, line in shown:
        if line.state != "more":
            assert line.text.strip() in printed[frame]


_PACKET = etree.fromstring("""
<packet>
  <proto name="geninfo" showname="General information" size="9"/>
  <proto name="frame" showname="Frame 1" size="9" pos="0"/>
  <proto name="ip" showname="IP" size="9" pos="0"/>
  <proto name="tls" showname="TLS" size="9" pos="0">
    <field name="a" showname="A: 1" size="1" pos="0" show="1" value="01"/>
    <field name="b" showname="B: secret" hide="yes" size="1" pos="1" show="1" value="01"/>
    <field name="c" showname="C" size="4" pos="1" show="">
      <field name="c.0" showname="C0: 0" size="1" pos="1" show="0" value="00"/>
      <field name="c.1" showname="C1: 1" size="1" pos="2" show="1" value="01"/>
    </field>
    <field name="d.0" showname="D0" size="1" pos="5" show="0" value="00"/>
    <field name="d.1" showname="D1" size="1" pos="5" show="0" value="00"/>
    <field name="d.2" showname="D2" size="1" pos="5" show="0" value="00"/>
    <field name="d.3" showname="D3" size="1" pos="5" show="0" value="00"/>
    <field name="d.4" showname="D4" size="1" pos="5" show="0" value="00"/>
    <field name="d.5" showname="D5" size="1" pos="5" show="0" value="00"/>
  </proto>
  <proto name="http" showname="HTTP" size="9" pos="0"/>
</packet>""")


def _text(lines: tuple[TreeLine, ...]) -> list[str]:
    marks = {"open": "- ", "closed": "+ ", "leaf": "  ", "more": "~ "}
    return [
        "  " * line.depth
        + marks[line.state]
        + (str(line.omitted) if line.state == "more" else line.text)
        + (" <" if line.marked else "")
        for line in lines
    ]


def test_opens_the_way_to_the_field_and_marks_it() -> None:
    assert _text(tree_lines(_PACKET, (3, 2, 1))) == [
        "+ IP" if shown_children(_PACKET[2]) else "  IP",
        "- TLS",
        "    A: 1",
        "  - C",
        "      C0: 0",
        "      C1: 1 <",
        "    D0",
        "  ~ 5",
    ]


def test_two_fields_share_a_tree() -> None:
    lines = tree_lines(_PACKET, (3, 0), (3, 2, 0))
    assert [line.text for line in lines if line.marked] == ["A: 1", "C0: 0"]


def test_hidden_lines_and_geninfo_are_not_shown() -> None:
    lines = tree_lines(_PACKET)
    assert [line.text for line in lines] == ["Frame 1", "IP", "TLS", "HTTP"]
    assert "B: secret" not in [line.text for line in tree_lines(_PACKET, (3, 0))]


def test_a_marked_line_shows_what_is_below_it() -> None:
    lines = tree_lines(_PACKET, (3, 2))
    assert ("C", "open", True) in [(line.text, line.state, line.marked) for line in lines]
    assert "C0: 0" in [line.text for line in lines]


def test_folds_nest() -> None:
    for path in ((3, 0), (3, 2), (3, 2, 1), (3, 8)):
        lines = tree_lines(_PACKET, path)
        assert sum(line.folds for line in lines) == sum(line.closes for line in lines)
        depth = 0
        for line in lines:
            assert line.depth == depth
            depth += line.folds - line.closes


def test_content_of_a_closed_line_is_folded() -> None:
    lines = tree_lines(_PACKET, (3, 0))
    below = {line.text: line.folded for line in lines}
    assert below["C"] is False
    assert below["C0: 0"] is True
    assert below["D0"] is False


def test_one_line_is_never_left_out_for_one_line() -> None:
    lines = tree_lines(_PACKET, (3, 5))
    assert [line.omitted for line in lines if line.state == "more"] == []


def test_a_wrong_path_is_an_error() -> None:
    with pytest.raises(IndexError):
        field_at(_PACKET, (3, 99))
    with pytest.raises(IndexError):
        tree_lines(_PACKET, (9,))


def test_directions_and_escapes_become_visible_backslashes_stay() -> None:
    packet = etree.fromstring(
        '<packet><proto name="http" showname="a\\r\\n\u202eb" size="1"/></packet>'
    )
    assert [line.text for line in tree_lines(packet)] == ["a\\r\\n\\u202eb"]
