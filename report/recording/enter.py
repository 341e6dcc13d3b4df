"""How long the user looks at a page: until Enter, or until the time is over."""

import os
import sys
import time

if sys.platform == "win32":
    import msvcrt
else:
    import select

UNATTENDED_SECONDS = 20
"""How long it takes where nobody can press Enter and no other time was given."""


class Attention:
    """Asked again and again whether the user is done; never stuck in a read."""

    def __init__(self, seconds: int | None) -> None:
        self._seconds = seconds
        self._begun = time.monotonic()
        self._nobody = False

    def over(self) -> bool:
        """Whether Enter was pressed, or the time is over."""
        if not self._nobody and self._pressed():
            return True
        seconds = self._seconds or (UNATTENDED_SECONDS if self._nobody else None)
        return seconds is not None and time.monotonic() - self._begun >= seconds

    if sys.platform == "win32":

        def _pressed(self) -> bool:
            self._nobody = sys.stdin is None or not sys.stdin.isatty()
            return not self._nobody and msvcrt.kbhit() and msvcrt.getwch() in "\r\n"

    else:

        def _pressed(self) -> bool:
            try:
                if not select.select([0], [], [], 0)[0]:
                    return False
                typed = os.read(0, 4096)
            except (OSError, ValueError):
                typed = b""
            self._nobody = not typed
            return b"\n" in typed
