"""What a file is, by its content."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from report.grading.intake.content import Content, Kind, Role, content_of
from report.grading.intake.problems import PROBLEMS, problem
from tests.grading.intake.builders import KEYLOG, PCAP, PCAPNG, make_zip

DOCUMENTS = Path(__file__).parent / "documents"


def seen(tmp_path: Path, data: bytes, name: str) -> Content:
    path = tmp_path / "file"
    path.write_bytes(data)
    return content_of(path, name)


@pytest.mark.parametrize(
    "data",
    [
        PCAP,
        PCAPNG,
        gzip.compress(PCAPNG, mtime=0),
        b"\xa1\xb2\xc3\xd4" + bytes(20),
        b"\x4d\x3c\xb2\xa1" + bytes(20),
    ],
)
def test_captures(tmp_path: Path, data: bytes) -> None:
    assert seen(tmp_path, data, "report.md").role is Role.CAPTURE


@pytest.mark.parametrize(
    "data",
    [
        KEYLOG,
        KEYLOG.decode().encode("utf-16"),
        b"\xef\xbb\xbf" + KEYLOG.replace(b"\n", b"\r\n"),
        b"CLIENT_HANDSHAKE_TRAFFIC_SECRET " + b"ab" * 32 + b" " + b"cd" * 32,
    ],
)
def test_key_logs(tmp_path: Path, data: bytes) -> None:
    assert seen(tmp_path, data, "notes.txt").role is Role.KEYLOG


def test_a_writeup_that_quotes_a_key_log_is_a_writeup(tmp_path: Path) -> None:
    text = b"1. 17\n2. 28\n3. before\nMy key log:\n" + KEYLOG.splitlines()[1]
    assert seen(tmp_path, text, "a.md").role is Role.WRITEUP


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pandoc.docx", Kind.WORD),
        ("libreoffice.docx", Kind.WORD),
        ("chromium.pdf", Kind.PDF),
        ("pandoc.html", Kind.HTML),
    ],
)
def test_documents_under_any_name(name: str, kind: Kind) -> None:
    assert content_of(DOCUMENTS / name, "x.bin") == content_of(DOCUMENTS / name, name)
    assert content_of(DOCUMENTS / name, "x.bin").kind is kind


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("1. 17\n", "a.md", Kind.MARKDOWN),
        ("1. 17\n", "a.txt", Kind.PLAIN),
        ("1. 17\n", "a", Kind.PLAIN),
        ("# a\n\n**1. b**\n\n> c\n", "a", Kind.MARKDOWN),
        ("<!-- x -->\n<!DOCTYPE html><p>", "a.txt", Kind.HTML),
        ("<p>17</p>", "a.html", Kind.HTML),
        ("<p>17</p>", "a.md", Kind.MARKDOWN),
    ],
)
def test_texts(tmp_path: Path, text: str, name: str, kind: Kind) -> None:
    found = seen(tmp_path, text.encode(), name)
    assert (found.role, found.kind) == (Role.WRITEUP, kind)


def tar() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.md"))
    return target.getvalue()


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"Rar!\x1a\x07\0", "RAR"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (tar(), "tar"),
        (gzip.compress(tar(), mtime=0), "tar.gz"),
        (gzip.compress(b"x", mtime=0), "gzip"),
    ],
)
def test_archives_that_cannot_be_opened_are_named(tmp_path: Path, data: bytes, named: str) -> None:
    found = seen(tmp_path, data, "a.zip")
    assert (found.role, found.named) == (Role.ARCHIVE, named)


@pytest.mark.parametrize(
    ("part", "named"),
    [
        ("xl/workbook.xml", "Excel"),
        ("ppt/presentation.xml", "PowerPoint"),
        ("content.xml", "OpenDocument"),
        ("Index/Document.iwa", "Pages"),
    ],
)
def test_documents_that_cannot_be_read_are_named(tmp_path: Path, part: str, named: str) -> None:
    path = make_zip(tmp_path / "a.docx", {part: b"x"})
    found = content_of(path, "a.docx")
    assert (found.role, found.named) == (Role.OTHER, named)


@pytest.mark.parametrize("data", [b"", b"\n \n", bytes(1000), b"BM is a text\n" + b"x" * 99])
def test_what_is_nothing_in_particular(tmp_path: Path, data: bytes) -> None:
    assert seen(tmp_path, data, "a.bin").role in (Role.OTHER, Role.WRITEUP)
    assert seen(tmp_path, data, "a.bin").role is not Role.PICTURE


def test_a_text_whose_first_part_ends_inside_a_character(tmp_path: Path) -> None:
    text = ("a" + "学" * 30_000).encode()
    assert seen(tmp_path, text, "a.txt").role is Role.WRITEUP


def test_every_problem_is_said_in_both_languages() -> None:
    for slug, text in PROBLEMS.items():
        assert any("\u4e00" <= c <= "\u9fff" for c in text.zh), slug
        assert not any("\u4e00" <= c <= "\u9fff" for c in text.en), slug


def test_what_a_problem_quotes_is_made_visible() -> None:
    assert problem("file-link", "a\u202eb\x1b").text.en.startswith("“a\\u202eb\\x1b” is a link")
