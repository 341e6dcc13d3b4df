"""`labshark answer`: the answers, as a table on a terminal or as JSON."""

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
    ShowSecretsOption,
    StreamOption,
    TraceArgument,
    TrustStoreOption,
)
from report.files import write_to


def answer(
    trace: TraceArgument,
    lab: LabOption = DEFAULT_LAB,
    host: HostOption = None,
    stream: StreamOption = None,
    keylog: KeylogOption = None,
    trust_store: TrustStoreOption = None,
    show_secrets: ShowSecretsOption = False,
    lang: LangOption = Lang.BOTH,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON instead of a table. 输出 JSON。")
    ] = False,
    sessions: Annotated[
        bool, typer.Option("--sessions", help="All sessions of the capture. 列出抓包中的所有会话。")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write there. 写入文件。")] = None,
    quiet: QuietOption = False,
) -> None:
    """The lab's answers for one capture. 根据一个抓包回答实验的问题。"""
    screen = Screen(lang, quiet=quiet)
    with answered(Choice(trace, lab, host, stream, keylog, trust_store, show_secrets)) as (
        opened,
        result,
    ):
        if as_json:
            text = _json(opened, result, sessions=sessions)
        else:
            text = _table(result, screen, sessions=sessions)
        screen.warn(warning.text for warning in opened.warnings)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_to(out, text.encode(), trace)


def _json(trace: Any, result: Any, *, sessions: bool) -> str:
    from report.rendering.answers_json import answers_document, sessions_document
    from report.rendering.jsontext import json_text

    document = sessions_document(trace, result) if sessions else answers_document(trace, result)
    return json_text(document, indent=1) + "\n"


def _table(result: Any, screen: Screen, *, sessions: bool) -> str:
    from report.rendering import terminal

    if sessions:
        return terminal.sessions_table(result, screen.languages)
    for line in terminal.closing_lines(result):
        screen.say(line)
    return terminal.answers_table(result, screen.languages)
