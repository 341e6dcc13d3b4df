"""Makes the documents of this folder with the programs that students use; run by hand.

    uv run --with python-docx --with weasyprint python make_documents.py

Needs pandoc, LibreOffice (soffice), Chromium and the fonts in templates/fonts. The tests read what
is committed here and need none of them.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

HERE = Path(__file__).resolve().parent
FONTS = HERE.parents[3] / "templates" / "fonts"
FONT_SETTINGS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>"""
STYLE = """<style>
html { font-family: "Noto Sans SC" } code { font-family: "JetBrains Mono NL" }
@page { size: A5; @top-center { content: "TLS 实验报告" }
        @bottom-center { content: "第 " counter(page) " 页 共 " counter(pages) " 页" } }
</style>"""


def run(*command: str) -> None:
    """One program."""
    subprocess.run(command, cwd=HERE, check=True, stderr=subprocess.DEVNULL)


def with_pandoc() -> None:
    """docx and HTML, as pandoc writes them."""
    run("pandoc", "source.md", "-o", "pandoc.docx")
    run("pandoc", "source.md", "-s", "--metadata", "title=TLS", "-o", "pandoc.html")


def with_libreoffice() -> None:
    """docx from LibreOffice's own text; PDF from pandoc's docx."""
    run("soffice", "--headless", "--convert-to", "docx:MS Word 2007 XML", "word.fodt")
    (HERE / "word.docx").rename(HERE / "libreoffice.docx")
    run("soffice", "--headless", "--convert-to", "pdf", "pandoc.docx")
    (HERE / "pandoc.pdf").rename(HERE / "libreoffice.pdf")


def with_browser() -> None:
    """The page printed by Chromium: list numbers in figures of their own."""
    handler = partial(SimpleHTTPRequestHandler, directory=HERE)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    page = f"http://127.0.0.1:{server.server_port}/pandoc.html"
    program = shutil.which("chromium") or "chrome"
    run(program, "--headless", "--no-sandbox", "--print-to-pdf=chromium.pdf", page)
    server.shutdown()


def with_weasyprint() -> None:
    """PDF with running header, page numbers and an answers.json inside."""
    from weasyprint import HTML, Attachment

    answers = {"format": 1, "labshark": "0.1.0", "answers": [{"id": "q1", "value": 17}]}
    attached = Attachment(string=json.dumps(answers), name="answers.json")
    page = (HERE / "pandoc.html").read_text().replace("</head>", STYLE + "</head>")
    document = HTML(string=page).render()
    document.metadata.attachments = [attached]
    document.write_pdf(HERE / "weasyprint.pdf")


def with_weasyprint_without_a_chinese_font() -> None:
    """The same where no font has the characters: boxes on the page, a map of their own inside."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(FONTS / "Inter-Regular.ttf", folder)
        settings = Path(folder) / "fonts.conf"
        settings.write_text(FONT_SETTINGS.format(fonts=folder, cache=folder))
        program = "import weasyprint; weasyprint.HTML('pandoc.html').write_pdf('boxes.pdf')"
        environment = os.environ | {"FONTCONFIG_FILE": str(settings)}
        subprocess.run([sys.executable, "-c", program], cwd=HERE, check=True, env=environment)


def with_python_docx() -> None:
    """docx with a picture between question and answer, and a numbered list by style."""
    from docx import Document  # type: ignore[import-not-found]

    document = Document()
    document.add_heading("Lab report", 1)
    for question in ("Which packet holds the SYN?", "Which holds the Client Hello?"):
        document.add_paragraph(question, style="List Number")
        document.add_paragraph("17")
    document.add_picture(str(HERE / "dot.png"))
    document.add_paragraph("Figure 1: the packet list", style="Caption")
    document.add_paragraph("It is 28.")
    document.save(str(HERE / "python-docx.docx"))
    run("soffice", "--headless", "--convert-to", "pdf", "python-docx.docx")


def main() -> None:
    """All of them, with the bundled fonts only."""
    with tempfile.TemporaryDirectory() as cache:
        settings = Path(cache) / "fonts.conf"
        settings.write_text(FONT_SETTINGS.format(fonts=FONTS, cache=cache))
        os.environ["FONTCONFIG_FILE"] = str(settings)
        with_pandoc()
        with_libreoffice()
        with_browser()
        with_weasyprint()
        with_weasyprint_without_a_chinese_font()
        with_python_docx()


if __name__ == "__main__":
    main()
