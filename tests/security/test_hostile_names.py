"""35 hostile names in real sessions, as SNI, ALPN, certificate's CN and O, and HTTP host.

What they become in the page, the PDF, the terminal, JSON and tables: text that can be seen.
"""

import io
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lxml import html as lxml_html
from lxml.html import HtmlElement
from pypdf import PdfReader

from report.capture.trace import open_trace
from report.labs.loader import load_lab
from report.questions.engine import LabResult, answer_lab
from report.rendering.answers_json import answers_document, sessions_document
from report.rendering.html import render_html
from report.rendering.output import json_bytes
from report.rendering.pdf import render_pdf
from report.rendering.report import build_view
from report.rendering.terminal import answers_table, sessions_table
from report.student import Student
from report.text import LANGUAGES, visible
from tests.rendering.hostile import NAMES
from tests.security.hostile_sessions import Sessions, hold_sessions

ALIKE = ("a\0b.example", "ab.example", "a\nb.example", "a\\nb.example", "a\\0b.example")
"""Different names that careless reading makes one."""
LAB = load_lab("tls-v8.1")
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@dataclass(frozen=True)
class Shown:
    """One session in every output."""

    name: str
    result: LabResult
    page: str
    terminal: str
    document: dict[str, Any]
    issuer: str


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Sessions:
    return hold_sessions((*NAMES, *ALIKE), tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def shown(sessions: Sessions) -> list[Shown]:
    return list(_shown(sessions))


def _shown(sessions: Sessions) -> Iterator[Shown]:
    with open_trace(sessions.capture, sessions.keylog) as trace:
        trace.start(LAB.columns())
        for stream, name in enumerate(sessions.names):
            result = answer_lab(trace, LAB, stream=stream)
            student = Student().with_fields(id=name, name=name, **{"class": name})
            view = build_view(trace, result, student, {"q7": name, "conclusion": name})
            table = answers_table(result, LANGUAGES)
            listed = sessions_table(result, LANGUAGES) if stream == 0 else ""
            document = answers_document(trace, result)
            if stream == 0:
                document["sessions"] = sessions_document(trace, result)
            page, issuer = render_html(view), result.answers["q13"]
            assert isinstance(issuer.value, str), (name, issuer)
            yield Shown(name, result, page, table + listed, document, issuer.value)


def tree_of(page: str) -> HtmlElement:
    tree = lxml_html.document_fromstring(page)
    assert isinstance(tree, HtmlElement)
    return tree


def programs(tree: HtmlElement) -> list[HtmlElement]:
    """The scripts that a browser would run."""
    return [each for each in tree.iter("script") if each.get("type") != "application/json"]


def hidden(text: str) -> set[str]:
    return {c for c in text if unicodedata.category(c) in _HIDDEN and c != "\n"}


def test_every_session_was_read(shown: list[Shown]) -> None:
    assert len(shown) == len(NAMES) + len(ALIKE)
    for each in shown:
        assert each.result.session.decrypted, each.name
        statuses = {name: answer.status.value for name, answer in each.result.answers.items()}
        assert "failed" not in statuses.values(), (each.name, statuses)
        assert statuses["q13"] == "found"


def test_pages_hold_only_our_own_elements(shown: list[Shown]) -> None:
    for each in shown:
        tree = tree_of(each.page)
        assert len(programs(tree)) == 1, each.name
        assert not tree.xpath("//iframe | //object | //embed | //form | //base | //link"), each.name
        elements = [e for e in tree.iter() if isinstance(e.tag, str)]
        attributes = {str(name).lower() for e in elements for name in e.attrib}
        assert not {name for name in attributes if name.startswith("on")}, each.name
        assert "srcdoc" not in attributes
        links = {str(e.get("href")) for e in elements if e.get("href")}
        assert all(link.startswith("#") for link in links), each.name
        images = {str(e.get("src")) for e in elements if e.get("src")}
        assert all(image.startswith("data:image/") for image in images)
        assert not hidden(each.page) - {"\t"}, each.name


def test_the_names_are_there_to_be_seen(shown: list[Shown]) -> None:
    for each in shown:
        text = tree_of(each.page).text_content()
        squeezed = re.sub(r"\s+", "", text.replace("\u2009", ""))
        assert re.sub(r"\s+", "", visible(each.name)) in squeezed, each.name


def test_no_terminal_obeys(shown: list[Shown], monkeypatch: pytest.MonkeyPatch) -> None:
    for each in shown:
        plain = re.sub(r"\x1b\[[0-9;]*m", "", each.terminal)  # our own colours
        assert not hidden(plain), each.name


def test_json_holds_what_can_be_seen(shown: list[Shown]) -> None:
    for each in shown:
        data = json_bytes(each.document)
        assert json.loads(data)["lab"] == "tls-v8.1"
        assert not hidden(data.decode()), each.name


def test_names_in_certificates_are_exact(shown: list[Shown]) -> None:
    """The value is the name itself, made visible and in no other way changed."""
    for each in shown:
        assert each.issuer in (each.name, visible(each.name)), each.name
    assert len({each.issuer for each in shown}) == len(shown)


def test_names_that_look_alike_stay_apart(shown: list[Shown]) -> None:
    alike = shown[len(NAMES) :]
    names = [each.result.session.connection.server_name for each in alike]
    assert len(set(names)) == len(ALIKE), names


def test_the_request_of_a_decrypted_session_is_only_quoted(shown: list[Shown]) -> None:
    for each in shown:
        text = each.result.answers["q23"].text
        assert not hidden(text.zh + text.en), each.name


@pytest.mark.parametrize("number", [16, 30])
def test_the_pdf_fetches_and_embeds_nothing(sessions: Sessions, number: int) -> None:
    name = sessions.names[number]
    with open_trace(sessions.capture, sessions.keylog) as trace:
        result = answer_lab(trace, LAB, stream=number)
        student = Student().with_fields(id=name, name=name)
        page = render_html(build_view(trace, result, student, {"conclusion": name}), "both", "pdf")
    document = PdfReader(io.BytesIO(render_pdf(page).data))
    root: Any = document.trailer["/Root"]
    assert "/OpenAction" not in root
    assert not document.attachments
    for leaf in document.pages:
        annotations: Any = leaf.get("/Annots", [])
        for annotation in annotations:
            assert "/URI" not in annotation.get_object().get("/A", {})


def test_a_class_with_such_captures_keeps_its_tables_whole(
    sessions: Sessions, tmp_path: Path
) -> None:
    """Through `batch`, with a student who is called like that as well."""
    import csv

    from tests.commands.process import run

    folder = tmp_path / "class"
    for number, name in enumerate(("<script>alert(1)<", "=cmd|'C calc'!A0")):
        place = folder / f"2026000{number}_{name}"
        place.mkdir(parents=True)
        (place / "mine.pcap").write_bytes(sessions.capture.read_bytes())
        (place / "keys.log").write_bytes(sessions.keylog.read_bytes())
    ended = run("batch", folder, "-o", tmp_path / "out", "--no-pdf", "--jobs", 1)
    assert ended.code in (0, 1), ended.err
    assert not hidden(re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", ended.err)) - {"\r"}
    pages = list((tmp_path / "out").rglob("*.html"))
    assert len(pages) == 3
    for page in pages:
        tree = tree_of(page.read_text(encoding="utf-8"))
        assert len(programs(tree)) == 1, page
        assert not tree.xpath("//*[@onerror or @onload or @onclick or @onmouseover]"), page
    for table in (tmp_path / "out").glob("*.csv"):
        rows = list(csv.reader(io.StringIO(table.read_text("utf-8-sig"), newline="")))
        assert len({len(row) for row in rows}) == 1, table
        for row in rows:
            assert not [cell for cell in row if cell[:1] in ("=", "+", "@", "\t", "\r")], row
