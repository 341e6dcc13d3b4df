"""Every field that the installed tshark knows, and whether a display filter is valid."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from report.capture.programs import find_program, shown_version, tshark_version
from report.errors import LabsharkError

_SECONDS = 60
_PACKET_LIST = "_ws.col."
_EMPTY_CAPTURE = (
    b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + bytes(8) + b"\x00\x00\x04\x00" + b"\x01\x00\x00\x00"
)
"""A pcap header and no packet: enough for tshark to read a filter."""


@lru_cache(maxsize=2)
def field_types() -> Mapping[str, str]:
    """The names that `-e` and display filters take, protocols included, each with its type.

    The type is tshark's own word, `FT_UINT16`; empty for a protocol. Raises LabsharkError
    `tshark-missing`, `tshark-failed`.
    """
    run = _run("-G", "fields")
    lines = (line.split("\t") for line in run.stdout.decode("utf-8", "replace").splitlines())
    # Of fields that share a name, as some dissectors' do, tshark lists each.
    types = {p[2]: p[3] if p[0] == "F" else "" for p in lines if len(p) > 3 or p[0] == "P"}
    if run.returncode != 0 or not types:
        raise LabsharkError("tshark-failed", program="tshark", detail=_said(run))
    return types


def shown_tshark_version() -> str:
    """Of the installed tshark, for messages."""
    return shown_version(tshark_version(find_program("tshark")))


def unknown_fields(names: Iterable[str]) -> tuple[str, ...]:
    """Those of `names` that this tshark lacks, in order."""
    known = field_types()
    return tuple(n for n in names if n not in known and not n.startswith(_PACKET_LIST))


def near_fields(name: str, most: int = 3) -> tuple[str, ...]:
    """Fields with a similar name: of the same protocol first, where there is such a protocol."""
    protocol = name.split(".")[0]
    same = sorted(field for field in field_types() if field.startswith(f"{protocol}."))
    near = get_close_matches(name, same, n=most, cutoff=0.6)
    return tuple(near or get_close_matches(name, sorted(field_types()), n=most, cutoff=0.8))


def filter_fault(display_filter: str) -> str | None:
    """What tshark says against a display filter; None when it is valid."""
    run = _run("-n", "-r", "-", "-Y", display_filter, given=_EMPTY_CAPTURE)
    return None if run.returncode == 0 else _said(run)


def _said(run: "subprocess.CompletedProcess[bytes]") -> str:
    lines = run.stderr.decode("utf-8", "replace").strip().splitlines()
    said = [line.strip() for line in lines if not line.startswith("Running as user")]
    return said[0].removeprefix("tshark: ") if said else f"exit status {run.returncode}"


def _run(*arguments: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    tshark: Path = find_program("tshark")
    try:
        return subprocess.run(
            [str(tshark), *arguments],
            capture_output=True,
            input=given,
            timeout=_SECONDS,
            cwd=tshark.parent,  # not the current folder, where anything may lie
            env={**os.environ, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"},
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise LabsharkError("tshark-failed", program="tshark", detail=str(fault)) from fault
