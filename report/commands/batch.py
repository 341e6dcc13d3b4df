"""`labshark batch`: a class at once, resumable, on this machine or on a Dask cluster."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from report.commands.options import (
    DEFAULT_LAB,
    HostOption,
    LabOption,
    Lang,
    LangOption,
    QuietOption,
    Screen,
)
from report.errors import ExitCode
from report.text import Text


def batch(
    traces: Annotated[
        list[str],
        typer.Argument(
            help="Captures, or folders with a sub-folder or a file for each student; with "
            "--scheduler also URLs. 抓包文件，或每名学生一个子文件夹（或文件）的文件夹。"
        ),
    ],
    out: Annotated[str, typer.Option("--out", "-o", help="Folder for everything. 输出文件夹。")],
    lab: LabOption = DEFAULT_LAB,
    roster: Annotated[
        Path | None, typer.Option("--roster", help="The class, CSV or xlsx. 学生名单。")
    ] = None,
    keylog_dir: Annotated[
        str | None,
        typer.Option(
            "--keylog-dir", help="Key logs, paired with captures by content. 密钥日志文件夹。"
        ),
    ] = None,
    host: HostOption = None,
    jobs: Annotated[
        int,
        typer.Option("--jobs", "-j", min=0, help="Captures at once; 0: one per core. 并行数。"),
    ] = 0,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", help="Address of a Dask scheduler. Dask 调度器的地址。"),
    ] = None,
    deadline: Annotated[
        float,
        typer.Option("--deadline", min=1, help="Seconds for one capture. 每份的时限（秒）。"),
    ] = 300,
    no_answers: Annotated[
        bool, typer.Option("--no-answers", help="Evidence only. 只给证据，答案留空。")
    ] = False,
    pdf: Annotated[bool, typer.Option(help="Also make the PDFs. 同时生成 PDF。")] = True,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first failure. 遇到失败就停止。")
    ] = False,
    trust_store: Annotated[
        Path | None, typer.Option("--trust-store", help="Root certificates, PEM. 根证书文件。")
    ] = None,
    accept_known_bad_tshark: Annotated[
        bool,
        typer.Option(
            "--accept-known-bad-tshark",
            help="Use a tshark with a published hole. 使用有已知漏洞的 tshark。",
        ),
    ] = False,
    lang: LangOption = Lang.BOTH,
    quiet: QuietOption = False,
) -> None:
    """A class at once: a report for every capture, a class page, tables. 批量生成整个班级的报告。

    Run the same command again to go on where it was stopped. 再次运行同一条命令即可继续。
    """
    screen = Screen(lang, quiet=quiet)
    from report.batch.here import cores
    from report.batch.progress import showing
    from report.batch.run import Request, planned, run
    from report.batch.summary import summary
    from report.labs.loader import load_lab

    request = Request(
        traces=tuple(traces),
        out=out,
        lab=load_lab(lab),
        roster=roster,
        keylogs=keylog_dir,
        host=host,
        language=lang.value,
        with_answers=not no_answers,
        with_pdf=pdf,
        trust_store=trust_store,
        jobs=jobs or cores(),
        scheduler=scheduler,
        fail_fast=fail_fast,
        seconds=deadline,
        accept_known_bad=accept_known_bad_tshark,
    )
    plan, doubts = planned(request)
    screen.warn(doubts)
    try:
        with showing(len(plan.items), screen.languages, sys.stderr, quiet=quiet) as watcher:
            outcome = run(request, plan, watcher)
    except KeyboardInterrupt:
        screen.warn([_INTERRUPTED])
        raise
    for text in summary(outcome):
        screen.say(text)
    if outcome.no_pdf is not None:
        screen.warn([outcome.no_pdf])
    if outcome.complete:
        screen.say(Text("班级页面：", "The class page:"))
        print(f"{out.rstrip('/')}/index.html")
    if outcome.tally.needs_person or not outcome.complete:
        raise typer.Exit(ExitCode.NEEDS_PERSON)


_INTERRUPTED = Text(
    "已中断；完成的都已保存。再次运行同一条命令即可继续。",
    "Interrupted; what was finished is kept. Run the same command to go on.",
)
