"""Capture files of every kind: cut, late, compressed, with keys, comments, several interfaces."""

import gzip
import struct
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from authority import Issued, chain
from files import embed_keys, keep_packets, rewrite_section
from network import Host, Link
from openssl import FIRST_DATA, Told, ask, serve
from scene import Scene, scene
from truth import Value, with_and_without, write_ends

SCRIPT = "make/containers.py"
HOST = "www.reading.example"
COMMENT = "图书馆二楼抓的包 <b>loan desk</b>\nsecond line"


def main() -> None:
    with scene("files") as here:
        certificates = chain(HOST, 3, authority_name="Reading")
        snapped(here, certificates)
        late(here, certificates)
        cut_short(here, certificates)
        other_formats(here, certificates)
        several_interfaces(here, certificates)
        commented(here, certificates)
        with_keys_inside(here, certificates)
        compressed(here, certificates)
        two_sections(here, certificates)
        padded(here, certificates)
        swapped(here, certificates)


def session(
    here: Scene, name: str, option: str, certificates: Sequence[Issued], *,
    options: Sequence[str] = (), program: str = "dumpcap", host: Host | None = None,
    interface: str | None = None,
) -> tuple[Path, Path, Told]:  # fmt: skip
    """Record one session; its keys go to the capture's key log."""
    server = serve(here, option, certificates=certificates, sessions=1)
    with here.record(name, options=options, program=program, host=host,
                     interface=interface) as capture:  # fmt: skip
        keylog = here.keylog(capture)
        told = ask(here, option, keylog=keylog)
    server.end()
    return capture, keylog, told


def snapped(here: Scene, certificates: Sequence[Issued]) -> None:
    for option, size in (("-tls1_2", 96), ("-tls1_3", 300)):
        version = f"TLS 1.{option[-1]}"
        capture, keylog, told = session(
            here, f"tls1{option[-1]}-snap-length-{size}.pcapng", option, certificates,
            options=["-s", str(size)],
        )  # fmt: skip
        # In TLS 1.2 hardly anything is left that keys could open.
        keys = keylog if option == "-tls1_3" else None
        if keys is None:
            keylog.unlink()
        write(capture, keys, told, f"{version}，每个包只留前 {size} 字节。",
              f"{version}, only the first {size} bytes of every packet were kept.")  # fmt: skip


def late(here: Scene, certificates: Sequence[Issued]) -> None:
    """The capture begins when the handshake is long over."""
    for option in ("-tls1_2", "-tls1_3"):
        version = f"TLS 1.{option[-1]}"
        server = serve(here, option, certificates=certificates, sessions=1, answer=["-rev"])
        said: list[Told] = []
        keys = here.work / f"late{option}.keys"

        def run(option: str = option, said: list[Told] = said, keys: Path = keys) -> None:
            more = [(1.8, b"Is the reading room open?\n")]
            said.append(ask(here, option, keylog=keys, hold=2.4, later=more))

        thread = threading.Thread(target=run)
        thread.start()
        time.sleep(0.7)
        with here.record(f"tls1{option[-1]}-captured-late.pcapng") as capture:
            thread.join()
        server.end()
        known = said[0].facts()
        seen = {key: known[key] for key in ("transport", "client", "server", "client_alerts")}
        write_known(capture, [({}, seen)], f"{version}，开始抓包时握手早已结束。",
                    f"{version}, the capture begins when the handshake is long over.")  # fmt: skip
    capture, keylog, told = session(here, "tls12-captured-from-server-hello-on.pcapng", "-tls1_2",
                                    certificates)  # fmt: skip
    keylog.unlink()
    keep_packets(capture, lambda number, _: number > 5)
    write(capture, None, told, "TLS 1.2，从 Server Hello 开始抓到。",
          "TLS 1.2, the capture begins with the Server Hello.")  # fmt: skip


def cut_short(here: Scene, certificates: Sequence[Issued]) -> None:
    """Files whose end is missing, as after a full disk or a broken download."""
    rows: list[tuple[str, str, str, int, str, str]] = [
        ("tls12-file-cut-short.pcapng", "-tls1_2", "dumpcap", 8,
         "TLS 1.2，文件在第 8 个包中间断了。",
         "TLS 1.2, the file breaks off within packet 8."),
        ("tls12-file-cut-late.pcap", "-tls1_2", "tcpdump", 17,
         "TLS 1.2，文件（pcap）在第 17 个包中间断了。",
         "TLS 1.2, the file (pcap) breaks off within packet 17."),
        ("tls13-file-cut-short.pcapng", "-tls1_3", "dumpcap", 12,
         "TLS 1.3，文件在第 12 个包中间断了。",
         "TLS 1.3, the file breaks off within packet 12."),
    ]  # fmt: skip
    for name, option, program, packet, zh, en in rows:
        more = ["tcp"] if program == "tcpdump" else []
        capture, keylog, told = session(here, name, option, certificates, program=program,
                                        options=more)  # fmt: skip
        data = capture.read_bytes()
        starts = pcap_packets(data) if program == "tcpdump" else pcapng_packets(data)
        capture.write_bytes(data[: starts[packet - 1] + 45])
        known = told.facts(resumed="no", first_data=FIRST_DATA)
        write_known(capture, [({}, known)] if option == "-tls1_2" else [
            ({}, known), ({"keylog": keylog.name}, known)], zh, en)  # fmt: skip
        if option == "-tls1_2":
            keylog.unlink()


def pcapng_packets(data: bytes) -> list[int]:
    """Where the packet blocks of a little-endian pcapng file begin."""
    starts, offset = [], 0
    while offset < len(data):
        kind, size = struct.unpack_from("<II", data, offset)
        starts += [offset] if kind == 6 else []
        offset += size
    return starts


def pcap_packets(data: bytes) -> list[int]:
    """Where the packets of a little-endian pcap file begin."""
    starts, offset = [], 24
    while offset < len(data):
        starts.append(offset)
        offset += 16 + struct.unpack_from("<I", data, offset + 8)[0]
    return starts


def other_formats(here: Scene, certificates: Sequence[Issued]) -> None:
    capture, keylog, told = session(
        here, "tls12-nanoseconds.pcap", "-tls1_2", certificates, program="tcpdump",
        options=["--time-stamp-precision=nano", "tcp"],
    )  # fmt: skip
    write(capture, keylog, told, "TLS 1.2，时间精确到纳秒的 pcap。",
          "TLS 1.2, a pcap with times in nanoseconds.")  # fmt: skip
    capture, keylog, told = session(
        here, "tls13-big-endian.pcap", "-tls1_3", certificates, program="tcpdump", options=["tcp"]
    )
    capture.write_bytes(big_endian(capture.read_bytes()))
    write(capture, keylog, told, "TLS 1.3，大端序的 pcap（由小端序改写）。",
          "TLS 1.3, a big-endian pcap (made of a little-endian one).")  # fmt: skip


def big_endian(data: bytes) -> bytes:
    """The same pcap file as a big-endian machine writes it."""
    out = struct.pack(">IHHiIII", *struct.unpack_from("<IHHiIII", data))
    for start in pcap_packets(data):
        header = struct.unpack_from("<IIII", data, start)
        out += struct.pack(">IIII", *header) + data[start + 16 : start + 16 + header[2]]
    return out


def several_interfaces(here: Scene, certificates: Sequence[Issued]) -> None:
    capture, keylog, told = session(
        here, "tls12-two-interfaces.pcapng", "-tls1_2", certificates, interface="lo",
        options=["-f", "tcp", "-i", "eth0", "-f", "tcp"],
    )  # fmt: skip
    write(capture, keylog, told, "TLS 1.2，同时抓 lo 和 eth0，会话在第二个接口上。",
          "TLS 1.2, two interfaces captured (lo, eth0); the session is on the second.")  # fmt: skip
    router = Host(here.network, "router", "eth1", b"")
    capture, keylog, told = session(
        here, "tls13-both-sides-of-a-router.pcapng", "-tls1_3", certificates, host=router,
        interface="eth1", options=["-f", "tcp", "-i", "eth2", "-f", "tcp"],
    )  # fmt: skip
    write(
        capture,
        keylog,
        told,
        "TLS 1.3，在路由器的两个接口上抓：每个包出现两次，MAC 不同。",
        "TLS 1.3, both interfaces of a router: every packet twice, with other MAC addresses.",
    )


def commented(here: Scene, certificates: Sequence[Issued]) -> None:
    capture, keylog, told = session(here, "tls12-comments.pcapng", "-tls1_2", certificates)
    commented_file = here.work / "commented.pcapng"
    subprocess.run(
        ["editcap", "-a", "4:这里是 Client Hello", "-a", "6:<script>alert(1)</script>",
         str(capture), str(commented_file)],
        check=True, capture_output=True,
    )  # fmt: skip
    capture.write_bytes(commented_file.read_bytes())
    rewrite_section(capture, comment=COMMENT, application="Dumpcap (Wireshark) 4.0.17")
    write(
        capture,
        keylog,
        told,
        "TLS 1.2，文件和两个包带注释（中文、HTML 标记、换行）。",
        "TLS 1.2, comments on the file and on two packets (Chinese, HTML tags, a line break).",
    )


def with_keys_inside(here: Scene, certificates: Sequence[Issued]) -> None:
    """The key log inside the file, so that the questions are put with the keys alone."""
    for option in ("-tls1_2", "-tls1_3"):
        version = f"TLS 1.{option[-1]}"
        capture, keylog, told = session(
            here, f"tls1{option[-1]}-keys-inside.pcapng", option, certificates
        )
        inside = embed_keys(capture, keylog, here.work / "inside.pcapng")
        capture.write_bytes(inside.read_bytes())
        keylog.unlink()
        write(capture, None, told, f"{version}，密钥在文件里（DSB）。",
              f"{version}, the keys are inside the file (a decryption secrets block).")  # fmt: skip


def compressed(here: Scene, certificates: Sequence[Issued]) -> None:
    rows: list[tuple[str, str, str, str, str]] = [
        ("tls13-gzip.pcapng", "-tls1_3", "dumpcap", "TLS 1.3，gzip 压缩的 pcapng。",
         "TLS 1.3, a pcapng file compressed with gzip."),
        ("tls12-gzip.pcap", "-tls1_2", "tcpdump", "TLS 1.2，gzip 压缩的 pcap。",
         "TLS 1.2, a pcap file compressed with gzip."),
    ]  # fmt: skip
    for name, option, program, zh, en in rows:
        more = ["tcp"] if program == "tcpdump" else []
        plain, keylog, told = session(here, name, option, certificates, program=program,
                                      options=more)  # fmt: skip
        capture = plain.with_name(plain.name + ".gz")
        capture.write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
        plain.unlink()
        write(capture, keylog, told, zh, en)


def two_sections(here: Scene, certificates: Sequence[Issued]) -> None:
    """Two pcapng files one after the other: packet numbers go on, interfaces begin anew."""
    first, keylog, told = session(here, "two-sections.pcapng", "-tls1_2", certificates)
    other = chain("catalogue.reading.example", 2, key="p256", authority_name="Reading")
    server = serve(here, "-tls1_3", certificates=other, sessions=1)
    with here.record("second-section.pcapng") as second:
        later = ask(here, "-tls1_3", keylog=keylog, name="catalogue.reading.example")
    server.end()
    first.write_bytes(first.read_bytes() + second.read_bytes())
    second.unlink()
    one, two = (t.facts(resumed="no", first_data=FIRST_DATA) for t in (told, later))
    sessions: list[tuple[Mapping[str, Value], Mapping[str, Value]]] = [
        ({}, one), ({"host": "catalogue.reading.example"}, two),
    ]  # fmt: skip
    cases = with_and_without(keylog, *sessions)
    write_ends(
        first, script=SCRIPT, facts=one, cases=cases, known_from=KNOWN,
        zh="两个 pcapng 文件首尾相接（两个 section）：先 TLS 1.2，再 TLS 1.3。",
        en="Two pcapng files in one (two sections): TLS 1.2, then TLS 1.3.",
    )  # fmt: skip


def padded(here: Scene, certificates: Sequence[Issued]) -> None:
    """Short frames come padded to Ethernet's least length of 60 bytes."""
    assert here.laptop.port
    usual = here.laptop.port.link
    link = Link(delay=usual.delay)
    link.tamper = lambda direction, frame: [(0.0, frame.ljust(60, b"\0"))]
    here.laptop.port.link = link
    here.laptop.setting("net.ipv4.tcp_timestamps", "0")
    capture, keylog, told = session(here, "tls12-ethernet-padding.pcapng", "-tls1_2", certificates)
    here.laptop.port.link = usual
    here.laptop.setting("net.ipv4.tcp_timestamps", "1")
    write(capture, keylog, told, "TLS 1.2，短帧按以太网的规矩填充到 60 字节。",
          "TLS 1.2, short frames are padded to 60 bytes, as Ethernet wants.")  # fmt: skip


def swapped(here: Scene, certificates: Sequence[Issued]) -> None:
    """Packets in the file in another order than they came, as machines of many cores write them."""
    for name, first, zh, en in (
        ("tls12-syn-after-its-answer", 1, "文件里 SYN/ACK 排在 SYN 前面。",
         "the SYN/ACK is ahead of the SYN in the file."),
        ("tls12-hello-after-its-acknowledgement", 4, "文件里 Client Hello 排在对它的确认后面。",
         "the Client Hello comes after its acknowledgement in the file."),
    ):  # fmt: skip
        capture, keylog, told = session(here, f"{name}.pcapng", "-tls1_2", certificates)
        data = capture.read_bytes()
        starts = [*pcapng_packets(data), len(data)]
        one, two, end = starts[first - 1 : first + 2]
        capture.write_bytes(data[:one] + data[two:end] + data[one:two] + data[end:])
        write(capture, keylog, told, f"TLS 1.2，{zh}", f"TLS 1.2, {en}")


KNOWN = "the command lines, `openssl s_client -trace`"


def write(capture: Path, keylog: Path | None, told: Told, zh: str, en: str) -> None:
    known = told.facts(resumed="no", first_data=FIRST_DATA)
    cases = with_and_without(keylog, ({}, known))
    write_ends(capture, zh=zh, en=en, script=SCRIPT, facts=known, known_from=KNOWN, cases=cases)


def write_known(
    capture: Path, sessions: Sequence[tuple[Mapping[str, Value], Mapping[str, Value]]], zh: str,
    en: str,
) -> None:  # fmt: skip
    write_ends(
        capture, zh=zh, en=en, script=SCRIPT, facts=sessions[0][1], known_from=KNOWN,
        cases=with_and_without(None, *sessions),
    )  # fmt: skip


if __name__ == "__main__":
    main()
