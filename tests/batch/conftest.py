"""What the tests of the batch share."""

import shutil
from pathlib import Path

import pytest

from tests.batch.classes import Source, sources
from tests.batch.runs import Code


@pytest.fixture(scope="session")
def corpus(checkout: Path) -> list[Source]:
    """The project's own captures."""
    return sources(checkout)


@pytest.fixture(scope="session")
def code(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Code:
    """labshark's code, copied."""
    root = tmp_path_factory.mktemp("code")
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("report", "templates"):
        shutil.copytree(checkout / folder, root / folder, ignore=ignored)
    return Code(root)
