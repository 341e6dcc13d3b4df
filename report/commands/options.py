"""Options that several commands share, and the two streams that they speak on."""

import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from report.errors import LabsharkError
from report.text import LANGUAGES, Language, Text


class Lang(StrEnum):
    """The language of what is shown; `both` is Chinese and then English."""

    ZH = "zh"
    EN = "en"
    BOTH = "both"

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages to show, in order."""
        return tuple(each for each in LANGUAGES if self in (Lang.BOTH, each))


# Not typer but we say what is wrong with a file that may not be read: `readable=False`.
TraceArgument = Annotated[
    Path,
    typer.Argument(readable=False, help="The capture, .pcapng or .pcap, also gzipped. 抓包文件。"),
]
LabOption = Annotated[
    str, typer.Option("--lab", help="A built-in lab, or a lab file of your own. 实验名或实验文件。")
]
HostOption = Annotated[
    str | None,
    typer.Option("--host", help="Server name or address of the session. 会话的服务器名或地址。"),
]
StreamOption = Annotated[
    int | None, typer.Option("--stream", help="Its tcp.stream number in Wireshark. 会话的流编号。")
]
KeylogOption = Annotated[
    Path | None,
    typer.Option("--keylog", readable=False, help="Key log to decrypt with. 用于解密的密钥日志。"),
]
TrustStoreOption = Annotated[
    Path | None,
    typer.Option("--trust-store", help="PEM file of trusted roots, not certifi's. 信任的根证书。"),
]
ShowSecretsOption = Annotated[
    bool, typer.Option("--show-secrets", help="Show key material too. 也显示密钥本身。")
]
LangOption = Annotated[Lang, typer.Option("--lang", help="zh, en or both. 语言。")]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="No messages but mistakes. 只显示错误。")
]
DEFAULT_LAB = "tls-v8.1"


class Screen:
    """Results to stdout, messages to stderr, in the languages asked for."""

    _current: ClassVar["Screen | None"] = None

    def __init__(self, lang: Lang = Lang.BOTH, *, quiet: bool = False) -> None:
        self.languages = lang.languages
        self._quiet = quiet
        Screen._current = self

    @classmethod
    def current(cls) -> "Screen":
        """The screen of the running command, or one in both languages before it has begun."""
        return cls._current or cls()

    def say(self, text: Text) -> None:
        """A message to stderr, unless `--quiet`."""
        if not self._quiet:
            self._write(text)

    def warn(self, texts: Iterable[Text]) -> None:
        """Warnings to stderr, even with `--quiet`."""
        for text in texts:
            self._write(text)

    def fault(self, fault: LabsharkError) -> None:
        """A mistake that ends the command, with its slug, which the documentation explains."""
        for language in self.languages:
            opening = "错误：" if language == "zh" else "error: "
            print(f"{opening}{fault.text.in_(language)} [{fault.slug}]", file=sys.stderr)

    def _write(self, text: Text) -> None:
        for language in self.languages:
            print(text.in_(language), file=sys.stderr)
