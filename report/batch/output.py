"""The output folder: reports, the results that are the journal, the tables and the class page."""

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

from report.batch.places import is_local
from report.batch.plan import OWN_NAMES, RESULTS, Item
from report.batch.results import Result, result_bytes
from report.batch.workshop import REPORT_FILES
from report.errors import LabsharkError
from report.files import make_folder, settle_folder, sweep_unfinished, write_whole, writing_whole

_REPORT_NAMES = frozenset(REPORT_FILES)


class Output:
    """Where a run writes; a folder of this machine, or one behind a URL.

    A local file is written whole, then it is there (`report.files`); an object store does that by
    itself. Raises LabsharkError `output-cannot-be-written` throughout.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._local = is_local(root)

    def prepare(self) -> None:
        """Makes the folders."""
        if self._local:
            make_folder(self.root)
            make_folder(self.root / RESULTS)

    def sweep(self) -> None:
        """Removes what killed runs left half-written of our own files; under the lock only."""
        if self._local:
            sweep_unfinished(self.root, OWN_NAMES.__contains__)
            sweep_unfinished(self.root / RESULTS, lambda name: name.endswith(".json"))

    # ---- results, the journal

    def result(self, folder: str) -> Result | None:
        """A student's result, if there is one that can be read."""
        with contextlib.suppress(OSError, ValueError):
            return Result.model_validate_json(self._result_path(folder).read_bytes())
        return None

    def kept(self, folder: str, key: str) -> Result | None:
        """The result of an earlier run, if it came of the same key and its files are all there."""
        result = self.result(folder)
        if result is None or not result.final or result.key != key:
            return None
        return result if self._intact(result) else None

    def _intact(self, result: Result) -> bool:
        return all(
            self._size(self.root / result.folder / name) == facts.size
            for name, facts in result.files.items()
        )

    def _size(self, path: Path) -> int | None:
        try:
            return path.stat().st_size
        except OSError:
            return None

    def keep(self, result: Result, files: Mapping[str, bytes]) -> None:
        """Writes a student's files and then the result that says that they are there.

        Files of an earlier result that this one does not have are removed first.
        """
        folder = self.root / result.folder
        self._clear(folder, _REPORT_NAMES - files.keys())
        if files and self._local:
            make_folder(folder)
        for name, data in files.items():
            self._write(folder / name, data)
        if files and self._local:
            settle_folder(folder)
        self._write(self._result_path(result.folder), result_bytes(result))
        if self._local:
            settle_folder(self.root / RESULTS)

    def _clear(self, folder: Path, names: Iterable[str]) -> None:
        if self._local:
            sweep_unfinished(folder, _REPORT_NAMES.__contains__)
        try:
            for name in names:
                if self._size(folder / name) is not None:
                    (folder / name).unlink()
            if self._local and folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        except OSError as fault:
            raise _cannot(folder, fault) from fault

    def _result_path(self, folder: str) -> Path:
        return self.root / RESULTS / f"{folder}.json"

    def results(self, items: Iterable[Item]) -> Iterator[Result]:
        """The results of a plan's items, in their order, one at a time."""
        for item in items:
            result = self.result(item.folder)
            if result is not None:
                yield result

    def strangers(self, items: Iterable[Item]) -> int:
        """How many results of earlier runs are not of these items; they are left alone."""
        known = {f"{item.folder}.json" for item in items}
        with contextlib.suppress(OSError):
            names = (path.name for path in (self.root / RESULTS).iterdir())
            return sum(n.endswith(".json") and n not in known for n in names)
        return 0

    # ---- what is derived from them

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """A file of the output folder itself, written in pieces; there as a whole at the end."""
        if self._local:
            with writing_whole(self.root / name) as file:
                yield file
            return
        with tempfile.TemporaryFile() as file:
            yield file
            file.seek(0)
            self._write(self.root / name, file.read())

    def remove(self, name: str) -> None:
        """Removes a file of the output folder, if it is there."""
        self._clear(self.root, [name])

    def _write(self, path: Path, data: bytes) -> None:
        if self._local:
            write_whole(path, data)
            return
        try:
            path.write_bytes(data)
        except OSError as fault:
            raise _cannot(path, fault) from fault


def _cannot(path: Path, fault: OSError) -> LabsharkError:
    detail = fault.strerror or os.strerror(fault.errno or 0)
    return LabsharkError("output-cannot-be-written", path=str(path), detail=detail)
