"""What the tests of the capture layer share."""

from pathlib import Path

import pytest

from report.capture import sandbox
from report.capture.passes import Ending, TsharkPass
from report.capture.sandbox import Command, Limits, invocation


@pytest.fixture
def demo(checkout: Path) -> Path:
    """The built-in capture: 323 packets."""
    return checkout / "traces" / "demo.pcapng"


@pytest.fixture(params=["sandbox", "limits alone"])
def confinement(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways in which a program is started; the first where bubblewrap works."""
    if request.param == "sandbox":
        if sandbox.bubblewrap() is None:
            pytest.skip("needs bubblewrap, which does not work here")
    else:
        monkeypatch.setattr(sandbox, "bubblewrap", lambda: None)
    name: str = request.param
    return name


def run_shell(
    script: str, folder: Path, limits: Limits = sandbox.STANDARD_LIMITS, **files: Path
) -> tuple[str, Ending]:
    """What a shell script prints when it is started as tshark would be."""
    configuration = folder / "configuration"
    configuration.mkdir(exist_ok=True)
    capture = folder / "a capture"
    capture.touch()
    command = Command(Path("/bin/sh"), ("-c", script), {"capture": capture, **files}, limits)
    output, ending = TsharkPass(capture, invocation(command, configuration)).output()
    return output.decode("utf-8", "replace"), ending
