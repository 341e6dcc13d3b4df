"""The large capture of the benchmarks: the demo trace many times over, with shifted addresses.

python -m tests.benchmarks.large_trace OUT.pcap [COPIES]
"""

import struct
import sys
from pathlib import Path

import dpkt

DEMO = Path(__file__).parents[2] / "traces" / "demo.pcapng"


def write_large_trace(target: Path, copies: int = 100) -> int:
    """Writes `copies` of the demo trace, each later and from other addresses; gives the packets."""
    with DEMO.open("rb") as file:
        packets = [(float(time), bytes(data)) for time, data in dpkt.pcapng.Reader(file)]
    span = packets[-1][0] - packets[0][0] + 1.0
    with target.open("wb") as file:
        writer = dpkt.pcap.Writer(file, nano=False)
        for copy in range(copies):
            for time, data in packets:
                writer.writepkt(_shifted(data, copy), time + copy * span)
    return copies * len(packets)


def _shifted(data: bytes, copy: int) -> bytes:
    """IPv4 addresses with `copy` added to the second byte, and above it the third; checksum mended.

    Every copy has addresses of its own, up to 65,536 of them.
    """
    if data[12:14] != b"\x08\x00":
        return data
    changed = bytearray(data)
    for at in (26, 30):
        if changed[at] < 224:  # not multicast or broadcast
            changed[at + 1] = (changed[at + 1] + copy) % 256
            changed[at + 2] = (changed[at + 2] + copy // 256) % 256
    changed[24:26] = b"\0\0"
    header = changed[14 : 14 + (changed[14] & 15) * 4]
    total = sum(struct.unpack(f">{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    changed[24:26] = struct.pack(">H", ~total & 0xFFFF)
    return bytes(changed)


if __name__ == "__main__":
    count = write_large_trace(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100)
    print(count)
