"""Reassembly: which bytes, from which frame, complete at which frame."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.independent.packets import Segment
from tests.independent.streams import WHOLE, connections, reassembled

CLIENT, SERVER = ("192.0.2.1", 50000), ("198.51.100.1", 443)
SYN, FIN, RST, ACK = 0x02, 0x01, 0x04, 0x10
DATA = bytes(range(200)) + bytes(range(100))


def _piece(frame: int, start: int, end: int, base: int = 1000, kept: int | None = None) -> Segment:
    payload = DATA[start:end][:kept]
    sequence = (base + start) % WHOLE
    return Segment(frame, CLIENT, SERVER, sequence, 0, ACK, payload, end - start)


def _flag(frame: int, flags: int, sequence: int, *, back: bool = False) -> Segment:
    source, target = (SERVER, CLIENT) if back else (CLIENT, SERVER)
    return Segment(frame, source, target, sequence, 0, flags, b"", 0)


def test_a_late_first_segment_holds_back_the_rest() -> None:
    syn = _flag(1, SYN, 999)
    stream = reassembled([syn, _piece(3, 100, 200), _piece(4, 200, 300), _piece(5, 0, 100)])
    assert bytes(stream.data) == DATA
    assert stream.carriers(0, 300) == (5, 3, 4)
    assert set(stream.arrival) == {5}


def test_the_first_copy_of_a_byte_counts() -> None:
    stream = reassembled(
        [_flag(1, SYN, 999), _piece(2, 0, 100), _piece(3, 0, 100), _piece(4, 50, 300)]
    )
    assert bytes(stream.data) == DATA
    assert stream.carriers(0, 100) == (2,)
    assert stream.carriers(100, 300) == (4,)


def test_a_segment_that_never_came_is_a_hole() -> None:
    stream = reassembled([_flag(1, SYN, 999), _piece(2, 0, 100), _piece(4, 200, 300)])
    assert stream.lost(100, 200)
    assert stream.prefix(50, 250) == DATA[50:100]
    assert stream.arrival[250] == 4
    assert not stream.holes(200, 300)


def test_a_cut_segment_keeps_its_frame() -> None:
    stream = reassembled([_flag(1, SYN, 999), _piece(2, 0, 100, kept=30), _piece(3, 100, 200)])
    assert stream.holes(0, 100)
    assert not stream.lost()
    assert stream.carriers(30, 100) == (2,)
    assert bytes(stream.data[100:]) == DATA[100:200]


def test_sequence_numbers_wrap() -> None:
    base = WHOLE - 50
    syn = _flag(1, SYN, base - 1)
    stream = reassembled([syn, _piece(2, 0, 100, base), _piece(3, 100, 300, base)])
    assert bytes(stream.data) == DATA


def test_the_end_that_was_not_captured() -> None:
    fin = _flag(4, FIN | ACK, 1300)
    stream = reassembled([_flag(1, SYN, 999), _piece(2, 0, 100), fin])
    assert stream.ends_early()
    assert not reassembled([_flag(1, SYN, 999), _piece(2, 0, 300), fin]).ends_early()


def test_a_port_used_again_is_a_new_connection() -> None:
    segments = [
        _flag(1, SYN, 10), _flag(2, SYN | ACK, 20, back=True), _flag(3, SYN, 10),
        _flag(4, RST, 11), _flag(5, SYN, 7000), _flag(6, SYN | ACK, 9000, back=True),
    ]  # fmt: skip
    found = connections(segments)
    assert [[s.frame for s in c.segments] for c in found] == [[1, 2, 3, 4], [5, 6]]
    assert [c.stream for c in found] == [0, 1]
    assert found[0].over()
    assert not found[1].over()


@settings(deadline=None)
@given(st.data(), st.integers(0, WHOLE - 1))
def test_any_order_gives_the_same_bytes(draw: st.DataObject, base: int) -> None:
    cuts = sorted(draw.draw(st.sets(st.integers(1, len(DATA) - 1), max_size=12)))
    ranges = list(zip([0, *cuts], [*cuts, len(DATA)], strict=True))
    again = draw.draw(st.lists(st.sampled_from(ranges), max_size=4))
    order = draw.draw(st.permutations(ranges + again))
    segments = [_piece(frame, *span, base) for frame, span in enumerate(order, 2)]
    stream = reassembled([_flag(1, SYN, (base - 1) % WHOLE), *segments])
    assert bytes(stream.data) == DATA
    assert not stream.holes()
    assert stream.arrival == sorted(stream.arrival)
    first = {span: order.index(span) + 2 for span in ranges}
    reached = 0
    for span in ranges:
        assert stream.carriers(*span) == (first[span],)
        reached = max(reached, first[span])
        assert stream.arrival[span[1] - 1] == reached
