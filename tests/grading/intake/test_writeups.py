"""Write-ups read by the child: what comes back, and what happens to a document that is a weapon."""

import os
import time
import zipfile
import zlib
from pathlib import Path

import pytest

from report.grading.intake.confined import ChildFailedError, confined
from report.grading.intake.content import Kind, Role
from report.grading.intake.limits import MIB, ChildLimits
from report.grading.intake.lines import LineKind
from report.grading.intake.writeups import WriteUp, read_writeup_at
from tests.grading.intake.builders import measured

DOCUMENTS = Path(__file__).parent / "documents"
HERE = "tests.grading.intake.test_writeups"
QUICK = ChildLimits(seconds=3.0)


def slugs(writeup: WriteUp) -> list[str]:
    return [problem.slug for problem in writeup.problems]


# ---- what comes back ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "lines"),
    [
        ("source.md", Kind.MARKDOWN, 16),
        ("pandoc.docx", Kind.WORD, 16),
        ("pandoc.html", Kind.HTML, 17),
        ("weasyprint.pdf", Kind.PDF, 18),
    ],
)
def test_a_document_through_the_child(name: str, kind: Kind, lines: int) -> None:
    writeup = read_writeup_at(DOCUMENTS / name)
    assert writeup.kind is kind
    assert len(writeup.lines) == lines
    assert writeup.language == "zh"
    assert isinstance(writeup.lines[0].kind, LineKind)
    assert "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" in writeup.text


def test_a_report_by_labshark_is_known_as_one() -> None:
    writeup = read_writeup_at(DOCUMENTS / "weasyprint.pdf")
    assert writeup.is_generated
    assert writeup.answers is not None
    assert not read_writeup_at(DOCUMENTS / "chromium.pdf").is_generated


def test_a_bare_answers_json(tmp_path: Path) -> None:
    path = tmp_path / "anything.txt"
    path.write_text('{"labshark": "0.1.0", "answers": [{"id": "q1", "value": 17}]}')
    writeup = read_writeup_at(path)
    assert writeup.is_generated
    assert writeup.answers == {"labshark": "0.1.0", "answers": [{"id": "q1", "value": 17}]}


def test_the_shared_writeups(shared: Path) -> None:
    """Every answer that a person noted as written stands in the lines."""
    folder = shared / "submissions"
    rows = [line.split("\t") for line in (folder / "marks.tsv").read_text().splitlines()]
    header = rows[0]
    name, answer = header.index("submission"), header.index("answer_as_written")
    found = looked_for = 0
    for stem in sorted({row[name] for row in rows[1:]}):
        text = "".join(read_writeup_at(folder / f"{stem}.md").text.split())
        for row in rows[1:]:
            if row[name] == stem and row[answer].strip():
                looked_for += 1
                found += "".join(row[answer].split()) in text
    assert looked_for > 60
    assert found / looked_for > 0.6  # the README says that some cells shorten or join


# ---- weapons ------------------------------------------------------------------------------------


def package(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (c + 1, b"&%c;" % c * 10) for c in range(ord("a"), ord("j")))
    + b']><w:document xmlns:w="%s"><w:body><w:p>&j;</w:p></w:body></w:document>' % WORD.encode()
)


def page_of(content: bytes, times: int) -> bytes:
    """A PDF of one page whose content stream is `content` so many times, deflated."""
    packer = zlib.compressobj(9)
    block = content * 1000
    pieces = [packer.compress(block) for _ in range(times // 1000)]
    packed = b"".join([*pieces, packer.flush()])
    head = (
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
        b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n4 0 obj<</Length "
    )
    length = str(len(packed)).encode()
    tail = b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    return head + length + b"/Filter/FlateDecode>>stream\n" + packed + tail


SHOW = b"BT /F 9 Tf (x) Tj ET\n"


def word(inside: bytes) -> bytes:
    """A Word file's document part."""
    return f'<w:document xmlns:w="{WORD}"><w:body>'.encode() + inside


def bomb(path: Path, kind: str) -> Path:
    """A document that costs far more than it weighs."""
    parts = {
        "docx-1000-to-1": lambda: word(b"<w:p/>" * (40 * MIB)),
        "docx-laughs": lambda: LAUGHS,
        "docx-deep": lambda: word(b"<w:sdt>" * 100_000),
    }
    contents = {
        "pdf-gigabyte": lambda: page_of(SHOW, 20 * MIB),
        "pdf-text": lambda: page_of(SHOW, 400_000),
        "html-deep": lambda: b"<html><body>" + b"<div>" * 500_000 + b"17",
        "html-tables": lambda: b"<html><body>" + b"<table><tr><td>a<td>" * 2_000 + b"17",
        "md-brackets": lambda: b"# a\n\n" + b"[" * 200_000 + b"a](b",
        "md-quotes": lambda: b"# a\n\n" + b"> " * 100_000 + b"17",
        "md-emphasis": lambda: b"# a\n\n" + b"*a _b " * 200_000,
        "txt-huge": lambda: b"17\n" * (5 * MIB),
    }
    if kind in parts:
        return package(path, {"word/document.xml": parts[kind]()})
    path.write_bytes(contents[kind]())
    return path


NAMES = {"docx": "a.docx", "pdf": "a.pdf", "html": "a.html", "md": "a.md", "txt": "a.txt"}
WEAPONS = [
    "docx-1000-to-1",
    "docx-laughs",
    "docx-deep",
    "pdf-gigabyte",
    "pdf-text",
    "html-deep",
    "html-tables",
    "md-brackets",
    "md-quotes",
    "md-emphasis",
    "txt-huge",
]


@pytest.mark.parametrize("kind", WEAPONS)
def test_a_weapon_is_read_in_bounds_or_refused(tmp_path: Path, kind: str) -> None:
    path = bomb(tmp_path / NAMES[kind.split("-")[0]], kind)
    outcome = measured(
        """
from report.grading.intake.limits import ChildLimits
from report.grading.intake.writeups import read_writeup_at
import time
""",
        """
started = time.monotonic()
writeup = read_writeup_at(path, ChildLimits(seconds=3.0))
said.append([p.slug for p in writeup.problems])
said.extend([len(writeup.lines), time.monotonic() - started])
""",
        path,
    )
    problems, lines, seconds = outcome.said
    assert seconds < 3 + 2
    assert outcome.rss_mib < 300
    assert problems or lines


@pytest.mark.parametrize(
    ("kind", "slug"),
    [("docx-laughs", "writeup-entities"), ("txt-huge", "writeup-too-large")],
)
def test_a_weapon_is_named(tmp_path: Path, kind: str, slug: str) -> None:
    path = bomb(tmp_path / NAMES[kind.split("-")[0]], kind)
    assert slugs(read_writeup_at(path, QUICK)) == [slug]


def test_entities_hidden_in_utf_16_are_refused(tmp_path: Path) -> None:
    declared = LAUGHS.replace(b'version="1.0"', b'version="1.0" encoding="UTF-16"')
    path = package(tmp_path / "a.docx", {"word/document.xml": declared.decode().encode("utf-16")})
    assert slugs(read_writeup_at(path, QUICK)) == ["writeup-entities"]


def test_an_external_entity_reads_no_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("do not tell")
    source = (
        f'<!DOCTYPE x [<!ENTITY s SYSTEM "{secret.as_uri()}">]><w:document xmlns:w="{WORD}">'
        "<w:body><w:p><w:r><w:t>&s;</w:t></w:r></w:p></w:body></w:document>"
    )
    path = package(tmp_path / "a.docx", {"word/document.xml": source.encode()})
    writeup = read_writeup_at(path, QUICK)
    assert slugs(writeup) == ["writeup-entities"]
    assert "do not tell" not in writeup.text


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.html", "a.md"])
def test_damaged_documents_are_said(tmp_path: Path, name: str) -> None:
    original = {
        "a.pdf": DOCUMENTS / "weasyprint.pdf",
        "a.docx": DOCUMENTS / "pandoc.docx",
        "a.html": DOCUMENTS / "pandoc.html",
        "a.md": DOCUMENTS / "source.md",
    }[name]
    data = original.read_bytes()
    for cut in (len(data) // 3, len(data) // 2, len(data) - 30):
        path = tmp_path / name
        path.write_bytes(data[:cut])
        writeup = read_writeup_at(path, QUICK)
        assert writeup.lines or writeup.problems


def test_an_encrypted_pdf_is_said(tmp_path: Path) -> None:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(DOCUMENTS / "weasyprint.pdf"))
    writer.encrypt("secret", algorithm="AES-256")
    path = tmp_path / "a.pdf"
    writer.write(path)
    assert slugs(read_writeup_at(path, QUICK)) == ["writeup-encrypted"]


def test_a_pdf_that_only_forbids_copying_is_read(tmp_path: Path) -> None:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(DOCUMENTS / "libreoffice.pdf"))
    writer.encrypt(user_password="", owner_password="secret", algorithm="RC4-128")
    path = tmp_path / "a.pdf"
    writer.write(path)
    assert "答：17" in [line.text for line in read_writeup_at(path, QUICK).lines]


def test_a_scan_is_said(tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "a.pdf"
    Image.new("L", (400, 300), 200).save(path)
    writeup = read_writeup_at(path, QUICK)
    assert slugs(writeup) == ["writeup-scanned"]
    assert [line.kind for line in writeup.lines] == [LineKind.PICTURE]


# ---- the child ----------------------------------------------------------------------------------


def waits(argument: bytes) -> bytes:
    time.sleep(60)
    return argument


def grows(argument: bytes) -> bytes:
    blocks = [bytes(64 * MIB) for _ in range(100)]
    return bytes(len(blocks))


def prints(argument: bytes) -> bytes:
    return b"x" * (8 * MIB)


def echoes(argument: bytes) -> bytes:
    return argument


def dies(argument: bytes) -> bytes:
    os.kill(os.getpid(), 9)
    return b""


def tries(argument: bytes) -> bytes:
    """Everything that a document might want done; which attempts went through."""
    import socket
    import subprocess

    def write() -> object:
        return Path(argument.decode()).write_text("x")

    def run() -> object:
        return subprocess.run(["true"])

    def connect() -> object:
        return socket.create_connection(("127.0.0.1", 9))

    done = []
    for attempt in (write, run, connect, lambda: os.system("true")):
        try:
            attempt()
            done.append(str(attempt))
        except PermissionError:
            continue
    return repr(done).encode()


def test_the_child_gives_back_what_it_was_given() -> None:
    assert confined(f"{HERE}:echoes", bytes(range(256))) == bytes(range(256))


@pytest.mark.parametrize(
    ("task", "slug"),
    [("waits", "too-slow"), ("grows", "too-hungry"), ("prints", "too-hungry"), ("dies", "crashed")],
)
def test_a_child_that_will_not_end_well(task: str, slug: str) -> None:
    limits = ChildLimits(seconds=1.5, memory_bytes=512 * MIB, output_bytes=4 * MIB)
    started = time.monotonic()
    with pytest.raises(ChildFailedError) as failed:
        confined(f"{HERE}:{task}", b"", limits)
    assert failed.value.slug == slug
    assert time.monotonic() - started < 30


def test_the_child_does_nothing_but_read(tmp_path: Path) -> None:
    target = tmp_path / "written"
    assert confined(f"{HERE}:tries", str(target).encode()) == b"[]"
    assert not target.exists()


def test_the_child_looks_neither_at_the_folder_nor_at_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('not mine')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert confined(f"{HERE}:echoes", b"x") == b"x"


def test_the_role_of_a_writeup_at_a_path_is_a_writeup(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("# 1. 17\n")
    assert [line.text for line in read_writeup_at(path, QUICK).lines] == ["# 1. 17"]
    assert Role.WRITEUP.value == "writeup"
