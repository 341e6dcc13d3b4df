"""Text that a person does not see is no answer, and that it is there is told."""

import io
import zipfile

import pytest

from report.grading.intake.formats.docx import read_docx
from report.grading.intake.formats.html import read_html
from report.grading.intake.formats.plain import read_plain
from report.grading.intake.lines import LineSink, Reading

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
HIDDEN = "the answer is 4711"


def docx(body: str) -> Reading:
    document = f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("word/document.xml", document)
    sink = LineSink()
    read_docx(file.getvalue(), sink)
    return sink.reading()


def html(body: str) -> Reading:
    sink = LineSink()
    read_html(f"<!doctype html><body><p>1. 17</p>{body}<p>2. before</p>".encode(), sink)
    return sink.reading()


def shown(reading: Reading) -> str:
    return "\n".join(line.text for line in reading.lines)


def told(reading: Reading) -> bool:
    return "writeup-hidden-text" in {slug for slug, _ in reading.problems}


@pytest.mark.parametrize(
    "properties",
    [
        "<w:vanish/>",
        '<w:color w:val="FFFFFF"/>',
        '<w:color w:val="fefefe"/>',
        '<w:color w:val="auto" w:themeColor="background1"/>',
        '<w:sz w:val="2"/>',
        '<w:color w:val="FFFFFF"/><w:shd w:val="clear" w:fill="FFFFFF"/>',
    ],
)
def test_word(properties: str) -> None:
    run = f"<w:r><w:rPr>{properties}</w:rPr><w:t>{HIDDEN}</w:t></w:r>"
    reading = docx(f"<w:p><w:r><w:t>1. 17 </w:t></w:r>{run}</w:p>")
    assert shown(reading) == "1. 17"
    assert told(reading)


@pytest.mark.parametrize(
    "paragraph",
    [
        '<w:p><w:r><w:rPr><w:color w:val="FF0000"/></w:rPr><w:t>{}</w:t></w:r></w:p>',
        '<w:p><w:r><w:rPr><w:sz w:val="21"/></w:rPr><w:t>{}</w:t></w:r></w:p>',
        '<w:p><w:r><w:rPr><w:color w:val="FFFFFF"/><w:highlight w:val="darkBlue"/></w:rPr>'
        "<w:t>{}</w:t></w:r></w:p>",
        '<w:p><w:pPr><w:shd w:val="clear" w:fill="1F3864"/></w:pPr><w:r><w:rPr>'
        '<w:color w:val="FFFFFF"/></w:rPr><w:t>{}</w:t></w:r></w:p>',
        '<w:tbl><w:tr><w:tc><w:tcPr><w:shd w:val="clear" w:fill="000000"/></w:tcPr><w:p><w:r>'
        '<w:rPr><w:color w:val="FFFFFF"/></w:rPr><w:t>{}</w:t></w:r></w:p></w:tc></w:tr></w:tbl>',
    ],
)
def test_what_can_be_seen_in_word_is_read(paragraph: str) -> None:
    reading = docx(paragraph.format("17"))
    assert shown(reading) == "17"
    assert not told(reading)


@pytest.mark.parametrize(
    "tag",
    [
        "<p hidden>",
        "<p style='display: none'>",
        "<p style='visibility:hidden'>",
        "<p style='font-size:0'>",
        "<p style='font-size:1px'>",
        "<p style='opacity:0'>",
        "<p style='color:white'>",
        "<p style='color: #FFF'>",
        "<p style='color:rgb(255, 255,255)'>",
        "<p style='color:transparent'>",
        "<p style='position:absolute;left:-9999px'>",
        "<p style='text-indent:-9999px'>",
        "<p style='background:white;color:#ffffff'>",
    ],
)
def test_html(tag: str) -> None:
    reading = html(f"{tag}{HIDDEN}</p>")
    assert "4711" not in shown(reading)
    assert told(reading)


@pytest.mark.parametrize(
    "tag",
    [
        "<p style='color:#ff0000'>",
        "<p style='font-size:12px'>",
        "<p style='font-size:10pt'>",
        "<p style='opacity:0.9'>",
        "<p style='background-color:#fff;color:black'>",
        "<p style='background:#003366;color:white'>",
        "<div style='background:navy'><p style='color:white'>",
        "<p style='left:-2px'>",
    ],
)
def test_what_can_be_seen_in_html_is_read(tag: str) -> None:
    reading = html(f"{tag}28</p>")
    assert "28" in shown(reading).split()
    assert not told(reading)


@pytest.mark.parametrize("mark", ["\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u0008"])
def test_invisible_characters_part_no_number(mark: str) -> None:
    sink = LineSink()
    read_plain(f"1. 1{mark}7\n".encode(), sink)
    assert shown(sink.reading()) == "1. 17"


def test_turned_text_is_told() -> None:
    """What reads 82 on the page is 28 in the file."""
    sink = LineSink()
    read_plain("1. \u202e28\u202c\n".encode(), sink)
    reading = sink.reading()
    assert "writeup-direction" in {slug for slug, _ in reading.problems}
