"""The byte pane, against `tshark -x` and by hand."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.rendering.hexview import ROW, hex_view
from report.rendering.view import HexView
from report.text import Text
from tests.rendering.conftest import TEXTBOOK, tshark

NAME = Text("数据包", "Frame")


def _plain(view: HexView) -> list[tuple[str, str, str]]:
    return [
        (r.offset, "".join(run.text for run in r.hex), "".join(run.text for run in r.ascii))
        for r in view.rows
    ]


def _marked(view: HexView) -> bytes:
    shown = "".join(run.text for row in view.rows for run in row.hex if run.marked)
    return bytes.fromhex(shown.replace(" ", ""))


def test_the_bytes_that_tshark_dumps(shared: Path) -> None:
    """Frame 28 of the textbook trace: the handshake type lies at 0x0047."""
    dump = tshark(shared / "traces" / TEXTBOOK, "-Y", "frame.number == 28", "-x").decode()
    rows = re.findall(r"(?m)^[0-9a-f]{4}  ((?:[0-9a-f]{2} )+) +(.*)$", dump)
    data = bytes.fromhex("".join(row for row, _ in rows))
    assert len(data) == 583
    view = hex_view(data, 0x47, 1, NAME)
    assert _marked(view) == b"\x01"
    expected = dict(zip(range(0, len(data), 16), rows, strict=True))
    for offset, digits, ascii_text in _plain(view):
        whole, half = divmod(int(offset, 16), 16)
        their_digits, their_ascii = expected[whole * 16]
        assert digits == their_digits[half * 3 : half * 3 + 3 * ROW].strip()
        assert ascii_text == their_ascii[half : half + ROW]


def test_a_short_field_has_a_row_above_and_below() -> None:
    view = hex_view(bytes(range(64)), 18, 2, NAME)
    assert [row.offset for row in view.rows] == ["0008", "0010", "0018"]
    assert _plain(view)[1] == ("0010", "10 11 12 13 14 15 16 17", "........")
    assert [run.text for run in view.rows[1].hex if run.marked] == ["12 13"]


def test_a_field_that_ends_its_row_does_not_mark_the_padding() -> None:
    view = hex_view(b"abc", 1, 2, NAME)
    assert _plain(view) == [("0000", "61 62 63               ", "abc")]
    assert [run.text for run in view.rows[0].hex if run.marked] == ["62 63"]
    assert [run.text for run in view.rows[0].ascii if run.marked] == ["bc"]


def test_of_a_long_field_the_middle_is_counted() -> None:
    view = hex_view(bytes(1000), 8, 800, NAME)
    skipped = [row.skipped for row in view.rows if row.skipped]
    whole_rows = [row for row in view.rows if not row.skipped]
    assert len(view.rows) <= 8
    assert len(whole_rows) * ROW - 2 * ROW + skipped[0] == 800


@given(st.binary(min_size=1, max_size=300), st.data())
def test_marks_exactly_the_field(data: bytes, draw: st.DataObject) -> None:
    offset = draw.draw(st.integers(0, len(data) - 1))
    length = draw.draw(st.integers(1, len(data) - offset))
    view = hex_view(data, offset, length, NAME)
    field = data[offset : offset + length]
    marked = _marked(view)
    if any(row.skipped for row in view.rows):
        assert field.startswith(marked[: ROW * 2])
        assert field.endswith(marked[-1:])
    else:
        assert marked == field
    widths = {len(digits) for _, digits, _ in _plain(view) if digits}
    assert widths == {3 * ROW - 1} or len(view.rows) == 1


@pytest.mark.parametrize(("offset", "length"), [(0, 0), (-1, 1), (3, 1), (0, 4)])
def test_bytes_outside_the_buffer_are_an_error(offset: int, length: int) -> None:
    with pytest.raises(ValueError, match="outside a buffer"):
        hex_view(b"abc", offset, length, NAME)
