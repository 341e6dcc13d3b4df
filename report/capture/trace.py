"""The first noun, Trace: one capture file, opened safely and read by tshark in two passes.

1. Columns: one `tshark -T fields` run over every packet, straight into pandas (`tables.packets`).
2. Detail: PDML through pyshark, and the byte buffers, of the few frames that matter.

For a small capture the detail of every frame that could matter is read beside the columns, while
Python still imports pandas; of a large one only what is asked for.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from lxml import etree

from report.capture.claimed import HELLO_FILTER, count_hellos
from report.capture.container import Container
from report.capture.faults import Judgement, Outcome, judge
from report.capture.fields import AGGREGATOR, COLUMN_TITLES, column_field, column_name
from report.capture.frames import Buffer, FrameDetail, frame_number, parse_dump, split_dumps
from report.capture.intake import READ_FORMATS, CaptureFile, let_in, let_in_keylog
from report.capture.passes import Ending, TsharkPass
from report.capture.programs import Version, find_program, known_bad, shown_version, tshark_version
from report.capture.sandbox import (
    STANDARD_LIMITS,
    Command,
    Limits,
    bubblewrap,
    invocation,
)
from report.capture.scratch import private_folder
from report.capture.trimming import embedded_keylog
from report.errors import LabsharkError
from report.text import Text

EAGER_PACKETS = 2_500
EAGER_BYTES = 2 << 20
_MOST_PORTS = 32
_DETAIL_BYTES = 64 << 20
"""Of PDML, which takes ten times as much of our memory as a tree."""
_MATTERS = (
    "tls || tcp.flags.syn == 1 || tcp.flags.fin == 1 || tcp.flags.reset == 1"
    " || (tcp.len == 0 && tcp.seq == 1 && tcp.ack == 1)"
)
"""All of TLS, and how TCP connections begin (to the third packet, an ACK) and end."""

PREFERENCES = (
    "tcp.desegment_tcp_streams:TRUE",
    "tcp.analyze_sequence_numbers:TRUE",
    "tcp.relative_sequence_numbers:TRUE",
    "tls.desegment_ssl_records:TRUE",
    "tls.desegment_ssl_application_data:TRUE",
)
"""Set on every run, whatever the user's own Wireshark says: they change answers."""


_FRAGMENT_FIELDS = ("ip.fragment", "ipv6.fragment")


def _ranges(numbers: Iterable[int]) -> str:
    """`1, 2, 3, 7` as `1..3, 7`: a command line is not endless."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}..{b}" for a, b in runs)


def _in_order(out_of_order: bool) -> str:
    # Without it a flight whose first segment came late shows no message at all.
    return f"tcp.reassemble_out_of_order:{'TRUE' if out_of_order else 'FALSE'}"


@dataclass(frozen=True, slots=True)
class Warning:
    """Something the reader of an answer should know of the capture; never a reason to stop."""

    slug: str
    text: Text


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns pass printed: tab-separated rows without a header, one per packet."""

    names: tuple[str, ...]
    """Names of the packets table's columns, in order."""
    rows: bytes


class Trace:
    """One capture file with tshark at hand. Made by `open_trace`."""

    def __init__(
        self,
        file: CaptureFile,
        keylog: Path | None,
        limits: Limits,
        folder: Path,
        tshark: Path,
    ) -> None:
        self.name = file.shown_name
        self.sha256 = file.sha256
        self.size = file.size
        self.container: Container = file.container
        self.keylog = keylog
        self._plain = file.plain
        self._tshark = tshark
        self._version: Future[Version] | None = None
        self._limits = limits
        self._configuration = folder
        self._workers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="tshark")
        self._tls_ports: tuple[int, ...] = ()
        self._out_of_order = True
        self._trees: dict[int, etree._Element] = {}
        self._dumps: dict[int, str] = {}
        self._packets_read: int | None = None
        self._judgement = Judgement(Outcome.WHOLE)
        self._columns: dict[tuple[str, ...], Future[Columns]] = {}
        self._eager: Future[None] | None = None
        self._passes: list[TsharkPass] = []

    @property
    def tshark_version(self) -> Version:
        """Of the tshark that reads the capture.

        Raises LabsharkError `tshark-failed` where it does not say.
        """
        return self._version_future().result()

    def _version_future(self) -> "Future[Version]":
        if self._version is None:
            self._version = self._workers.submit(tshark_version, self._tshark)
        return self._version

    # ---- the columns pass

    def start(self, fields: Iterable[str]) -> None:
        """Begins to read in the background, so that slow imports can go on meanwhile."""
        self._column_future(tuple(fields))
        if self.container.packets <= EAGER_PACKETS and self.size <= EAGER_BYTES:
            self._eager = self._workers.submit(self._read_ahead)

    def columns(self, fields: Iterable[str]) -> Columns:
        """Every packet's `fields` and packet-list columns.

        Raises LabsharkError `capture-unreadable`, `capture-link-type`, `capture-too-slow`,
        `tshark-failed`: a capture that tshark did not read to its end is never taken for whole.
        """
        rows = self._column_future(tuple(fields))
        self._version_future()  # not needed before, and nothing else to do while waiting
        return rows.result()

    def _column_future(self, fields: tuple[str, ...]) -> "Future[Columns]":
        if fields not in self._columns:
            self._columns[fields] = self._workers.submit(self._read_columns, fields)
        return self._columns[fields]

    def _read_columns(self, fields: tuple[str, ...]) -> Columns:
        shown = [column_field(title) for title in COLUMN_TITLES]
        wanted = [word for name in (*fields, *shown) for word in ("-e", name)]
        options = ["-T", "fields", "-E", f"aggregator={AGGREGATOR}", "-E", "quote=n", *wanted]
        rows, ending = self._pass(options).output()
        if ending.returncode == 1 and "Some fields aren't valid" in ending.stderr:
            self._refuse_fields(ending.stderr)
        self._packets_read = rows.count(b"\n")
        self._judgement = self._judged(ending)
        self._check_count(self._judgement, self._packets_read)
        names = (*fields, *(column_name(title) for title in COLUMN_TITLES))
        return Columns(names, rows)

    def _refuse_fields(self, stderr: str) -> None:
        lacking = [line.strip() for line in stderr.splitlines() if line.startswith("\t")]
        raise LabsharkError(
            "tshark-lacks-field",
            version=shown_version(self.tshark_version),
            fields=", ".join(lacking),
            needed="4.0",
        )

    def _judged(self, ending: Ending) -> Judgement:
        verdict = judge(ending)
        if verdict.outcome is Outcome.TOO_SLOW:
            seconds = int(self._limits.deadline_seconds)
            raise LabsharkError("capture-too-slow", path=self.name, seconds=seconds)
        if verdict.outcome is Outcome.TOO_MUCH:
            raise LabsharkError("capture-too-detailed", path=self.name, limit="64 MiB")
        if verdict.outcome is Outcome.STOPPED:
            raise LabsharkError("tshark-failed", program="tshark", detail=verdict.detail)
        if verdict.outcome is Outcome.NOT_A_CAPTURE:
            raise LabsharkError("capture-not-a-capture", path=self.name)
        return verdict

    def _check_count(self, verdict: Judgement, packets: int) -> None:
        if packets == 0:
            # What is no tshark says so here: it is not the capture's fault.
            self._version_future().result()
        if packets == 0 and verdict.outcome is Outcome.LINK_TYPE:
            raise LabsharkError("capture-link-type", path=self.name)
        if packets == 0:
            raise LabsharkError("capture-unreadable", path=self.name, detail=verdict.detail)
        held = self.container.packets
        if packets > held and self.container.countable:
            raise LabsharkError("capture-ambiguous", path=self.name, shown=packets, held=held)
        read_all = verdict.outcome is Outcome.WHOLE and self.container.whole
        if read_all and packets < held:
            detail = f"{packets} / {held} packets"
            raise LabsharkError("tshark-failed", program="tshark", detail=detail)

    # ---- the detail pass

    def detail(self, frames: Iterable[int], last: int | None = None) -> dict[int, FrameDetail]:
        """The dissection trees and byte buffers of `frames`.

        `last` is a frame after which nothing can change how they look (the end of their
        connection); reading stops there.
        """
        if self._eager is not None:
            self._eager.result()
            self._eager = None
        wanted = set(frames)
        missing = sorted(wanted - self._trees.keys())
        if missing:
            numbers = ", ".join(map(str, missing))
            self._read_detail(f"frame.number in {{{numbers}}}", last)
        return {n: self._frame_detail(n) for n in sorted(wanted & self._trees.keys())}

    def _frame_detail(self, number: int) -> FrameDetail:
        buffers: tuple[Buffer, ...] = parse_dump(self._dumps.get(number, ""))
        return FrameDetail(number, self._trees[number], buffers)

    def _read_ahead(self) -> None:
        # What goes wrong here shows again when the frames are asked for, if they ever are.
        with contextlib.suppress(LabsharkError):
            self._read_detail(_MATTERS, None)

    def _read_detail(self, display_filter: str, last: int | None) -> None:
        until = ["-c", str(last)] if last is not None else []
        chosen = [*until, "-Y", display_filter]
        # The number as the only column makes each dump say which packet it shows.
        dumping = ["-P", "-x", "-o", 'gui.column.format:"No.","%m"']
        with ThreadPoolExecutor(max_workers=1) as beside:
            limits = replace(self._limits, output_bytes=_DETAIL_BYTES)
            dumps = beside.submit(self._pass([*chosen, *dumping], limits=limits).output)
            trees, ending = self._pass([*chosen, "-T", "pdml"], limits=limits).packet_elements()
            dump, dump_ending = dumps.result()
        self._judged(ending)
        self._judged(dump_ending)
        self._trees.update((frame_number(tree), tree) for tree in trees)
        self._dumps.update(split_dumps(dump.decode("utf-8", "replace")))

    # ---- reading otherwise

    def unread_tls_ports(self, hellos: int, spoken: Iterable[int]) -> tuple[int, ...]:
        """Server ports on which TLS begins that tshark takes for something else.

        `hellos` is how many Client Hellos tshark has shown, `spoken` the TCP streams that it
        dissects as TLS. Costs a run of tshark only where the file holds more hellos than that.
        """
        if count_hellos(self._plain) <= hellos:
            return ()
        options = ["-Y", HELLO_FILTER, "-T", "fields", "-E", "occurrence=l"]
        rows = self._rows([*options, "-e", "tcp.stream", "-e", "tcp.dstport"])
        known = set(spoken)
        found = [line.split(b"\t") for line in rows.splitlines()]
        ports = [int(port) for stream, port in found if int(stream) not in known]
        return tuple(dict.fromkeys(ports))[:_MOST_PORTS]

    def read_as_tls(self, ports: Iterable[int]) -> None:
        """From now on these TCP ports are decoded as TLS; what was read before is forgotten."""
        self._tls_ports = tuple(dict.fromkeys((*self._tls_ports, *ports)))
        self._forget()

    def wait_for_late_segments(self, wait: bool) -> None:
        """Whether late segments are put in their places, or taken as they come.

        Taken as they come, a segment that never came hides less after it.
        """
        if wait != self._out_of_order:
            self._out_of_order = wait
            self._forget()

    def _forget(self) -> None:
        if self._eager is not None:
            self._eager.result()
            self._eager = None
        self._columns.clear()
        self._trees.clear()
        self._dumps.clear()

    def selected(self, display_filter: str) -> tuple[bytes, tuple[int, ...]]:
        """A pcapng with only the packets that a display filter selects, and their numbers.

        IP fragments that one of them was put together from are among them. Raises LabsharkError
        as `columns` does.
        """
        fields = [word for name in _FRAGMENT_FIELDS for word in ("-e", name)]
        rows = self._rows(["-Y", display_filter, "-T", "fields", *fields])
        fragments = sorted({int(number) for number in rows.replace(b",", b" ").split()})
        if fragments:
            display_filter = f"({display_filter}) || frame.number in {{{_ranges(fragments)}}}"
        # In one pass: in two, tshark writes packets of its own choice beside those selected.
        chosen = ["-Y", display_filter]
        listing = self._pass([*chosen, "-T", "fields", "-e", "frame.number"], passes=1)
        rows, ending = listing.output()
        self._judged(ending)
        writing = self._pass([*chosen, "-F", "pcapng", "-w", "-"], passes=1)
        capture, ending = writing.output()
        self._judged(ending)
        return capture, tuple(map(int, rows.split()))

    def key_material(self) -> bytes:
        """The key log's lines: of the file given and of the keys in the capture."""
        given = self.keylog.read_bytes() if self.keylog is not None else b""
        if not self.container.embedded_keys:
            return given
        return given + b"\n" + embedded_keylog(self._plain)

    def default_view(self, display_filter: str) -> dict[int, tuple[str, ...]]:
        """What Wireshark shows without our setting for out-of-order segments.

        By packet number, the handshake message types that it shows complete in that packet.
        """
        options = ["-Y", display_filter, "-T", "fields", "-E", f"aggregator={AGGREGATOR}"]
        options += ["-e", "frame.number", "-e", "tls.handshake.type"]
        rows = self._rows(options, out_of_order=False)
        cells = [line.split("\t") for line in rows.decode("utf-8", "replace").splitlines()]
        return {int(n): tuple(types.split(AGGREGATOR)) for n, types in cells if types}

    def matching(self, display_filter: str) -> tuple[int, ...]:
        """The packets that a display filter selects, by Wireshark's own judgement.

        Raises LabsharkError `tshark-failed` when tshark refuses the filter.
        """
        options = ["-Y", display_filter, "-T", "fields", "-e", "frame.number"]
        return tuple(map(int, self._rows(options).split()))

    # ---- one run of tshark

    def _rows(self, options: Sequence[str], *, out_of_order: bool = True) -> bytes:
        rows, ending = self._pass(options, out_of_order=out_of_order).output()
        self._judged(ending)
        return rows

    def _pass(
        self,
        options: Sequence[str],
        *,
        out_of_order: bool = True,
        limits: Limits | None = None,
        passes: Literal[1, 2] = 2,
    ) -> TsharkPass:
        arguments = ["-n", *(["-2"] if passes == 2 else [])]
        arguments += ["-X", f"read_format:{READ_FORMATS[self.container.kind]}"]
        for preference in (*PREFERENCES, _in_order(out_of_order and self._out_of_order)):
            arguments += ["-o", preference]
        files = {"capture": self._plain}
        if self.keylog is not None:
            arguments += ["-o", "tls.keylog_file:{keylog}"]
            files["keylog"] = self.keylog
        for port in self._tls_ports:
            arguments += ["-d", f"tcp.port=={port},tls"]
        words = (*arguments, "-r", "{capture}", *options)
        command = Command(self._tshark, words, files, limits or self._limits)
        run = TsharkPass(self._plain, invocation(command, self._configuration))
        self._passes.append(run)
        return run

    # ---- what the reader should know

    @property
    def packets(self) -> int:
        """Packets that tshark read: all of them, or those before the damage."""
        return self.container.packets if self._packets_read is None else self._packets_read

    @property
    def whole(self) -> bool:
        """Whether the capture could be read to its end."""
        return self._judgement.outcome is Outcome.WHOLE and self.container.whole

    @property
    def warnings(self) -> tuple[Warning, ...]:
        """What the reader should know of the capture and of how it was read."""
        return tuple(self._warnings())

    def _warnings(self) -> Iterator[Warning]:
        yield from self._gaps()
        if self._tls_ports:
            ports = ", ".join(map(str, self._tls_ports))
            yield _warning("decoded-as-tls", ports=ports)
        if self._judgement.dissector_bug:
            yield _warning("tshark-dissector-bug")
        if known_bad(self.tshark_version):
            yield _warning("tshark-known-bad", version=shown_version(self.tshark_version))
        if bubblewrap() is None:
            yield _warning("sandbox-absent")

    def _gaps(self) -> Iterator[Warning]:
        read, outcome = self.packets, self._judgement.outcome
        if outcome is Outcome.DAMAGED or self.container.damaged:
            yield _warning("capture-damaged", read=read)
        elif outcome is Outcome.CUT_SHORT or not self.container.whole:
            yield _warning("capture-cut-short", read=read)
        elif self.container.unfinished:
            yield _warning("capture-unfinished")
        if self.container.cut_packets:
            yield _warning("capture-snap-length", cut=self.container.cut_packets, read=read)

    def close(self) -> None:
        """Ends runs that are under way and lets go of the capture."""
        for run in self._passes:
            run.stop()
        self._workers.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def open_trace(
    path: Path,
    keylog: Path | None = None,
    limits: Limits = STANDARD_LIMITS,
    called: str | None = None,
) -> Iterator[Trace]:
    """Opens a capture for reading; `keylog` is an NSS key log to decrypt it with.

    `called` is the name that outputs and messages give the capture, where that is not the path's.

    Raises LabsharkError with a `capture-…` slug when the file cannot be used, `keylog-…` when the
    key log cannot, `tshark-missing` where there is no tshark.
    """
    with contextlib.ExitStack() as stack:
        # Two short waits at once: for the sandbox and for the file's hash.
        workers = stack.enter_context(ThreadPoolExecutor(max_workers=1))
        tshark = find_program("tshark")
        workers.submit(bubblewrap)
        file = stack.enter_context(let_in(path, called))
        if keylog is not None:
            keylog = stack.enter_context(let_in_keylog(keylog))
        folder = stack.enter_context(private_folder())
        trace = Trace(file, keylog, limits, folder, tshark)
        stack.callback(trace.close)
        yield trace


def _warning(slug: str, **values: object) -> Warning:
    return Warning(slug, _WARNINGS[slug].filled(**values))


_WARNINGS = {
    "capture-cut-short": Text(
        "抓包文件在第 {read} 个数据包之后中断；前 {read} 个数据包都已使用。",
        "The capture is cut short after packet {read}; the {read} packets before that are used.",
    ),
    "capture-unfinished": Text(
        "文件缺少 dumpcap 写在末尾的结束标记：它是用别的工具另存的，或者抓包程序中断了，"
        "那样末尾可能缺少数据包。",
        "The file lacks the end mark that dumpcap writes: it was saved anew by another tool, or "
        "the recorder was cut off, and then packets may be missing at its end.",
    ),
    "capture-damaged": Text(
        "抓包文件在第 {read} 个数据包之后损坏；前 {read} 个数据包都已使用。",
        "The capture is damaged after packet {read}; the {read} packets before that are used.",
    ),
    "capture-snap-length": Text(
        "{read} 个数据包中有 {cut} 个在抓包时只保留了前一部分字节（snap length）。",
        "Of {cut} of the {read} packets only the first bytes were kept (snap length).",
    ),
    "decoded-as-tls": Text(
        "端口 {ports} 上是 TLS，但 Wireshark 默认把它当作别的协议；在 Wireshark 中请用"
        "“解码为…”（Decode As…）把这个端口设为 TLS，才能看到同样的内容。",
        "Port {ports} carries TLS, which Wireshark takes for another protocol by default; there, "
        "use Decode As… on that port to see the same.",
    ),
    "tshark-dissector-bug": Text(
        "tshark 报告解析某个数据包时出错；该数据包的细节可能不完整。",
        "tshark reports a fault of its own in dissecting a packet; its details may be incomplete.",
    ),
    "tshark-known-bad": Text(
        "tshark {version} 的 TLS 解析器有已公布的漏洞（CVE-2026-5402）："
        "请升级到 4.6.5 或更高版本。",
        "tshark {version} has a published hole in its TLS dissector (CVE-2026-5402): upgrade to "
        "4.6.5 or later.",
    ),
    "sandbox-absent": Text(
        "此系统上没有可用的沙箱（bubblewrap）；tshark 仅受资源和时间限制。",
        "There is no working sandbox (bubblewrap) on this system; tshark runs with limits of "
        "resources and time only.",
    ),
}
