"""OpenSSL's own programs as server and client, and what their `-trace` output says of a session."""

import re
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from authority import Issued, write_server_files
from cryptography import x509
from ends import certificate_facts, common_name
from network import Host
from scene import Scene
from truth import Value, with_and_without, write_ends

RETRY_RANDOM = "CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C".lower()
VERSIONS = {
    "0x300": "SSL 3.0", "0x301": "TLS 1.0", "0x302": "TLS 1.1", "0x303": "TLS 1.2",
    "0x304": "TLS 1.3",
}  # fmt: skip
# Alerts that OpenSSL 3.0 has no name for in its trace.
NAMELESS = {
    "86": "inappropriate_fallback", "116": "certificate_required", "120": "no_application_protocol",
}  # fmt: skip
PAGE = "<!doctype html><title>Reading room</title><h1>Reading room</h1><p>Open from 8 to 22.\n"
REQUEST = b"GET /index.html HTTP/1.0\r\n\r\n"
FIRST_DATA = "GET /index.html HTTP/1.0"


@dataclass(slots=True)
class Server:
    """A running `openssl s_server`; `trace` is what it says, `end` stops it."""

    process: subprocess.Popen[bytes]
    trace: Path
    log: Path
    leaves: bool = False

    def end(self) -> None:
        """End it; one that leaves on its own gets the time to write what it has to say."""
        try:
            self.process.wait(5 if self.leaves else 0)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            self.process.wait(10)

    def told(self) -> "Told":
        """What the server says of the one session that it had."""
        return Told(self.trace.read_text(errors="replace"), "server")

    @contextmanager
    def typing(self, *lines: tuple[float, bytes]) -> Iterator[None]:
        """Type on the server's input (made with `stdin=PIPE`): `(seconds after the request, line)`.

        The server must be one that shows what it receives (without `-WWW`).
        """
        thread = threading.Thread(target=self._type, args=[lines])
        thread.start()
        yield
        thread.join()

    def _type(self, lines: Sequence[tuple[float, bytes]]) -> None:
        assert self.process.stdin
        while self.process.poll() is None and b"GET " not in self.log.read_bytes():
            time.sleep(0.02)
        begin = time.monotonic()
        for delay, line in lines:
            time.sleep(max(0.0, begin + delay - time.monotonic()))
            self.process.stdin.write(line)
            self.process.stdin.flush()


def serve(
    scene: Scene,
    *options: str,
    certificates: Sequence[Issued] = (),
    send: int | None = None,
    port: int = 443,
    answer: Sequence[str] = ("-WWW",),
    host: Host | None = None,
    stem: str = "server",
    bind: str = "*",
    stdin: int = subprocess.DEVNULL,
    sessions: int = 0,
) -> Server:
    """Start `openssl s_server` with these certificates, of which it sends the first `send`.

    It answers HTTP requests with the files of the work folder (`-WWW`) unless told otherwise, and
    leaves after so many `sessions`; only then is its trace whole.
    """
    (scene.work / "index.html").write_text(PAGE)
    # A name of its own for each, so that the output of an earlier server stays.
    label = f"{stem}-{port}-{len(scene.network.processes)}"
    trace, log = scene.work / f"{label}.trace", scene.work / f"{label}.log"
    # The port alone makes s_server listen on both address families.
    accept = str(port) if bind == "*" else f"{bind}:{port}"
    command = ["env", "-C", str(scene.work), "openssl", "s_server", "-accept", accept, "-trace",
               "-msgfile", str(trace), *answer, *options]  # fmt: skip
    if sessions:
        command += ["-naccept", str(sessions)]
    if certificates:
        command += identity(scene.work, label, certificates, send)
    else:
        command += ["-nocert"]
    process = (host or scene.server).start(command, ports=[port], log=log, stdin=stdin)
    return Server(process, trace, log, leaves=sessions > 0)


def identity(
    work: Path, stem: str, certificates: Sequence[Issued], send: int | None = None
) -> list[str]:
    """Options that give a program of OpenSSL a certificate, its key and the chain to send."""
    chain, key = write_server_files(work, stem, certificates, send)
    options = ["-cert", str(chain), "-key", str(key)]
    rest = certificates[1:send]
    if rest:
        others = work / f"{stem}.chain"
        others.write_bytes(b"".join(item.certificate_pem() for item in rest))
        options += ["-cert_chain", str(others)]
    return options


@dataclass(slots=True)
class Told:
    """A session as one end's `-trace` tells it; `side` is whose. `output` is the rest it said.

    `ends` are the facts client, server and server_name, which the command line gave.
    """

    text: str
    side: str
    output: str = ""
    ends: Mapping[str, Value] = field(default_factory=dict)

    def sent_by(self, side: str) -> Iterator[str]:
        """The records of one side, each with the messages in it."""
        wanted = "Sent" if side == self.side else "Received"
        pieces = re.split(r"^(Sent|Received) Record$", self.text, flags=re.M)
        for way, piece in zip(pieces[1::2], pieces[2::2], strict=True):
            if way == wanted:
                yield piece

    def messages(self, side: str, name: str) -> list[str]:
        """The text of every handshake message of this name, from its name to the next message."""
        found = []
        for piece in self.sent_by(side):
            parts = re.split(r"^    (?=[A-Z]\w+, Length=\d+$)", piece, flags=re.M)
            found += [part for part in parts if part.startswith(f"{name}, ")]
        return found

    def alerts(self, side: str) -> list[str]:
        """The descriptions of a side's alerts, in the registry's spelling."""
        return [
            NAMELESS.get(code, name.replace(" ", "_").lower())
            for piece in self.sent_by(side)
            for name, code in re.findall(
                r"^ +Level=.*description=(.*)\((\d+)\)$", piece, flags=re.M
            )
        ]

    def certificates(self, side: str) -> list[x509.Certificate] | None:
        """The certificates of a side's first Certificate message; None without one."""
        found = self.messages(side, "Certificate")
        if not found:
            return None
        blocks = re.findall(r"-----BEGIN.*?END CERTIFICATE-----", found[0], flags=re.S)
        return [x509.load_pem_x509_certificate(block.encode()) for block in blocks]

    def facts(self, **more: Value) -> dict[str, Value]:
        """The facts of a truth file that the trace tells; `more` are added, or replace some."""
        found: dict[str, Value] = {"transport": "tcp", **self.ends}
        hello = self.messages("client", "ClientHello")[0]
        found["offered"] = int(_in(r"cipher_suites \(len=(\d+)\)", hello)) // 2
        found["client_random"] = _random(hello)
        found["early_data"] = "extension_type=early_data(42)" in hello
        answers = self.messages("server", "ServerHello")
        final = [answer for answer in answers if _random(answer) != RETRY_RANDOM]
        if final:
            found["server_random"] = _random(final[0])
            found["version"] = _version(final[0])
            found["suite"] = _in(r"cipher_suite \{.*\} (\w+)", final[0])
            found["retry"] = len(final) < len(answers)
        sent = self.certificates("server")
        if sent:
            found |= certificate_facts(sent)
        if final and (self.messages("server", "Finished")):
            found["client_certificate"] = self._client_certificate()
        found["client_alerts"] = self.alerts("client")
        found["server_alerts"] = self.alerts("server")
        return found | more

    def _client_certificate(self) -> str:
        sent = self.certificates("client")
        if sent is None:
            return "none asked"
        return common_name(sent[0].subject) if sent else "empty"


def ask(
    scene: Scene,
    *options: str,
    server: str = "198.51.100.10",
    port: int = 443,
    name: str | None = "www.reading.example",
    request: bytes = REQUEST,
    keylog: Path | None = None,
    host: Host | None = None,
    local: str = "192.0.2.23",
    local_port: int | None = None,
    wait: float = 6.0,
    hold: float = 0.0,
    later: Sequence[tuple[float, bytes]] = (),
    check: bool = True,
) -> Told:
    """One session of `openssl s_client`: the request, the answer, the end.

    The client ends `hold` seconds after the request, or else when the server does, which `wait`
    bounds; `later` is typed on its input, (seconds after the request, line) each.
    """
    chosen = local_port or next(scene.ports)
    own = f"[{local}]:{chosen}" if ":" in local else f"{local}:{chosen}"
    there = f"[{server}]:{port}" if ":" in server else f"{server}:{port}"
    trace = scene.work / f"client-{chosen}.trace"
    command = ["openssl", "s_client", "-connect", there, "-bind", own, "-trace",
               "-msgfile", str(trace), *options]  # fmt: skip
    command += ["-servername", name] if name else ["-noservername"]
    if keylog:
        command += ["-keylogfile", str(keylog)]
    where = host or scene.laptop
    process = subprocess.Popen(
        where._inside(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    scene.network.processes.append(process)
    assert process.stdin
    if request:
        try:
            process.stdin.write(request)
            process.stdin.flush()
        except BrokenPipeError:
            pass
    begin = time.monotonic()
    for delay, line in later:
        time.sleep(max(0.0, begin + delay - time.monotonic()))
        process.stdin.write(line)
        process.stdin.flush()
    deadline = begin + (hold or wait)
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    output = process.communicate(timeout=10)[0].decode(errors="replace")
    if check and process.returncode != 0:
        raise subprocess.SubprocessError(f"s_client ended with {process.returncode}: {output}")
    ends = {"client": own, "server": there, "server_name": name or ""}
    return Told(trace.read_text(errors="replace"), "client", output, ends)


def capture_session(
    scene: Scene,
    name: str,
    *,
    zh: str,
    en: str,
    script: str,
    serving: Sequence[str] = (),
    asking: Sequence[str] = (),
    certificates: Sequence[Issued] = (),
    send: int | None = None,
    keys: bool = False,
    hold: float = 0.0,
    server_name: str | None = "www.reading.example",
    check: bool = True,
    record: Mapping[str, Any] | None = None,
    **facts: Value | None,
) -> Path:
    """Record one session of s_client with s_server and write what both said; gives the capture.

    With `keys` the key log is kept beside it and every question is put with it, too. `record` are
    arguments of `Scene.record`; `facts` are added to those of the traces, None takes one away.
    """
    server = serve(scene, *serving, certificates=certificates, send=send, sessions=1)
    with scene.record(name, **(record or {})) as capture:
        keylog = scene.keylog(capture) if keys else None
        told = ask(scene, *asking, name=server_name, keylog=keylog, hold=hold, check=check)
    server.end()
    # A client that ends first does not hear the server's closing.
    alerts = server.told().alerts("server")
    given = {"resumed": "no", "first_data": FIRST_DATA, "server_alerts": alerts, **facts}
    known = told.facts(**{key: value for key, value in given.items() if value is not None})
    for key, heard in (("client_alerts", told.alerts("client")), ("server_alerts", alerts)):
        if known[key] != heard:
            raise RuntimeError(f"{name}: {key} are {heard}, not {known[key]}")
    write_ends(
        capture, zh=zh, en=en, script=script, facts=known,
        known_from="the command lines, `openssl s_client -trace`",
        cases=with_and_without(keylog, ({}, known)),
    )  # fmt: skip
    return capture


def _in(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise ValueError(f"no {pattern!r} in the trace: {text[:200]}")
    return match[1]


def _random(hello: str) -> str:
    time_part = _in(r"gmt_unix_time=0x([0-9A-F]{8})", hello)
    return (time_part + _in(r"random_bytes \(len=28\): ([0-9A-F]{56})", hello)).lower()


def _version(hello: str) -> str:
    chosen = re.search(r"=supported_versions\(43\), length=2\n +(.*) \(\d+\)", hello)
    if chosen:
        return chosen[1]
    return VERSIONS[_in(r"server_version=(0x\w+)", hello)]
