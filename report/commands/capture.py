"""`labshark capture`: step 1 of the lab, recording the session on the student's own machine."""

import errno
import os
import re
import sys
from collections.abc import Callable
from enum import StrEnum
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from report.capture.scratch import private_folder
from report.commands.options import Lang, LangOption, QuietOption, Screen
from report.errors import ExitCode, LabsharkError
from report.files import make_folder, write_to
from report.recording.browser import BrowserName, browse, find_browser
from report.recording.curl import fetch, find_curl
from report.recording.diagnosis import why_no_interface, why_nothing
from report.recording.dumpcap import Order as Recipe
from report.recording.dumpcap import find_dumpcap
from report.recording.enter import Attention
from report.recording.interfaces import interfaces_to, known_interfaces
from report.recording.interrupts import ended_in_order
from report.recording.session import Recorded, record
from report.recording.target import Target, addresses_of, capture_filter, parse_target
from report.recording.visit import Order, Visit
from report.text import Text

_BEGUN = Text(
    "正在接口 {names} 上录制：与 {host}（端口 {port}）的连接，以及本机的 DNS 查询和 80 端口的"
    " HTTP（据此判断是否联系了 CA）。",
    "Recording on {names}: the connections with {host}, port {port}, and this machine's DNS and "
    "plain HTTP (port 80), which show whether a CA is contacted.",
)
_LOOK = Text(
    "浏览器已打开（全新的临时配置，QUIC 已关闭）。网页显示出来之后，请在此按 Enter 结束录制。",
    "A browser opens (a fresh profile, without QUIC). Once the page is there, press Enter here to "
    "stop recording.",
)

Visitor = Callable[[Order, Path, Callable[[], bool]], Visit]

_LONGEST_SECONDS = 3600
_MARGIN_SECONDS = 60


class TlsMax(StrEnum):
    """The highest version of TLS to offer."""

    V12 = "1.2"
    V13 = "1.3"


class OptionalBrowser(TyperCommand):
    """Lets `--browser` stand without a name, which Typer's options cannot."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As Typer does, with the name filled in."""
        return super().parse_args(ctx, with_browser_named(args))


def with_browser_named(args: list[str]) -> list[str]:
    """`--browser` with no name behind it becomes `--browser auto`."""
    named: list[str] = []
    for word, following in zip_longest(args, args[1:], fillvalue=""):
        named.append(word)
        if word == "--browser" and not re.fullmatch("[A-Za-z]+", following):
            named.append(BrowserName.AUTO.value)
    return named


def capture(
    url: Annotated[str, typer.Argument(help="https://… to visit. 要访问的 https 地址。")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write. 输出文件。")
    ] = None,
    browser: Annotated[
        BrowserName | None,
        typer.Option("--browser", help="Visit by browser, not by curl. 用浏览器访问。"),
    ] = None,
    interface: Annotated[
        str | None, typer.Option("--interface", help="Record on this interface. 抓包接口。")
    ] = None,
    tls_max: Annotated[
        TlsMax | None, typer.Option("--tls-max", help="Highest TLS version. 最高 TLS 版本。")
    ] = None,
    seconds: Annotated[
        int | None,
        typer.Option("--seconds", min=1, max=_LONGEST_SECONDS, help="Stop after. 最长秒数。"),
    ] = None,
    no_keys: Annotated[
        bool, typer.Option("--no-keys", help="Record without keys. 不记录密钥。")
    ] = False,
    lang: LangOption = Lang.BOTH,
    quiet: QuietOption = False,
) -> None:
    """Records a visit to an https page, with its keys. 录制一次 https 访问及其密钥。"""
    screen = Screen(lang, quiet=quiet)
    target = parse_target(url)
    file = _place(out, target)
    visitor = _visitor(browser)
    dumpcap = find_dumpcap()
    addresses = addresses_of(target)
    interfaces = (interface,) if interface else _interfaces(dumpcap, target, addresses)
    version = tls_max.value if tls_max else None
    order = Order(target, addresses, version, seconds, keys=not no_keys)
    with ended_in_order() as broke_off, private_folder() as folder:
        recipe = Recipe(
            dumpcap,
            interfaces,
            capture_filter(target, addresses),
            folder / "recorded.pcapng",
            (seconds or _LONGEST_SECONDS) + _MARGIN_SECONDS,
        )

        def visit(full: Callable[[], bool]) -> Visit:
            names = ", ".join(interfaces)
            screen.say(_BEGUN.filled(names=names, host=target.host, port=target.port))
            if browser is not None:
                screen.say(_LOOK)
            done = Attention(seconds).over if browser is not None else _never
            return visitor(order, folder, lambda: broke_off() or full() or done())

        recorded = record(recipe, visit)
        _hand_over(screen, file, order, recipe.file, recorded, broke_off)
        if broke_off():
            raise KeyboardInterrupt
    if recorded.visit.failure is not None:
        raise typer.Exit(ExitCode.NEEDS_PERSON)


def _never() -> bool:
    return False


def _place(out: Path | None, target: Target) -> Path:
    """Where the capture will be; found out before anything is recorded."""
    file = out or _free(Path(f"{target.file_name}.pcapng"))
    folder = file.absolute().parent
    make_folder(folder)
    if file.is_dir():
        raise _unwritable(file, errno.EISDIR)
    if not os.access(folder, os.W_OK):
        raise _unwritable(file, errno.EACCES)
    return file


def _free(file: Path) -> Path:
    number, candidate = 1, file
    while candidate.exists():
        number += 1
        candidate = file.with_name(f"{file.stem}-{number}{file.suffix}")
    return candidate


def _unwritable(file: Path, code: int) -> LabsharkError:
    return LabsharkError("output-cannot-be-written", path=str(file), detail=os.strerror(code))


def _visitor(name: BrowserName | None) -> Visitor:
    if name is None:
        curl = find_curl()
        return lambda order, folder, over: fetch(curl, order, folder, over)
    browser = find_browser(name)
    return lambda order, folder, over: browse(browser, order, folder, over)


def _interfaces(dumpcap: Path, target: Target, addresses: tuple[str, ...]) -> tuple[str, ...]:
    found = interfaces_to(addresses)
    if not found:
        raise why_no_interface(target, addresses, known_interfaces(dumpcap))
    return found


def _hand_over(
    screen: Screen,
    file: Path,
    order: Order,
    raw: Path,
    recorded: Recorded,
    broke_off: Callable[[], bool],
) -> None:
    """Embeds the keys, writes the file, says what is in it and how to go on."""
    # Here: pandas and pyshark are slow to import, and nothing before this needs them.
    from report.recording import sentences
    from report.recording.contents import read_contents, with_its_keys

    contents = read_contents(raw)
    if not contents.connections and not (broke_off() and contents.packets):
        if broke_off():
            raise KeyboardInterrupt
        raise why_nothing(order.target, order.addresses, recorded.visit)
    data, opened = with_its_keys(raw.read_bytes(), recorded.visit.keylog, contents)
    write_to(file, data)
    _give_to_caller(file)
    for text in sentences.told(contents, order, opened):
        screen.say(text)
    screen.warn(sentences.warned(recorded, order, contents, opened))
    print(file)
    screen.say(sentences.next_command(file, order, contents))


def _give_to_caller(file: Path) -> None:
    """Under sudo the file is the caller's own, not root's: they go on without sudo."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return
    owner, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if owner.isdecimal() and group.isdecimal():
        os.chown(file, int(owner), int(group), follow_symlinks=False)
