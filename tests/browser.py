"""A real headless Chromium for tests of pages, and what it says of them."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1000",
)


def _program(*names: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip(f"needs {names[0]} (Debian: apt-get install chromium chromium-driver)")
    return found


@contextlib.contextmanager
def chromium(profile: Path) -> Iterator[webdriver.Chrome]:
    """The browser, which keeps what it keeps in `profile`; skips where there is none."""
    options = webdriver.ChromeOptions()
    options.binary_location = _program("chromium", "chromium-browser", "google-chrome")
    for flag in FLAGS:
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={profile}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # Given the driver's path, selenium looks for none and asks no server for one.
    service = Service(_program("chromedriver"), env={**os.environ, "SE_OFFLINE": "true"})
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield driver
    finally:
        driver.quit()


def requests(browser: webdriver.Chrome) -> list[str]:
    """Addresses that pages asked for since the last look.

    The browser's own start page, which may still be loading when ours is opened, is not counted,
    nor what a page holds itself.
    """
    events = [json.loads(entry["message"])["message"] for entry in _log(browser, "performance")]
    sent = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
    asked = [each["request"]["url"] for each in sent if not _own(each.get("documentURL", ""))]
    return [address for address in asked if not address.startswith("data:")]


def _own(page: str) -> bool:
    return page.startswith("chrome:")


def complaints(browser: webdriver.Chrome) -> list[str]:
    """What its console says since the last look, but for what its own start page says."""
    said = [entry["message"] for entry in _log(browser, "browser")]
    return [message for message in said if not _own(message)]


def _log(browser: webdriver.Chrome, name: str) -> list[dict[str, str]]:
    entries: list[dict[str, str]] = browser.get_log(name)  # type: ignore[no-untyped-call]
    return entries
