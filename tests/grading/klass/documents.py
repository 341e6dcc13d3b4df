"""A write-up in the format a student hands it in, from numbered blocks of lines."""

import html
import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

from report.rendering.pdf import render_pdf
from tests.grading.klass.cast import Format

_MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def document(lines: Sequence[str], format_: Format) -> bytes:
    """The lines as a file; lines that begin with # are headings."""
    if format_ == "docx":
        return _docx(lines)
    if format_ == "pdf":
        return render_pdf(_page(lines)).data
    if format_ == "html":
        return _page(lines).encode()
    text = "\n".join(lines if format_ == "md" else [line.lstrip("# ") for line in lines]) + "\n"
    # Text files come from Windows as often as not.
    return text.encode("gb18030") if format_ == "txt" and not text.isascii() else text.encode()


def _page(lines: Sequence[str]) -> str:
    body = "".join(
        f"<h2>{html.escape(line.lstrip('# '))}</h2>"
        if line.startswith("#")
        else f"<p>{html.escape(line)}</p>"
        for line in lines
        if line.strip()
    )
    return (
        "<!DOCTYPE html><html lang='zh-Hans'><head><meta charset='utf-8'><title>report</title>"
        f"</head><body>{body}</body></html>"
    )


def _docx(lines: Sequence[str]) -> bytes:
    paragraphs = "".join(
        f'<w:p><w:r><w:t xml:space="preserve">{escape(line.lstrip("# "))}</w:t></w:r></w:p>'
        for line in lines
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
        'PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'wordprocessingml.document.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{_MAIN}"><w:body>{paragraphs}</w:body>'
        "</w:document>",
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return target.getvalue()
