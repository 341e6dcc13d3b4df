"""What marks depend on besides what was handed in: our own code and the libraries that read."""

import platform
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import report
from report.assets import asset

_READERS = ("cryptography", "lxml", "markdown-it-py", "openpyxl", "pandas", "pypdf", "pyshark")


def versions() -> dict[str, str]:
    """Everything of ours that could change a mark or a page, by name."""
    found = {
        "labshark": report.__version__,
        "code": code_digest(),
        "python": ".".join(platform.python_version_tuple()[:2]),
    }
    return found | {name: _version(name) for name in _READERS}


@cache
def code_digest() -> str:
    """A SHA-256 over the package's code, labs and templates: a version that cannot lie."""
    package = Path(report.__file__).parent
    digest = sha256()
    for folder in dict.fromkeys((package, asset("templates"))):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".ttf":
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
                digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
