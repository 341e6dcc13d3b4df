"""Coverage-guided fuzzing of one of our readers: `python -m tests.long.fuzz READER`.

Needs atheris, which is installed by hand (`pip install atheris`; it knows few versions of Python).
Words after the reader go to libFuzzer; the seed is fixed unless one of them says otherwise.
"""

import importlib
import sys
import tempfile
from pathlib import Path
from typing import Any


def main() -> None:
    """Fuzzes until stopped, or until libFuzzer's own limits (`-runs=N`, `-max_total_time=S`)."""
    name, *rest = sys.argv[1:]
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["report"]):
        readers = importlib.import_module("tests.long.readers")
    reader = readers.READERS[name]

    def once(data: bytes) -> None:
        try:
            reader.read(data)
        except reader.refuses:
            return

    keep = Path("out/long")
    keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="labshark-fuzz-") as corpus:
        for number, seed in enumerate(reader.seeds()):
            (Path(corpus) / str(number)).write_bytes(seed)
        words = ["-seed=1", "-timeout=20", "-rss_limit_mb=2048", f"-artifact_prefix={keep}/{name}-"]
        atheris.Setup([sys.argv[0], *words, *rest, corpus], once)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
