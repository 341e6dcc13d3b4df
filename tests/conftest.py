"""What every test may ask for."""

from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent


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


_LONG = (
    "tests/corpus/test_answers.py",
    "tests/corpus/test_labs.py",
    "tests/corpus/test_truth_files.py",
    "tests/batch/",
)
"""Minutes each: `./run test --long` runs them too."""

_KNOWN_FAULTS = {
    "tests/capture/test_container.py::test_counts": "cut captures are counted otherwise",
    "tests/capture/test_intake.py::test_key_logs_refused": "an empty key log is let in on purpose",
    "tests/rendering/test_browser.py": "the browser may start too late on a busy machine",
    "tests/rendering/test_templates.py::test_no_address": "a lab's logo is a data: address",
    "tests/test_setup_doctor.py::test_no_wireshark_at_all": "depends on the machine's own rights",
    "tests/test_setup_doctor.py::test_another_wireshark": "depends on the machine's own rights",
    "tests/grading/test_class.py": "two phrasings are still read the wrong way",
    "tests/grading/test_forms.py": "blank forms of the newer labs are misread",
}
"""What is not right yet, by the beginning of a test's name: shown as such, mended next."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the tests that take minutes, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(_LONG) and not config.getoption("--long"):
            item.add_marker(pytest.mark.skip(reason="takes minutes; run with --long"))
        for name, reason in _KNOWN_FAULTS.items():
            if item.nodeid.startswith(name):
                item.add_marker(pytest.mark.xfail(reason=reason, strict=False))
