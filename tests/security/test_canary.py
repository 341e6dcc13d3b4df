"""A hostile folder: whatever came with a capture, nothing of it runs.

A canary is an empty file that any of the planted programs and scripts creates when it runs; even
where no file may grow, that works. `strace`, where it is there, sees what the sandbox would hide.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from report.capture.sandbox import bubblewrap

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the planted programs are scripts")

HOST = "library.campus.example"
CONFIGURATIONS = {
    "good": "[tshark]\ntshark_path = ./evil.sh\n[dumpcap]\ndumpcap_path = ./evil.sh\n",
    "relative": "[tshark]\ntshark_path = evil.sh\n",
    "without a section": "tshark_path = ./evil.sh\n",
    "no ini file": "\x00\xff not an ini file at all",
    "interpolation": "[tshark]\ntshark_path = %(boom)s\n",
}
PROGRAMS = (
    *("evil.sh", "tshark", "dumpcap", "capinfos", "editcap", "mergecap", "bwrap", "prlimit"),
    *("setpriv", "true", "sh", "python", "python3", "fc-list", "uname", "lsb_release", "ldconfig"),
)
MODULES = (
    *("pandas", "pyshark", "weasyprint", "sitecustomize", "usercustomize", "asyncio", "report"),
    *("json", "lxml", "typing", "config"),
)


@dataclass(frozen=True)
class Nest:
    """The folder, a home as hostile, and the place where canaries show."""

    here: Path
    home: Path
    canaries: Path

    def environment(self, **changes: str) -> dict[str, str]:
        path = os.pathsep.join(["", ".", str(self.here), os.environ["PATH"]])
        kept = {"LANG": "C.UTF-8", "TMPDIR": str(self.canaries.parent)}
        return {**kept, "HOME": str(self.home), "PATH": path, **changes}

    def sang(self) -> list[str]:
        return sorted(path.name for path in self.canaries.iterdir())


@pytest.fixture
def nest(tmp_path: Path, checkout: Path) -> Nest:
    made = Nest(tmp_path / "student 7", tmp_path / "home", tmp_path / "canaries")
    for folder in (made.here, made.home, made.canaries):
        folder.mkdir()
    for name in PROGRAMS:
        plant_program(made.here / name, made.canaries)
    for name in MODULES:
        plant_module(made.here / f"{name}.py", made.canaries)
    (made.here / "config.ini").write_text(CONFIGURATIONS["good"], encoding="utf-8")
    plant_lua(made)
    capture = (checkout / "traces" / "demo.pcapng").read_bytes()
    for name in ("-", "mine.pcapng", "-w.pcapng", "$(touch x).pcapng"):
        (made.here / name).write_bytes(capture)
    return made


def plant_program(path: Path, canaries: Path) -> None:
    script = f'#!/bin/sh\n: >"{canaries}/{path.name}"\necho "TShark (Wireshark) 4.0.17"\nexit 0\n'
    path.write_text(script)
    path.chmod(0o755)


def plant_module(path: Path, canaries: Path) -> None:
    path.write_text(f"open({str(canaries / path.name)!r}, 'w').close()\n")


def plant_lua(nest: Nest) -> None:
    places = (
        nest.home / ".local" / "lib" / "wireshark" / "plugins",
        nest.home / ".config" / "wireshark" / "plugins",
        nest.home / ".wireshark" / "plugins",
        nest.here / "plugins",
    )
    for number, place in enumerate(places):
        place.mkdir(parents=True)
        canary = nest.canaries / f"lua{number}"
        (place / "evil.lua").write_text(f'io.open("{canary}", "w")\n')
        canary = nest.canaries / f"init{number}"
        (place.parent / "init.lua").write_text(f'io.open("{canary}", "w")\n')
        # And settings that would change answers, were they read.
        (place.parent / "preferences").write_text("tls.desegment_ssl_records: FALSE\n")
        (place.parent / "disabled_protos").write_text("tls\ntcp\n")
        (place.parent / "dfilters").write_text('"x" evil\n')


def start(nest: Nest, *arguments: str, sandbox: bool, before: tuple[str, ...] = ()) -> str:
    """Runs labshark in the nest as installed; gives what it prints. It has to end well."""
    hide = "" if sandbox else "None if name == 'bwrap' else "
    code = (
        "import shutil; find = shutil.which;"
        f"shutil.which = lambda name, *a, **k: {hide}find(name, *a, **k);"
        "from report.commands.main import run; run()"
    )
    # -P: the current folder is no place of modules, as for the installed command.
    done = subprocess.run(
        [*before, sys.executable, "-P", "-c", code, *arguments],
        cwd=nest.here,
        env=nest.environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.fixture(params=[True, False], ids=["sandbox", "limits alone"])
def sandbox(request: pytest.FixtureRequest) -> bool:
    wanted: bool = request.param
    if wanted and bubblewrap() is None:
        pytest.skip("needs bubblewrap, which does not work here")
    return wanted


@pytest.mark.parametrize("kind", CONFIGURATIONS)
def test_a_configuration_of_pysharks(kind: str, sandbox: bool, nest: Nest) -> None:
    (nest.here / "config.ini").write_text(CONFIGURATIONS[kind], encoding="utf-8")
    shown = start(nest, "answer", "mine.pcapng", "--host", HOST, "--json", sandbox=sandbox)
    answers = {answer["id"]: answer for answer in json.loads(shown)["answers"]}
    assert answers["q1"]["status"] == "found"
    assert nest.sang() == []


@pytest.mark.parametrize("name", ["-", "-w.pcapng", "$(touch x).pcapng"])
def test_captures_with_names_that_mean_something(name: str, sandbox: bool, nest: Nest) -> None:
    expected = start(nest, "answer", "mine.pcapng", "--host", HOST, "--json", sandbox=sandbox)
    shown = start(nest, "answer", "--host", HOST, "--json", "--", name, sandbox=sandbox)
    document, other = json.loads(shown), json.loads(expected)
    assert document["trace"].pop("name") == name
    other["trace"].pop("name")
    assert document == other
    assert nest.sang() == []
    assert not (nest.here / "x").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "mine.pcapng", "--host", HOST, "-o", "out"),
        ("trim", "mine.pcapng", "--host", HOST, "-o", "out.pcapng"),
        ("labs", "list"),
        (
            *("batch", "-o", "../class", "--no-pdf", "--jobs", "1", "--host", HOST),
            *("--", "-", "-w.pcapng", "$(touch x).pcapng", "mine.pcapng"),
        ),
    ],
    ids=lambda arguments: arguments[0],
)
def test_other_commands(arguments: tuple[str, ...], sandbox: bool, nest: Nest) -> None:
    start(nest, *arguments, sandbox=sandbox)
    assert nest.sang() == []


def test_doctor_asks_none_of_the_planted_programs(nest: Nest) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "report.commands.main", "doctor"],
        cwd=nest.here,
        env=nest.environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert "tshark" in done.stdout
    assert str(nest.here) not in done.stdout
    assert nest.sang() == []


def test_every_program_that_starts_is_the_systems(nest: Nest, sandbox: bool) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("needs strace to see programs inside the sandbox")
    log = nest.canaries.parent / "calls"
    before = (strace, "-f", "-qq", "-e", "trace=execve", "-s", "300", "-o", str(log))
    start(nest, "answer", "mine.pcapng", "--host", HOST, sandbox=sandbox, before=before)
    started = set(re.findall(r'execve\("([^"]+)".*= 0$', log.read_text(), re.M))
    assert any(path.endswith("/tshark") for path in started)
    assert (str(bubblewrap()) in started) == sandbox
    for path in started:
        assert not path.startswith((str(nest.here), str(nest.home), ".")), path


def test_the_canaries_can_sing(nest: Nest) -> None:
    """The same traps with plain pyshark and plain tshark, or nothing above would mean anything."""
    code = "import pyshark; c = pyshark.FileCapture('mine.pcapng'); print(c[0])"
    environment = nest.environment(PATH=os.environ["PATH"])
    subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=nest.here, env=environment, capture_output=True
    )
    assert nest.sang() == ["evil.sh"]
    (nest.canaries / "evil.sh").unlink()
    tshark = shutil.which("tshark")
    assert tshark is not None
    reading = [tshark, "-r", str(nest.here / "mine.pcapng"), "-c", "1"]
    subprocess.run(reading, env=environment, capture_output=True, cwd="/")
    lua = nest.sang()
    if (
        "lua"
        in subprocess.run([tshark, "--version"], capture_output=True, text=True).stdout.lower()
    ):
        assert "lua0" in lua or lua == [], "Lua may be switched off for root"
    for canary in nest.canaries.iterdir():
        canary.unlink()
    subprocess.run(["tshark"], cwd=nest.here, env=nest.environment(), capture_output=True)
    assert nest.sang() == ["tshark"]
    # With the current folder among the places of modules, they would run.
    subprocess.run(
        [sys.executable, "-c", "import json"], cwd=nest.here, env=environment, capture_output=True
    )
    assert "json.py" in nest.sang()
