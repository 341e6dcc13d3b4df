"""Whole-process times of the main commands, as ratios against plain tshark and plain pyshark.

    python -m tests.benchmarks.spine [--runs 5] [--copies 100]

The large trace is the demo trace `copies` times over, made on the spot. Everything is measured in
turn in one run and quoted as medians, since machines are shared and noisy. Targets: `answer` on
the large trace at most 2.5 times one plain `tshark -T fields` pass and at least 30 times faster
than a plain pyshark loop (extrapolated from a tenth of the file); the small trace answered in
1.5 s from a cold start, HTML in 2 s, HTML and PDF in 5 s; under 400 MB; `--help` in 0.3 s.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from report.capture.programs import find_program
from tests.benchmarks.large_trace import write_large_trace

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "traces" / "textbook-tls12.pcapng"
DEMO = ROOT / "traces" / "demo.pcapng"
HOST = "library.campus.example"
FIELDS = (
    "frame.number frame.time_relative ip.src ip.dst tcp.stream tcp.flags tls.handshake.type "
    "tls.record.content_type _ws.col.Protocol _ws.col.Info"
)
PYSHARK_LOOP = """
import asyncio, sys, pyshark
from pyshark.capture.capture import TSharkCrashException
c = pyshark.FileCapture(sys.argv[1], keep_packets=False, eventloop=asyncio.new_event_loop())
count = 0
try:
    with c:
        for packet in c:
            packet.highest_layer
            count += 1
except TSharkCrashException:  # asyncio sometimes loses the exit status of a tshark that was done
    pass
sys.exit(count != int(sys.argv[2]))
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--copies", type=int, default=100)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="labshark-bench-") as name:
        folder = Path(name)
        large, tenth = folder / "large.pcap", folder / "tenth.pcap"
        packets = write_large_trace(large, chosen.copies)
        fewer = write_large_trace(tenth, max(1, chosen.copies // 10))
        print(f"large trace: {packets} packets, {large.stat().st_size / 1e6:.0f} MB")
        report_large(large, tenth, fewer, chosen.runs)
        report_small(folder, chosen.runs)


def report_large(large: Path, tenth: Path, fewer: int, runs: int) -> None:
    wanted = [word for name in FIELDS.split() for word in ("-e", name)]
    tshark = [str(find_program("tshark")), "-r", str(large), "-T", "fields", *wanted]
    ours = [*labshark("answer"), str(large), "--json", "-q", "--host", HOST]
    loop = [sys.executable, "-c", PYSHARK_LOOP, str(tenth), str(fewer)]
    plain, answer = in_turn(runs, tshark, ours)
    pyshark = 10 * median(timed(loop) for _ in range(max(1, runs // 3)))
    print(f"plain tshark -T fields        {plain:7.2f} s")
    print(f"labshark answer, large trace  {answer:7.2f} s   {answer / plain:.2f} x tshark (<= 2.5)")
    print(f"plain pyshark loop, 10 x 1/10 {pyshark:7.2f} s   {pyshark / answer:.0f} x ours (>= 30)")
    print(f"peak memory of our process    {peak_memory(ours):7.0f} MB  (< 400)")


def report_small(folder: Path, runs: int) -> None:
    trace, host = (SHARED, []) if SHARED.exists() else (DEMO, ["--host", HOST])
    out = ["-o", str(folder / "out"), "-q", *host]
    commands = {
        "labshark --help": (labshark("--help"), 0.3),
        "answer --json": ([*labshark("answer"), str(trace), "--json", "-q", *host], 1.5),
        "report, HTML": ([*labshark("report"), str(trace), "--no-pdf", *out], 2.0),
        "report, HTML and PDF": ([*labshark("report"), str(trace), *out], 5.0),
    }
    print(f"small trace: {trace.name}")
    for name, (command, target) in commands.items():
        print(f"{name:<29} {median(timed(command) for _ in range(runs)):7.2f} s   (<= {target})")


def labshark(*words: str) -> list[str]:
    return [sys.executable, "-m", "report.commands.main", *words]


def timed(command: list[str]) -> float:
    start = time.perf_counter()
    devnull = subprocess.DEVNULL
    subprocess.run(command, check=True, cwd=ROOT, stdin=devnull, stdout=devnull, stderr=devnull)
    return time.perf_counter() - start


def in_turn(runs: int, first: list[str], second: list[str]) -> tuple[float, float]:
    """Medians of two commands run alternately, after one run of each that does not count."""
    timed(first), timed(second)
    pairs = [(timed(first), timed(second)) for _ in range(runs)]
    return median(a for a, _ in pairs), median(b for _, b in pairs)


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def peak_memory(command: list[str]) -> float:
    """Megabytes of the largest process that is Python's own, tshark left out."""
    devnull = subprocess.DEVNULL
    peak = 0.0
    with subprocess.Popen(command, cwd=ROOT, stdout=devnull, stderr=devnull) as process:
        while process.poll() is None:
            peak = max(peak, _resident(process.pid))
            time.sleep(0.02)
    return peak


def _resident(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(lines[0].split()[1]) / 1000 if lines else 0.0


if __name__ == "__main__":
    main()
