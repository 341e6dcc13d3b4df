"""A program named tshark that is the real one, killed after so many packets."""

from pathlib import Path

from report.capture.programs import find_program

REAL = find_program("tshark")
"""Found once: the program below is put in its place, and must not start itself."""

_SCRIPT = """#!/bin/sh
case " $* " in *" -T fields "*) ;; *) exec {tshark} "$@" ;; esac
pipe=$(mktemp -u /tmp/labshark-test-XXXXXX)
mkfifo "$pipe" || exit 99
{tshark} "$@" >"$pipe" &
child=$!
{{ rm "$pipe"; sed -u {packet}q; kill -{signal} $child; cat; }} <"$pipe"
wait $child
status=$?
[ $status -gt 128 ] && kill -{signal} $$
exit $status
"""


def killed_tshark(folder: Path, packet: int, signal: str) -> Path:
    """Writes such a program; what it had printed by then is read all the same."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tshark"
    path.write_text(_SCRIPT.format(tshark=REAL, packet=packet, signal=signal))
    path.chmod(0o755)
    return path
