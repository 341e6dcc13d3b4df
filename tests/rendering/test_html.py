"""The page: self-contained, both languages, its links lead somewhere, hostile names stay text."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from report.rendering.html import ShownLanguage, in_languages, render_html
from report.rendering.report import build_view
from report.rendering.view import ReportView
from report.text import Text
from tests.rendering.conftest import STUDENT, WORDS, Answered
from tests.rendering.hostile import NAMES, poisoned

Element = tuple[str, tuple[str, ...]]


class _Page(HTMLParser):
    """Elements with their attributes, texts of scripts, what is looked for in a page."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._open = tag

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self._open, []).append(data)

    def structure(self) -> list[Element]:
        """Elements and the names of their attributes, in order."""
        return [(tag, tuple(attrs)) for tag, attrs in self.elements]

    def values(self, name: str) -> list[str]:
        """Every value of one attribute."""
        return [attrs[name] for _, attrs in self.elements if name in attrs]


@pytest.fixture(scope="module")
def page(textbook_view: ReportView) -> str:
    return render_html(textbook_view)


def test_ids_are_unique_and_every_link_leads_to_one(page: str) -> None:
    parsed = _Page(page)
    ids = parsed.values("id")
    assert len(ids) == len(set(ids))
    targets = parsed.values("href")
    assert len(targets) > 50
    assert {target.removeprefix("#") for target in targets} <= set(ids)
    assert set(parsed.values("data-copies")) <= set(ids)


def test_nothing_points_outside(page: str) -> None:
    parsed = _Page(page)
    for attribute in ("src", "srcset", "action", "data", "poster", "background", "style"):
        assert not parsed.values(attribute)
    style = "".join(parsed.texts["style"])
    assert set(re.findall(r"url\(([^,]*),", style)) == {'"data:font/ttf;base64'}
    assert "@import" not in style


def test_only_the_pages_own_script_and_style_are_allowed(page: str) -> None:
    policy = next(
        attrs["content"]
        for tag, attrs in _Page(page).elements
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for tag, count in (("script", 1), ("style", 2)):
        inlined = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digests = [hashlib.sha256(each.encode()).digest() for each in inlined]
        listed = " ".join(f"'sha256-{base64.b64encode(each).decode()}'" for each in digests)
        assert f"{tag}-src {listed};" in policy
        assert len(inlined) == count


def test_the_answers_are_in_the_page(page: str, textbook_view: ReportView) -> None:
    block = re.search(r'<script type="application/json" id="labshark-answers">(.*?)</script>', page)
    assert block is not None
    assert json.loads(block[1]) == json.loads(json.dumps(textbook_view.answers))
    assert json.loads(block[1])["answers"][2]["value"] == 28


def test_both_languages_are_there_and_marked(page: str) -> None:
    parsed = _Page(page)
    classes = {(attrs.get("class", ""), attrs.get("lang", "")) for _, attrs in parsed.elements}
    assert ("zh", "zh-Hans") in classes
    assert ("en", "en") in classes
    for cls, lang in classes:
        assert ("zh" in cls.split()) == (lang == "zh-Hans" and cls != "")
    assert "Client Hello\u2009在哪个数据包中？" in page
    assert "Which packet carries the Client Hello?" in page


@pytest.mark.parametrize(
    ("language", "lang", "title"),
    [
        ("zh", "zh-Hans", "Wireshark\u2009实验：TLS"),
        ("en", "en", "Wireshark lab: TLS"),
        ("both", "zh-Hans", "Wireshark\u2009实验：TLS / Wireshark lab: TLS"),
    ],
)
def test_the_page_opens_in_the_language_asked_for(
    textbook_view: ReportView, language: ShownLanguage, lang: str, title: str
) -> None:
    source = render_html(textbook_view, language)
    assert f'<html lang="{lang}" data-language="{language}">' in source
    assert f"<title>{title}</title>" in source


def test_for_paper_the_other_language_is_left_out(textbook_view: ReportView) -> None:
    chinese = render_html(textbook_view, "zh", "pdf")
    english = render_html(textbook_view, "en", "pdf")
    assert "Which packet carries the Client Hello?" not in chinese
    assert "在哪个数据包中" not in english
    assert "<script" not in chinese
    assert "<button" not in chinese


def test_the_same_view_gives_the_same_page(textbook_view: ReportView, page: str) -> None:
    assert render_html(textbook_view) == page


def test_values_are_not_spaced(page: str) -> None:
    """Filters, hashes and values are copied as they are; only running text has thin spaces."""
    for code in re.findall(r"<code[^>]*>(.*?)</code>", page):
        assert "\u2009" not in code


def test_model_answers_are_labelled_as_the_tools(textbook: Answered) -> None:
    bare = render_html(build_view(textbook.trace, textbook.result, STUDENT))
    labelled = bare.count("由\u2009labshark\u2009提供，不是学生所写")
    assert labelled == bare.count('class="model"') > 2
    own = render_html(build_view(textbook.trace, textbook.result, STUDENT, WORDS))
    assert own.count('class="model"') == labelled - 1
    assert "随机数让每次握手都不一样。" in own


def test_without_answers_the_evidence_stays(textbook: Answered) -> None:
    view = build_view(textbook.trace, textbook.result, STUDENT, with_answers=False)
    source = render_html(view)
    assert "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" in source  # the packet shows it
    assert 'class="headline"' not in source
    assert 'class="model"' not in source
    assert 'class="chip' not in source.split("<footer>")[0]
    assert source.count('class="to-write"') == 24
    assert source.count('class="exhibit"') > 15
    assert view.answers == {}


@pytest.fixture(scope="module")
def harmless(textbook_view: ReportView) -> list[Element]:
    return _Page(render_html(poisoned(textbook_view, "example"))).structure()


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_changes_no_element(
    textbook_view: ReportView, harmless: list[Element], name: str
) -> None:
    """In every free place of the report: the elements and attributes are those of `example`."""
    page = _Page(render_html(poisoned(textbook_view, name)))
    assert page.structure() == harmless
    assert all(target.startswith("#") for target in page.values("href"))


def test_there_are_thirty_five_hostile_names() -> None:
    assert len(set(NAMES)) == 35


def test_no_hidden_character_reaches_the_page(textbook: Answered) -> None:
    words = {"q7": "a\u202eb\x1b\u200b", "conclusion": "\x9b31m\u2066"}
    student = STUDENT.with_fields(name="x\u202ey", id="\x07\u200d")
    source = render_html(build_view(textbook.trace, textbook.result, student, words))
    assert not re.search(
        r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", source
    )


def test_titles() -> None:
    text = Text("第1题", "Question 1")
    assert in_languages(text, "zh") == "第\u20091\u2009题"
    assert in_languages(text, "en") == "Question 1"
    assert in_languages(text, "both") == "第\u20091\u2009题 / Question 1"
