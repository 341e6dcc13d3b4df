"""The PDF report: the HTML page through WeasyPrint. The only file that knows WeasyPrint.

Only what labshark packs is ever fetched: its fonts and style sheets. Run as a program
(`python -m report.rendering.pdf`), it turns a page on its standard input into a PDF on its standard
output; `render_pdf_in_child` does that under limits, since WeasyPrint has none of its own.
"""

import base64
import contextlib
import gc
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from report.assets import asset
from report.errors import LabsharkError

_MISSING_GLYPH = ".notdef glyph"
_STYLE_SHEETS = ("fonts/fonts.css", "pdf.css")
_MIME = {".css": "text/css", ".ttf": "font/ttf"}
_PACKAGE_PARENT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside the PDF."""

    name: str
    data: bytes
    description: str


@dataclass(frozen=True, slots=True)
class Pdf:
    """A rendered PDF."""

    data: bytes
    missing_glyphs: tuple[str, ...] = ()
    """Characters that no font at hand can draw, once each; they are boxes in the PDF."""


@dataclass(frozen=True, slots=True)
class PdfLimits:
    """What one rendering may use when it runs in a process of its own."""

    deadline_seconds: float = 120.0
    address_space: int = 3 << 30
    """Bytes; not enforced on Windows and macOS."""


STANDARD_PDF_LIMITS = PdfLimits()


def render_pdf(
    html: str, attachments: Sequence[Attachment] = (), created: datetime | None = None
) -> Pdf:
    """The page as a PDF, in this process.

    The same page, attachments and `created` (else SOURCE_DATE_EPOCH, else now) give the same bytes.
    Raises LabsharkError `pdf-unavailable` where WeasyPrint or its libraries are missing,
    `pdf-failed` where the page asks for anything that is not labshark's own.
    """
    weasyprint = import_weasyprint()
    moment = created or creation_date()
    with _missing_glyphs() as missing, _uninterrupted(), _refusals_named(weasyprint):
        document = weasyprint.HTML(
            string=_with_style_sheets(html, moment),
            base_url=asset("templates").as_uri() + "/",
            url_fetcher=_make_fetcher(),
        )
        data: bytes = document.write_pdf(
            attachments=[_attached(weasyprint, a, moment) for a in attachments],
            pdf_identifier=sha256(html.encode()).digest()[:16],
        )
    return Pdf(data, tuple(dict.fromkeys(missing)))


def import_weasyprint() -> Any:
    """The module. Raises LabsharkError `pdf-unavailable` where it or its libraries are missing."""
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        detail = str(error).strip().splitlines()[0] if str(error).strip() else "WeasyPrint"
        raise LabsharkError("pdf-unavailable", detail=detail) from error
    return weasyprint


def creation_date() -> datetime:
    """SOURCE_DATE_EPOCH where it is set, else now."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch.isdigit() else datetime.now(UTC)


def _with_style_sheets(html: str, created: datetime) -> str:
    """The page with what only its PDF needs; author styles, since those of a user would lose."""
    links = "".join(f'<link rel="stylesheet" href="{name}">' for name in _STYLE_SHEETS)
    date = created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return html.replace(
        "</head>", f'<meta name="dcterms.created" content="{date}">{links}</head>', 1
    )


def _attached(weasyprint: Any, attachment: Attachment, moment: datetime) -> Any:
    return weasyprint.Attachment(
        string=attachment.data,
        name=attachment.name,
        description=attachment.description,
        created=moment,
        modified=moment,
        relationship="Data",
        url_fetcher=_make_fetcher(),
    )


def _make_fetcher() -> Any:
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    packed = asset("templates").resolve()

    class PackedAssets(URLFetcher):  # type: ignore[misc]
        """Serves labshark's own fonts and style sheets, and stops the rendering at all else."""

        def fetch(self, url: str, headers: object = None) -> Any:
            path = _local_path(url)
            if path is None or not path.is_relative_to(packed) or path.suffix not in _MIME:
                raise FatalURLFetchingError(f"not one of labshark's own files: {url[:200]}")
            return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": _MIME[path.suffix]})

    return PackedAssets()


def _local_path(url: str) -> Path | None:
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    return Path(url2pathname(parts.path)).resolve()


@contextlib.contextmanager
def _missing_glyphs() -> Iterator[list[str]]:
    """Collects the characters that WeasyPrint warns of; its log goes nowhere else meanwhile."""
    found: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if str(record.msg).startswith(_MISSING_GLYPH) and isinstance(record.args, tuple):
                found.append(str(record.args[0]))

    logger = logging.getLogger("weasyprint")
    kept, propagated = logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [Collector(logging.WARNING)], False
    try:
        yield found
    finally:
        logger.handlers, logger.propagate = kept, propagated


@contextlib.contextmanager
def _refusals_named(weasyprint: Any) -> Iterator[None]:
    """What the fetcher refuses ends as an error of ours; WeasyPrint's is no Exception."""
    try:
        yield
    except weasyprint.urls.FatalURLFetchingError as error:
        raise LabsharkError("pdf-failed", detail=str(error)) from error


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Without garbage collection, which takes a fifth of the time and finds next to nothing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


# --- in a process of its own ------------------------------------------------------------------


def render_pdf_in_child(
    html: str,
    attachments: Sequence[Attachment] = (),
    created: datetime | None = None,
    limits: PdfLimits = STANDARD_PDF_LIMITS,
) -> Pdf:
    """The same in a process of its own, which is stopped when it takes too long or too much.

    Raises LabsharkError `pdf-unavailable`, `pdf-too-slow` or `pdf-failed`.
    """
    order = {
        "html": html,
        "created": (created or creation_date()).timestamp(),
        "address_space": limits.address_space,
        "attachments": [
            {"name": a.name, "data": base64.b64encode(a.data).decode(), "about": a.description}
            for a in attachments
        ],
    }
    with tempfile.TemporaryDirectory(prefix="labshark-") as folder:
        try:
            run = subprocess.run(
                # -P: a file in the current folder must never be taken for a module.
                [sys.executable, "-P", "-m", "report.rendering.pdf"],
                input=json.dumps(order).encode(),
                capture_output=True,
                timeout=limits.deadline_seconds,
                cwd=folder,
                env=os.environ | {"PYTHONPATH": str(_PACKAGE_PARENT)},
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            seconds = int(limits.deadline_seconds)
            raise LabsharkError("pdf-too-slow", seconds=seconds) from error
    return _read_result(run)


def _read_result(run: "subprocess.CompletedProcess[bytes]") -> Pdf:
    head, _, data = run.stdout.partition(b"\n")
    try:
        result = json.loads(head)
    except ValueError:
        last = run.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        detail = last[0] if last else f"exit status {run.returncode}"
        raise LabsharkError("pdf-failed", detail=detail[:200]) from None
    if "slug" in result:
        raise LabsharkError(result["slug"], detail=result["detail"])
    if run.returncode != 0 or len(data) != result["size"]:
        raise LabsharkError("pdf-failed", detail=f"exit status {run.returncode}")
    return Pdf(data, tuple(result["missing_glyphs"]))


def _limit_memory(address_space: int) -> None:
    if sys.platform.startswith("linux"):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        wanted = address_space if most == resource.RLIM_INFINITY else min(address_space, most)
        resource.setrlimit(resource.RLIMIT_AS, (wanted, most))


def _serve() -> None:
    """One order from standard input, one result to standard output: a line of JSON, the PDF."""
    order = json.load(sys.stdin)
    _limit_memory(order["address_space"])
    attachments = [
        Attachment(a["name"], base64.b64decode(a["data"]), a["about"]) for a in order["attachments"]
    ]
    created = datetime.fromtimestamp(order["created"], UTC)
    out = sys.stdout.buffer
    try:
        pdf = render_pdf(order["html"], attachments, created)
    except LabsharkError as error:
        detail = str(error.__cause__).strip().splitlines()[0]
        out.write(json.dumps({"slug": error.slug, "detail": detail}).encode() + b"\n")
        return
    head = {"size": len(pdf.data), "missing_glyphs": pdf.missing_glyphs}
    out.write(json.dumps(head).encode() + b"\n" + pdf.data)


if __name__ == "__main__":
    _serve()
