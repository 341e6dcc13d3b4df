"""The byte pane: the bytes of a field among their neighbours, in rows as Wireshark prints them.

Rows are half as wide as Wireshark's, so that the pane stands beside the tree on paper too.
"""

from collections.abc import Iterator

from report.rendering.view import HexRow, HexView, Run
from report.text import Text

ROW = 8
_MOST_MARKED_ROWS = 6
_ROWS_BEFORE_GAP = 3
_NEIGHBOURS = 1


def hex_view(data: bytes, offset: int, length: int, name: Text) -> HexView:
    """The rows around `data[offset:offset + length]`, that stretch marked.

    `data` is the whole buffer, so that offsets are Wireshark's. Rows start at multiples of 8; one
    row of neighbours stands above and below; of a long field the beginning and the last row are
    shown, with a row between them that counts the bytes left out. Raises ValueError where the
    field is empty or does not lie inside the buffer.
    """
    if length < 1 or offset < 0 or offset + length > len(data):
        raise ValueError(f"bytes {offset}+{length} lie outside a buffer of {len(data)}")
    return HexView(name, tuple(_rows(data, offset, offset + length)), offset, length)


def _rows(data: bytes, start: int, end: int) -> Iterator[HexRow]:
    first, last = start // ROW, (end - 1) // ROW
    top = max(0, first - _NEIGHBOURS)
    bottom = min((len(data) - 1) // ROW, last + _NEIGHBOURS)
    if last - first + 1 <= _MOST_MARKED_ROWS:
        for number in range(top, bottom + 1):
            yield _row(data, number, start, end)
        return
    left_out = range(first + _ROWS_BEFORE_GAP, last)
    for number in range(top, left_out.start):
        yield _row(data, number, start, end)
    yield HexRow(f"{left_out.start * ROW:04x}", skipped=len(left_out) * ROW)
    for number in range(left_out.stop, bottom + 1):
        yield _row(data, number, start, end)


def _row(data: bytes, number: int, start: int, end: int) -> HexRow:
    base = number * ROW
    row = data[base : base + ROW]
    marks = [start <= base + i < end for i in range(len(row))]
    return HexRow(f"{base:04x}", tuple(_hex_runs(row, marks)), tuple(_ascii_runs(row, marks)))


def _hex_runs(row: bytes, marks: list[bool]) -> Iterator[Run]:
    """Two digits a byte, a space between bytes; padded to full width.

    The space between two marked bytes is marked too, that between a marked and another is not.
    """
    pieces: list[tuple[str, bool]] = []
    for i, byte in enumerate(row):
        if i:
            pieces.append((" ", marks[i] and marks[i - 1]))
        pieces.append((f"{byte:02x}", marks[i]))
    return _merged([*pieces, ("   " * (ROW - len(row)), False)])


def _ascii_runs(row: bytes, marks: list[bool]) -> Iterator[Run]:
    """Printable ASCII as it is, a dot for all else."""
    shown = [chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row]
    return _merged(list(zip(shown, marks, strict=True)))


def _merged(pieces: list[tuple[str, bool]]) -> Iterator[Run]:
    text, marked = "", False
    for piece, is_marked in pieces:
        if is_marked != marked and text:
            yield Run(text, marked)
            text = ""
        marked = is_marked
        text += piece
    if text:
        yield Run(text, marked)
