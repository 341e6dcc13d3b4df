"""`labshark trim`: a capture with only the lab's session in it, for handing in less."""

from pathlib import Path
from typing import Annotated

import typer

from report.commands.opening import Choice, answered
from report.commands.options import (
    DEFAULT_LAB,
    HostOption,
    KeylogOption,
    LabOption,
    Lang,
    LangOption,
    QuietOption,
    Screen,
    StreamOption,
    TraceArgument,
)
from report.files import make_folder, write_to
from report.text import Text


def trim(
    trace: TraceArgument,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write. 输出文件。")
    ] = None,
    lab: LabOption = DEFAULT_LAB,
    host: HostOption = None,
    stream: StreamOption = None,
    keylog: KeylogOption = None,
    with_keys: Annotated[
        bool,
        typer.Option("--with-keys", help="Embed the session's keys. 嵌入本会话的密钥。"),
    ] = False,
    lang: LangOption = Lang.BOTH,
    quiet: QuietOption = False,
) -> None:
    """Keeps only the lab's session of a capture. 只保留抓包中实验所用的会话。"""
    screen = Screen(lang, quiet=quiet)
    with answered(Choice(trace, lab, host, stream, keylog)) as (opened, result):
        from report.tables.trimming import trimmed_session

        screen.warn(warning.text for warning in opened.warnings)
        data, packets, keys = trimmed_session(opened, result.session, with_keys=with_keys)
    target = out or trace.with_name(f"{trace.name.split('.')[0]}-trimmed.pcapng")
    make_folder(target.absolute().parent)
    write_to(target, data, trace)
    screen.say(
        Text(
            f"保留了 {packets} 个数据包；每个数据包的注释里写有它在原抓包中的编号。",
            f"{packets} packets are kept; each bears its number in the full capture as a comment.",
        )
    )
    if with_keys and not keys:
        screen.warn([_NO_KEYS])
    print(target)


_NO_KEYS = Text(
    "没有找到属于这个会话的密钥，因此没有嵌入任何密钥。",
    "No keys of this session were found, so none are embedded.",
)
