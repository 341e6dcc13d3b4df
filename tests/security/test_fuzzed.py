"""A little of what `python -m tests.long` does at length: broken captures, bytes, typed text."""

from argparse import Namespace
from pathlib import Path

import pytest

from tests.long.__main__ import containers, packets, parsers, readers

FEW = {packets: 10, containers: 10, readers: 150, parsers: 60}
MORE = {packets: 100, containers: 40, readers: 1000, parsers: 500}


def failures(test: object, runs: int, keep: Path) -> list[str]:
    assert callable(test)
    found = test(Namespace(runs=runs, seed=7, jobs=2, keep=keep))
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("test", FEW, ids=lambda test: test.__name__)
def test_a_few(test: object, tmp_path: Path) -> None:
    assert failures(test, FEW[test], tmp_path) == []  # type: ignore[index]


@pytest.mark.long
@pytest.mark.parametrize("test", MORE, ids=lambda test: test.__name__)
def test_more(test: object, tmp_path: Path) -> None:
    assert failures(test, MORE[test], tmp_path) == []  # type: ignore[index]
