"""The set-up itself: what is declared, locked, shipped, and which way the imports run."""

import ast
import hashlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from report.assets import asset

LAYERS = (
    *("text", "errors", "assets", "files", "naming", "tomltext", "student", "search_path"),
    *("workers", "tls", "capture", "tables", "labs", "questions", "rendering", "grading"),
    *("batch", "doctor", "recording", "commands"),
)
"""From the bottom up: a part of `report` imports only from parts before it."""


@pytest.fixture(scope="module")
def project(checkout: Path) -> dict[str, Any]:
    return tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))


def locked(lock: Path) -> dict[str, list[Requirement]]:
    """The pinned requirements of a lock file by name; one name may be pinned per marker."""
    pins: dict[str, list[Requirement]] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        if re.match(r"[a-z0-9]", line):
            pin = Requirement(line.removesuffix("\\").strip())
            pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    return pins


def declared(project: dict[str, Any], *, development: bool) -> Iterator[Requirement]:
    yield from map(Requirement, project["project"]["dependencies"])
    if development:
        for extra in project["project"]["optional-dependencies"].values():
            yield from map(Requirement, extra)
        for group in project["dependency-groups"].values():
            yield from (Requirement(item) for item in group if isinstance(item, str))


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_lock_has_every_dependency_above_its_floor(
    checkout: Path, project: dict[str, Any], lock: str
) -> None:
    pins = locked(checkout / lock)
    for wanted in declared(project, development=lock == "requirements-dev.lock"):
        for pin in pins[canonicalize_name(wanted.name)]:
            (exact,) = pin.specifier
            assert exact.operator == "=="
            assert Version(exact.version) in wanted.specifier, (pin, wanted)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_lock_has_hashes_and_no_place_to_fetch_from(checkout: Path, lock: str) -> None:
    text = (checkout / lock).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert len(entries) >= len(locked(checkout / lock)) > 30
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry[:80]
    assert "://" not in text
    assert "index-url" not in text


def test_development_lock_holds_the_other_one_in_the_same_versions(checkout: Path) -> None:
    development = locked(checkout / "requirements-dev.lock")
    for name, pins in locked(checkout / "requirements.lock").items():
        versions = [str(pin.specifier) for pin in pins]
        assert versions == [str(pin.specifier) for pin in development[name]]


def modules(checkout: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((checkout / "report").rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_everything_imported_is_declared(checkout: Path, project: dict[str, Any]) -> None:
    required = {canonicalize_name(r.name) for r in declared(project, development=False)}
    required |= {
        canonicalize_name(Requirement(item).name)
        for item in project["project"]["optional-dependencies"]["cluster"]
    }
    homes = packages_distributions()
    for path, tree in modules(checkout):
        for name in {module.split(".")[0] for module in imported(tree)}:
            if name in sys.stdlib_module_names or name == "report":
                continue
            distributions = {canonicalize_name(home) for home in homes.get(name, [name])}
            assert distributions & required, f"{path} imports {name}, which is not declared"


def test_imports_run_one_way(checkout: Path) -> None:
    for path, tree in modules(checkout):
        part = path.relative_to(checkout / "report").parts[0].removesuffix(".py")
        if part == "__init__":
            continue
        assert part in LAYERS, f"{path} belongs to no layer"
        for module in imported(tree):
            if module.startswith("report."):
                other = module.split(".")[1]
                assert LAYERS.index(other) <= LAYERS.index(part), f"{path} imports {module}"
            assert module != "typing" or "TYPE_CHECKING" not in ast.dump(tree), path


def test_asset_is_found_in_a_checkout(checkout: Path) -> None:
    assert asset("templates", "fonts") == checkout / "templates" / "fonts"
    with pytest.raises(FileNotFoundError, match="no-such-font"):
        asset("templates", "fonts", "no-such-font.ttf")


def test_asset_is_found_in_an_installation(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "report"
    (package / "_templates").mkdir(parents=True)
    (package / "_templates" / "page.css").write_text("html {}")
    (package.parent / "templates").mkdir()
    (package.parent / "templates" / "page.css").write_text("somebody else's")
    assert asset("templates", "page.css", package=package) == package / "_templates" / "page.css"


def test_run_is_a_posix_script_that_says_what_it_does(checkout: Path) -> None:
    for script, shell in (("run", "sh"), (".ci/run", "bash")):
        subprocess.run([shell, "-n", str(checkout / script)], check=True)
        assert (checkout / script).stat().st_mode & 0o111, f"{script} is not executable"
    done = subprocess.run(
        [str(checkout / "run"), "nonsense"], capture_output=True, text=True, cwd="/"
    )
    assert done.returncode == 2
    for command in ("demo", "test", "lock"):
        assert f"./run {command}" in done.stderr
    assert "set -eu" not in done.stderr


def test_no_file_of_the_set_up_names_an_index(checkout: Path) -> None:
    names = ("run", ".ci/run", ".ci/skips.py", "pyproject.toml", "README.md")
    for name in (*names, "requirements.lock", "requirements-dev.lock"):
        text = (checkout / name).read_text(encoding="utf-8")
        assert not re.search(r"pypi|pythonhosted|--index|simple/", text), name


def test_ruff_keeps_pyshark_and_weasyprint_in_their_places(checkout: Path) -> None:
    ruff = [sys.executable, "-m", "ruff", "check", "--select", "TID251"]
    for module, home in (("pyshark", "capture"), ("weasyprint", "rendering")):
        for place, code in ((f"report/{home}/x.py", 0), ("report/questions/x.py", 1)):
            done = subprocess.run(
                [*ruff, "--stdin-filename", str(checkout / place), "-"],
                input=f"import {module}\n",
                capture_output=True,
                text=True,
                cwd=checkout,
            )
            assert done.returncode == code, (module, place, done.stdout)


SKIPPING = """
import pytest

def test_one():
    pytest.skip("needs the captures in ../shared, which is not here")

def test_two():
    pytest.skip("Bubblewrap does not work here")

def test_three():
    pytest.skip("no Chromium")

def test_four():
    pass
"""


def skips(checkout: Path) -> Any:
    spec = spec_from_file_location("skips", checkout / ".ci" / "skips.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_skip_for_want_of_what_is_here_fails_the_change(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "test_skipping.py").write_text(SKIPPING)
    results = tmp_path / "results.xml"
    pytest_run = [sys.executable, "-m", "pytest", "-q", "--rootdir", str(tmp_path)]
    subprocess.run([*pytest_run, f"--junit-xml={results}", str(tmp_path)], check=True, cwd=tmp_path)
    module = skips(checkout)
    assert list(module.unjustified(results, frozenset())) == []
    (line,) = module.unjustified(results, frozenset({"../shared"}))
    assert "test_one" in line
    both = list(module.unjustified(results, frozenset({"../shared", "bubblewrap"})))
    assert [re.findall(r"::(\w+)", line)[0] for line in both] == ["test_one", "test_two"]
    assert module.main(tmp_path / "none.xml") == 1


def test_what_is_here_is_told_by_looking(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "shared" / "traces").mkdir(parents=True)
    (tmp_path / "main").mkdir()
    module = skips(checkout)
    assert "../shared" in module.present(tmp_path / "main")
    assert "../shared" not in module.present(tmp_path)


def font_rows(checkout: Path) -> list[list[str]]:
    text = (checkout / "templates" / "fonts" / "README.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if ".ttf` |" in line]
    return [[cell.strip("` ") for cell in row] for row in rows]


def test_fonts_are_those_of_their_table_and_licensed(checkout: Path) -> None:
    folder = checkout / "templates" / "fonts"
    rows = font_rows(checkout)
    assert sorted(row[0] for row in rows) == sorted(path.name for path in folder.glob("*.ttf"))
    for row in rows:
        assert hashlib.sha256((folder / row[0]).read_bytes()).hexdigest() == row[-1], row[0]
        assert "SIL OPEN FONT LICENSE Version 1.1" in (folder / row[-2]).read_text("utf-8")
    css = (folder / "fonts.css").read_text(encoding="utf-8")
    assert sorted(re.findall(r'url\("(.+?)"\)', css)) == sorted(row[0] for row in rows)
