"""Why dumpcap does not begin, and what a user is told to do about it."""

from pathlib import Path

import pytest

from report.doctor.machine import Family
from report.doctor.remedies import ALLOW_CAPTURE
from report.errors import ExitCode, LabsharkError
from report.recording import dumpcap
from report.recording.dumpcap import Order, refusal

ORDER = Order(Path("/nonexistent/dumpcap"), ("eth7",), "port 443", Path("/tmp/x.pcapng"), 60)

# What dumpcap 4.0.17 says on Debian, what it says with BSD's packet filters, and without Npcap.
NO_RIGHTS = [
    """Capturing on 'Loopback: lo'
dumpcap: You do not have permission to capture on device "lo".
(socket: Operation not permitted)
Please check to make sure you have sufficient permissions.
""",
    """dumpcap: The capture session could not be initiated on interface 'en0' (You don't have
permission to capture on that device ((cannot open BPF device) /dev/bpf0: Permission denied)).
""",
    "dumpcap: Unable to load Npcap or WinPcap (wpcap.dll); you will not be able to capture "
    "packets.",
]


@pytest.mark.parametrize("said", NO_RIGHTS)
@pytest.mark.parametrize("family", ALLOW_CAPTURE)
def test_missing_rights_get_the_systems_own_remedy(
    said: str, family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dumpcap, "this_family", lambda: family)
    fault = refusal(said, ORDER)
    assert (fault.slug, fault.exit_code) == ("recording-no-rights", ExitCode.PROGRAM)
    for text in (fault.text.zh, fault.text.en):
        assert text.endswith(ALLOW_CAPTURE[family])


def test_an_interface_that_is_not_there_is_named() -> None:
    said = """Capturing on 'eth7'
dumpcap: There is no device named "eth7".
(No such device exists)
"""
    fault = refusal(said, ORDER)
    assert (fault.slug, fault.exit_code) == ("interface-unknown", ExitCode.USAGE)
    assert "eth7" in fault.text.en


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        (
            """Capturing on 'lo'
dumpcap: The file to which the capture would be saved ("/x/y.pcapng") could not be opened: \
Permission denied.
""",
            "could not be opened: Permission denied",
        ),
        (
            """Capturing on 'lo'
dumpcap: Invalid capture filter "port 99999999" for interface 'lo'.
""",
            'Invalid capture filter "port 99999999"',
        ),
        ("", "–"),
    ],
)
def test_other_faults_are_told_in_its_own_words(said: str, detail: str) -> None:
    fault = refusal(said, ORDER)
    assert (fault.slug, fault.exit_code) == ("dumpcap-failed", ExitCode.PROGRAM)
    assert detail in fault.text.en


def _program(folder: Path, name: str, mode: int) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(mode)


@pytest.mark.parametrize(
    ("mode", "slug"), [(0o644, "recording-no-rights"), (None, "dumpcap-missing")]
)
def test_a_dumpcap_for_others_is_told_from_none(
    mode: int | None, slug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As on Debian: /usr/bin/dumpcap is there, and only the group wireshark may start it.
    folder = tmp_path / "bin"
    _program(folder, "tshark", 0o755)
    if mode is not None:
        _program(folder, "dumpcap", mode)
    monkeypatch.setattr("report.capture.programs._USUAL_FOLDERS", {})
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("LABSHARK_TSHARK", str(folder / "tshark"))
    with pytest.raises(LabsharkError) as caught:
        dumpcap.find_dumpcap()
    assert caught.value.slug == slug


def test_dropped_packets_are_counted() -> None:
    # dumpcap 4.0.17's last words.
    said = (
        "Packets received/dropped on interface 'Loopback: lo': 21/4 (pcap:4/dumpcap:0/flushed:0/"
        "ps_ifdrop:0) (84.0%)"
    )
    assert dumpcap.dropped_packets([said, said.replace("/4 ", "/0 ")]) == 4
