"""What a run shows while it goes: a live line on a terminal, else one line per item."""

import io
import re

import pytest

from report.batch.plan import Item
from report.batch.progress import showing
from report.batch.results import Status
from report.batch.settling import Settled
from report.labs.loader import load_lab
from tests.batch.known import result


class Terminal(io.StringIO):
    """Says that it is one."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def colourless(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "140")


def _watched(target: io.StringIO, *, quiet: bool = False) -> str:
    lab = load_lab("tls-v8.1")
    with showing(4, ("zh", "en"), target, quiet=quiet) as watcher:
        for number, status in enumerate((Status.DONE, Status.FAILED)):
            made = result(lab, number, status)
            item = Item(made.who, made.folder, inputs=made.inputs)
            watcher.began(item)
            watcher.settled(item, Settled(made))
        waiting = result(lab, 7)
        watcher.began(Item(waiting.who, waiting.folder, inputs=waiting.inputs))
    return target.getvalue()


def test_a_terminal_shows_done_failed_and_the_current_names() -> None:
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", _watched(Terminal()))
    last = shown.replace("\n", "\r").rstrip("\r").rpartition("\r")[2]
    assert "2/4" in last
    assert "未完成 not done 1" in last
    assert "202400007" in last
    assert "202400001" not in last


def test_elsewhere_a_line_per_item_and_no_control_characters() -> None:
    assert _watched(io.StringIO()).splitlines() == [
        "1/4 202400000: 完成 done",
        "2/4 202400001: 失败 failed [capture-empty-file]",
    ]


def test_quiet_is_quiet() -> None:
    assert _watched(Terminal(), quiet=True) == ""
