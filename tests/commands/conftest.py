"""What the tests of commands share."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.process import environment, words


@pytest.fixture
def demo(checkout: Path) -> Path:
    """The built-in capture: 323 packets."""
    return checkout / "traces" / "demo.pcapng"


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment with a TMPDIR of its own, which has to be empty afterwards."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    yield {"TMPDIR": str(folder)}
    assert list(folder.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 256 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "labshark-test", str(folder)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("may not mount a small file system here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def nobody() -> Iterator[tuple[Path, tuple[str, ...]]]:
    """A folder of the user nobody's, and the words that run a program as that user."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root can become another user")
    before = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--")
    folder = Path(tempfile.mkdtemp(prefix="labshark-nobody-", dir="/tmp"))
    folder.chmod(0o755)
    os.chown(folder, 65534, 65534)
    try:
        probe = [*before, *words("--help")]
        done = subprocess.run(probe, capture_output=True, env=environment(), cwd=folder)
        if done.returncode != 0:
            pytest.skip("another user cannot run the Python of this environment")
        yield folder, before
    finally:
        shutil.rmtree(folder)
