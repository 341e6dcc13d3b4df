"""Versions with published holes: warned of on one's own capture, refused for strangers' files."""

import re
import shutil
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.commands.process import run
from tests.conftest import CHECKOUT

BAD = ("4.6.0", "4.6.2", "4.6.4")
GOOD = ("4.6.5", "4.4.18", "5.0.0")
FLOORS = {
    "weasyprint": "70",  # CVE-2026-55073: the fetcher bypassed
    "jinja2": "3.1.6",  # CVE-2025-27516: out of the sandbox
}


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    folder = tmp_path / "class"
    folder.mkdir()
    shutil.copy(CHECKOUT / "traces" / "demo.pcapng", folder / "20260001.pcapng")
    return folder


def pretending(folder: Path, version: str) -> dict[str, str]:
    """The real tshark, saying that it is another version."""
    real = shutil.which("tshark", path="/usr/bin")
    if real is None:
        pytest.skip("needs /usr/bin/tshark")
    program = folder / "tshark"
    text = f'#!/bin/sh\n[ "$1" = --version ] && echo "TShark (Wireshark) {version}." && exit\n'
    program.write_text(f'{text}exec {real} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return {"LABSHARK_TSHARK": str(program)}


needs_sh = pytest.mark.skipif(sys.platform == "win32", reason="the pretender is a script")


@needs_sh
@pytest.mark.parametrize("version", [*BAD, *GOOD])
def test_ones_own_capture_is_read_with_a_warning(version: str, demo: Path, tmp_path: Path) -> None:
    own = demo / "20260001.pcapng"
    done = run("answer", own, "--lang", "en", cwd=tmp_path, env=pretending(tmp_path, version))
    assert done.code == 0, done.err
    assert ("CVE-2026-5402" in done.err + done.out) == (version in BAD)


@needs_sh
@pytest.mark.parametrize("version", BAD)
def test_strangers_captures_are_refused(version: str, demo: Path, tmp_path: Path) -> None:
    env = pretending(tmp_path, version)
    for command in ("batch", "grade"):
        out = tmp_path / command
        done = run(command, demo, "-o", out, "--no-pdf", "--lang", "en", cwd=tmp_path, env=env)
        assert (done.code, done.slugs[-1]) == (4, "tshark-known-bad"), done.err
        assert "--accept-known-bad-tshark" in done.err
        assert not list(out.rglob("*.html"))


@needs_sh
def test_whoever_insists_may_go_on(demo: Path, tmp_path: Path) -> None:
    env = pretending(tmp_path, BAD[0])
    for command in ("batch", "grade"):
        insist = ("--accept-known-bad-tshark", "--no-pdf")
        done = run(command, demo, "-o", tmp_path / command, *insist, cwd=tmp_path, env=env)
        assert done.code in (0, 1), done.err
        assert list((tmp_path / command).rglob("*.html"))


@pytest.mark.parametrize("name", FLOORS)
def test_floors_of_what_meets_strangers_text(name: str) -> None:
    """Declared, locked and installed."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {r.name.lower(): r for r in map(Requirement, project["dependencies"])}
    floor = Version(FLOORS[name])
    assert str(declared[name].specifier) == f">={FLOORS[name]}"
    lock = (CHECKOUT / "requirements.lock").read_text(encoding="utf-8")
    locked = re.search(rf"^{name}==([\w.]+)", lock, re.M)
    assert locked is not None
    assert Version(locked[1]) >= floor
    assert Version(version(name)) >= floor
