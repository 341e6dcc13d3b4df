"""What an outcome depends on besides its input: our own code, tshark, the libraries."""

import platform
import sys
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import report
from report.assets import asset
from report.capture.programs import find_program, known_bad, shown_version, tshark_version
from report.capture.sandbox import bubblewrap
from report.errors import LabsharkError
from report.rendering.pdf_worker import PdfWorker

_PACKAGES = (
    *("certifi", "cryptography", "jinja2", "lxml", "markdown-it-py", "markupsafe", "numpy"),
    *("pandas", "pydantic", "pyshark"),
)
"""Whose release could change a page's or an answer's bytes."""
_PDF_PACKAGES = ("brotli", "cssselect2", "fonttools", "pillow", "pydyf", "tinycss2", "zopfli")
_NO_PART = frozenset({"__pycache__", "_traces", "commands", "doctor"})


def versions(pdf: PdfWorker | None) -> dict[str, str]:
    """Everything that could change an output, by name; without `pdf` no PDF is made.

    Raises LabsharkError `tshark-missing` or `tshark-failed`. Where WeasyPrint is missing,
    `weasyprint` is empty.
    """
    tshark = find_program("tshark")
    found = {
        "labshark": report.__version__,
        "code": code_digest(),
        "python": ".".join(map(str, sys.version_info[:2])),
        "system": f"{platform.system()} {platform.machine()}",
        "tshark": shown_version(tshark_version(tshark)),
        "sandbox": "yes" if bubblewrap() else "no",
    }
    found |= {name: _version(name) for name in _PACKAGES}
    if pdf is not None:
        found |= {name: _version(name) for name in _PDF_PACKAGES}
        try:
            found |= pdf.versions()
        except LabsharkError as fault:
            if fault.slug != "pdf-unavailable":
                raise
            found |= {"weasyprint": "", "no-pdf-zh": fault.text.zh, "no-pdf-en": fault.text.en}
    return found


def refuse_known_bad(found: dict[str, str]) -> None:
    """Strangers' captures are not for a tshark with a published hole (CVE-2026-5402).

    Raises LabsharkError `tshark-known-bad`.
    """
    major, minor, patch = map(int, found["tshark"].split("."))
    if known_bad((major, minor, patch)):
        raise LabsharkError("tshark-known-bad", version=found["tshark"])


@cache
def code_digest() -> str:
    """A SHA-256 over labshark's own code, labs and templates: a version number that cannot lie."""
    package = Path(report.__file__).parent
    digest = sha256()
    for folder in dict.fromkeys((package, asset("templates"))):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not _NO_PART.intersection(path.relative_to(folder).parts):
                digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
                digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
