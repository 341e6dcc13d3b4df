"""How commands end: exit codes, the two streams, pipes, interrupts, full disks."""

import contextlib
import importlib.metadata
import json
import os
import pty
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.commands.process import environment, run, words

CHINESE = re.compile(r"[\u4e00-\u9fff]")

COMMANDS = {
    "answer": "{trace}",
    "batch": "{traces}",
    "capture": "",
    "demo": "",
    "doctor": "",
    "grade": "{submissions}",
    "labs": "COMMAND",
    "labs check": "{file}",
    "labs list": "",
    "labs show": "{lab}",
    "report": "{trace}",
    "trim": "{trace}",
}


def test_help_lists_every_command() -> None:
    ended = run("--help")
    assert (ended.code, ended.err) == (0, "")
    listed = re.findall(r"^  ([a-z]+)  ", ended.out.split("Commands:")[1], re.M)
    assert {name.split()[0] for name in COMMANDS} <= set(listed)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_is_in_both_languages_and_on_stdout(command: str) -> None:
    ended = run(*command.split(), "--help", env={"COLUMNS": "200"})
    assert (ended.code, ended.err) == (0, "")
    usage, described = ended.out.strip().split("\n", 1)
    assert usage.startswith("Usage:")
    assert COMMANDS[command] in usage
    assert CHINESE.search(described.split("Options:")[0]), "what it does, in Chinese"
    options = re.findall(r"^  (-\S.*)$", described, re.M)
    for line in options:
        if not line.startswith(("-h, --help", "--pdf", "--install", "--show-completion")):
            assert CHINESE.search(described[described.index(line) :][:400]), line


HEAVY = (
    *("pandas", "numpy", "weasyprint", "pyshark", "lxml", "jinja2", "openpyxl"),
    *("cryptography", "distributed", "pypdf", "rapidfuzz", "asyncio"),
)


@pytest.mark.parametrize("arguments", [["--help"], ["answer", "--help"], ["report", "--help"]])
def test_help_brings_no_library_that_it_does_not_need(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        f"sys.argv = ['labshark', *{arguments!r}]\n"
        "from report.commands.main import run\n"
        "try:\n    run()\nexcept SystemExit:\n    pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True
    )
    assert "Usage:" in done.stdout
    loaded = {name.split(".")[0] for name in done.stderr.split()}
    assert "typer" in loaded
    assert loaded & set(HEAVY) == set()


@pytest.mark.parametrize(
    ("arguments", "slug", "named"),
    [
        (["nonsense"], "usage-no-such-command", "“nonsense”"),
        (["reprot"], "usage-no-such-command", "report"),
        (["labs", "nonsense"], "usage-no-such-command", "labshark labs --help"),
        (["answer"], "usage-missing", "{trace}"),
        (["capture"], "usage-missing", "{url}"),
        (["labs", "show"], "usage-missing", "{lab}"),
        (["batch", "x"], "usage-missing", "--out"),
        (["answer", "x.pcap", "--hots", "x"], "usage-no-such-option", "--host"),
        (["answer", "x.pcap", "--no\x1b[31m"], "usage-no-such-option", "--no\\x1b[31m"),
        (["answer", "x.pcap", "--stream", "one"], "usage-value", "--stream"),
        (["answer", "x.pcap", "--lang", "fr"], "usage-value", "both"),
        (["capture", "https://a.example", "--seconds", "0"], "usage-value", "1"),
        (["capture", "https://a.example", "--seconds", "4000"], "usage-value", "3600"),
        (["answer", "x.pcap", "--host"], "usage-no-value", "--host"),
        (["answer", "x.pcap", "y.pcap"], "usage-extra", "y.pcap"),
        (["demo", "unasked"], "usage-extra", "unasked"),
    ],
)
def test_mistakes_of_usage(arguments: list[str], slug: str, named: str, tmp_path: Path) -> None:
    """One sentence in each language, which names what is wrong and where to look."""
    ended = run(*arguments, cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    chinese, english = ended.err.splitlines()
    assert chinese.startswith("错误：")
    assert english.startswith("error: ")
    for sentence in (chinese, english):
        assert sentence.endswith(f" [{slug}]")
        assert named in sentence
        assert "--help" in sentence
    assert CHINESE.search(chinese)
    assert not CHINESE.search(english)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [[], ["labs"]])
def test_who_says_nothing_is_shown_the_help(arguments: list[str]) -> None:
    ended = run(*arguments)
    assert ended.code == 2
    assert "Usage:" in ended.err + ended.out
    assert CHINESE.search(ended.err + ended.out)


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        (["--lab", "no-such-lab"], "lab-unknown"),
        (["--lab", "missing.toml"], "lab-unreadable"),
        (["--keylog", "missing.log"], "keylog-missing"),
        (["--keylog", "{demo}"], "keylog-not-a-keylog"),
        (["--keylog", "{folder}"], "keylog-unreadable"),
    ],
)
def test_mistakes_of_configuration(
    arguments: list[str], slug: str, demo: Path, tmp_path: Path, scratch: dict[str, str]
) -> None:
    filled = [word.format(demo=demo, folder=tmp_path) for word in arguments]
    ended = run("answer", demo, *filled, cwd=tmp_path, env=scratch)
    assert (ended.code, ended.slugs, ended.out) == (2, [slug, slug], "")


def test_the_answers_go_to_stdout_and_nothing_else(demo: Path, scratch: dict[str, str]) -> None:
    arguments = ["answer", demo, "--json", "--host", "library.campus.example"]
    loud, quiet = run(*arguments, env=scratch), run(*arguments, "-q", env=scratch)
    assert loud.code == quiet.code == 0
    assert loud.out == quiet.out
    assert quiet.err == ""
    document = json.loads(loud.out)
    assert len(document["answers"]) == 24
    assert document["trace"]["name"] == "demo.pcapng"


def test_out_writes_what_stdout_would_show(
    demo: Path, tmp_path: Path, scratch: dict[str, str]
) -> None:
    shown = run("answer", demo, "--json", "-q", env=scratch)
    written = run("answer", demo, "--json", "-q", "-o", tmp_path / "a.json", env=scratch)
    assert (written.code, written.out, written.err) == (0, "", "")
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == shown.out
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("command", ["answer", "key", "trim"])
def test_the_capture_that_is_read_is_never_written_over(
    command: str, demo: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.pcapng"
    mine.write_bytes(demo.read_bytes())
    (tmp_path / "link.pcapng").symlink_to(mine)
    for name in ("mine.pcapng", "./mine.pcapng", "link.pcapng"):
        ended = run(command, mine, "-q", "-o", name, cwd=tmp_path)
        assert (ended.code, ended.out) == (5, "")
        assert ended.err.count("[output-is-input]") == 2
    assert mine.read_bytes() == demo.read_bytes()


@pytest.mark.parametrize("command", ["answer", "key", "report", "trim"])
def test_a_capture_without_a_name(command: str, tmp_path: Path) -> None:
    """As a variable that is not set gives it."""
    ended = run(command, "", cwd=tmp_path)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.count("[capture-is-folder]") == 2
    assert "Traceback" not in ended.err


@pytest.mark.skipif(sys.platform == "win32", reason="no devices among the files")
def test_a_pipe_or_a_device_is_written_into_and_not_replaced(demo: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        ended = run("answer", demo, "--json", "-q", "-o", pipe)
        shown, _ = reader.communicate(timeout=60)
    assert (ended.code, ended.out) == (0, "")
    assert json.loads(shown)["lab"] == "tls-v8.1"
    assert pipe.is_fifo()


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="no /dev/stdout on this system")
def test_standard_output_by_its_name(demo: Path, tmp_path: Path) -> None:
    before = os.lstat("/dev/stdout")
    with (tmp_path / "shown.json").open("wb") as shown:
        command = words("answer", demo, "--json", "-q", "-o", "/dev/stdout")
        done = subprocess.run(command, stdout=shown, stderr=subprocess.PIPE, env=environment())
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads((tmp_path / "shown.json").read_bytes())["lab"] == "tls-v8.1"
    assert os.lstat("/dev/stdout").st_ino == before.st_ino


def test_the_version() -> None:
    ended = run("--version")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"labshark {importlib.metadata.version('labshark')}\n"


@pytest.mark.parametrize("encoding", ["gbk", "ascii", "latin-1"])
def test_utf8_whatever_the_console_is_set_to(encoding: str, demo: Path) -> None:
    settings = {"PYTHONIOENCODING": encoding, "LC_ALL": "C", "PYTHONUTF8": "0"}
    plain, odd = run("answer", demo), run("answer", demo, env=settings)
    assert odd.code == 0
    assert (odd.out, odd.err) == (plain.out, plain.err)
    assert CHINESE.search(odd.out)
    assert CHINESE.search(run("answer", "none.pcap", env=settings).err)


def on_a_terminal(*arguments: object, **changes: str) -> str:
    """What `labshark ARGUMENTS` shows on a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        words(*arguments),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(TERM="xterm-256color", COLUMNS="100", **changes),
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 1 << 16):
            shown += chunk
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    assert process.wait() == 0
    return shown.decode("utf-8")


COLOUR = re.compile(r"\x1b\[[0-9;]*(3[0-8]|4[0-8]|9[0-7])[0-9;]*m")


def test_no_colour_where_it_is_not_wanted(demo: Path) -> None:
    assert not COLOUR.search(on_a_terminal("answer", demo, NO_COLOR="1"))
    assert "\x1b" not in run("answer", demo).out, "nor where nobody looks"


def test_a_hostile_name_moves_no_cursor(demo: Path) -> None:
    shown = on_a_terminal("answer", demo, "--lang", "en")
    assert not re.search(r"\x1b(?!\[[0-9;]*m)", shown), "only settings of colour and weight"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["labs", "list"], ["labs", "show", "tls-v8.1"], ["answer", "{demo}"]]
)
def test_a_reader_who_has_seen_enough(arguments: list[str], demo: Path) -> None:
    filled = [word.format(demo=demo) for word in arguments]
    process = subprocess.Popen(
        words(*filled), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    complaints = process.stderr.read().decode("utf-8")
    assert process.wait() == 0
    assert "Traceback" not in complaints
    assert "Broken" not in complaints


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["labs", "list"], ["answer", "{demo}"], ["answer", "{demo}", "--json"]],
)
def test_no_room_for_stdout(arguments: list[str], demo: Path) -> None:
    filled = [word.format(demo=demo) for word in arguments]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            words(*filled), stdout=full, stderr=subprocess.PIPE, env=environment()
        )
    complaints = done.stderr.decode("utf-8")
    assert done.returncode == 5
    assert complaints.count("[output-cannot-be-written]") == 2
    assert "Traceback" not in complaints


SLOW = """#!/bin/sh
[ "$1" = --version ] && { echo "TShark (Wireshark) 4.0.17"; exit; }
exec sleep %s
"""


def slow_tshark(folder: Path, seconds: str) -> Path:
    path = folder / "tshark"
    path.write_text(SLOW % seconds)
    path.chmod(0o755)
    return path


def alive(mark: str) -> bool:
    return subprocess.run(["pgrep", "-f", f"sleep {mark}$"], capture_output=True).returncode == 0


def wait_for(condition: bool, mark: str) -> bool:
    for _ in range(600):
        if alive(mark) == condition:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("arguments", [["answer"], ["report", "-o", "out"]])
def test_interrupted(
    arguments: list[str], demo: Path, tmp_path: Path, scratch: dict[str, str]
) -> None:
    mark = f"34{os.getpid()}.5"
    (tmp_path / "bin").mkdir()
    (tmp_path / "here").mkdir()
    settings = {**scratch, "LABSHARK_TSHARK": str(slow_tshark(tmp_path / "bin", mark))}
    process = subprocess.Popen(
        words(arguments[0], demo, *arguments[1:]),
        cwd=tmp_path / "here",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(**settings),
    )
    assert wait_for(True, mark), "tshark was never started"
    process.send_signal(signal.SIGINT)
    out, complaints = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == b""
    assert b"Traceback" not in complaints
    assert wait_for(False, mark), "tshark goes on"
    assert list((tmp_path / "here").iterdir()) == []


def test_disk_full(small_disk: Path, demo: Path, scratch: dict[str, str]) -> None:
    (small_disk / "ballast").write_bytes(bytes(200 << 10))
    ended = run("report", demo, "-o", small_disk / "out", "--no-pdf", env=scratch)
    assert (ended.code, ended.slugs[-2:]) == (5, ["output-cannot-be-written"] * 2)
    assert "Traceback" not in ended.err
    for path in small_disk.rglob("*"):
        whole = path.is_dir() or path.name in ("ballast", "answers.json")
        assert whole, f"{path} is half-written"
        if path.name == "answers.json":
            json.loads(path.read_bytes())


def test_no_file_may_grow(demo: Path, tmp_path: Path, scratch: dict[str, str]) -> None:
    def no_growth() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    out = tmp_path / "out"
    done = subprocess.run(
        words("report", demo, "-o", out, "--no-pdf"),
        capture_output=True,
        env=environment(**scratch),
        preexec_fn=no_growth,
    )
    complaints = done.stderr.decode("utf-8")
    assert done.returncode == 5, complaints
    assert complaints.count("[output-cannot-be-written]") == 2
    assert [path.name for path in out.rglob("*")] == []


@pytest.mark.parametrize("place", ["{demo}/out", "/proc/out", "{folder}/file/out"])
def test_a_place_where_nothing_can_be_written(
    place: str, demo: Path, tmp_path: Path, scratch: dict[str, str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    out = place.format(demo=demo, folder=tmp_path)
    ended = run("report", demo, "-o", out, "--no-pdf", env=scratch)
    assert (ended.code, ended.slugs[-2:]) == (5, ["output-cannot-be-written"] * 2)
    assert "Traceback" not in ended.err


def test_no_tshark(demo: Path, scratch: dict[str, str]) -> None:
    ended = run("answer", demo, env={**scratch, "LABSHARK_TSHARK": "/nowhere/tshark"})
    assert (ended.code, ended.slugs) == (4, ["tshark-missing", "tshark-missing"])
    for line in ended.err.splitlines():
        assert "LABSHARK_TSHARK" in line


def test_a_tshark_that_is_none(demo: Path, scratch: dict[str, str]) -> None:
    ended = run("answer", demo, env={**scratch, "LABSHARK_TSHARK": "/bin/true"})
    assert (ended.code, ended.slugs) == (4, ["tshark-failed", "tshark-failed"])


def without_bubblewrap(*arguments: object, **changes: str) -> "subprocess.CompletedProcess[str]":
    """Runs labshark where `bwrap` is not found."""
    code = (
        "import shutil, sys; find = shutil.which;"
        "shutil.which = lambda name, *a, **k: None if name == 'bwrap' else find(name, *a, **k);"
        "from report.commands.main import run; run()"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        env=environment(**changes),
    )


def test_without_a_sandbox_it_says_so_once(demo: Path, scratch: dict[str, str]) -> None:
    done = without_bubblewrap("answer", demo, "--json", **scratch)
    assert done.returncode == 0
    assert done.stderr.count("bubblewrap") == 2, "once in each language"
    (warning,) = json.loads(done.stdout)["trace"]["warnings"]
    assert warning["slug"] == "sandbox-absent"
    answers = json.loads(done.stdout)["answers"]
    assert answers == json.loads(run("answer", demo, "--json").out)["answers"]


@pytest.mark.parametrize("place", ["before", "behind", "variable"])
def test_without_a_sandbox_that_is_required(
    place: str, demo: Path, scratch: dict[str, str]
) -> None:
    option = ["--require-sandbox"]
    arguments = {
        "before": [*option, "answer", demo],
        "behind": ["answer", demo, *option],
        "variable": ["answer", demo],
    }[place]
    settings = {"LABSHARK_REQUIRE_SANDBOX": "1"} if place == "variable" else {}
    done = without_bubblewrap(*arguments, **settings, **scratch)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.count("[sandbox-missing]") == 2
    if place != "variable":
        with_it = run(*arguments, env=scratch)
        assert with_it.code in (0, 4), "4 where this machine has no sandbox either"


def test_as_another_user(nobody: tuple[Path, tuple[str, ...]], demo: Path) -> None:
    folder, before = nobody
    path = folder / "mine.pcapng"
    path.write_bytes(demo.read_bytes())
    os.chown(path, 65534, 65534)
    path.chmod(0o600)
    settings = {"HOME": str(folder), "TMPDIR": str(folder)}
    arguments = ["answer", path, "--json", "--host", "library.campus.example"]
    ended = run(*arguments, cwd=folder, before=before, env=settings)
    assert ended.code == 0, ended.err
    assert [each.name for each in folder.iterdir()] == ["mine.pcapng"]
    mine = json.loads(ended.out)
    roots = json.loads(run("answer", demo, "--json", "--host", "library.campus.example").out)
    assert mine["answers"] == roots["answers"]
    # Root reads a file that only another user may read, in a folder that only he may enter.
    folder.chmod(0o700)
    assert json.loads(run(*arguments).out)["answers"] == roots["answers"]


def _reads(process: "subprocess.Popen[bytes]", tshark: Path) -> bool:
    """Whether the process's tshark is at the capture."""
    for child in psutil.Process(process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            line = child.cmdline()
            if str(tshark) in line[:2] and "--version" not in line:
                return True
    return False


def test_a_recording_that_goes_on_is_noticed(
    demo: Path, tmp_path: Path, scratch: dict[str, str]
) -> None:
    path = tmp_path / "growing.pcapng"
    path.write_bytes(demo.read_bytes())
    tshark = tmp_path / "tshark"
    # The recorder writes on as soon as tshark reads.
    tshark.write_text(
        "#!/bin/sh\nexec 2>/dev/null\n"
        '[ "$1" = --version ] && { echo "TShark (Wireshark) 4.0.17"; exit; }\n'
        "sleep 4; exit 2\n"
    )
    tshark.chmod(0o755)
    process = subprocess.Popen(
        words("answer", path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(LABSHARK_TSHARK=str(tshark), **scratch),
    )
    while process.poll() is None and not _reads(process, tshark):
        time.sleep(0.05)
    with path.open("ab") as recorder:
        recorder.write(b"\x06\0\0\0")
    out, complaints = process.communicate(timeout=120)
    assert (process.returncode, out) == (3, b"")
    assert complaints.decode("utf-8").count("[capture-changed]") == 2
