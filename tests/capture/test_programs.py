"""Which tshark is run: the one that the user means, never one that came with a capture."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from report.capture import programs
from report.capture.programs import find_program, known_bad, shown_version, tshark_version
from report.errors import ExitCode, LabsharkError
from report.search_path import TSHARK_VARIABLE

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="PATH rules of POSIX")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a student's hand-in. No program is in the usual places."""
    folder = tmp_path / "downloads" / "student"
    folder.mkdir(parents=True)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv(TSHARK_VARIABLE, raising=False)
    monkeypatch.setattr(programs, "_USUAL_FOLDERS", {})
    monkeypatch.setenv("PATH", "")
    return folder


def program(path: Path, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\necho 'TShark (Wireshark) 9.8.7 (a test)'\n")
    path.chmod(mode)
    return path


def on_path(monkeypatch: pytest.MonkeyPatch, *folders: object) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, folders)))


def nothing_found(name: str = "tshark") -> bool:
    with pytest.raises(LabsharkError) as raised:
        find_program(name)
    assert raised.value.exit_code is ExitCode.PROGRAM
    return raised.value.slug == "tshark-missing"


def test_on_path(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert nothing_found()
    first, second = program(tmp_path / "a" / "tshark"), program(tmp_path / "b" / "tshark")
    on_path(monkeypatch, first.parent, second.parent)
    assert find_program("tshark") == first
    on_path(monkeypatch, tmp_path / "none", second.parent, first.parent)
    assert find_program("tshark") == second
    assert nothing_found("editcap")


def test_in_the_systems_usual_folders(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = program(tmp_path / "usual" / "tshark")
    monkeypatch.setattr(programs, "_USUAL_FOLDERS", {sys.platform: (str(usual.parent),)})
    assert find_program("tshark") == usual


@pytest.mark.parametrize(
    "entry", ["", ".", "./", "bin", "./bin", "../student", "{here}", "{here}/bin"]
)
def test_what_lies_in_the_current_folder_never_runs(
    entry: str, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(here / "tshark")
    program(here / "bin" / "tshark")
    entry = entry.format(here=here)
    on_path(monkeypatch, entry)
    assert nothing_found()
    honest = program(tmp_path / "honest" / "tshark")
    on_path(monkeypatch, entry, honest.parent)
    assert find_program("tshark") == honest


def test_nor_by_a_link_to_it(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(here / "bin" / "tshark")
    (tmp_path / "link").symlink_to(here)
    on_path(monkeypatch, tmp_path / "link", tmp_path / "link" / "bin")
    assert nothing_found()
    (tmp_path / "other").symlink_to(here / "bin")
    on_path(monkeypatch, tmp_path / "other")
    assert nothing_found()


def test_in_the_home_folder_a_conda_on_path_still_counts(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    conda = program(home / "miniconda3" / "bin" / "tshark")
    on_path(monkeypatch, conda.parent)
    for folder in (home, tmp_path, Path("/"), here):
        monkeypatch.chdir(folder)
        assert find_program("tshark") == conda, folder
    program(home / "tshark")
    on_path(monkeypatch, home)
    monkeypatch.chdir(home)
    assert nothing_found()


def test_from_a_folder_that_was_removed(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = program(tmp_path / "a" / "tshark")
    on_path(monkeypatch, found.parent)
    here.rmdir()
    assert find_program("tshark") == found


@pytest.mark.parametrize("mode", [0o644, 0o600])
def test_a_program_without_the_right_to_run_is_none(
    mode: int, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "a" / "tshark", mode)
    second = program(tmp_path / "b" / "tshark")
    (tmp_path / "c" / "tshark").mkdir(parents=True)
    on_path(monkeypatch, tmp_path / "a", tmp_path / "c", second.parent)
    assert find_program("tshark") == second
    monkeypatch.setenv(TSHARK_VARIABLE, str(tmp_path / "a" / "tshark"))
    assert nothing_found()


def test_the_variable_names_the_very_program(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path(monkeypatch, program(tmp_path / "a" / "tshark").parent)
    for name in ("tshark", "tshark-4.6", "wireshark-tshark"):
        named = program(tmp_path / "named" / name)
        monkeypatch.setenv(TSHARK_VARIABLE, str(named))
        assert find_program("tshark") == named
    monkeypatch.setenv(TSHARK_VARIABLE, str(tmp_path / "named"))
    assert find_program("tshark") == tmp_path / "named" / "tshark"


def test_a_variable_that_names_nothing_is_not_passed_over(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path(monkeypatch, program(tmp_path / "a" / "tshark").parent)
    for value in (tmp_path / "gone" / "tshark", tmp_path / "a" / "tshark4", tmp_path):
        monkeypatch.setenv(TSHARK_VARIABLE, str(value))
        assert nothing_found(), value


def test_the_other_programs_stand_beside_it_or_on_path(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = program(tmp_path / "named" / "tshark")
    common = program(tmp_path / "a" / "editcap")
    on_path(monkeypatch, common.parent)
    monkeypatch.setenv(TSHARK_VARIABLE, str(named))
    assert find_program("editcap") == common
    beside = program(tmp_path / "named" / "editcap")
    assert find_program("editcap") == beside


def test_version_as_the_program_says_it(tmp_path: Path) -> None:
    assert tshark_version(program(tmp_path / "tshark")) == (9, 8, 7)
    assert shown_version((4, 0, 17)) == "4.0.17"


def test_installed_version() -> None:
    tshark = find_program("tshark")
    said = subprocess.run([tshark, "--version"], capture_output=True, text=True).stdout
    assert f"TShark (Wireshark) {shown_version(tshark_version(tshark))}" in said


@pytest.mark.parametrize("script", ["exit 0", "echo hello", "kill -9 $$"])
def test_a_program_that_does_not_say_its_version(script: str, tmp_path: Path) -> None:
    path = program(tmp_path / "tshark")
    path.write_text(f"#!/bin/sh\n{script}\n")
    with pytest.raises(LabsharkError) as raised:
        tshark_version(path)
    assert raised.value.slug == "tshark-failed"


def test_a_program_that_cannot_be_started(tmp_path: Path) -> None:
    path = program(tmp_path / "tshark")
    path.write_bytes(b"\x7fELF not really")
    with pytest.raises(LabsharkError) as raised:
        tshark_version(path)
    assert raised.value.slug == "tshark-failed"


def test_versions_with_the_published_hole() -> None:
    # CVE-2026-5402: Wireshark 4.6.0 to 4.6.4.
    bad = [(4, 6, patch) for patch in range(5)]
    good = [(4, 5, 9), (4, 6, 5), (4, 8, 0), (4, 4, 12), (4, 0, 17), (3, 6, 24), (5, 0, 0)]
    assert all(map(known_bad, bad))
    assert not any(map(known_bad, good))
