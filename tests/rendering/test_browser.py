"""The page in a real headless Chromium: switch, folds, copying, no request, no complaint."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from report.rendering.html import render_html
from report.rendering.view import ReportView
from tests.browser import chromium, complaints, requests
from tests.rendering.hostile import NAMES, poisoned


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def page(browser: webdriver.Chrome, textbook_view: ReportView, tmp_path: Path) -> webdriver.Chrome:
    """The report, opened as from a USB stick, its memory of the language forgotten."""
    path = tmp_path / "report.html"
    path.write_text(render_html(textbook_view), "utf-8")
    browser.get(path.as_uri())
    browser.execute_script("localStorage.clear()")
    requests(browser)
    complaints(browser)
    browser.get(path.as_uri())
    return browser


def _shown(browser: webdriver.Chrome) -> str:
    return str(browser.execute_script("return document.body.innerText"))


def test_no_request_leaves_and_nothing_complains(page: webdriver.Chrome) -> None:
    assert _shown(page)
    sent = requests(page)
    assert {url.split(":")[0] for url in sent} == {"file"}
    assert len(sent) == 1
    assert complaints(page) == []


def _faces(browser: webdriver.Chrome, selector: str) -> dict[str, bool]:
    """The faces that an element's text was drawn with, and whether the page brought them."""
    for domain in ("DOM", "CSS"):
        browser.execute_cdp_cmd(f"{domain}.enable", {})
    root = browser.execute_cdp_cmd("DOM.getDocument", {})["root"]["nodeId"]
    asked = {"nodeId": root, "selector": selector}
    node = browser.execute_cdp_cmd("DOM.querySelector", asked)["nodeId"]
    used = browser.execute_cdp_cmd("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    return {face["familyName"]: face["isCustomFont"] for face in used}


def test_the_page_brings_its_own_chinese_faces(page: webdriver.Chrome) -> None:
    """Taken where the system has none, so here the system's are taken out of the stacks."""
    page.execute_script(
        "for (const name of ['--sans', '--sans-zh', '--mono'])"
        "  document.documentElement.style.setProperty(name, '\"Labshark Sans SC\"')"
    )
    for selector in ("h1 .zh", ".q h4 .zh", ".model .zh"):
        assert _faces(page, selector).get("Noto Sans SC"), selector
    assert complaints(page) == []


def test_the_switch_shows_one_language_or_both(page: webdriver.Chrome) -> None:
    zh, en = "在哪个数据包中", "Which packet carries the Client Hello?"
    assert zh in _shown(page)
    assert en in _shown(page)
    buttons = {
        button.get_attribute("data-language"): button
        for button in page.find_elements(By.CSS_SELECTOR, ".language button")
    }
    buttons["en"].click()
    assert zh not in _shown(page)
    assert en in _shown(page)
    assert page.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"
    assert buttons["en"].get_attribute("aria-pressed") == "true"
    buttons["zh"].click()
    assert zh in _shown(page)
    assert en not in _shown(page)
    page.refresh()
    assert en not in _shown(page)
    assert complaints(page) == []


def test_what_is_in_the_other_language_is_hidden_everywhere(page: webdriver.Chrome) -> None:
    for language, other in (("zh", "en"), ("en", "zh")):
        page.find_element(By.CSS_SELECTOR, f".language button[data-language={language}]").click()
        left = page.execute_script(
            f"return [...document.querySelectorAll('.{other}')].filter(e => e.checkVisibility())"
            ".map(e => e.textContent)"
        )
        assert left == []


def test_in_english_nothing_of_the_page_is_chinese(page: webdriver.Chrome) -> None:
    """But for the student's own words and name, and the switch itself."""
    page.find_element(By.CSS_SELECTOR, ".language button[data-language=en]").click()
    page.execute_script(
        "document.querySelectorAll('.own, .language, .form').forEach(e => e.remove())"
    )
    shown = page.execute_script("return document.body.innerText")
    assert not [c for c in shown if "\u4e00" <= c <= "\u9fff"]
    assert "Application Data" in page.find_element(By.CSS_SELECTOR, ".sequence").text


def test_exhibits_and_trees_fold(page: webdriver.Chrome) -> None:
    exhibit = page.find_element(By.CSS_SELECTOR, "#evidence-q3")
    row = exhibit.find_element(By.CSS_SELECTOR, "tr.on")
    assert row.is_displayed()
    summary = exhibit.find_element(By.TAG_NAME, "summary")
    summary.click()
    assert not row.is_displayed()
    summary.send_keys(Keys.ENTER)
    assert row.is_displayed()
    closed = page.find_element(By.CSS_SELECTOR, "#evidence-q3 .tree details:not([open])")
    inside = closed.find_element(By.CSS_SELECTOR, "div.l")
    assert not inside.is_displayed()
    closed.find_element(By.TAG_NAME, "summary").click()
    assert inside.is_displayed()


def test_the_copy_button_copies_the_filter(page: webdriver.Chrome) -> None:
    page.execute_cdp_cmd(
        "Browser.grantPermissions",
        {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]},
    )
    page.find_element(By.CSS_SELECTOR, "[data-copies=filter-q3]").click()
    copied = page.execute_async_script(
        "const done = arguments[0];"
        "setTimeout(() => navigator.clipboard.readText().then(done, e => done(String(e))), 200)"
    )
    assert copied == "tcp.stream == 1 && tls.handshake.type == 1"


def test_copying_works_where_there_is_no_clipboard_interface(page: webdriver.Chrome) -> None:
    page.execute_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    button = page.find_element(By.CSS_SELECTOR, "[data-copies=filter-q3]")
    button.click()
    selected = page.execute_script("return getSelection().toString()")
    assert selected == "tcp.stream == 1 && tls.handshake.type == 1"


def test_arrows_lead_to_evidence(page: webdriver.Chrome) -> None:
    arrow = page.find_element(By.CSS_SELECTOR, ".sequence a[href='#evidence-q3']")
    arrow.send_keys(Keys.ENTER)
    assert page.execute_script("return document.querySelector(':target').id") == "evidence-q3"


def test_everything_can_be_reached_by_keyboard(page: webdriver.Chrome) -> None:
    reached = set()
    body = page.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    assert page.switch_to.active_element.get_attribute("class") == "skip"
    for _ in range(60):
        page.switch_to.active_element.send_keys(Keys.TAB)
        reached.add(page.switch_to.active_element.tag_name)
    assert {"button", "a", "summary"} <= reached


def test_nothing_runs_off_the_side(page: webdriver.Chrome) -> None:
    try:
        for width in (1280, 800, 390):
            metrics = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
            page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            for button in page.find_elements(By.CSS_SELECTOR, ".language button"):
                button.click()
                needed = page.execute_script("return document.documentElement.scrollWidth")
                assert needed <= width, button.text
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_text_stands_out_in_the_dark(page: webdriver.Chrome) -> None:
    """WCAG's contrast of at least 4.5 for every text of the page, in light and in dark."""
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        weak = page.execute_script(CONTRAST)
        assert weak == [], scheme
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


CONTRAST = """
const channel = v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
const parse = text => text.match(/[\\d.]+/g).map(Number);
const light = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
const ground = element => {
  for (let e = element; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c;
  }
  return [255, 255, 255];
};
const weak = new Set();
for (const e of document.querySelectorAll("body *")) {
  const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  if (!own || !e.checkVisibility() || e.closest("script, svg")) continue;
  const a = light(parse(getComputedStyle(e).color)), b = light(ground(e));
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < 4.5) weak.add(e.tagName + "." + e.className + " " + contrast.toFixed(2));
}
return [...weak];
"""


def test_hostile_names_do_nothing_in_a_browser(
    browser: webdriver.Chrome, textbook_view: ReportView, tmp_path: Path
) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(render_html(poisoned(textbook_view, *NAMES)), "utf-8")
    requests(browser)
    complaints(browser)
    browser.get(path.as_uri())
    assert browser.execute_script("return document.scripts.length") == 2
    assert {url.split(":")[0] for url in requests(browser)} == {"file"}
    assert complaints(browser) == []
