"""`labshark grade`: marks, feedback and LMS sheets for everything that a class handed in."""

import os
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from report.commands.options import DEFAULT_LAB, HostOption, LabOption, Lang, QuietOption, Screen
from report.errors import ExitCode, LabsharkError
from report.text import Text


class PageLanguage(StrEnum):
    """The language of the feedback; `auto` is each student's own."""

    AUTO = "auto"
    ZH = "zh"
    EN = "en"
    BOTH = "both"


_MOST_SHOWN = 20


def grade(
    submissions: Annotated[
        Path, typer.Argument(help="One write-up, a folder, or an LMS archive. 作业文件夹或压缩包。")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the files. 输出文件夹。")],
    lab: LabOption = DEFAULT_LAB,
    key: Annotated[
        Path | None,
        typer.Option("--key", help="A key file, for whoever has no capture. 评分标准。"),
    ] = None,
    key_wins: Annotated[
        bool,
        typer.Option("--key-wins", help="Its values even where there is a capture. 以标准为准。"),
    ] = False,
    roster: Annotated[
        Path | None, typer.Option("--roster", help="The class, CSV or xlsx. 学生名单。")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option("--fill", help="The LMS's grade sheet to fill in. 要填的成绩表。")
    ] = None,
    column: Annotated[
        str | None, typer.Option("--fill-column", help="Which column of it. 成绩表的列。")
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            "--id-pattern",
            help="canvas, moodle, blackboard, cn, or a regular expression. 文件名的规则。",
        ),
    ] = None,
    host: HostOption = None,
    term_start: Annotated[
        str | None,
        typer.Option("--term-start", help="YYYY-MM-DD; older captures are told. 学期开始日期。"),
    ] = None,
    lang: Annotated[
        PageLanguage, typer.Option("--lang", help="Of the feedback. 反馈的语言。")
    ] = PageLanguage.AUTO,
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, max=64, help="At the same time. 并行数。")
    ] = os.cpu_count() or 1,
    pdf: Annotated[bool, typer.Option(help="Feedback as PDF too. 同时生成 PDF 反馈。")] = True,
    accept_proposed: Annotated[
        bool,
        typer.Option("--accept-proposed", help="Fill in proposed points too. 采用建议的分数。"),
    ] = False,
    accept_known_bad: Annotated[
        bool,
        typer.Option("--accept-known-bad-tshark", help="In spite of CVE-2026-5402. 仍然使用。"),
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Marks a class's submissions against their own captures. 根据学生自己的抓包评阅作业。"""
    screen = Screen(_screen_language(lang), quiet=quiet)
    began = _day(term_start)
    from report.batch.locking import holding
    from report.files import make_folder
    from report.grading.run import Options, grade_class
    from report.grading.versions import versions
    from report.labs.loader import load_lab

    options = Options(
        submissions=submissions,
        out=out,
        lab=load_lab(lab),
        key=key,
        key_wins=key_wins,
        roster=roster,
        sheet=sheet,
        column=column,
        pattern=pattern,
        host=host,
        term_start=began,
        language=lang.value,
        jobs=jobs,
        with_pdf=pdf,
        accept_proposed=accept_proposed,
        accept_known_bad=accept_known_bad,
        versions=versions(),
    )
    make_folder(out)
    with holding(out):
        graded = grade_class(options, screen.say)
    _tell(graded, screen)
    if graded.needs_person:
        raise typer.Exit(ExitCode.NEEDS_PERSON)


def _screen_language(lang: PageLanguage) -> Lang:
    return Lang.BOTH if lang is PageLanguage.AUTO else Lang(lang.value)


def _day(written: str | None) -> float | None:
    if written is None:
        return None
    try:
        return datetime.strptime(written, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError as fault:
        raise LabsharkError("date-invalid", value=written) from fault


def _tell(graded: Any, screen: Screen) -> None:
    for problem in graded.problems:
        screen.warn([problem.text])
    _tell_changes(graded.changes, screen)
    if graded.filled is not None:
        _tell_filled(graded.filled, screen)
    if graded.archive is not None:
        for key, why in graded.archive.skipped:
            screen.warn([Text(f"feedback.zip：{key}：", f"feedback.zip: {key}:").plus(why)])
        for note in graded.archive.notes:
            screen.say(note)
    waiting = [o for o in graded.klass.outcomes if graded.klass.needs_person(o)]
    answers = sum(len(o.needs_review) for o in graded.klass.outcomes)
    said = _SUMMARY.filled(
        count=len(graded.klass.outcomes),
        kept=graded.kept,
        people=len(waiting),
        answers=answers,
        missing=len(graded.klass.missing),
    )
    screen.say(said)
    for path in graded.files:
        print(path)


_SUMMARY = Text(
    "共 {count} 份提交（{kept} 份与上次相同），{people} 份需要人工处理（{answers} 题待评阅），"
    "名单中 {missing} 人未提交。",
    "{count} submissions ({kept} as last time); {people} need a person ({answers} answers to "
    "review); {missing} on the roster handed nothing in.",
)


def _tell_changes(changes: Any, screen: Screen) -> None:
    for change in changes[:_MOST_SHOWN]:
        told = _CHANGE.filled(
            who=f"{change.id} {change.name}".strip(),
            what=" ".join(filter(None, (change.question, change.what))),
            before=change.before or "–",
            now=change.now or "–",
        )
        screen.say(told)
    if len(changes) > _MOST_SHOWN:
        screen.say(_MORE_CHANGES.filled(more=len(changes) - _MOST_SHOWN))


_CHANGE = Text("有变动：{who} {what}：{before} → {now}", "Changed: {who} {what}: {before} → {now}")
_MORE_CHANGES = Text(
    "另有 {more} 处变动，见 changes.csv。", "{more} more changes; see changes.csv."
)


def _tell_filled(filled: Any, screen: Screen) -> None:
    screen.say(
        _FILLED.filled(column=filled.column, rows=len(filled.filled), skipped=len(filled.skipped))
    )
    for row in filled.skipped:
        screen.warn([_SKIPPED.filled(row=row.row, who=row.who).plus(row.reason)])
    for who, why in filled.unplaced:
        screen.warn([_UNPLACED.filled(who=who).plus(why)])
    screen.warn(filled.notes)


_FILLED = Text(
    "成绩表的“{column}”列：填写了 {rows} 行，跳过 {skipped} 行。",
    "The sheet's column “{column}”: {rows} rows filled in, {skipped} skipped.",
)
_SKIPPED = Text("第 {row} 行 {who}：", "row {row} {who}:")
_UNPLACED = Text("{who}：", "{who}:")
