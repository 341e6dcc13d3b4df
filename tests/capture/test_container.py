"""The reader of capture files: right counts on real files, no exception on broken ones."""

import os
import random
import shutil
import struct
import subprocess
from io import BytesIO
from pathlib import Path

import dpkt
import pytest

from report.capture.container import (
    Container,
    Interface,
    TooManyBlocksError,
    file_kind,
    read_container,
)
from tests.capture.blocks import (
    PACKET,
    READ_PCAP,
    READ_PCAPNG,
    block,
    enhanced,
    interface,
    old,
    option,
    pcap_header,
    record,
    secrets,
    section,
    simple,
    statistics,
    tshark_count,
)
from tests.conftest import CHECKOUT

FOLDERS = (CHECKOUT / "traces", CHECKOUT.parent / "shared" / "traces")
CAPTURES = sorted(
    path
    for folder in FOLDERS
    for path in folder.glob("*.pcap*")
    if path.suffix in {".pcap", ".pcapng"} and "file-cut" not in path.name
)
CUT = sorted(FOLDERS[0].glob("*file-cut*.pcap*"))
SHARED = FOLDERS[1]


def read(data: bytes, most: int = 10**9) -> Container:
    return read_container(BytesIO(data), most)


def test_there_are_captures_to_read(shared: Path) -> None:
    assert len([path for path in CAPTURES if path.parent == shared / "traces"]) >= 15


def test_counts_and_kinds_as_capinfos_says() -> None:
    if shutil.which("capinfos") is None:
        pytest.skip("needs capinfos, which comes with tshark")
    table = ["capinfos", "-T", "-M", "-t", "-c", *map(str, CAPTURES)]
    rows = subprocess.run(table, capture_output=True, text=True, check=True).stdout.splitlines()[1:]
    assert len(rows) == len(CAPTURES) > 10
    for path, row in zip(CAPTURES, rows, strict=True):
        found = read(path.read_bytes())
        assert row.replace("nsecpcap", "pcap").split("\t") == [
            *(str(path), found.kind, str(found.packets))
        ]
        assert (found.whole, found.damaged, found.countable) == (True, False, True), path
        assert found.end == path.stat().st_size


@pytest.mark.parametrize("path", CUT, ids=lambda path: path.name)
def test_a_file_that_was_cut_counts_as_far_as_tshark_shows_it(path: Path) -> None:
    found = read(path.read_bytes())
    status, shown = tshark_count(path, READ_PCAP if path.suffix == ".pcap" else READ_PCAPNG)
    assert status != 0
    assert (found.packets, found.whole) == (shown, False)


def test_counts_as_dpkt_reads_them() -> None:
    for path in CAPTURES:
        with path.open("rb") as file:
            packets = sum(1 for _ in dpkt.pcap.UniversalReader(file))
        assert read(path.read_bytes()).packets == packets, path


def test_packets_that_the_recorder_cut(shared: Path) -> None:
    # Its source: 13 of 27 frames cut by a snap length.
    found = read((shared / "traces" / "tls12-snaplen-gtp-retrans.pcap").read_bytes())
    assert (found.packets, found.cut_packets) == (27, 13)


def test_what_the_recorder_says_of_itself(shared: Path) -> None:
    path = shared / "traces" / "textbook-tls12.pcapng"
    found = read(path.read_bytes())
    said = subprocess.run(
        ["capinfos", "-FI", str(path)], capture_output=True, text=True, check=True
    ).stdout
    for value in (found.hardware, found.system, found.application, found.interfaces[0].name):
        assert value
        assert value in said
    assert found.closed
    assert not found.unfinished
    assert not found.embedded_keys


def small_pcapng(order: str) -> bytes:
    options = option(3, b"an operating system", order) + option(4, b"Dumpcap 4.0", order)
    packets = [enhanced(bytes([n]) * (40 + n), order=order) for n in range(4)]
    return (
        section(order, options=options)
        + interface(order, options=option(2, b"eth0", order))
        + b"".join(packets)
    )


def small_pcap(order: str) -> bytes:
    return pcap_header(order) + b"".join(record(bytes([n]) * (40 + n), order) for n in range(4))


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcap_truncated_at_every_byte(order: str) -> None:
    data = small_pcap(order)
    ends = [24]
    for n in range(4):
        ends.append(ends[-1] + 16 + 40 + n)
    for length in range(4, len(data) + 1):
        found = read(data[:length])
        assert found.packets == max(sum(end <= length for end in ends) - 1, 0), length
        assert found.whole == (length in ends), length
        assert not found.damaged


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_truncated_at_every_byte(order: str) -> None:
    data = small_pcapng(order)
    first = data.index(enhanced(bytes(40), order=order))
    sizes = [len(enhanced(bytes(40 + n), order=order)) for n in range(4)]
    packet_ends = [first + sum(sizes[: n + 1]) for n in range(4)]
    block_ends = {len(data), first, *packet_ends, struct.unpack_from(order + "I", data, 4)[0]}
    for length in range(12, len(data) + 1):
        found = read(data[:length])
        assert found.packets == sum(end <= length for end in packet_ends), length
        assert found.whole == (length in block_ends), length
        assert not found.closed
        assert found.unfinished == (found.whole and found.application != "")
    assert found.interfaces == (Interface(1, 0, "eth0"),)
    assert (found.system, found.application) == ("an operating system", "Dumpcap 4.0")


@pytest.mark.parametrize("length", range(12))
def test_less_than_a_header_is_another_kind_of_file(length: int) -> None:
    with pytest.raises(ValueError, match="neither"):
        read(small_pcapng("<")[:length])


def test_kinds_by_their_first_bytes() -> None:
    assert file_kind(small_pcap("<")) == file_kind(small_pcap(">")) == "pcap"
    assert file_kind(pcap_header(magic=0xA1B23C4D)) == "pcap"
    assert file_kind(small_pcapng("<")) == file_kind(small_pcapng(">")) == "pcapng"
    # The same four bytes in either order, so the byte-order magic has to be there.
    assert file_kind(b"\x0a\x0d\x0d\x0a" + bytes(8)) is None
    for other in (b"", b"\x00", b"GIF89a", b"\x1f\x8b\x08\x00", b"#!/bin/sh\n\n\n"):
        assert file_kind(other) is None


P = enhanced()
BLOCKS: dict[str, tuple[bytes, int, bool]] = {
    # File, whole packets up to the first damage, whether it is whole.
    "unknown block": (section() + interface() + P + block(0x12345, b"abcd") + P, 2, True),
    "private block": (section() + interface() + P + block(0x80000123, b"abcd") + P, 2, True),
    "empty name resolution": (section() + interface() + P + block(4, bytes(4)) + P, 2, True),
    "statistics": (section() + interface() + P + statistics() + P, 2, True),
    "secrets": (section() + secrets(b"CLIENT_RANDOM 00 11") + interface() + P, 1, True),
    "simple packets": (
        section() + interface(snap_length=40) + simple(bytes(40), 60) + simple(bytes(20), 20),
        2,
        True,
    ),
    "obsolete packet": (section() + interface() + old() + P, 2, True),
    "kept more than there was": (section() + interface() + P + enhanced(original=9) + P, 3, True),
    "packet without data": (section() + interface() + enhanced(b"", original=60), 1, True),
    "longest packet": (section() + interface() + P + enhanced(bytes(262_144)) + P, 3, True),
    "section in the other order": (
        section() + interface() + P + section(">") + interface(">") + enhanced(order=">"),
        2,
        True,
    ),
    "block longer than a window": (
        section() + interface() + P + block(0x12345, bytes(3 << 20)) + P,
        2,
        True,
    ),
    "length not rounded up": (
        section() + interface() + P + enhanced(bytes(29)).replace(b"\x40\0\0\0", b"\x3d\0\0\0") + P,
        3,
        True,
    ),
    "too long a packet": (section() + interface() + P + enhanced(bytes(262_145)) + P, 1, False),
    "unknown interface": (section() + interface() + P + enhanced(number=7) + P, 1, False),
    "unknown interface, obsolete": (section() + interface() + P + old(number=3) + P, 1, False),
    "no interface": (section() + P, 0, False),
    "no interface in this section": (section() + interface() + P + section() + P, 1, False),
    "kept more than is there": (section() + interface() + P + enhanced(kept=1000) + P, 1, False),
    "short packet block": (section() + interface() + P + block(6, bytes(16)) + P, 1, False),
    "short simple packet": (section() + interface() + P + block(3, b"") + P, 1, False),
    "simple packet cut": (section() + interface() + simple(bytes(40), 60) + P, 0, False),
    "short interface": (section() + interface() + P + block(1, bytes(4)) + P, 1, False),
    "short statistics": (section() + interface() + P + block(5, bytes(4)) + P, 1, False),
    "short secrets": (section() + interface() + P + block(10, bytes(4)) + P, 1, False),
    "secrets that lie": (section() + interface() + P + secrets(bytes(8), 1000) + P, 1, False),
    "short section": (
        section() + interface() + P + block(0x0A0D0D0A, struct.pack("<I", 0x1A2B3C4D)) + P,
        1,
        False,
    ),
    "section without byte order": (
        section() + interface() + P + block(0x0A0D0D0A, bytes(16)) + P,
        1,
        False,
    ),
    "section of version 9": (
        section() + interface() + P + section(version=(9, 0)) + interface() + P,
        1,
        False,
    ),
    "lengths that differ": (
        section() + interface() + P + P[:-4] + b"\xff\0\0\0" + P,
        1,
        False,
    ),
    "length 0": (section() + interface() + P + struct.pack("<II", 6, 0) + P, 1, False),
    "length 5": (section() + interface() + P + struct.pack("<II", 6, 5) + P, 1, False),
    "length 2^31": (section() + interface() + P + struct.pack("<II", 6, 1 << 31) + P, 1, False),
    "length 2^32 - 1": (section() + interface() + P + struct.pack("<II", 6, 0xFFFFFFFF), 1, False),
    "zeros behind": (section() + interface() + P + bytes(64), 1, False),
    "five bytes behind": (section() + interface() + P + b"UUUUU", 1, False),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks_whole_and_damaged_as_tshark_counts_them(name: str, tmp_path: Path) -> None:
    data, packets, whole = BLOCKS[name]
    found = read(data)
    assert (found.packets, found.whole) == (packets, whole)
    path = tmp_path / "a.pcapng"
    path.write_bytes(data)
    status, shown = tshark_count(path, READ_PCAPNG)
    assert shown == packets
    assert (status == 0) == whole


@pytest.mark.parametrize("kind", [0xBAD, 0x40000BAD, 9, 0x204])
def test_blocks_that_some_tsharks_show_as_packets_are_not_counted(kind: int) -> None:
    found = read(section() + interface() + P + block(kind, bytes(40)) + P)
    assert (found.packets, found.whole, found.countable) == (2, True, False)


R = record()
RECORDS: dict[str, tuple[bytes, int, bool]] = {
    "nanoseconds": (pcap_header(magic=0xA1B23C4D) + R * 3, 3, True),
    "version 2.2": (pcap_header(version=(2, 2)) + R * 3, 3, True),
    "version 543": (pcap_header(version=(543, 0)) + R * 3, 3, True),
    "frame check sequence length": (pcap_header(link_type=0x44000001) + R * 3, 3, True),
    "nothing kept": (pcap_header() + R + record(b"", original=60) + R, 3, True),
    "longest packet": (pcap_header() + R * 3 + record(bytes(262_144)) + R, 5, True),
    "random bytes behind": (pcap_header() + R * 20 + b"\xaa" * 500, 20, False),
    "half a header behind": (pcap_header() + R * 20 + R[:7], 20, False),
}


@pytest.mark.parametrize("name", RECORDS)
def test_records_whole_and_damaged_as_tshark_counts_them(name: str, tmp_path: Path) -> None:
    data, packets, whole = RECORDS[name]
    found = read(data)
    assert (found.packets, found.whole) == (packets, whole)
    path = tmp_path / "a.pcap"
    path.write_bytes(data)
    status, shown = tshark_count(path, READ_PCAP)
    assert shown == packets
    assert (status == 0) == whole


def test_pcap_of_an_unknown_version_holds_nothing_that_can_be_read() -> None:
    found = read(pcap_header(version=(1, 4)) + R * 3)
    assert (found.packets, found.whole, found.damaged) == (0, False, True)


def test_too_long_a_record_is_damage() -> None:
    found = read(pcap_header() + R + record(kept=0x7FFFFFFF) + R)
    assert (found.packets, found.whole, found.damaged) == (1, False, True)
    assert found.end == 24 + len(R)


def test_a_recorder_that_was_cut_off_between_blocks() -> None:
    recorded = section(options=option(4, b"Dumpcap (Wireshark) 4.0.17")) + interface() + P
    assert read(recorded).unfinished
    assert not read(recorded + statistics()).unfinished
    assert not read(section(options=option(4, b"editcap")) + interface() + P).unfinished
    assert not read(pcap_header() + R).unfinished


def test_every_byte_of_a_small_file_turned_over_never_raises() -> None:
    for data in (small_pcapng("<"), small_pcapng(">"), small_pcap("<")):
        for place in range(12, len(data)):
            for flip in (0x01, 0x80, 0xFF):
                broken = bytearray(data)
                broken[place] ^= flip
                found = read(bytes(broken))
                assert 0 <= found.packets <= 5
                assert found.end <= len(broken)
                assert not (found.damaged and found.whole)


def test_random_bytes_behind_a_header_never_raise() -> None:
    chance = random.Random(20261120)
    for _ in range(500):
        body = chance.randbytes(chance.randrange(600))
        for head in (pcap_header(), section() + interface(), section(">") + interface(">") + P):
            assert read(head + body).packets <= 40


def test_stops_at_the_most_that_is_wanted() -> None:
    assert read(small_pcap("<"), most=4).packets == 4
    with pytest.raises(TooManyBlocksError):
        read(small_pcap("<"), most=3)
    with pytest.raises(TooManyBlocksError):
        read(small_pcapng("<") + P * 20, most=10)
    with pytest.raises(TooManyBlocksError):
        read(section() + interface() * 50, most=20)


def test_describes_only_some_of_very_many_interfaces_and_comments() -> None:
    crowd = interface(options=option(2, b"x")) * 3_000
    comments = section(options=option(1, b"remark") * 20) * 50
    found = read(comments + crowd + enhanced(number=2_999))
    assert found.packets == 1
    assert len(found.interfaces) == len(found.comments) == 64


def test_a_file_that_shrinks_while_it_is_read_is_read_short(tmp_path: Path) -> None:
    # Through a memory map this would end the process with SIGBUS.
    path = tmp_path / "shrinking.pcap"
    path.write_bytes(pcap_header() + record(bytes(100_000)) * 40)
    with path.open("rb", buffering=0) as file:

        class Shrinking(BytesIO):
            def seek(self, at: int, whence: int = 0) -> int:
                if at > 1_500_000:
                    os.truncate(path, 24)
                return file.seek(at, whence)

            def read(self, size: int | None = -1) -> bytes:
                return file.read(size)

        found = read_container(Shrinking())
    assert path.stat().st_size == 24
    assert not found.whole
    assert 10 <= found.packets < 40


def test_packet_is_what_the_builder_says() -> None:
    assert len(PACKET) == 60
    assert dpkt.pcap.Reader(BytesIO(pcap_header() + R)).readpkts()[0][1] == PACKET
