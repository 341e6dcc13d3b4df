"""`labshark demo`: the built-in trace to a report, the first thing a newcomer runs."""

from pathlib import Path
from typing import Annotated

import typer

from report.assets import asset
from report.commands.opening import Choice
from report.commands.options import DEFAULT_LAB, Lang, LangOption, QuietOption, Screen
from report.commands.report import make_report

DEMO_HOST = "library.campus.example"


def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the files. 输出文件夹。")
    ] = Path("labshark-demo"),
    pdf: Annotated[bool, typer.Option(help="Also make the PDF. 同时生成 PDF。")] = True,
    lang: LangOption = Lang.BOTH,
    quiet: QuietOption = False,
) -> None:
    """Renders the report of the built-in trace. 用自带的抓包生成示例报告。"""
    from report.student import load_student

    make_report(
        Choice(asset("traces", "demo.pcapng"), DEFAULT_LAB, host=DEMO_HOST),
        out,
        Screen(lang, quiet=quiet),
        lang,
        student=load_student(asset("traces", "demo.student.toml")),
        words=asset("traces", "demo.words.md"),
        with_answers=True,
        with_pdf=pdf,
    )
