"""Whatever is killed, hangs or runs out: at most the item in flight is lost."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.batch.classes import Source, later
from tests.batch.runs import (
    Code,
    check_not_torn,
    family,
    kill_runner,
    results,
    statuses,
    stopping_at_end,
    tree,
    wait_gone,
    workers,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")

KILLS = 3
READING = "report.batch.making"


@pytest.fixture(scope="module")
def small(corpus: list[Source]) -> bytes:
    """A small capture."""
    return next(s for s in corpus if s.path.stem == "tls13-aes128-gcm").path.read_bytes()


@pytest.fixture(scope="module")
def five(small: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five students."""
    folder = tmp_path_factory.mktemp("five")
    for number in range(5):
        (folder / f"s{number}.pcapng").write_bytes(later(small, number))
    return folder


@pytest.fixture(scope="module")
def undisturbed(code: Code, five: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their outputs when nothing happens."""
    out = tmp_path_factory.mktemp("undisturbed")
    assert code.run("batch", five, "--out", out, "--no-pdf", "-q").returncode == 0
    return out


def _wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def _more_or_over(folder: Path, known: int, runner: "subprocess.Popen[str]") -> bool:
    return len(check_not_torn(folder)) > known or runner.poll() is not None


def _run_until(code: Code, inputs: Path, out: Path, results: int, seconds: float) -> None:
    """Kills the runner so many seconds after so many results are there."""
    process = code.started("batch", inputs, "--out", out, "--no-pdf", "--jobs", 2)
    with stopping_at_end(process):
        _wait_for(lambda: len(check_not_torn(out)) >= results or process.poll() is not None)
        time.sleep(seconds)
        assert kill_runner(process) == []


def test_a_runner_killed_at_any_time_loses_and_repeats_nothing(
    code: Code, five: Path, undisturbed: Path, tmp_path: Path
) -> None:
    chance = random.Random(5)
    done: dict[str, tuple[int, int]] = {}
    for _ in range(KILLS):
        # At any time after the next result: work is under way, and some of it is done.
        _run_until(code, five, tmp_path, len(done) + 1, chance.uniform(0, 0.5))
        now = check_not_torn(tmp_path)
        assert {name: now[name] for name in done} == done
        done = now
    assert code.run("batch", five, "--out", tmp_path, "--no-pdf").returncode == 0
    assert {name: check_not_torn(tmp_path)[name] for name in done} == done
    assert tree(tmp_path) == tree(undisturbed)
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text("utf-8").splitlines()]
    made = [line["folder"] for line in log if line["event"] == "item"]
    assert len(made) == len(set(made))


def test_ctrl_c_stops_at_once_and_keeps_what_is_done(
    code: Code, five: Path, undisturbed: Path, tmp_path: Path
) -> None:
    process = code.started("batch", five, "--out", tmp_path, "--no-pdf", "--jobs", 1)
    with stopping_at_end(process):
        _wait_for(lambda: len(check_not_torn(tmp_path)) >= 1)
        children = family(process.pid)
        # A terminal sends it to the whole process group.
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 130
        assert wait_gone(children, 10) == []
    assert "Interrupted; what was finished is kept." in said
    assert "Traceback" not in said
    kept = check_not_torn(tmp_path)
    assert 1 <= len(kept) < 5
    assert set(statuses(tmp_path).values()) == {"done"}
    assert code.run("batch", five, "--out", tmp_path, "--no-pdf").returncode == 0
    assert {name: check_not_torn(tmp_path)[name] for name in kept} == kept
    assert tree(tmp_path) == tree(undisturbed)


@pytest.mark.long
def test_two_runs_on_one_folder(code: Code, five: Path, tmp_path: Path) -> None:
    first = code.started("batch", five, "--out", tmp_path, "--no-pdf", "--jobs", 1)
    with stopping_at_end(first):
        _wait_for(lambda: (tmp_path / "log.jsonl").exists())
        second = code.run("batch", five, "--out", tmp_path, "--no-pdf")
        assert second.returncode == 5
        assert "[output-in-use]" in second.stderr
        assert first.poll() is None
        first.communicate(timeout=300)
        assert first.returncode == 0


@pytest.mark.long
def test_a_killed_worker_costs_nothing(
    code: Code, five: Path, undisturbed: Path, tmp_path: Path
) -> None:
    process = code.started("batch", five, "--out", tmp_path, "--no-pdf", "--jobs", 1)
    with stopping_at_end(process):
        _wait_for(lambda: len(check_not_torn(tmp_path)) >= 1)
        (worker,) = workers(process, READING)
        worker.kill()
        process.communicate(timeout=300)
        assert process.returncode == 0
    assert tree(tmp_path) == tree(undisturbed)


def _fake_tshark(folder: Path, size: int, then: str) -> Path:
    """A tshark that does something else where the capture has `size` bytes."""
    real = shutil.which("tshark")
    script = folder / "bin" / "tshark"
    script.parent.mkdir()
    script.write_text(
        f'#!/bin/sh\nfor file in /capture "$@"; do\n'
        f'  if [ "$(stat -c %s -- "$file" 2>/dev/null)" = {size} ]; then {then}; fi\ndone\n'
        f'exec {real} "$@"\n'
    )
    script.chmod(0o755)
    return script


@pytest.fixture
def one_in_three(small: bytes, corpus: list[Source], tmp_path: Path) -> tuple[Path, int]:
    """Three students, and the size of the capture of one of them."""
    folder = tmp_path / "class"
    folder.mkdir()
    other = next(s for s in corpus if s.path.stem == "tls12-ecdhe-rsa-aes256-gcm")
    (folder / "a.pcapng").write_bytes(small)
    (folder / "b.pcapng").write_bytes(other.path.read_bytes())
    (folder / "c.pcapng").write_bytes(later(small, 1))
    return folder, other.path.stat().st_size


@pytest.mark.long
@pytest.mark.parametrize(
    ("then", "slug"), [("kill -9 $$", "tshark-failed"), ("sleep 600", "capture-too-slow")]
)
def test_a_tshark_that_is_killed_or_hangs(
    code: Code, one_in_three: tuple[Path, int], tmp_path: Path, then: str, slug: str
) -> None:
    folder, size = one_in_three
    fake = _fake_tshark(tmp_path, size, then)
    out = tmp_path / "out"
    options = ("batch", folder, "--out", out, "--no-pdf", "--jobs", 2, "--deadline", 20)
    run = code.run(*options, LABSHARK_TSHARK=str(fake))
    assert run.returncode == 1
    assert statuses(out) == {"a": "done", "b": "failed", "c": "done"}
    assert results(out)["b"]["problem"]["slug"] == slug
    kept = check_not_torn(out)
    # It is not the capture's fault: the next run, with a tshark that works, tries again.
    assert code.run(*options).returncode == 0
    assert statuses(out)["b"] == "done"
    assert {name for name, where in check_not_torn(out).items() if kept[name] == where} == {
        "a.json",
        "c.json",
    }


@pytest.mark.long
def test_a_worker_that_hangs_is_given_up(code: Code, small: bytes, tmp_path: Path) -> None:
    folder, out = tmp_path / "class", tmp_path / "out"
    folder.mkdir()
    for name in "ab":
        (folder / f"{name}.pcapng").write_bytes(small)
    process = code.started("batch", folder, "--out", out, "--no-pdf", "--jobs", 1, "--deadline", 15)
    with stopping_at_end(process):
        _wait_for(lambda: len(check_not_torn(out)) == 1)
        (worker,) = workers(process, READING)
        worker.suspend()
        process.communicate(timeout=300)
        assert process.returncode == 1
        assert not psutil.pid_exists(worker.pid)
    found = results(out)
    assert (found["a"]["status"], found["b"]["status"]) == ("done", "failed")
    assert found["b"]["problem"]["slug"] == "batch-too-slow"


@pytest.mark.long
@pytest.mark.parametrize(("how", "status"), [("killed", "done"), ("hanging", "no_pdf")])
def test_a_killed_or_hanging_weasyprint_costs_at_most_one_pdf(
    code: Code, small: bytes, tmp_path: Path, how: str, status: str
) -> None:
    folder, out = tmp_path / "class", tmp_path / "out"
    folder.mkdir()
    for number, name in enumerate("abc"):
        (folder / f"{name}.pcapng").write_bytes(later(small, number))
    options = ("batch", folder, "--out", out, "--jobs", 1, "--deadline", 60)
    process = code.started(*options)
    with stopping_at_end(process):
        _wait_for(lambda: len(check_not_torn(out)) == 1)
        (drawing,) = workers(process, "report.rendering.pdf_worker")
        drawing.kill() if how == "killed" else drawing.suspend()
        process.communicate(timeout=600)
        assert process.returncode == (0 if status == "done" else 1)
        assert wait_gone([drawing], 10) == []
    assert statuses(out) == {"a": "done", "b": status, "c": "done"}
    assert (out / "b" / "report.html").exists()
    if status == "no_pdf":
        assert results(out)["b"]["problem"]["slug"] == "pdf-too-slow"
        assert code.run(*options).returncode == 0
        assert statuses(out)["b"] == "done"
    for name in "abc":
        assert (out / name / "report.pdf").read_bytes().startswith(b"%PDF")


_FULL_DISK = """
mount -t tmpfs -o size=700k tmpfs "$OUT" || exit 77
"$@"; echo "full: $?"
mount -o remount,size=64m "$OUT" || exit 77
"$@"; echo "room: $?"
cp -a "$OUT"/. "$COPY"
"""


@pytest.mark.long
def test_a_full_disk_stops_the_run_and_room_lets_it_go_on(
    code: Code, five: Path, undisturbed: Path, tmp_path: Path
) -> None:
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("needs unshare (Debian: apt-get install util-linux)")
    out, copy = tmp_path / "out", tmp_path / "copy"
    out.mkdir()
    copy.mkdir()
    command = code.command("batch", five, "--out", out, "--no-pdf", "--jobs", 1)
    alone = [unshare, "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    run = subprocess.run(
        [*alone, "sh", "-c", _FULL_DISK, "sh", *command],
        env=os.environ | {"PYTHONPATH": str(code.root), "OUT": str(out), "COPY": str(copy)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if run.returncode == 77 or "unshare failed" in run.stderr:
        pytest.skip("may not mount a small disk here")
    assert "full: 5" in run.stdout, run.stderr
    assert "room: 0" in run.stdout, run.stderr
    assert "[output-cannot-be-written]" in run.stderr
    assert "Traceback" not in run.stderr
    assert tree(copy) == tree(undisturbed)
    made = [
        json.loads(line)["folder"]
        for line in (copy / "log.jsonl").read_text("utf-8").splitlines()
        if json.loads(line)["event"] == "item"
    ]
    assert sorted(made) == [f"s{number}" for number in range(5)]
