"""`labshark answer`: the answers, as a table on a terminal or as JSON."""

import json
from pathlib import Path
from typing import Annotated, Any

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


def answer(
    trace: TraceArgument,
    lab: LabOption = DEFAULT_LAB,
    host: HostOption = None,
    stream: StreamOption = None,
    keylog: KeylogOption = None,
    lang: LangOption = Lang.BOTH,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON instead of a table. 输出 JSON。")
    ] = False,
    sessions: Annotated[
        bool, typer.Option("--sessions", help="All TLS connections. 列出所有 TLS 连接。")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write there. 写入文件。")] = None,
    quiet: QuietOption = False,
) -> None:
    """The lab's answers for one capture. 根据一个抓包回答实验的问题。"""
    screen = Screen(lang, quiet=quiet)
    with answered(Choice(trace, lab, host, stream, keylog)) as (opened, result):
        from report.rendering import terminal
        from report.rendering.answers_json import answers_document, sessions_document

        if as_json:
            document: dict[str, Any] = (
                sessions_document(opened, result) if sessions else answers_document(opened, result)
            )
            text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
        elif sessions:
            text = terminal.sessions_table(result, screen.languages)
        else:
            text = terminal.answers_table(result, screen.languages)
        screen.warn(warning.text for warning in opened.warnings)
        if not as_json and not sessions:
            for line in terminal.closing_lines(result):
                screen.say(line)
    if out is None:
        typer.echo(text, nl=False)
    else:
        from report.files import write_whole

        write_whole(out, text.encode())
