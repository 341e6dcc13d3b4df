"""What the tests of the intake are made of: small files of every kind, zips, and a measured run."""

import json
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PCAPNG = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
PCAP = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
KEYLOG = b"# made by a browser\nCLIENT_RANDOM " + b"ab" * 32 + b" " + b"cd" * 48 + b"\n"
MARKDOWN = "# 实验报告\n\n1. 17\n".encode()

CHECKOUT = Path(__file__).resolve().parents[3]


def make_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    """A zip as Python writes it: UTF-8 names with their flag."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def make_raw_zip(path: Path, names: Mapping[bytes, bytes]) -> Path:
    """A zip whose names are bytes without the UTF-8 flag, as old programs write them."""
    with path.open("wb") as file:
        directory = bytearray()
        for name, content in names.items():
            offset = file.tell()
            crc = zlib.crc32(content)
            sizes = struct.pack("<III", crc, len(content), len(content))
            file.write(b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 0, 0, 0x21) + sizes)
            file.write(struct.pack("<HH", len(name), 0) + name + content)
            directory += b"PK\x01\x02" + struct.pack("<HHHHHH", 20, 20, 0, 0, 0, 0x21) + sizes
            directory += struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, offset) + name
        start = file.tell()
        count = len(names) & 0xFFFF
        file.write(directory)
        file.write(
            b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), start, 0)
        )
    return path


def make_tree(root: Path, files: Mapping[str, bytes]) -> Path:
    """A folder with these files."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a measured run did."""

    seconds: float
    """Of processor time, start of Python included: wall time would measure the neighbours."""
    rss_mib: float
    said: list[Any]


_MEASURE = """
import json, os, resource, sys
from pathlib import Path
from typing import Any
{imports}
said = []
def run(path):
{body}
run(Path(sys.argv[1]))
seconds = sum(os.times()[:4])  # its own and its children's
status = Path("/proc/self/status")
if status.exists():  # getrusage would count the process that started this one
    peak = int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([seconds, peak, said]))
"""


def measured(imports: str, body: str, path: Path) -> Outcome:
    """Run `body` (a function's, over `path`, appending to `said`) in a Python of its own.

    Only there is the peak of its memory that of the work alone.
    """
    indented = "\n".join(f"    {line}" for line in body.strip().splitlines())
    code = _MEASURE.format(imports=imports, body=indented)
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=CHECKOUT,
    )
    assert done.returncode == 0, done.stderr
    return Outcome(*json.loads(done.stdout))
