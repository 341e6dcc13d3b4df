"""The class page: as text, and in a real browser with a thousand rows."""

import io
import re
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from pypdf import PdfReader
from selenium import webdriver
from selenium.webdriver.common.by import By

from report.batch import classpage
from report.batch.classpage import write_class_page
from report.batch.results import Result, Status, Who
from report.labs.loader import load_lab
from report.labs.model import Lab
from tests.batch.known import class_of, findings, result
from tests.browser import chromium, complaints, requests

HOSTILE = "</td><script>alert(1)</script><img src=x onerror=alert(1)>\u202e\x1b"


@pytest.fixture(scope="module")
def lab() -> Lab:
    return load_lab("tls-v8.1")


def _page(results: list[Result], lab: Lab) -> str:
    target = io.BytesIO()
    write_class_page(target, lambda: results, lab)
    return target.getvalue().decode()


def _find(page: str, path: str) -> list[Any]:
    found = html.fromstring(page).xpath(path)
    assert isinstance(found, list)
    return found


@pytest.fixture(scope="module")
def thousand(lab: Lab) -> list[Result]:
    return list(class_of(lab, 1000))


@pytest.fixture(scope="module")
def page(lab: Lab, thousand: list[Result]) -> str:
    return _page(thousand, lab)


def test_every_student_has_a_row_and_every_report_its_links(
    page: str, thousand: list[Result]
) -> None:
    rows = _find(page, "//table[@class='students']/tbody/tr")
    assert [row.xpath("td[1]//text()")[0] for row in rows] == [r.who.id for r in thousand]
    assert [row.get("data-status") for row in rows] == [r.status.value for r in thousand]
    for row, one in zip(rows, thousand, strict=True):
        assert row.xpath(".//a/@href") == [f"{one.folder}/{name}" for name in one.files]


def test_counts_are_those_of_the_results(page: str, thousand: list[Result]) -> None:
    buttons = _find(page, "//ul[@class='counts']//button")
    shown = {b.get("data-status"): int(b.xpath("b/text()")[0]) for b in buttons}
    assert shown == Counter(r.status.value for r in thousand)


def test_only_its_own_script_and_sheet_may_run(page: str) -> None:
    (policy,) = _find(page, "//meta[@http-equiv='Content-Security-Policy']/@content")
    scripts, styles = (
        _find(page, "//script/text()"),
        re.findall(r"<style>(.*?)</style>", page, re.S),
    )
    assert (len(scripts), len(styles)) == (1, 2)
    for kind, inlined in (("script-src", scripts), ("style-src", styles)):
        digests = [b64encode(sha256(each.encode()).digest()).decode() for each in inlined]
        listed = " ".join(f"'sha256-{each}'" for each in digests)
        assert f"{kind} {listed};" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert not re.search(r"\b(?:src|srcset|action|style|on\w+)=", re.sub(r"<script>.*", "", page))
    assert not _find(page, "//@href[contains(., ':')]")


def test_what_captures_and_students_say_is_never_markup(lab: Lab) -> None:
    one = result(
        lab,
        1,
        who=Who(id=HOSTILE, name=HOSTILE, class_name=HOSTILE),
        folder='a"b<c',
        inputs=(HOSTILE,),
        findings=findings(lab, 1, server_name=HOSTILE),
    )
    other = result(lab, 2, Status.FAILED, inputs=(HOSTILE,), who=Who(id="2"))
    page = _page([one, other], lab)
    assert len(_find(page, "//script")) == 1
    assert not _find(page, "//img")
    assert not re.search("[\u202e\x1b]", page)
    assert _find(page, "//table[@class='students']//a/@href")[0] == "a%22b%3Cc/report.html"


def test_no_times_of_the_run_are_on_it(lab: Lab, thousand: list[Result], page: str) -> None:
    assert _page(thousand, lab) == page


def test_both_languages_everywhere(page: str) -> None:
    for chinese in _find(page, "//*[contains(@class,'zh') and @lang='zh-Hans']"):
        assert re.search("[\u4e00-\u9fff]", chinese.text_content()), chinese.text_content()
    for english in _find(page, "//*[contains(@class,'en') and @lang='en']"):
        assert not re.search("[\u4e00-\u9fff]", english.text_content()), english.text_content()


def test_more_than_fits_lists_the_urgent_first(
    lab: Lab, thousand: list[Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classpage, "MOST_ROWS", 200)
    page = _page(thousand, lab)
    shown = _find(page, "//table[@class='students']/tbody/tr/@data-status")
    urgent = [r.status.value for r in thousand if r.needs_person]
    assert len(shown) == 200
    assert shown[: len(urgent)] == urgent
    assert "800" in _find(page, "//main/p")[0].text_content()


def test_an_empty_class_is_a_page_too(lab: Lab) -> None:
    assert "Nobody fits" in _page([], lab)


# --- in Chromium ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module")
def loaded(
    chrome: webdriver.Chrome, page: str, tmp_path_factory: pytest.TempPathFactory
) -> webdriver.Chrome:
    """The page of a thousand, opened as from a USB stick."""
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(page, "utf-8")
    requests(chrome)
    complaints(chrome)
    chrome.get(path.as_uri())
    return chrome


@pytest.fixture
def opened(loaded: webdriver.Chrome) -> webdriver.Chrome:
    """The same with everything shown, in both languages."""
    loaded.execute_script(
        "document.querySelector('.reset').click();"
        "document.querySelector('.language [data-language=both]').click()"
    )
    return loaded


def _ids(browser: webdriver.Chrome) -> list[str]:
    """The ids in the rows that are shown, from above."""
    found: list[str] = browser.execute_script(
        "return [...document.querySelectorAll('.students tbody tr:not([hidden]) .c-id')]"
        ".map(e => e.textContent)"
    )
    return found


def test_it_asks_for_nothing_and_nothing_complains(opened: webdriver.Chrome) -> None:
    assert len(_ids(opened)) == 1000
    assert [url.split(":")[0] for url in requests(opened)] == ["file"]
    assert complaints(opened) == []


def test_search_finds_every_word_anywhere(opened: webdriver.Chrome, thousand: list[Result]) -> None:
    field = opened.find_element(By.ID, "find")
    field.send_keys("tls 1.3 学生9")
    expected = [
        r.who.id
        for r in thousand
        if r.findings and r.findings.session.version == "TLS 1.3" and "学生9" in r.who.name
    ]
    assert _ids(opened) == expected != []
    assert opened.find_element(By.CSS_SELECTOR, ".shown .number").text == str(len(expected))
    field.send_keys(" nobody-like-this")
    assert _ids(opened) == []
    assert opened.find_element(By.CLASS_NAME, "nobody").is_displayed()
    opened.find_element(By.CLASS_NAME, "reset").click()
    assert len(_ids(opened)) == 1000


def test_statuses_filter(opened: webdriver.Chrome, thousand: list[Result]) -> None:
    for status in ("failed", "duplicate"):
        opened.find_element(By.CSS_SELECTOR, f".counts [data-status={status}]").click()
    wanted = (Status.FAILED, Status.DUPLICATE)
    assert _ids(opened) == [r.who.id for r in thousand if r.status in wanted]
    opened.find_element(By.CSS_SELECTOR, ".counts [data-status=failed]").click()
    assert _ids(opened) == [r.who.id for r in thousand if r.status is Status.DUPLICATE]


def test_columns_sort_up_down_and_back(opened: webdriver.Chrome, thousand: list[Result]) -> None:
    button = opened.find_element(By.CSS_SELECTOR, "th.c-packets button")
    read = [r for r in thousand if r.findings]
    unread = [r.who.id for r in thousand if not r.findings]
    by_packets = [r.who.id for r in sorted(read, key=lambda r: r.findings.session.packets)]  # type: ignore[union-attr]
    button.click()
    assert _ids(opened) == by_packets + unread
    button.click()
    assert _ids(opened) == by_packets[::-1] + unread
    button.click()
    assert _ids(opened) == [r.who.id for r in thousand]


def test_a_bar_finds_whom_it_counts(opened: webdriver.Chrome, thousand: list[Result]) -> None:
    opened.execute_script(
        "document.querySelector('svg a[data-find=\"TLS 1.2\"]')"
        ".dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))"
    )
    found = [r for r in thousand if r.findings and r.findings.session.version == "TLS 1.2"]
    assert _ids(opened) == [r.who.id for r in found]


@pytest.mark.parametrize(("language", "other"), [("zh", "en"), ("en", "zh")])
def test_one_language_hides_the_other(opened: webdriver.Chrome, language: str, other: str) -> None:
    opened.find_element(By.CSS_SELECTOR, f".language [data-language={language}]").click()
    left = opened.execute_script(
        f"return [...document.querySelectorAll('.{other}, svg .only-{other}')]"
        ".filter(e => e.checkVisibility()).map(e => e.textContent)"
    )
    assert left == []
    shown = str(opened.execute_script("return document.querySelector('.charts').innerText"))
    assert bool(re.search("[\u4e00-\u9fff]", shown)) == (language == "zh")


def test_nothing_runs_over_a_narrow_screen(opened: webdriver.Chrome) -> None:
    opened.set_window_size(500, 900)
    try:
        wide = opened.execute_script("return document.documentElement.scrollWidth - innerWidth")
    finally:
        opened.set_window_size(1280, 1000)
    assert wide <= 0


def test_on_paper_every_page_names_the_columns(opened: webdriver.Chrome) -> None:
    printed = opened.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    pages = PdfReader(io.BytesIO(b64decode(printed["data"]))).pages
    assert pages[0].mediabox.width > pages[0].mediabox.height
    with_rows = [text for page in pages if "www.example" in (text := page.extract_text())]
    assert len(with_rows) > 10
    assert [text for text in with_rows if "Outcome" not in text] == []


def test_it_works_without_its_script(page: str, chrome: webdriver.Chrome, tmp_path: Path) -> None:
    path = tmp_path / "bare.html"
    path.write_text(re.sub(r"<script>.*</script>", "", page, flags=re.S), "utf-8")
    chrome.get(path.as_uri())
    assert len(_ids(chrome)) == 1000
    assert not chrome.find_element(By.CLASS_NAME, "controls").is_displayed()
