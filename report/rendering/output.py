"""The files of one report: report.html, report.pdf and answers.json, as bytes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from report.capture.trace import Trace
from report.errors import LabsharkError
from report.questions.engine import LabResult
from report.rendering.html import ShownLanguage, render_html
from report.rendering.jsontext import json_text
from report.rendering.pdf import Attachment, Pdf, creation_date
from report.rendering.report import build_view
from report.student import Student
from report.text import Text, visible

PdfMaker = Callable[[str, Sequence[Attachment], datetime], Pdf]
"""A page, what goes inside the PDF, its date: `PdfWorker.render`."""


def report_files(
    trace: Trace,
    result: LabResult,
    student: Student,
    words: Mapping[str, str],
    *,
    language: ShownLanguage = "both",
    with_answers: bool = True,
    created: datetime | None = None,
    make_pdf: PdfMaker | None = None,
) -> tuple[dict[str, bytes], Text | None]:
    """The report's files by name; and what is wrong with the PDF: why there is none, or which
    characters no font at hand could draw.

    Without `make_pdf` there is no PDF, and without answers no answers.json. `created` is the PDF's
    date (else SOURCE_DATE_EPOCH, else now).
    """
    view = build_view(trace, result, student, words, with_answers=with_answers)
    answers = json_bytes(view.answers)
    files = {"report.html": render_html(view, language).encode()}
    trouble = None
    if make_pdf is not None:
        attached = [Attachment("answers.json", answers, "labshark answers")] if with_answers else []
        try:
            page = render_html(view, language, "pdf")
            pdf = make_pdf(page, attached, created or creation_date())
            files["report.pdf"] = pdf.data
            trouble = _undrawn(pdf.missing_glyphs)
        except LabsharkError as fault:
            # The HTML page must be had whatever WeasyPrint's libraries do; it can be printed.
            trouble = fault.text
    if with_answers:
        files["answers.json"] = answers
    return files, trouble


def _undrawn(characters: Sequence[str]) -> Text | None:
    if not characters:
        return None
    listed = visible("".join(characters[:20]))
    return Text(
        f"PDF 中有 {len(characters)} 个字没有可用的字体，显示为方框：{listed}。"
        "请安装 Noto Sans CJK SC 字体后重试，或打印 HTML 报告。",
        f"No font at hand has {len(characters)} of the PDF's characters, which are boxes in it: "
        f"{listed}. Install the font Noto Sans CJK SC and try again, or print the HTML report.",
    )


def json_bytes(document: Mapping[str, object]) -> bytes:
    """A document as the project writes JSON: UTF-8, readable, no NaN, a newline at the end."""
    return (json_text(document, indent=1) + "\n").encode()
