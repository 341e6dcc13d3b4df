"""Who asks: one worker process at a time per thread, replaced when it is lost."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from report.batch.results import FileFacts, Findings, Said
from report.errors import LabsharkError
from report.workers import Message, Term, WorkerLostError, WorkerProcess

READING_TERM = Term(orders=200, resident_bytes=1 << 30)
REPORT_FILES = ("report.html", "report.pdf", "answers.json")
_VERSIONS_WITHIN = 120.0


@dataclass(frozen=True, slots=True)
class Made:
    """What came of one order."""

    findings: Findings | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    notes: tuple[Said, ...] = ()
    whole: bool = True
    problem: Said | None = None
    """Why there is no report."""
    pdf_problem: Said | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    """What took how long; for the log."""
    attempts: int = 1


class WorkshopClosedError(Exception):
    """The run was stopped; nobody waits for the item any more."""


class Workshop:
    """Makes reports, one after another, each in at most `seconds`; for one thread."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._process = WorkerProcess("report.batch.making", [str(seconds)], READING_TERM)

    def versions(self, with_pdf: bool) -> dict[str, str]:
        """What outcomes depend on; see `report.batch.versions`.

        Raises LabsharkError `batch-worker-unusable`, naming the reason.
        """
        order = Message({"versions": True, "pdf": with_pdf})
        try:
            answer = self._process.do(order, _VERSIONS_WITHIN)
        except WorkerLostError as lost:
            raise LabsharkError("batch-worker-unusable", detail=lost.detail or lost.loss) from lost
        if (problem := _said(answer, "problem")) is not None:
            raise LabsharkError("batch-worker-unusable", detail=problem.en)
        return dict(answer.values["versions"])

    def make(self, order: Message) -> Made:
        """What comes of an order, whatever the capture or a worker does.

        A worker that died is given a second chance, in a new process; one that was too slow is not.
        Raises WorkshopClosedError where `kill` came meanwhile: then nothing came of the order.
        """
        for attempt in (1, 2):
            try:
                return _made(self._process.do(order, self._seconds), attempt)
            except WorkerLostError as lost:
                if self._process.ended:
                    raise WorkshopClosedError from lost
                fault = self._named(lost, order)
                if lost.loss == "too-slow":
                    break
        return Made(problem=Said.by(fault), attempts=attempt)

    def _named(self, lost: WorkerLostError, order: Message) -> LabsharkError:
        name = order.values["name"]
        if lost.loss == "too-slow":
            return LabsharkError("batch-too-slow", path=name, seconds=int(self._seconds))
        return LabsharkError("batch-worker-died", path=name, detail=lost.detail)

    def close(self) -> None:
        """Lets the process go."""
        self._process.close()

    def kill(self) -> None:
        """Ends the process at once, from any thread."""
        self._process.kill()


def _made(answer: Message, attempt: int) -> Made:
    if (problem := _said(answer, "problem")) is not None:
        return Made(problem=problem, attempts=attempt)
    values = answer.values
    return Made(
        findings=Findings.model_validate(values["findings"]),
        files={name: answer.blobs[name] for name in REPORT_FILES if name in answer.blobs},
        notes=tuple(Said.model_validate(note) for note in values["notes"]),
        whole=bool(values["whole"]),
        pdf_problem=_said(answer, "pdf_problem"),
        seconds=dict(values["seconds"]),
        attempts=attempt,
    )


def _said(answer: Message, name: str) -> Said | None:
    told = answer.values.get(name)
    return None if told is None else Said.model_validate(told)


def facts(files: Mapping[str, bytes]) -> dict[str, FileFacts]:
    """Sizes and SHA-256 of a report's files."""
    from hashlib import sha256

    return {
        name: FileFacts(size=len(data), sha256=sha256(data).hexdigest())
        for name, data in files.items()
    }
