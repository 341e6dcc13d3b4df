"""The visit by curl."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from report.capture.programs import all_found
from report.errors import LabsharkError
from report.recording.visit import (
    Order,
    Visit,
    await_end,
    client,
    environment,
    last_words,
    logged,
)
from report.text import Text

SECONDS = 60
"""How long a fetch may take unless the user says otherwise."""
_CONNECT_SECONDS = 15

# curls that log the keys of every version stand before the system's own, which do not.
_FOLDERS = {
    "darwin": ("/opt/homebrew/opt/curl/bin", "/usr/local/opt/curl/bin"),
    "win32": (
        r"C:\Program Files\Git\mingw64\bin",
        os.environ.get("SYSTEMROOT", r"C:\Windows") + r"\System32",
    ),
}
_LOGS_KEYS = re.compile(r"(?<![\w(])(OpenSSL|quictls|BoringSSL|AWS-LC|GnuTLS)\b")
"""LibreSSL's curl logs no secrets of TLS 1.3, Schannel's and Secure Transport's none at all
(everything.curl.dev, SSLKEYLOGFILE). In parentheses stand backends that are not in use."""


@dataclass(frozen=True, slots=True)
class Curl:
    """A curl of this system."""

    path: Path
    version: str
    """The first line of `curl --version`."""

    @property
    def logs_keys(self) -> bool:
        """Whether its TLS library writes key logs for every version of TLS."""
        return _LOGS_KEYS.search(self.version) is not None


def find_curl() -> Curl:
    """The first curl that logs keys, else the first; never one from the current folder.

    Raises LabsharkError `curl-missing`.
    """
    folders = map(Path, _FOLDERS.get(sys.platform, ()))
    return chosen(Curl(path, _version(path)) for path in all_found("curl", folders))


def chosen(found: Iterable[Curl]) -> Curl:
    """Of several curls the one to use; raises LabsharkError `curl-missing` where there is none.

    No more of `found` are asked for than it takes: curl looks up this machine's name before it
    says its version, which takes seconds where no name server answers.
    """
    second_best = None
    for curl in found:
        if not curl.version.startswith("curl "):
            continue
        if curl.logs_keys:
            return curl
        second_best = second_best or curl
    if second_best is None:
        raise LabsharkError("curl-missing")
    return second_best


def fetch(curl: Curl, order: Order, folder: Path, over: Callable[[], bool]) -> Visit:
    """Fetches the target once, unless `over` says before that it is enough.

    `folder` is private and takes what curl writes.
    """
    keylog = folder / "keys.log" if order.keys else None
    with client(words(curl, order), keylog, folder) as process:
        code = await_end(process, over)
    round_trip, redirect = _written((folder / "client.out").read_text("utf-8", "replace"))
    return Visit(
        _NO_KEYS,
        keylog=b"" if keylog is None else logged(keylog),
        failure=last_words(folder, code) if code else None,
        round_trip=round_trip,
        notes=(_REDIRECTED.filled(url=redirect),) if redirect else (),
    )


_NO_KEYS = Text(
    "curl 没有写出密钥，因此文件里没有密钥：请安装使用 OpenSSL 的 curl（macOS：brew install curl；"
    "Windows：Git 自带），或加 --browser 用浏览器录制。",
    "curl wrote no keys, so there are none in the file: install a curl that uses OpenSSL (macOS: "
    "brew install curl; Windows: Git brings one), or record with --browser.",
)


def words(curl: Curl, order: Order) -> list[str]:
    """curl's command line.

    The user's .curlrc and proxies are left aside; the host's addresses are those that are
    recorded; what the server sends is thrown away. HTTP/1.1, because a lab asks for the first
    application data and for the closing alert: with HTTP/2 the former are settings and not the
    request, and curl leaves the latter out.
    """
    return [
        *(str(curl.path), "-q", "--silent", "--show-error", "--globoff"),
        *("--noproxy", "*", "--proto", "=https", "--http1.1", *_resolved(order)),
        *("--connect-timeout", str(_CONNECT_SECONDS)),
        *("--max-time", str(order.seconds or SECONDS)),
        *(("--tls-max", order.tls_max) if order.tls_max else ()),
        *("--output", os.devnull, "--write-out", r"%{time_connect}\t%{redirect_url}\n"),
        *("--url", order.target.url),
    ]


def _resolved(order: Order) -> tuple[str, ...]:
    target = order.target
    if target.is_address:
        return ()
    spelled = (f"[{a}]" if ":" in a else a for a in order.addresses)
    return ("--resolve", f"{target.host}:{target.port}:{','.join(spelled)}")


def _written(out: str) -> tuple[float, str]:
    connected, _, redirect = out.strip().partition("\t")
    try:
        return float(connected.replace(",", ".")), redirect.strip()
    except ValueError:
        return 0.0, ""


_REDIRECTED = Text(
    "服务器要求转到“{url}”；录制的是您给出的地址。需要目标页面时请录制新地址。",
    "The server sends its visitors on to “{url}”; what was recorded is the address you gave. "
    "Record that one if you want the page itself.",
)


def _version(path: Path) -> str:
    try:
        done = subprocess.run(
            [str(path), "-q", "--version"],
            capture_output=True,
            timeout=30,
            stdin=subprocess.DEVNULL,
            cwd=path.parent,
            env=environment(None),
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace").partition("\n")[0].strip()
