"""What an exit status and stderr mean: the measured endings of tshark, one by one."""

import signal

import pytest

from report.capture.faults import Outcome, judge
from report.capture.passes import Ending

ROOT = 'Running as user "root" and group "root". This could be dangerous.\n'
CUT = 'tshark: The file "/capture" appears to have been cut short in the middle of a packet.\n'
DAMAGED = (
    'tshark: The file "/capture" appears to be damaged or corrupt.\n'
    "(pcapng: total block length 5 is not a multiple of 4)\n"
)
UNSUPPORTED = (
    'tshark: The file "/capture" contains record data that TShark doesn\'t support.\n'
    "(pcap: network type 9999 unknown or unsupported)\n"
)
NO_CAPTURE = 'tshark: The file "/capture" isn\'t a capture file in a format TShark understands.\n'
BUG = (
    " ** (tshark:2) 12:00:00.000000 [Epan WARNING] -- Dissector bug, protocol TLS, in packet 5: "
    "epan/dissectors/packet-tls.c:2386: failed assertion\n"
)


@pytest.mark.parametrize(
    ("returncode", "stderr", "outcome"),
    [
        (0, "", Outcome.WHOLE),
        (0, ROOT, Outcome.WHOLE),
        (0, BUG, Outcome.WHOLE),
        (2, CUT, Outcome.CUT_SHORT),
        (2, ROOT + BUG * 300 + CUT, Outcome.CUT_SHORT),
        (2, CUT.replace("/capture", "/home/" + "x" * 300), Outcome.CUT_SHORT),
        (2, DAMAGED, Outcome.DAMAGED),
        (2, UNSUPPORTED, Outcome.LINK_TYPE),
        (2, NO_CAPTURE, Outcome.NOT_A_CAPTURE),
        # SIGTERM, SIGINT and SIGHUP: tshark ends by itself, with 2 and without a word.
        (2, "", Outcome.STOPPED),
        (2, ROOT, Outcome.STOPPED),
        (1, "Some fields aren't valid:\n\tno.such.field\n", Outcome.STOPPED),
        (127, "", Outcome.STOPPED),
        (1, "bwrap: Can't find source path /x: No such file or directory\n", Outcome.STOPPED),
        *((-number, "", Outcome.STOPPED) for number in (1, 2, 6, 9, 11, 15, 25)),
        *((128 + number, "", Outcome.STOPPED) for number in (1, 2, 6, 9, 11, 15, 25)),
        (-signal.SIGXCPU, "", Outcome.TOO_SLOW),
        (128 + signal.SIGXCPU, "", Outcome.TOO_SLOW),
        (None, "", Outcome.TOO_SLOW),
        # A crash is a crash whatever was said before it.
        (-11, CUT, Outcome.STOPPED),
        (139, DAMAGED, Outcome.STOPPED),
    ],
)
def test_outcome(returncode: int | None, stderr: str, outcome: Outcome) -> None:
    verdict = judge(Ending(returncode, stderr))
    assert verdict.outcome is outcome
    assert verdict.dissector_bug == ("Dissector bug" in stderr)
    assert len(verdict.detail) <= 200


def test_too_much_output_is_that_whatever_the_status() -> None:
    assert judge(Ending(None, "", too_much=True)).outcome is Outcome.TOO_MUCH
    assert judge(Ending(-9, CUT, too_much=True)).outcome is Outcome.TOO_MUCH


def test_tsharks_own_words_are_quoted() -> None:
    assert judge(Ending(2, ROOT + DAMAGED)).detail == (
        'The file "/capture" appears to be damaged or corrupt. '
        "(pcapng: total block length 5 is not a multiple of 4)"
    )
    assert judge(Ending(-9, "")).detail == judge(Ending(137, "")).detail == "signal 9"
    assert judge(Ending(3, "")).detail == "exit status 3"


def test_a_name_that_speaks_like_tshark_changes_nothing_of_a_run_that_went_well() -> None:
    name = "appears to have been cut short.pcap isn't a capture file in a format"
    assert judge(Ending(0, f"tshark: note on {name}\n")).outcome is Outcome.WHOLE
