"""Tables: the pandas frames packets, connections, records, messages and certificates."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _quick_and_plain() -> Iterator[None]:
    """While pandas is first imported: no collector runs, and pyarrow is not seen.

    The collector only looks at what an import makes, which stays: a sixth of the time. pyarrow, an
    optional extra, costs as much again and would back pandas' text with another kind of array:
    tables must not differ by what else is installed.
    """
    collecting = gc.isenabled()
    gc.disable()
    hidden = "pandas" not in sys.modules and "pyarrow" not in sys.modules
    if hidden:
        sys.modules["pyarrow"] = None  # type: ignore[assignment]  # an import then fails at once
    try:
        yield
    finally:
        if hidden:
            del sys.modules["pyarrow"]
        if collecting:
            gc.enable()


with _quick_and_plain():
    import pandas  # noqa: F401
