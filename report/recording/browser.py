"""The visit by the student's own browser, in a fresh profile that is thrown away."""

import contextlib
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from report.capture.programs import all_found
from report.errors import LabsharkError
from report.recording.visit import Order, Visit, await_end, client, last_words, logged
from report.text import Text

FLAGS_VARIABLE = "LABSHARK_BROWSER_FLAGS"
"""Further words for the browser's command line, as a shell would part them."""


class BrowserName(StrEnum):
    """A browser that writes key logs; `auto` is the first of them that is here."""

    AUTO = "auto"
    CHROME = "chrome"
    CHROMIUM = "chromium"
    EDGE = "edge"
    FIREFOX = "firefox"


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser of this system."""

    name: BrowserName
    path: Path

    @property
    def is_firefox(self) -> bool:
        """Whether it takes Firefox's options and not Chromium's."""
        return self.name is BrowserName.FIREFOX

    @property
    def snap(self) -> str | None:
        """The snap that it is in, if any: a snap sees neither /tmp nor hidden folders."""
        return snap_of(self.path)


_ORDER = (BrowserName.CHROME, BrowserName.CHROMIUM, BrowserName.EDGE, BrowserName.FIREFOX)
_LINUX_COMMANDS: Mapping[BrowserName, tuple[str, ...]] = {
    BrowserName.CHROME: ("google-chrome", "google-chrome-stable"),
    BrowserName.CHROMIUM: ("chromium", "chromium-browser"),
    BrowserName.EDGE: ("microsoft-edge", "microsoft-edge-stable"),
    BrowserName.FIREFOX: ("firefox", "firefox-esr"),
}
_MACOS_PROGRAMS: Mapping[BrowserName, str] = {
    BrowserName.CHROME: "Google Chrome.app/Contents/MacOS/Google Chrome",
    BrowserName.CHROMIUM: "Chromium.app/Contents/MacOS/Chromium",
    BrowserName.EDGE: "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    BrowserName.FIREFOX: "Firefox.app/Contents/MacOS/firefox",
}
_WINDOWS_PROGRAMS: Mapping[BrowserName, str] = {
    BrowserName.CHROME: r"Google\Chrome\Application\chrome.exe",
    BrowserName.CHROMIUM: r"Chromium\Application\chrome.exe",
    BrowserName.EDGE: r"Microsoft\Edge\Application\msedge.exe",
    BrowserName.FIREFOX: r"Mozilla Firefox\firefox.exe",
}
_WINDOWS_FOLDERS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
_SNAP_FOLDER = Path("/snap/bin")


def find_browser(name: BrowserName) -> Browser:
    """The browser asked for; never one from the current folder.

    Raises LabsharkError `browser-missing`.
    """
    wanted = _ORDER if name is BrowserName.AUTO else (name,)
    for each in wanted:
        for path in _places(each):
            return Browser(each, path)
    raise LabsharkError("browser-missing", names=", ".join(wanted))


def _places(name: BrowserName) -> Iterator[Path]:
    if sys.platform == "darwin":
        folders = (Path("/Applications"), Path("~/Applications").expanduser())
        yield from _existing(folder / _MACOS_PROGRAMS[name] for folder in folders)
    elif sys.platform == "win32":
        roots = (os.environ.get(variable) for variable in _WINDOWS_FOLDERS)
        yield from _existing(Path(root, _WINDOWS_PROGRAMS[name]) for root in roots if root)
    else:
        for command in _LINUX_COMMANDS[name]:
            yield from all_found(command, (_SNAP_FOLDER,))


def _existing(paths: Iterator[Path]) -> Iterator[Path]:
    return (path for path in paths if path.is_absolute() and path.is_file())


def snap_of(path: Path) -> str | None:
    """The snap that a command belongs to, `chromium`; Ubuntu's own commands are scripts that start
    a snap."""
    if path.parent == _SNAP_FOLDER:
        return path.name
    with contextlib.suppress(OSError), path.open("rb") as file:
        head = file.read(4096)
        if head.startswith(b"#!") and b"/snap/bin/" in head:
            called = head.split(b"/snap/bin/", 1)[1].split(maxsplit=1)[0]
            return called.strip(b"\"';").decode("ascii", "replace")
    return None


def browse(browser: Browser, order: Order, folder: Path, over: Callable[[], bool]) -> Visit:
    """Opens the target and leaves it to the user until `over` says so or the browser is closed.

    `folder` is private.
    """
    with _home(browser, folder) as home:
        profile = home / "profile"
        profile.mkdir(mode=0o700)
        if browser.is_firefox:
            (profile / "user.js").write_text(preferences(order.tls_max), encoding="utf-8")
        keylog = home / "keys.log" if order.keys else None
        with client(words(browser, order, profile), keylog, home) as process:
            code = await_end(process, over)
        return Visit(
            _NO_KEYS,
            keylog=b"" if keylog is None else logged(keylog),
            failure=last_words(home, code) if code else None,
        )


_NO_KEYS = Text(
    "浏览器没有写出密钥，因此文件里没有密钥：请重新录制，等网页显示出来再按 Enter；"
    "仍然没有，就换一个浏览器，或去掉 --browser 用 curl 录制。",
    "The browser wrote no keys, so there are none in the file: record again, and press Enter only "
    "once the page is there; if that does not help, take another browser, or curl, without "
    "--browser.",
)


@contextlib.contextmanager
def _home(browser: Browser, folder: Path) -> Iterator[Path]:
    """Where the browser may keep its profile; gone at the end."""
    if browser.snap is None:
        yield folder
        return
    common = Path("~/snap").expanduser() / browser.snap / "common"
    common.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="labshark-", dir=common))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def words(browser: Browser, order: Order, profile: Path) -> list[str]:
    """The browser's command line."""
    own = _firefox_words(profile) if browser.is_firefox else _chromium_words(order, profile)
    further = shlex.split(os.environ.get(FLAGS_VARIABLE, ""))
    return [str(browser.path), *own, *further, order.target.url]


def _firefox_words(profile: Path) -> list[str]:
    return ["--no-remote", "--new-instance", "--profile", str(profile)]


# Chromium's own list of switches is chromium.googlesource.com, chrome/common/chrome_switches.cc,
# components/network_session_configurator/common/network_switch_list.h and others.
_CHROMIUM_SWITCHES = (
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-search-engine-choice-screen",
    "--disable-quic",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-client-side-phishing-detection",
    "--disable-component-extensions-with-background-pages",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--dns-prefetch-disable",
    "--metrics-recording-only",
    "--no-pings",
    "--password-store=basic",
    "--use-mock-keychain",
)
_CHROMIUM_FEATURES_OFF = (
    # The first three would hide the server's name, or where it is looked up.
    "EncryptedClientHello",
    "UseDnsHttpsSvcb",
    "DnsOverHttps",
    "CertificateTransparencyComponentUpdater",
    "InterestFeedContentSuggestions",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PreconnectToSearch",
    "Translate",
)


def _chromium_words(order: Order, profile: Path) -> list[str]:
    version = (f"--ssl-version-max=tls{order.tls_max}",) if order.tls_max else ()
    return [
        f"--user-data-dir={profile}",
        *_CHROMIUM_SWITCHES,
        f"--disable-features={','.join(_CHROMIUM_FEATURES_OFF)}",
        *version,
    ]


_FIREFOX_PREFERENCES: Mapping[str, bool | int | str] = {
    "network.http.http3.enable": False,
    "network.proxy.type": 0,
    # These would hide the server's name, or where it is looked up.
    "network.dns.echconfig.enabled": False,
    "network.dns.http3_echconfig.enabled": False,
    "network.trr.mode": 5,
    # First runs, updates, reports, guesses at what comes next.
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.newtabpage.activity-stream.feeds.section.topstories": False,
    "browser.newtabpage.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.search.update": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.http.speculative-parallel-limit": 0,
    "network.predictor.enabled": False,
    "network.prefetch-next": False,
    "services.settings.server": "data:,",
    "startup.homepage_welcome_url": "",
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.unified": False,
}
_FIREFOX_VERSIONS = {"1.2": 3, "1.3": 4}
"""Values of security.tls.version.max (NSS)."""


def preferences(tls_max: str | None) -> str:
    """A user.js for Firefox."""
    wanted = dict(_FIREFOX_PREFERENCES)
    if tls_max is not None:
        wanted["security.tls.version.max"] = _FIREFOX_VERSIONS[tls_max]
    return "".join(f'user_pref("{name}", {_literal(v)});\n' for name, v in wanted.items())


def _literal(value: bool | int | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else f'"{value}"'
