"""The PDF: its text, fonts, bookmarks and attachment; what it refuses; how it is bounded."""

import contextlib
import io
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import weasyprint
from pypdf import PdfReader

from report.assets import asset
from report.errors import ExitCode, LabsharkError
from report.rendering import pdf as rendering_pdf
from report.rendering.html import render_html
from report.rendering.pdf import Attachment, Pdf, render_pdf
from report.rendering.pdf_worker import STANDARD_PDF_LIMITS, PdfLimits, PdfWorker
from report.rendering.report import build_view
from report.rendering.view import ReportView
from tests.rendering.conftest import STUDENT, WORDS, Answered
from tests.rendering.hostile import NAMES, poisoned

MOMENT = datetime(2026, 11, 20, 12, tzinfo=UTC)
ANSWERS = b'{"format": 1}\n'
SMALL = "<!DOCTYPE html><html lang='en'><head><title>x</title></head><body>{}</body></html>"


@pytest.fixture(scope="module")
def made(textbook_view: ReportView) -> Pdf:
    page = render_html(textbook_view, "both", "pdf")
    return render_pdf(page, [Attachment("answers.json", ANSWERS, "answers")], MOMENT)


@pytest.fixture(scope="module")
def reader(made: Pdf) -> PdfReader:
    return PdfReader(io.BytesIO(made.data))


@pytest.fixture(scope="module")
def pages(reader: PdfReader) -> list[str]:
    return [page.extract_text().replace("\u2009", " ") for page in reader.pages]


def _any(value: object) -> Any:
    """A value of pypdf's, whose types say less than its documentation."""
    return value


def test_both_languages_can_be_extracted(pages: list[str]) -> None:
    text = "\n".join(pages)
    for said in (
        "Client Hello 在哪个数据包中？",
        "Which packet carries the Client Hello?",
        "文件的长度和目的都一目了然。",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "tcp.stream == 1 && tls.handshake.type == 1",
        "Handshake Type: Client Hello (1)",
    ):
        assert said in text


def test_characters_are_the_ones_that_were_written(pages: list[str]) -> None:
    """No Kangxi radicals or compatibility forms in place of common characters."""
    strange = {c for page in pages for c in page if "\u2e80" <= c <= "\u2fdf" or c == "\ufffd"}
    assert strange == set()


def test_every_font_is_one_of_ours_and_embedded(reader: PdfReader) -> None:
    names = set()
    for page in reader.pages:
        for reference in _any(page["/Resources"])["/Font"].values():
            font = reference.get_object()
            names.add(str(font["/BaseFont"]).split("+")[-1])
            descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
    assert all(name.startswith("Labshark-") for name in names)
    assert {"Labshark-Sans", "Labshark-Sans-SC", "Labshark-Sans-SC-Bold", "Labshark-Mono"} <= names


def test_no_character_lacks_a_font(made: Pdf) -> None:
    assert made.missing_glyphs == ()


def test_bookmarks(reader: PdfReader) -> None:
    def titles(outline: Any) -> list[str]:
        found = []
        for item in outline:
            found += titles(item) if isinstance(item, list) else [str(item.title)]
        return [title.replace("\u2009", " ") for title in found]

    found = titles(reader.outline)
    questions = [title for title in found if title[0].isdigit()]
    assert len(questions) == 24
    assert (
        questions[2] == "3 Client Hello 在哪个数据包中？ / Which packet carries the Client Hello?"
    )
    assert any(title.startswith("结论分析与体会") for title in found)


def test_answers_are_attached_and_nothing_else(reader: PdfReader) -> None:
    assert {name: data for name, data in reader.attachments.items()} == {"answers.json": [ANSWERS]}


def test_running_header_and_page_numbers(pages: list[str]) -> None:
    count = len(pages)
    assert 10 < count < 30
    for number, page in enumerate(pages, start=1):
        assert f"{number} / {count}" in page
    assert all("2024010203 某同学" in page for page in pages[1:])


def test_language_title_and_date(reader: PdfReader) -> None:
    assert _any(reader.trailer["/Root"])["/Lang"] == "zh-Hans"
    assert reader.metadata is not None
    assert reader.metadata.title == "Wireshark\u2009实验：TLS / Wireshark lab: TLS"
    assert reader.metadata.creation_date == MOMENT


def test_arrows_and_contents_are_links(reader: PdfReader) -> None:
    links = [
        annotation.get_object()
        for page in reader.pages
        for annotation in _any(page.get("/Annots", []))
        if annotation.get_object()["/Subtype"] == "/Link"
    ]
    assert len(links) > 50
    assert not [link for link in links if "/URI" in link.get("/A", {})]
    targets = {str(link["/Dest"]) for link in links if "/Dest" in link}
    assert {"evidence-q3", "q24", "conclusion"} <= targets


@pytest.mark.parametrize("language", ["zh", "en"])
def test_one_language(textbook: Answered, language: Any) -> None:
    view = build_view(textbook.trace, textbook.result)
    result = render_pdf(render_html(view, language, "pdf"), created=MOMENT)
    document = PdfReader(io.BytesIO(result.data))
    text = "".join(page.extract_text() for page in document.pages)
    assert _any(document.trailer["/Root"])["/Lang"] == ("en" if language == "en" else "zh-Hans")
    has_chinese = any("\u4e00" <= c <= "\u9fff" for c in text)
    assert has_chinese == (language == "zh")
    assert ("Which packet carries" in text) == (language == "en")


def test_nothing_runs_off_the_page(textbook_view: ReportView) -> None:
    """Every line of text ends inside the page's margins, as WeasyPrint laid it out."""
    fetcher = rendering_pdf._make_fetcher(None)
    document = weasyprint.HTML(
        string=rendering_pdf._with_style_sheets(render_html(textbook_view, "both", "pdf"), MOMENT),
        base_url=asset("templates").as_uri() + "/",
        url_fetcher=fetcher,
    ).render()
    beyond = []
    for page in document.pages:
        box = page._page_box
        right = box.position_x + box.margin_width() - box.margin_right
        for line in box.descendants():
            text = getattr(line, "text", None)
            # A thin space at the end of a line hangs over the margin, unseen.
            if (
                text
                and text.strip()
                and not text.endswith("\u2009")
                and line.position_x + line.width > right + 1
            ):
                beyond.append(text)
    assert beyond == []


def _in_a_child(
    html: str,
    attachments: Sequence[Attachment] = (),
    created: datetime | None = None,
    limits: PdfLimits = STANDARD_PDF_LIMITS,
) -> Pdf:
    with contextlib.closing(PdfWorker(limits)) as worker:
        return worker.render(html, attachments, created)


def test_same_input_same_bytes_here_and_in_a_child(textbook_view: ReportView, made: Pdf) -> None:
    page = render_html(textbook_view, "both", "pdf")
    attached = [Attachment("answers.json", ANSWERS, "answers")]
    assert render_pdf(page, attached, MOMENT) == made
    assert _in_a_child(page, attached, MOMENT) == made


def test_source_date_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    document = PdfReader(io.BytesIO(render_pdf(SMALL.format("x")).data))
    assert document.metadata is not None
    assert document.metadata.creation_date == datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)


def test_a_missing_glyph_is_told() -> None:
    private = "\U0010fffd"
    assert render_pdf(SMALL.format(f"<p>{private}{private}</p>")).missing_glyphs == (private,)
    assert _in_a_child(SMALL.format(private)).missing_glyphs == (private,)


FETCHED = (
    "<img src='file:///etc/hostname'>",
    "<img src='http://127.0.0.1:9/x.png'>",
    "<img src='//evil.example/x.png'>",
    "<object data='file:///etc/hostname'></object>",
    "<embed src='file:///etc/hostname'>",
    "<style>@import url(file:///etc/hostname);</style>",
    "<style>@font-face{font-family:x;src:url(http://127.0.0.1:9/x.ttf)}</style>",
    "<p style='background:url(file:///etc/hostname)'>x</p>",
    "<p style='background:url(fonts/../../pyproject.toml)'>x</p>",
    "<link rel=stylesheet href='http://127.0.0.1:9/x.css'>",
    "<img src='data:image/svg+xml,<svg xmlns=\"http://www.w3.org/2000/svg\"/>'>",
    "<img src='ftp://127.0.0.1/x'>",
    "<img src='report.html'>",
    "<base href='file:///etc/'><img src='hostname'>",
    "<ul style='list-style-image:url(file:///etc/hostname)'><li>x</li></ul>",
    "<style>p::before{content:url(file:///etc/hostname)}</style><p>x</p>",
    "<style>@page{background:url(file:///etc/hostname)}</style>",
    '<img src=\'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg">'
    '<image href="file:///etc/hostname" width="9" height="9"/></svg>\'>',
)


IGNORED = (
    "<svg width='9' height='9'><image href='file:///etc/hostname' width='9' height='9'/></svg>",
    "<svg width='9' height='9'><style>@import url(file:///etc/hostname);</style><rect/></svg>",
    "<iframe src='file:///etc/hostname'></iframe>",
    "<script src='http://127.0.0.1:9/x.js'></script>",
    "<video poster='file:///etc/hostname'></video>",
)
_OPENED: list[str] = []
sys.addaudithook(
    lambda event, arguments: (
        _OPENED.append(str(arguments[0])) if event in ("open", "socket.connect") else None
    )
)


@pytest.mark.parametrize("body", FETCHED)
def test_what_is_not_ours_is_refused(body: str) -> None:
    _OPENED.clear()
    with pytest.raises(LabsharkError) as caught:
        render_pdf(SMALL.format(body))
    assert caught.value.slug == "pdf-failed"
    assert not [path for path in _OPENED if "hostname" in path or "pyproject" in path]


@pytest.mark.parametrize("body", IGNORED)
def test_what_weasyprint_ignores_is_not_opened_either(body: str) -> None:
    _OPENED.clear()
    assert render_pdf(SMALL.format(body)).data.startswith(b"%PDF")
    assert [path for path in _OPENED if path.endswith("pdf.css")]
    assert not [path for path in _OPENED if "hostname" in path or "socket" in path]


def test_attachments_of_the_page_are_not_followed() -> None:
    page = SMALL.format("<a rel=attachment href='file:///etc/hostname'>x</a>")
    with pytest.raises(LabsharkError) as caught:
        render_pdf(
            page.replace("<title>", "<link rel=attachment href='file:///etc/hostname'><title>")
        )
    assert caught.value.slug == "pdf-failed"


def test_hostile_names_embed_and_fetch_nothing(textbook_view: ReportView) -> None:
    page = render_html(poisoned(textbook_view, *NAMES), "both", "pdf")
    document = PdfReader(io.BytesIO(render_pdf(page).data))
    root = _any(document.trailer["/Root"])
    assert "/OpenAction" not in root
    assert "/JavaScript" not in root.get("/Names", {})
    assert not document.attachments
    for page_object in document.pages:
        for annotation in _any(page_object.get("/Annots", [])):
            assert "/URI" not in annotation.get_object().get("/A", {})


def test_without_weasyprint_there_is_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(LabsharkError) as caught:
        render_pdf(SMALL.format("x"))
    assert caught.value.slug == "pdf-unavailable"
    assert caught.value.exit_code is ExitCode.PROGRAM
    assert "report.html" in caught.value.text.en


def test_a_child_that_takes_too_long_is_ended() -> None:
    with pytest.raises(LabsharkError) as caught:
        _in_a_child(SMALL.format("x"), limits=PdfLimits(deadline_seconds=0.05))
    assert caught.value.slug == "pdf-too-slow"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit is Linux's")
def test_a_child_that_takes_too_much_memory_is_ended() -> None:
    rows = "<table>" + "<tr><td>x</td></tr>" * 20_000 + "</table>"
    with pytest.raises(LabsharkError) as caught:
        _in_a_child(SMALL.format(rows), limits=PdfLimits(address_space=250 << 20))
    assert caught.value.slug in ("pdf-failed", "pdf-unavailable")


def test_a_module_in_the_current_folder_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("weasyprint.py", "json.py", "report.py"):
        (tmp_path / name).write_text("open('taken', 'w')\nraise SystemExit(3)\n")
    monkeypatch.chdir(tmp_path)
    assert _in_a_child(SMALL.format("x"), created=MOMENT).data.startswith(b"%PDF")
    assert (
        os.listdir(tmp_path) == ["weasyprint.py", "json.py", "report.py"]
        or not (tmp_path / "taken").exists()
    )


def test_the_attached_answers_are_those_of_the_page(textbook: Answered) -> None:
    view = build_view(textbook.trace, textbook.result, STUDENT, WORDS)
    data = json.dumps(view.answers, ensure_ascii=False).encode()
    made = render_pdf(render_html(view, "zh", "pdf"), [Attachment("answers.json", data, "a")])
    document = PdfReader(io.BytesIO(made.data))
    attached = json.loads(document.attachments["answers.json"][0])
    assert {a["id"]: a["value"] for a in attached["answers"]}["q11"] == 37
