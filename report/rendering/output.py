"""The files of one report: report.html, report.pdf and answers.json, as bytes."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from report.capture.trace import Trace
from report.errors import LabsharkError
from report.questions.engine import LabResult
from report.rendering.html import ShownLanguage, render_html
from report.rendering.pdf import Attachment, render_pdf_in_child
from report.rendering.report import build_view
from report.student import Student
from report.text import Text


def report_files(
    trace: Trace,
    result: LabResult,
    student: Student,
    words: Mapping[str, str],
    *,
    language: ShownLanguage = "both",
    with_answers: bool = True,
    with_pdf: bool = True,
    created: datetime | None = None,
) -> tuple[dict[str, bytes], Text | None]:
    """The report's files by name, and why there is no PDF where one could not be made.

    `created` is the PDF's date. Without answers there is no answers.json either.
    """
    view = build_view(trace, result, student, words, with_answers=with_answers)
    answers = json_bytes(view.answers)
    files = {"report.html": render_html(view, language).encode()}
    reason = None
    if with_pdf:
        try:
            page = render_html(view, language, "pdf")
            attached = [Attachment("answers.json", answers, "labshark answers")]
            moment = created or datetime.now(UTC)
            files["report.pdf"] = render_pdf_in_child(
                page, attached if with_answers else [], moment
            ).data
        except LabsharkError as fault:
            # The HTML page must be had whatever WeasyPrint's libraries do; it can be printed.
            reason = fault.text
    if with_answers:
        files["answers.json"] = answers
    return files, reason


def json_bytes(document: Mapping[str, object]) -> bytes:
    """A document as the project writes JSON: UTF-8, readable, no NaN, a newline at the end."""
    return (json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()
