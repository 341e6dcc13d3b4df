"""Which folders programs may be started from: never one that came with somebody's captures."""

import os
from pathlib import Path

TSHARK_VARIABLE = "LABSHARK_TSHARK"


def trusted_folders() -> list[Path]:
    """PATH's folders in their order, without those that may have come with a capture.

    Passed over are a relative entry, the current folder, and what lies in a current folder that
    does not hold the user's home.
    """
    entries = map(Path, os.environ.get("PATH", "").split(os.pathsep))
    return [entry for entry in entries if entry.is_absolute() and not _came_along(entry)]


def named_tshark() -> Path | None:
    """What `LABSHARK_TSHARK` names, a program or its folder; absolute."""
    value = os.environ.get(TSHARK_VARIABLE)
    return Path(value).absolute() if value else None


def handed_on() -> dict[str, str]:
    """The environment for a process of ours that will stand in another folder.

    What is trusted depends on where the user stands, so it is settled here and not asked again.
    """
    named = named_tshark()
    tshark = {} if named is None else {TSHARK_VARIABLE: str(named)}
    return {**os.environ, **tshark, "PATH": os.pathsep.join(map(str, trusted_folders()))}


def _came_along(folder: Path) -> bool:
    """Whether a folder may have been unpacked with the captures that the user works on."""
    try:
        here = Path.cwd()
    except FileNotFoundError:  # it was removed under our feet
        return False
    there, home = folder.resolve(), Path("~").expanduser()
    inside = here in there.parents and here != home and here not in home.parents
    return there == here or inside
