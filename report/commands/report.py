"""`labshark report`: report.html, report.pdf and answers.json for one capture."""

import contextlib
import errno
import os
from collections.abc import Mapping
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
from report.errors import LabsharkError
from report.files import write_all
from report.text import Text

StudentOption = Annotated[
    Path | None, typer.Option("--student", help="student.toml with the header. 学生信息文件。")
]
WordsOption = Annotated[
    Path | None, typer.Option("--words", help="Markdown with your own words. 自己写的文字。")
]


def report(
    trace: TraceArgument,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the files. 输出文件夹。")
    ] = None,
    lab: LabOption = DEFAULT_LAB,
    host: HostOption = None,
    stream: StreamOption = None,
    keylog: KeylogOption = None,
    trust_store: TrustStoreOption = None,
    show_secrets: ShowSecretsOption = False,
    student: StudentOption = None,
    student_id: Annotated[str | None, typer.Option("--id", help="Student ID. 学号。")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name. 姓名。")] = None,
    class_: Annotated[str | None, typer.Option("--class", help="Class. 班级。")] = None,
    words: WordsOption = None,
    no_answers: Annotated[
        bool, typer.Option("--no-answers", help="Evidence only. 只给证据，答案留空。")
    ] = False,
    pdf: Annotated[bool, typer.Option(help="Also make the PDF. 同时生成 PDF。")] = True,
    lang: LangOption = Lang.BOTH,
    quiet: QuietOption = False,
) -> None:
    """The lab report of one capture. 生成一个抓包的实验报告。"""
    from report.student import Student, load_student

    screen = Screen(lang, quiet=quiet)
    writer = load_student(student) if student else Student()
    writer = writer.with_fields(id=student_id, name=name, **{"class": class_})
    folder = out or _beside_us(f"{trace.name.split('.')[0]}-report")
    make_report(
        Choice(trace, lab, host, stream, keylog, trust_store, show_secrets),
        folder,
        screen,
        lang,
        student=writer,
        words=words,
        with_answers=not no_answers,
        with_pdf=pdf,
    )


def _beside_us(name: str) -> Path:
    """The folder that nobody named; a link that came with a capture leads to one of the user's."""
    folder = Path(name)
    if folder.is_symlink():
        detail = os.strerror(errno.ELOOP)
        raise LabsharkError("output-cannot-be-written", path=str(folder), detail=detail)
    return folder


def make_report(
    choice: Choice,
    folder: Path,
    screen: Screen,
    lang: Lang,
    *,
    student: Any,
    words: Path | None,
    with_answers: bool,
    with_pdf: bool,
) -> None:
    """Writes the report's files into `folder` and says where they are; `student` is a `Student`."""
    from report.rendering.pdf_worker import PdfWorker
    from report.student import load_words

    with (
        contextlib.closing(PdfWorker()) as printer,
        answered(choice, printer.start if with_pdf else None) as (opened, result),
    ):
        from report.rendering import terminal
        from report.rendering.output import report_files

        own = load_words(words, frozenset(result.answers)) if words else {}
        files, missing_pdf = report_files(
            opened,
            result,
            student,
            own,
            language=lang.value,
            with_answers=with_answers,
            make_pdf=printer.render if with_pdf else None,
        )
        screen.warn(warning.text for warning in opened.warnings)
        closing = tuple(terminal.closing_lines(result))
    write_all(folder, files)
    for line in closing:
        screen.say(line)
    if missing_pdf is not None:
        screen.warn([missing_pdf])
    _say_where(screen, folder, files)


def _say_where(screen: Screen, folder: Path, files: Mapping[str, bytes]) -> None:
    screen.say(Text("报告已生成：", "The report is ready:"))
    for name in files:
        print(folder / name)
