"""`labshark doctor`, for this machine and for machines that are only described."""

import itertools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from report.doctor import Finding, System, examine, exit_code, lines, this_system
from report.doctor.machine import FONTS, WIRESHARK_PROGRAMS, Family, family
from report.errors import ExitCode

FAMILIES: tuple[Family, ...] = get_args(Family)
PROGRAMS = {name: Path("/usr/bin") / name for name in WIRESHARK_PROGRAMS}


def healthy(kind: Family = "debian") -> System:
    return System(
        family=kind,
        python=(3, 13, 1),
        programs=PROGRAMS,
        tshark=(4, 4, 2),
        bubblewrap="works",
        capture="granted",
    )


def bare(kind: Family) -> System:
    return System(
        family=kind,
        python=(3, 10, 4),
        bubblewrap="missing",
        pdf_fault="cannot load library 'libpango-1.0-0'",
        fonts_missing=FONTS,
    )


def of(findings: list[Finding], subject: str) -> Finding:
    return next(finding for finding in findings if finding.subject == subject)


@pytest.mark.parametrize("kind", FAMILIES)
def test_nothing_to_mend_on_a_healthy_machine(kind: Family) -> None:
    findings = examine(healthy(kind))
    assert {finding.status for finding in findings} == {"ok"}
    assert [finding.command for finding in findings] == [None] * len(findings)
    assert exit_code(findings) is ExitCode.DONE


# What the distributions themselves write into /etc/os-release.
@pytest.mark.parametrize(
    ("system", "os_release", "expected"),
    [
        ("linux", {"ID": "debian"}, "debian"),
        ("linux", {"ID": "raspbian", "ID_LIKE": "debian"}, "debian"),
        ("linux", {"ID": "ubuntu", "ID_LIKE": "debian"}, "ubuntu"),
        ("linux", {"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "ubuntu"),
        ("linux", {"ID": "fedora"}, "fedora"),
        ("linux", {"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "fedora"),
        ("linux", {"ID": "arch"}, "linux"),
        ("linux", {}, "linux"),
        ("darwin", {}, "macos"),
        ("win32", {}, "windows"),
    ],
)
def test_system_is_recognised(system: str, os_release: dict[str, str], expected: str) -> None:
    assert family(system, os_release) == expected


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ((3, 4, 16), "missing"),
        ((3, 6, 0), "ok"),
        ((4, 0, 17), "ok"),
        ((4, 6, 0), "warning"),
        ((4, 6, 4), "warning"),
        ((4, 6, 5), "ok"),
        (None, "missing"),
    ],
)
def test_tshark_is_judged_by_its_version(version: tuple[int, int, int], status: str) -> None:
    system = System("macos", (3, 12, 0), programs=PROGRAMS, tshark=version)
    finding = of(examine(system), "tshark")
    assert finding.status == status
    assert (finding.command is None) == (status == "ok")
    assert ("CVE-2026-5402" in finding.text.en) == (status == "warning")


@pytest.mark.parametrize(
    ("kind", "commands"),
    [
        ("debian", {"tshark": "tshark", "bubblewrap": "bubblewrap", "pdf": "libpango-1.0-0"}),
        ("ubuntu", {"tshark": "tshark", "bubblewrap": "bubblewrap", "pdf": "libpangoft2-1.0-0"}),
        ("fedora", {"tshark": "wireshark-cli", "bubblewrap": "bubblewrap", "pdf": "pango"}),
        ("macos", {"tshark": "brew install wireshark", "pdf": "brew install pango"}),
        ("windows", {"tshark": "WiresharkFoundation.Wireshark", "pdf": "ucrt-x86_64-pango"}),
    ],
)
def test_each_lack_comes_with_the_command_of_the_system(
    kind: Family, commands: dict[str, str]
) -> None:
    findings = examine(bare(kind))
    for subject, part in commands.items():
        assert part in (of(findings, subject).command or "")
    assert of(findings, "python").status == "missing"
    assert of(findings, "pdf").status == "warning", "the web page does not need Pango"
    assert exit_code(findings) is ExitCode.PROGRAM


@pytest.mark.parametrize("kind", ["debian", "ubuntu", "fedora", "linux"])
def test_bubblewrap_that_may_not_work_is_told_from_one_that_is_missing(kind: Family) -> None:
    forbidden = System(kind, (3, 12, 0), bubblewrap="blocked")
    finding = of(examine(forbidden), "bubblewrap")
    assert finding.status == "warning"
    assert "install" not in (finding.command or "")
    assert ("apparmor" in (finding.command or "")) == (kind == "ubuntu")


def test_dumpcap_that_may_not_be_started_is_not_called_missing() -> None:
    programs = {name: path for name, path in PROGRAMS.items() if name != "dumpcap"}
    system = System("debian", (3, 12, 0), programs, (4, 0, 17), capture="denied")
    findings = examine(system)
    assert of(findings, "wireshark").status == "ok"
    assert of(findings, "capture").status == "warning"
    assert "usermod -aG wireshark" in (of(findings, "capture").command or "")


def everything_wrong() -> list[Finding]:
    systems = [bare(kind) for kind in FAMILIES]
    for kind, version in itertools.product(FAMILIES, [(3, 4, 0), (4, 6, 2), None]):
        systems.append(
            System(kind, (3, 14, 0), PROGRAMS, version, bubblewrap="blocked", capture="denied")
        )
    return [finding for system in systems for finding in examine(system)]


def test_every_sentence_is_in_both_languages() -> None:
    healthy_findings = [finding for kind in FAMILIES for finding in examine(healthy(kind))]
    for finding in everything_wrong() + healthy_findings:
        assert re.search(r"[一-鿿]", finding.text.zh), finding
        assert not re.search(r"[一-鿿]", finding.text.en), finding
        assert "{" not in finding.text.zh + finding.text.en, finding


def test_commands_for_unix_are_sound_shell() -> None:
    commands = {f.command for f in everything_wrong() if f.command and "winget" not in f.command}
    assert len(commands) > 10
    for command in commands:
        checked = subprocess.run(["sh", "-n", "-c", command], capture_output=True, text=True)
        assert checked.returncode == 0, (command, checked.stderr)


def test_lines_show_the_sentence_of_each_language_and_the_command() -> None:
    finding = of(examine(bare("macos")), "tshark")
    assert list(lines([finding], "both")) == [
        f"[缺少] {finding.text.zh}",
        f"[missing] {finding.text.en}",
        "    brew install wireshark",
    ]
    assert [line.split()[0] for line in lines([finding], "en")] == ["[missing]", "brew"]
    assert len(list(lines([finding], "zh"))) == 2


def test_this_machine_is_described_as_it_is() -> None:
    system = this_system()
    said = subprocess.run(["tshark", "--version"], capture_output=True, text=True).stdout
    assert system.tshark is not None
    assert ".".join(map(str, system.tshark)) in said.splitlines()[0]
    for name, path in system.programs.items():
        assert shutil.which(name) == str(path)
    assert system.fonts_missing == ()
    assert system.python == sys.version_info[:3]
    if os.geteuid() == 0:
        assert system.capture == "granted"


def without_other_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that are not beside tshark would be taken from the usual folders."""
    monkeypatch.setattr("report.capture.programs._folders", lambda: ())


def pretend_wireshark(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "tshark").write_text("#!/bin/sh\necho 'TShark (Wireshark) 4.6.2.'\n")
    (folder / "dumpcap").write_text("#!/bin/sh\necho 'no permission' >&2\nexit 2\n")
    for name in ("tshark", "dumpcap"):
        (folder / name).chmod(0o755)
    monkeypatch.setenv("LABSHARK_TSHARK", str(folder / "tshark"))
    without_other_folders(monkeypatch)


def test_another_wireshark_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_wireshark(tmp_path, monkeypatch)
    system = this_system()
    assert system.tshark == (4, 6, 2)
    assert sorted(system.programs) == ["dumpcap", "tshark"]
    assert system.capture == "denied"
    findings = examine(system)
    assert of(findings, "tshark").status == "warning"
    assert "capinfos, editcap, mergecap" in of(findings, "wireshark").text.en


def test_no_wireshark_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABSHARK_TSHARK", str(tmp_path / "tshark"))
    without_other_folders(monkeypatch)
    findings = examine()
    assert of(findings, "tshark").status == "missing"
    assert of(findings, "capture").status == "warning"
    assert exit_code(findings) is ExitCode.PROGRAM


def test_pango_that_does_not_load_is_reported_and_keeps_standard_output_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "weasyprint.py").write_text(
        "print('WeasyPrint could not import some external libraries')\n"
        "raise OSError(\"cannot load library 'libpango-1.0-0'\")\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    finding = of(examine(), "pdf")
    assert finding.status == "warning"
    assert "libpango-1.0-0" in finding.text.en
    assert capfd.readouterr().out == ""
