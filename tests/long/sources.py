"""The captures that are broken, and the ways of breaking them; all by one seed."""

import random
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.conftest import CHECKOUT

RATES = (0.001, 0.005, 0.02, 0.05, 0.2)
_SHARED = CHECKOUT.parent / "shared" / "traces"
SOURCES = (
    _SHARED / "textbook-tls12.pcapng",
    CHECKOUT / "traces" / "demo.pcapng",
    _SHARED / "tls13-hello-retry-request.pcapng",
    _SHARED / "tls10-sslv2hello-id-resume-parallel.pcap",
    _SHARED / "quic-v1-http3.pcap",
)
"""TLS 1.0 to 1.3 and QUIC, from 48 to 1,068 packets."""


def sources() -> list[Path]:
    """Those of the sources that are here."""
    return [path for path in SOURCES if path.exists()]


def fuzzed_packets(source: Path, rate: float, seed: int, folder: Path) -> Path:
    """A copy whose packets' bytes were changed at random: `editcap -E RATE --seed SEED`."""
    editcap = shutil.which("editcap")
    if editcap is None:
        raise FileNotFoundError("editcap, which comes with Wireshark")
    target = folder / f"{source.stem}-{rate}-{seed}{source.suffix}"
    argv = [editcap, "-F", source.suffix[1:], "-E", str(rate), "--seed", str(seed)]
    subprocess.run([*argv, str(source), str(target)], check=True, capture_output=True)
    return target


def damaged_file(source: Path, seed: int, folder: Path) -> Path:
    """A copy whose file was damaged in one to three ways."""
    chance = random.Random(f"{source.name} {seed}")
    data = bytearray(source.read_bytes())
    ways = chance.choices(WAYS, k=chance.randint(1, 3))
    for way in ways:
        way(data, chance)
    target = folder / f"{source.stem}-damaged-{seed}{source.suffix}"
    target.write_bytes(data)
    return target


def _place(data: bytearray, chance: random.Random) -> int:
    """Anywhere; one time in four among the first headers."""
    end = len(data) if chance.random() < 0.75 else min(len(data), 400)
    return chance.randrange(max(1, end))


def cut(data: bytearray, chance: random.Random) -> None:
    """The end is missing."""
    del data[_place(data, chance) :]


def flip(data: bytearray, chance: random.Random) -> None:
    """Some bits are turned over."""
    for _ in range(chance.randint(1, 20)):
        if data:
            data[_place(data, chance)] ^= 1 << chance.randrange(8)


def overwrite(data: bytearray, chance: random.Random) -> None:
    """A stretch is random."""
    at, size = _place(data, chance), chance.choice((4, 16, 200, 2000))
    data[at : at + size] = chance.randbytes(size)


def zero(data: bytearray, chance: random.Random) -> None:
    """A stretch is zero, as of a sector that was never written."""
    at, size = _place(data, chance), chance.choice((4, 512, 4096))
    data[at : at + size] = bytes(size)


def lose(data: bytearray, chance: random.Random) -> None:
    """A stretch is missing."""
    at = _place(data, chance)
    del data[at : at + chance.choice((1, 4, 100, 4096))]


def insert(data: bytearray, chance: random.Random) -> None:
    """A stretch too many."""
    at = _place(data, chance)
    data[at:at] = chance.randbytes(chance.choice((1, 4, 100)))


def repeat(data: bytearray, chance: random.Random) -> None:
    """A stretch twice."""
    at = _place(data, chance)
    data[at:at] = data[at : at + chance.choice((60, 1000, 30_000))]


def lie(data: bytearray, chance: random.Random) -> None:
    """A number, perhaps a length, is one of the worst."""
    at = _place(data, chance) & ~3
    value = chance.choice((0, 1, 5, 11, 12, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 262_145))
    data[at : at + 4] = struct.pack(chance.choice(("<I", ">I")), value)


WAYS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    *(cut, flip, overwrite, zero, lose, insert, repeat, lie),
)
