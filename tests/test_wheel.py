"""The built wheel, installed away from the checkout, is whole and renders the demo."""

import json
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel made from the sdist, so that both hold what is needed."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*build, str(checkout)], check=True, capture_output=True, timeout=300)
    (found,) = folder.glob("labshark-*.whl")
    return found


@dataclass(frozen=True)
class Installation:
    """A virtual environment with labshark from the wheel, and a folder far from the checkout."""

    environment: Path
    home: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        program = self.environment / "bin" / words[0]
        return subprocess.run(
            [str(program), *words[1:]],
            cwd=self.home,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.home), "LANG": "C.UTF-8"},
            capture_output=True,
            encoding="utf-8",
            timeout=300,
        )


@pytest.fixture(scope="module")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """labshark itself comes from the wheel; what it depends on, from this environment.

    The dependencies' folder is only added to the path: its own `.pth` files, and with them the
    editable installation of the checkout, are not followed.
    """
    folder = tmp_path_factory.mktemp("elsewhere")
    environment, home = folder / "venv", folder / "home"
    home.mkdir()
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True, timeout=300)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "--quiet", "install"]
    subprocess.run([*pip, "--no-index", "--no-deps", str(wheel)], check=True, timeout=300)
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Installation(environment, home)


def files(checkout: Path, folder: str) -> Iterator[str]:
    """The files of a folder of the checkout, by the name that they have in the wheel."""
    target = folder if folder == "report" else f"report/_{folder}"
    for path in sorted((checkout / folder).rglob("*")):
        if path.is_file() and not {"__pycache__", ".mypy_cache"} & set(path.parts):
            yield f"{target}/{path.relative_to(checkout / folder).as_posix()}"


def test_wheel_holds_templates_fonts_labs_and_demo(checkout: Path, wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = [name for folder in ("templates", "report") for name in files(checkout, folder)]
    wanted += [name for name in files(checkout, "traces") if name.startswith("report/_traces/demo")]
    assert "report/_templates/fonts/NotoSansSC-Regular.ttf" in wanted
    assert "report/_traces/demo.pcapng" in wanted
    assert "report/labs/tls-v8.1.toml" in wanted
    assert set(wanted) - inside == set()


def test_wheel_holds_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top.split("-")[0] for top in tops} == {"report", "labshark"}


def test_installed_package_is_the_one_that_runs(installation: Installation) -> None:
    code = (
        "import report, report.assets, report.doctor as doctor;"
        "print(report.__file__);"
        "print(report.assets.asset('templates', 'fonts', 'NotoSansSC-Regular.ttf'));"
        "print(report.assets.asset('traces', 'demo.pcapng'));"
        "print(doctor.this_system().fonts_missing)"
    )
    done = installation.run("python", "-c", code)
    assert done.returncode == 0, done.stderr
    *paths, missing = done.stdout.splitlines()
    assert all(path.startswith(str(installation.environment)) for path in paths), paths
    assert missing == "()"


def test_installed_command_renders_the_demo(installation: Installation) -> None:
    done = installation.run("labshark", "demo")
    assert done.returncode == 0, done.stderr
    (page,) = installation.home.rglob("report.html")
    assert str(page.parent.name) in done.stdout + done.stderr, "says where the report is"
    html = page.read_text(encoding="utf-8")
    assert "实验" in html
    assert "Client Hello" in html
    answers = json.loads((page.parent / "answers.json").read_text(encoding="utf-8"))
    assert len(answers["answers"]) == 24
    assert (page.parent / "report.pdf").read_bytes().startswith(b"%PDF-")
