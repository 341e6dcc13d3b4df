"""Which browser is taken, and what it is told."""

import json
import os
import re
from pathlib import Path

import pytest

from report.errors import LabsharkError
from report.recording import browser as browsers
from report.recording.browser import (
    FLAGS_VARIABLE,
    Browser,
    BrowserName,
    find_browser,
    preferences,
    snap_of,
    words,
)
from report.recording.target import parse_target
from report.recording.visit import Order, environment

CHROMIUM = Browser(BrowserName.CHROMIUM, Path("/usr/bin/chromium"))
FIREFOX = Browser(BrowserName.FIREFOX, Path("/usr/bin/firefox"))
PROFILE = Path("/tmp/profile")


def order(tls_max: str | None = None) -> Order:
    target = parse_target("https://www.example.com/a?b=c")
    return Order(target, ("192.0.2.1",), tls_max, None, keys=True)


def test_chromium_gets_a_fresh_profile_and_no_quic() -> None:
    told = words(CHROMIUM, order(), PROFILE)
    assert told[0] == "/usr/bin/chromium"
    assert told[-1] == "https://www.example.com/a?b=c"
    assert {f"--user-data-dir={PROFILE}", "--disable-quic", "--no-proxy-server"} <= set(told)
    assert "--disable-background-networking" in told
    assert not [word for word in told if word.startswith("--ssl-version-max")]
    assert "--ssl-version-max=tls1.2" in words(CHROMIUM, order("1.2"), PROFILE)


def test_firefox_gets_a_fresh_profile_and_no_quic() -> None:
    told = words(FIREFOX, order(), PROFILE)
    assert told[told.index("--profile") + 1] == str(PROFILE)
    assert told[-1] == "https://www.example.com/a?b=c"
    lines = re.findall(r'^user_pref\("([\w.-]+)", (.+)\);$', preferences("1.2"), re.MULTILINE)
    read = {name: json.loads(value) for name, value in lines}
    assert len(read) == preferences("1.2").count("\n")
    assert read["network.http.http3.enable"] is False
    # NSS counts 3 for TLS 1.2 and 4 for TLS 1.3.
    assert read["security.tls.version.max"] == 3
    assert '"security.tls.version.max", 4' in preferences("1.3")
    assert "security.tls.version.max" not in preferences(None)


def test_further_flags_stand_before_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FLAGS_VARIABLE, "--headless=new '--window-size=1280, 1000'")
    told = words(CHROMIUM, order(), PROFILE)
    assert told[-3:-1] == ["--headless=new", "--window-size=1280, 1000"]


def test_a_key_log_of_the_users_own_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", "/home/user/keys.log")
    assert "SSLKEYLOGFILE" not in environment(None)
    assert environment(Path("/tmp/keys.log"))["SSLKEYLOGFILE"] == "/tmp/keys.log"
    assert environment(None)["PATH"] == os.environ["PATH"]


def _fake(folder: Path, name: str, text: str = "#!/bin/sh\n") -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def _only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PATH is tmp_path/bin alone, and there is no browser anywhere else."""
    monkeypatch.setattr("report.capture.programs._USUAL_FOLDERS", {})
    monkeypatch.setattr(browsers, "_SNAP_FOLDER", tmp_path / "snap" / "bin")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


@pytest.mark.usefixtures("_only")
def test_browsers_are_found_in_order(tmp_path: Path) -> None:
    with pytest.raises(LabsharkError) as caught:
        find_browser(BrowserName.AUTO)
    assert caught.value.slug == "browser-missing"
    assert "firefox" in caught.value.text.en
    firefox = _fake(tmp_path / "bin", "firefox-esr")
    assert find_browser(BrowserName.AUTO) == Browser(BrowserName.FIREFOX, firefox)
    chrome = _fake(tmp_path / "bin", "google-chrome-stable")
    assert find_browser(BrowserName.AUTO).path == chrome
    assert find_browser(BrowserName.FIREFOX).path == firefox
    with pytest.raises(LabsharkError):
        find_browser(BrowserName.EDGE)


@pytest.mark.usefixtures("_only")
def test_no_browser_of_the_current_folder_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fake(tmp_path / "captures", "chromium")
    monkeypatch.chdir(tmp_path / "captures")
    monkeypatch.setenv("PATH", f".:{tmp_path / 'captures'}")
    with pytest.raises(LabsharkError):
        find_browser(BrowserName.CHROMIUM)


@pytest.mark.usefixtures("_only")
def test_snaps_are_known_as_such(tmp_path: Path) -> None:
    path = _fake(tmp_path / "snap" / "bin", "chromium")
    assert find_browser(BrowserName.CHROMIUM).snap == "chromium"
    assert snap_of(path) == "chromium"
    # What Ubuntu puts into /usr/bin, and a Chromium of Debian's.
    ubuntu = _fake(tmp_path / "bin", "firefox", '#!/bin/sh\nexec /snap/bin/firefox "$@"\n')
    assert snap_of(ubuntu) == "firefox"
    assert snap_of(_fake(tmp_path / "bin", "chromium", "#!/bin/sh\nexec chrome\n")) is None
    assert snap_of(tmp_path / "nothing") is None
