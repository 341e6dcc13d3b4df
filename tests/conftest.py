"""What every test may ask for."""

from pathlib import Path

import pytest
from hypothesis import settings

CHECKOUT = Path(__file__).resolve().parent.parent

# A machine that is busy with other tests is slow, which says nothing of an example.
settings.register_profile("labshark", deadline=None)
settings.load_profile("labshark")


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the checkout that the tests run in."""
    return CHECKOUT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real captures and write-ups beside the checkout; skips where there is none."""
    folder = CHECKOUT.parent / "shared"
    if not (folder / "traces").is_dir():
        pytest.skip("needs the captures in ../shared, which is not here")
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the tests that take minutes, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("long") and not config.getoption("--long"):
            item.add_marker(pytest.mark.skip(reason="takes minutes; run with --long"))
