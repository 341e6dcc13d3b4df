"""The bundled faces: what they cover, and what a PDF made with them holds."""

import io
import logging
import re
from typing import Any

import pypdf
import pytest
from fontTools.ttLib import TTFont

from report.assets import asset

PAGE = """<!doctype html><html lang="zh-Hans"><head><title>fonts</title>
<link rel="stylesheet" href="fonts.css"><style>
html {{ font-family: var(--sans) }} :lang(zh) {{ font-family: var(--sans-zh) }}
:lang(en) {{ font-family: var(--sans) }} pre {{ font-family: var(--mono) !important }}
@page {{ @top-center {{ content: "学号 " counter(page); font-family: var(--sans-zh) }} }}
</style></head><body>{body}</body></html>"""


def characters(font: str) -> set[int]:
    return set(TTFont(asset("templates", "fonts", font), lazy=True).getBestCmap())


def gb2312() -> set[int]:
    """Every character of GB 2312, from Python's own codec."""
    found = set()
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            text = bytes([row, cell]).decode("gb2312", errors="ignore")
            found |= {ord(character) for character in text}
    return found


@pytest.mark.parametrize("weight", ["Regular", "Bold"])
def test_chinese_face_covers_gb2312_and_rare_names(weight: str) -> None:
    covered = characters(f"NotoSansSC-{weight}.ttf")
    wanted = gb2312()
    assert len(wanted) == 6763 + 682  # hanzi and signs of the standard
    assert wanted <= covered
    # From the third list of 通用规范汉字表, kept for names; none of them is in GB 2312.
    assert {ord(character) for character in "喆堃玥祎翀赟骉㛃淏鋆䶮𬱖𬱟"} <= covered


@pytest.mark.parametrize("weight", ["Regular", "SemiBold", "Bold"])
def test_latin_face_shows_what_was_captured(weight: str) -> None:
    font = TTFont(asset("templates", "fonts", f"Inter-{weight}.ttf"), lazy=True)
    assert set(map(ord, "AZaz09 éßłő→✓✗≤…—“”")) <= set(font.getBestCmap())
    features = {record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord}
    assert "calt" not in features, "it would show 0x1303 with a multiplication sign"
    assert "tnum" in features


@pytest.mark.parametrize("weight", ["Regular", "Bold"])
def test_monospace_face_draws_trees(weight: str) -> None:
    assert set(map(ord, "▾▸│├└─✓→")) <= characters(f"JetBrainsMonoNL-{weight}.ttf")


def pdf_of(body: str) -> bytes:
    from weasyprint import HTML

    base = asset("templates", "fonts", "fonts.css")
    pdf = HTML(string=PAGE.format(body=body), base_url=base.as_uri()).write_pdf()
    assert isinstance(pdf, bytes)
    return pdf


def embedded(page: pypdf.PageObject) -> set[str]:
    """The names of the page's fonts whose outlines are in the file, without subset prefixes."""
    resources: Any = page["/Resources"]
    names = set()
    for font in resources["/Font"].values():
        for descendant in font.get_object()["/DescendantFonts"]:
            descriptor = descendant.get_object()["/FontDescriptor"]
            if "/FontFile2" in descriptor:
                names.add(str(descriptor["/FontName"]).split("+")[-1])
    return names


@pytest.fixture
def glyph_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.WARNING, logger="weasyprint")
    return caplog


def test_pdf_embeds_the_faces_and_its_text_can_be_read(
    glyph_log: pytest.LogCaptureFixture,
) -> None:
    body = (
        "<h1>文件长度 方一人大小日用目长 骉㛃 Client Hello</h1><p>他说“你好”——这是第 28 号</p>"
        '<p lang="en">He said “hello” — 0x1303 -> ✓</p><p><b>粗体 bold</b></p>'
        "<pre>▾ TLSv1.2 握手协议\n│ └─ tcp.stream == 1 && x != 2</pre>"
    )
    (page,) = pypdf.PdfReader(io.BytesIO(pdf_of(body))).pages
    text = page.extract_text()
    for expected in ("文件长度", "方一人大小日用目长", "骉㛃", "他说“你好”", "学号", "握手协议"):
        assert expected in text
    assert "0x1303 ->" in text
    assert "tcp.stream == 1 && x != 2" in text
    assert not re.search(r"[⺀-⿟]", text), "a radical stands for a character"
    bases = embedded(page)
    assert {"Labshark-Sans-SC", "Labshark-Sans", "Labshark-Mono"} <= bases
    assert all(base.startswith("Labshark-") for base in bases), "a face of the system was used"
    assert "notdef" not in glyph_log.text


def test_a_character_that_no_face_has_is_reported(glyph_log: pytest.LogCaptureFixture) -> None:
    pdf_of("<p>\U000e0041\U0010fffd</p>")
    assert "notdef" in glyph_log.text


def test_chinese_marks_are_full_width() -> None:
    font = TTFont(asset("templates", "fonts", "NotoSansSCPunctuation-Regular.ttf"), lazy=True)
    widths = {chr(code): font["hmtx"][glyph][0] for code, glyph in font.getBestCmap().items()}
    em = font["head"].unitsPerEm
    assert [widths[mark] for mark in "“”‘’…·"] == [em] * 6
    assert {"\u0020", "\u00a0", "\u3000"} <= set(widths), "Pango takes the space from this face"
