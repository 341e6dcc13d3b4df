"""Ctrl-C, a closed terminal and a polite kill: all end a recording the same way, in order."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
"""Windows has no SIGHUP."""


@contextlib.contextmanager
def ended_in_order() -> Iterator[Callable[[], bool]]:
    """Gives a question: was one of these signals sent? What was recorded is kept then.

    Within the block the first signal does nothing but answer that; a second one raises
    KeyboardInterrupt. Outside of the main thread, which alone gets signals, the answer is no.
    """
    asked = threading.Event()

    def note(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
