"""PDF after PDF in one warm process, under limits: WeasyPrint has none, and takes 1 s to import."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from report.errors import LabsharkError
from report.rendering.pdf import (
    Attachment,
    Pdf,
    creation_date,
    import_weasyprint,
    library_versions,
    render_pdf,
)
from report.workers import Message, Term, WorkerLostError, WorkerProcess, serve


@dataclass(frozen=True, slots=True)
class PdfLimits:
    """What one rendering may use when it runs in a process of its own."""

    deadline_seconds: float = 120.0
    address_space: int = 3 << 30
    """Bytes; not enforced on Windows and macOS."""


STANDARD_PDF_LIMITS = PdfLimits()
PDF_TERM = Term(orders=50, resident_bytes=1 << 30)
"""A fresh process costs 1.3 s; WeasyPrint's memory grows from document to document."""


class PdfWorker:
    """Renders one page after another in a process of its own; for one thread at a time."""

    def __init__(self, limits: PdfLimits = STANDARD_PDF_LIMITS, term: Term = PDF_TERM) -> None:
        self._limits = limits
        self._process = WorkerProcess(
            "report.rendering.pdf_worker", [str(limits.address_space)], term
        )

    def render(
        self, html: str, attachments: Sequence[Attachment] = (), created: datetime | None = None
    ) -> Pdf:
        """The page as a PDF, as `render_pdf` makes it.

        Raises LabsharkError `pdf-unavailable`, `pdf-too-slow` or `pdf-failed`; a page that was too
        slow or killed the process costs the next one a fresh process and nothing else.
        """
        order = Message(
            {
                "created": (created or creation_date()).timestamp(),
                "attachments": [[a.name, a.description] for a in attachments],
            },
            {"html": html.encode(), **{f"={a.name}": a.data for a in attachments}},
        )
        answer = self._asked(order)
        return Pdf(answer.blobs["pdf"], tuple(answer.values["missing_glyphs"]))

    def start(self) -> None:
        """Lets the process import WeasyPrint, while the caller makes the page."""
        with contextlib.suppress(WorkerLostError):  # `render` says so
            self._process.start()

    def versions(self) -> dict[str, str]:
        """The versions of what draws the PDF. Raises LabsharkError like `render`."""
        return dict(self._asked(Message({"versions": True})).values["versions"])

    def close(self) -> None:
        """Lets the process go."""
        self._process.close()

    def _asked(self, order: Message) -> Message:
        try:
            answer = self._process.do(order, self._limits.deadline_seconds)
        except WorkerLostError as lost:
            if lost.loss == "too-slow":
                seconds = int(self._limits.deadline_seconds)
                raise LabsharkError("pdf-too-slow", seconds=seconds) from lost
            raise LabsharkError("pdf-failed", detail=lost.detail) from lost
        if "slug" in answer.values:
            raise LabsharkError(answer.values["slug"], detail=answer.values["detail"])
        return answer


def _done(order: Message) -> Message:
    try:
        if "versions" in order.values:
            return Message({"versions": library_versions()})
        attachments = [
            Attachment(name, order.blobs[f"={name}"], description)
            for name, description in order.values["attachments"]
        ]
        created = datetime.fromtimestamp(order.values["created"], UTC)
        pdf = render_pdf(order.blobs["html"].decode(), attachments, created)
    except LabsharkError as fault:
        cause = str(fault.__cause__).strip().splitlines() if fault.__cause__ else []
        return Message({"slug": fault.slug, "detail": cause[0] if cause else ""})
    return Message({"missing_glyphs": list(pdf.missing_glyphs)}, {"pdf": pdf.data})


def main(arguments: list[str]) -> None:
    """The worker process; its argument is the address space that it may use, in bytes."""
    with contextlib.suppress(LabsharkError):  # the first order says so
        import_weasyprint()
    serve(_done, int(arguments[0]))
