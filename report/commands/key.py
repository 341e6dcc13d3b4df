"""`labshark key`: the expected answers of a trace as a key that an instructor edits."""

import sys
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
from report.files import write_to


def key(
    trace: TraceArgument,
    lab: LabOption = DEFAULT_LAB,
    host: HostOption = None,
    stream: StreamOption = None,
    keylog: KeylogOption = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="key.toml. 写入的文件。")] = None,
    lang: LangOption = Lang.BOTH,
    quiet: QuietOption = False,
) -> None:
    """The expected answers of a trace as an editable key. 由抓包生成可修改的评分标准。"""
    screen = Screen(lang, quiet=quiet)
    with answered(Choice(trace, lab, host, stream, keylog)) as (opened, result):
        from report.grading.key import key_toml

        text = key_toml(result.lab, result.answers)
        screen.warn(warning.text for warning in opened.warnings)
    if out is None:
        sys.stdout.write(text)
    else:
        write_to(out, text.encode(), trace)
