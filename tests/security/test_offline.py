"""With no network, on a tree that nobody can write to: everything works, nothing is asked for."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.process import environment, words

HOST = "library.campus.example"
WRITE_UP = "学号 20260001 姓名 林晓雨\n1. 17\n2. before\n3. 28\n4. TLS 1.2\n5. 17\n"


def closed(out: Path) -> list[str]:
    """A command line that leaves only `out` to write to, and no network but an empty one."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        pytest.skip("needs bubblewrap")
    argv = [bwrap, "--unshare-net", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    argv += ["--bind", str(out), str(out), "--"]
    if subprocess.run([*argv, "true"], capture_output=True).returncode:
        pytest.skip("needs bubblewrap, which does not work here")
    return argv


@pytest.fixture
def student(tmp_path: Path, checkout: Path) -> Path:
    folder = tmp_path / "class" / "20260001 林晓雨"
    folder.mkdir(parents=True)
    (folder / "mine.pcapng").write_bytes((checkout / "traces" / "demo.pcapng").read_bytes())
    (folder / "report.md").write_text(WRITE_UP, encoding="utf-8")
    return folder


def test_every_command(tmp_path: Path, student: Path) -> None:
    out = tmp_path / "out"
    scratch = out / "tmp"
    scratch.mkdir(parents=True)
    before = closed(out)
    commands = {
        "answer": ("answer", student / "mine.pcapng", "--host", HOST, "--json"),
        "report": ("report", student / "mine.pcapng", "--host", HOST, "-o", out / "report"),
        "trim": ("trim", student / "mine.pcapng", "--host", HOST, "-o", out / "t.pcapng"),
        "batch": ("batch", student.parent, "--host", HOST, "-o", out / "batch", "--jobs", "1"),
        "grade": ("grade", student.parent, "--host", HOST, "-o", out / "marks", "--jobs", "1"),
    }
    for name, arguments in commands.items():
        done = subprocess.run(
            [*before, *words(*arguments)],
            capture_output=True,
            encoding="utf-8",
            env=environment(TMPDIR=str(scratch), HOME="/nonexistent"),
            timeout=300,
        )
        assert done.returncode in ((0, 1) if name == "grade" else (0,)), (name, done.stderr)
        assert "Traceback" not in done.stderr
        if name == "answer":
            answers = {each["id"]: each for each in json.loads(done.stdout)["answers"]}
            assert answers["q4"]["status"] == "found"
    assert (out / "report" / "report.pdf").read_bytes().startswith(b"%PDF")
    assert len(list((out / "batch").rglob("report.pdf"))) == 1
    assert len(list((out / "marks").rglob("feedback.pdf"))) == 1
    assert list(scratch.iterdir()) == [], "what is not needed any more is swept away"


def test_no_socket_but_between_ourselves(tmp_path: Path, student: Path) -> None:
    """Of all system calls on the way to a report and a mark, none reaches for the network."""
    strace = shutil.which("strace")
    if strace is None or sys.platform != "linux":
        pytest.skip("needs strace")
    calls = tmp_path / "calls"
    tracing = [strace, "-f", "-qq", "-e", "trace=network", "-o", str(calls)]
    for arguments in (
        ("report", student / "mine.pcapng", "--host", HOST, "-o", tmp_path / "report"),
        ("grade", student.parent, "--host", HOST, "-o", tmp_path / "marks", "--jobs", "1"),
    ):
        done = subprocess.run(
            [*tracing, *words(*arguments)],
            capture_output=True,
            encoding="utf-8",
            env=environment(),
            timeout=500,
        )
        assert done.returncode in (0, 1), done.stderr
        made = calls.read_text(errors="replace")
        assert not re.search(r"connect\(\d+, \{sa_family=AF_INET6?", made)
        assert not re.search(r"sendto\(.*sa_family=AF_INET6?", made)
        assert not re.search(r"bind\(.*sa_family=AF_INET6?", made)
