"""How a Wireshark program is confined: tried from inside, with and without bubblewrap."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from report.capture import sandbox
from report.capture.faults import Outcome, judge
from report.capture.sandbox import STANDARD_LIMITS, Command, Limits, invocation
from report.capture.trace import open_trace
from report.errors import ExitCode, LabsharkError
from tests.capture.conftest import run_shell

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no /bin/sh")


@pytest.fixture
def inside() -> None:
    if sandbox.bubblewrap() is None:
        pytest.skip("needs bubblewrap, which does not work here")


def test_no_network(inside: None, tmp_path: Path) -> None:
    output, _ = run_shell("cat /proc/net/dev; echo; cat /proc/net/route", tmp_path)
    assert re.findall(r"^ *(\w+):", output, re.M) == ["lo"]
    assert len(output.split("\n\n")[1].splitlines()) <= 1, "a route leads somewhere"


def test_nothing_is_there_but_programs_and_the_capture(inside: None, tmp_path: Path) -> None:
    output, _ = run_shell("ls -A /; ls -A /tmp /cfg", tmp_path)
    assert set(output.split()) <= {
        *("bin", "capture", "cfg", "dev", "lib", "lib64", "proc", "tmp", "usr", "/cfg:", "/tmp:")
    }
    for folder in ("/etc", "/root", "/home", "/var", "/run", "/work", "/mnt", "/nonexistent"):
        assert run_shell(f"test -e {folder}", tmp_path)[1].returncode == 1, folder


def test_nothing_can_be_written(inside: None, tmp_path: Path) -> None:
    for place in ("/usr/x", "/x", "/cfg/x", "/capture", "/bin/x"):
        _, ending = run_shell(f"echo x >{place}", tmp_path)
        assert ending.returncode not in (0, None), place
        assert "Read-only file system" in ending.stderr or "Permission" in ending.stderr, place
    assert (tmp_path / "a capture").read_bytes() == b""
    _, ending = run_shell("echo x >/tmp/x", tmp_path)
    assert ending.returncode == 128 + signal.SIGXFSZ


def test_no_privilege_is_left(inside: None, tmp_path: Path) -> None:
    output, _ = run_shell("cat /proc/self/status", tmp_path)
    status = dict(re.findall(r"^(\w+):\s*(.+)$", output, re.M))
    for set_ in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[set_], 16) == 0, set_
    assert status["NoNewPrivs"] == "1"
    assert set(status["Uid"].split()) == set(status["Gid"].split()) == {"65534"}


def test_no_other_process_is_seen(inside: None, tmp_path: Path) -> None:
    output, _ = run_shell("cd /proc; cat [0-9]*/comm", tmp_path)
    assert set(output.split()) <= {"bwrap", "sh", "dash", "bash", "cat"}


def test_little_environment_is_left(
    confinement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SSLKEYLOGFILE", "LD_PRELOAD", "WIRESHARK_PLUGIN_DIR", "WIRESHARK_RUN_FROM_BUILD"):
        monkeypatch.setenv(name, "/tmp/from-outside")
    output, _ = run_shell("env", tmp_path)
    environment = dict(line.split("=", 1) for line in output.splitlines())
    assert set(environment) <= {
        *("PATH", "LC_ALL", "TZ", "HOME", "WIRESHARK_CONFIG_DIR", "PWD", "OLDPWD", "SHLVL", "_")
    }
    assert (environment["HOME"], environment["TZ"]) == ("/nonexistent", "UTC")


def test_the_current_folder_is_not_the_users(
    confinement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    monkeypatch.chdir(hostile)
    output, _ = run_shell("pwd; ls -A", tmp_path)
    expected = str(tmp_path / "configuration") if confinement == "limits alone" else "/"
    assert output.splitlines()[0] == expected


def test_the_capture_is_read(confinement: str, tmp_path: Path) -> None:
    named = tmp_path / "{keys} {capture} $HOME.log"
    named.write_text("secret\n")
    keys = tmp_path / "keys"
    keys.write_text("key\n")
    output, ending = run_shell("cat '{named}' {keys}", tmp_path, named=named, keys=keys)
    assert (output, ending.returncode) == ("secret\nkey\n", 0)


def test_a_relative_place_is_meant_from_here(
    confinement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "keys").write_text("key\n")
    assert run_shell("cat {keys}", tmp_path, keys=Path("keys"))[0] == "key\n"


def test_resource_limits(confinement: str, tmp_path: Path) -> None:
    script = "ulimit -St; ulimit -Ht; ulimit -c; ulimit -f"
    output, _ = run_shell(script, tmp_path, replace(STANDARD_LIMITS, cpu_seconds=7))
    assert output.split() == ["7", "12", "0", "0"]
    if shutil.which("prlimit", path="/usr/bin:/bin"):
        limits = Limits(address_space=3 << 30)
        assert run_shell("ulimit -v; ulimit -n", tmp_path, limits)[0].split() == ["3145728", "64"]


def test_resource_limits_without_prlimit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "bubblewrap", lambda: None)
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    sandbox._end_with_parent.cache_clear()
    limits = Limits(cpu_seconds=7)
    output, ending = run_shell("ulimit -St; ulimit -Ht; ulimit -c; ulimit -f", tmp_path, limits)
    sandbox._end_with_parent.cache_clear()
    assert (ending.returncode, output.split()) == (0, ["7", "12", "0", "0"])


def test_where_we_are_limited_ourselves(checkout: Path) -> None:
    """As on a machine that many share: nobody may give out more than they have."""
    trace = checkout / "traces" / "tls12-ipv6.pcapng"
    ours = 'ulimit -v 3500000; ulimit -t 100; ulimit -n 60; exec "$@"'
    labshark = [sys.executable, "-m", "report.commands.main", "answer", str(trace), "--json"]
    argv = ["/bin/sh", "-c", ours, "sh", *labshark]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=checkout, timeout=100)
    assert done.returncode == 0, done.stderr


def test_too_much_memory(confinement: str, tmp_path: Path) -> None:
    if not shutil.which("prlimit", path="/usr/bin:/bin"):
        pytest.skip("no prlimit on this system")
    eats = "dd if=/dev/zero of=/dev/null bs=600M count=1"
    assert run_shell(eats, tmp_path, Limits(address_space=2 << 30))[1].returncode == 0
    _, ending = run_shell(eats, tmp_path, Limits(address_space=500 << 20))
    assert ending.returncode == 1
    assert judge(ending).outcome is Outcome.STOPPED


def test_too_much_processor_time_is_not_taken_for_a_crash(confinement: str, tmp_path: Path) -> None:
    _, ending = run_shell("while :; do :; done", tmp_path, Limits(cpu_seconds=1))
    assert ending.returncode in (-signal.SIGXCPU, 128 + signal.SIGXCPU)
    assert judge(ending).outcome is Outcome.TOO_SLOW


def running(mark: str) -> list[int]:
    """Processes with `mark` among their words."""
    found = subprocess.run(["pgrep", "-f", mark], capture_output=True, text=True).stdout
    return [int(number) for number in found.split() if int(number) != os.getpid()]


def gone(mark: str) -> bool:
    """Whether all processes with `mark` among their words end within a second or two."""
    for _ in range(40):
        if not running(mark):
            return True
        time.sleep(0.05)
    return False


def test_the_deadline_ends_the_whole_group(confinement: str, tmp_path: Path) -> None:
    mark = f"31{os.getpid()}.5"
    script = f"echo begun; sleep {mark} & sleep {mark}"
    started = time.monotonic()
    output, ending = run_shell(script, tmp_path, Limits(deadline_seconds=1.0))
    assert time.monotonic() - started < 30
    assert output == "begun\n"
    assert ending.returncode is None
    assert judge(ending).outcome is Outcome.TOO_SLOW
    assert gone(mark)


def test_a_child_that_keeps_the_pipe_open_does_not_keep_us(
    confinement: str, tmp_path: Path
) -> None:
    mark = f"32{os.getpid()}.5"
    _, ending = run_shell(f"sleep {mark} & exit 0", tmp_path, Limits(deadline_seconds=1.0))
    assert gone(mark)
    # In the sandbox the child dies with the shell; outside, at the deadline.
    assert ending.returncode == (0 if confinement == "sandbox" else None)


def test_too_much_output(confinement: str, tmp_path: Path) -> None:
    output, ending = run_shell("yes", tmp_path, Limits(output_bytes=1 << 20))
    assert ending.too_much
    assert judge(ending).outcome is Outcome.TOO_MUCH
    assert (1 << 20) - (1 << 18) <= len(output) <= 1 << 20
    enough, ending = run_shell("yes | head -c 1048576", tmp_path, Limits(output_bytes=1 << 20))
    assert not ending.too_much
    assert len(enough) == 1 << 20


def test_stderr_is_kept_in_full(confinement: str, tmp_path: Path) -> None:
    lines = 'i=0; while [ $i -lt 4000 ]; do echo "fault number $i" >&2; i=$((i+1)); done'
    _, ending = run_shell(lines, tmp_path)
    assert ending.stderr.splitlines() == [f"fault number {n}" for n in range(4000)]


def test_of_endless_stderr_the_beginning_and_the_end_are_kept(
    confinement: str, tmp_path: Path
) -> None:
    script = "echo first >&2; yes warning | head -c 20000000 >&2; echo cut short >&2; exit 2"
    _, ending = run_shell(script, tmp_path)
    assert ending.stderr.startswith("first\nwarning\n")
    assert ending.stderr.endswith("cut short\n")
    assert len(ending.stderr) <= 1 << 19
    assert ending.returncode == 2


PARENT = """
import sys
from pathlib import Path
from report.capture import sandbox
if sys.argv[2] == "limits alone":
    sandbox.bubblewrap = lambda: None
sys.path.insert(0, sys.argv[4])
from tests.capture.conftest import run_shell
run_shell(f"exec sleep {sys.argv[3]}", Path(sys.argv[1]))
"""


def test_it_dies_with_its_parent(confinement: str, tmp_path: Path, checkout: Path) -> None:
    if confinement == "limits alone" and not sandbox._end_with_parent():
        pytest.skip("no setpriv on this system")
    mark = f"33{os.getpid()}.5"
    argv = [sys.executable, "-c", PARENT, str(tmp_path), confinement, mark, str(checkout)]
    parent = subprocess.Popen(argv, cwd=checkout)
    for _ in range(200):
        if len(running(mark)) >= 2:
            break
        time.sleep(0.1)
    assert len(running(mark)) >= 2, "the child never started"
    parent.kill()
    parent.wait()
    assert gone(mark)


def test_absence_is_said_once(
    demo: Path, monkeypatch: pytest.MonkeyPatch, confinement: str
) -> None:
    monkeypatch.setattr("report.capture.trace.bubblewrap", sandbox.bubblewrap)
    with open_trace(demo) as trace:
        trace.columns(["frame.number"])
        trace.detail([20, 21, 22])
        said = [warning.slug for warning in trace.warnings].count("sandbox-absent")
    assert said == (0 if confinement == "sandbox" else 1)


@pytest.mark.parametrize(
    ("value", "refused"), [("1", True), ("yes", True), ("0", False), ("", False)]
)
def test_required_but_absent(
    value: str, refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "bubblewrap", lambda: None)
    monkeypatch.setenv(sandbox.REQUIRE_VARIABLE, value)
    if not refused:
        assert run_shell("echo done", tmp_path)[0] == "done\n"
        return
    with pytest.raises(LabsharkError) as raised:
        run_shell("echo done", tmp_path)
    assert raised.value.slug == "sandbox-missing"
    assert raised.value.exit_code is ExitCode.PROGRAM


def mounted(program: str, monkeypatch: pytest.MonkeyPatch, home: str = "/home/lin") -> list[str]:
    monkeypatch.setenv("HOME", home)
    words = sandbox._program_mounts(Path(program))
    assert words[::3] == ("--ro-bind",) * (len(words) // 3)
    assert words[1::3] == words[2::3]
    return list(words[1::3])


def test_only_what_a_program_needs_is_shown_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for program, seen in {
        "/usr/bin/tshark": [],
        "/usr/local/bin/tshark": [],
        "/opt/wireshark/bin/tshark": ["/opt/wireshark"],
        "/opt/wireshark/tshark": ["/opt/wireshark"],
        "/home/lin/miniconda3/bin/tshark": ["/home/lin/miniconda3"],
        "/home/lin/wireshark/build/run/tshark": ["/home/lin/wireshark/build/run"],
        "/home/lin/bin/tshark": ["/home/lin/bin"],
        "/home/lin/tshark": ["/home/lin/tshark"],
        "/tmp/tshark": ["/tmp/tshark"],
        "/tshark": ["/tshark"],
    }.items():
        assert mounted(program, monkeypatch) == seen, program


def test_a_program_outside_usr_runs(confinement: str, tmp_path: Path) -> None:
    folder = tmp_path / "opt" / "bin"
    folder.mkdir(parents=True)
    script = folder / "script"
    script.write_text('#!/bin/sh\ncat "$(dirname "$0")/../share"\n')
    script.chmod(0o755)
    (tmp_path / "opt" / "share").write_text("shared data\n")
    (tmp_path / "secret").write_text("not for programs\n")
    link = tmp_path / "link"
    link.symlink_to(script)
    for program in (script, link):
        command = Command(program, ())
        call = invocation(command, tmp_path)
        done = subprocess.run(
            call.argv, env=call.environment, cwd=call.folder, capture_output=True, text=True
        )
        if program is script or confinement == "sandbox":
            assert (done.returncode, done.stdout) == (0, "shared data\n"), done.stderr


def test_a_file_that_only_its_owner_may_read_is_read(confinement: str, tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    keys = private / "keys"
    keys.write_text("key\n")
    keys.chmod(0o600)
    assert run_shell("cat {keys}", tmp_path, keys=keys)[0] == "key\n"
