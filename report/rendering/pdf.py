"""The PDF report: the HTML page through WeasyPrint. The only file that knows WeasyPrint.

Only what labshark packs is ever fetched, its fonts and style sheets, and the logo that a lab brings
in the page itself. WeasyPrint has no limits of its own: `pdf_worker` runs it under some.
"""

import contextlib
import gc
import logging
import os
import re
from base64 import b64decode
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
_LOGO = re.compile(r'<img class="logo" src="(data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=]+)"')


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
            url_fetcher=_make_fetcher(_logo(html)),
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


def library_versions() -> dict[str, str]:
    """WeasyPrint's version and that of Pango, which it sets text with.

    Raises LabsharkError `pdf-unavailable`.
    """
    weasyprint = import_weasyprint()
    from weasyprint.text.ffi import pango

    return {"weasyprint": weasyprint.__version__, "pango": str(pango.pango_version())}


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


def _logo(html: str) -> str | None:
    """The lab's own logo, the only picture a page may hold; what a capture says is escaped."""
    found = _LOGO.search(html)
    return found[1] if found else None


def _make_fetcher(logo: str | None = None) -> Any:
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    packed = asset("templates").resolve()

    class PackedAssets(URLFetcher):  # type: ignore[misc]
        """Serves labshark's own fonts and style sheets, and stops the rendering at all else."""

        def fetch(self, url: str, headers: object = None) -> Any:
            if logo is not None and url == logo:
                head, _, content = url.partition(";base64,")
                kind = {"Content-Type": head.removeprefix("data:")}
                return URLFetcherResponse(url, b64decode(content), kind)
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
