"""One item from the plan to its result: kept from an earlier run, or made now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from report.batch.orders import Content, Terms, key_of, order_for, read_content
from report.batch.output import Output
from report.batch.plan import Item
from report.batch.results import Result, Said, Status
from report.batch.workshop import Made, Workshop, facts
from report.errors import CATALOGUE, LabsharkError
from report.text import Text

STOPPING = frozenset(
    {"output-cannot-be-written", "tshark-missing", "sandbox-missing", "lab-invalid"}
)
"""Problems that every other item would have too."""
_PASSING = frozenset(
    {"capture-too-slow", "capture-changed", "capture-cannot-be-read", "capture-no-permission"}
)
"""Problems of a capture that another run may not have."""


@dataclass(frozen=True, slots=True)
class Settled:
    """An item's result, and how it came about."""

    result: Result
    kept: bool = False
    """Whether it is an earlier run's."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Bench:
    """What settling an item needs, the same for all items of a run."""

    terms: Terms
    terms_digest: str
    common_keylogs: tuple[Path, ...] = ()


def settle_without_work(item: Item, bench: Bench) -> Result | None:
    """The result of an item that there is nothing to do for; None for the others."""
    if len(item.captures) == 1:
        return None
    if len(item.captures) > 1:
        status, said = (
            Status.DUPLICATE,
            _DUPLICATE.filled(count=len(item.captures), files=", ".join(item.inputs)),
        )
    elif item.inputs:
        status, said = Status.NO_CAPTURE, _NO_CAPTURE
    else:
        status, said = Status.MISSING, _MISSING
    return Result(
        key=key_of(item, None, bench.terms_digest),
        final=True,
        status=status,
        who=item.who,
        folder=item.folder,
        inputs=item.inputs,
        problem=Said.of(f"batch-{status.replace('_', '-')}", said),
    )


def settle(item: Item, bench: Bench, output: Output, workshop: Workshop) -> Settled:
    """Settles an item with one capture here, and writes what comes of it.

    Raises LabsharkError for what would stop every other item too.
    """
    content = contents(item, bench, carried=False)
    if isinstance(content, LabsharkError):
        result = failed(item, bench, content)
        output.keep(result, {})
        return Settled(result)
    key = key_of(item, content, bench.terms_digest)
    if (kept := output.kept(item.folder, key)) is not None:
        return Settled(kept, kept=True)
    made = workshop.make(order_for(item, content, bench.terms))
    result = result_of(item, content, key, made)
    output.keep(result, made.files)
    return Settled(result, False, made.seconds, made.attempts)


def contents(item: Item, bench: Bench, *, carried: bool) -> Content | LabsharkError:
    """The item's files, or why its capture cannot be had; see `read_content`."""
    try:
        return read_content(item, bench.common_keylogs, carried=carried)
    except LabsharkError as fault:
        return fault


def failed(item: Item, bench: Bench, fault: LabsharkError) -> Result:
    """The result of an item whose work could not even begin."""
    return Result(
        key=key_of(item, None, bench.terms_digest),
        final=False,
        status=Status.FAILED,
        who=item.who,
        folder=item.folder,
        inputs=item.inputs,
        problem=Said.by(fault),
    )


def result_of(item: Item, content: Content, key: str, made: Made) -> Result:
    """The result that `made` amounts to.

    Raises LabsharkError for a problem that every other item would have too.
    """
    problem = made.problem or made.pdf_problem
    if problem is not None and problem.slug in STOPPING:
        raise StoppingError(problem)
    return Result(
        key=key,
        final=_final(made, content),
        status=_status(made),
        who=item.who,
        folder=item.folder,
        inputs=item.inputs,
        keylogs=content.keylogs,
        problem=problem,
        notes=(*_roster_note(item), *made.notes),
        findings=made.findings,
        files=facts(made.files),
    )


class StoppingError(LabsharkError):
    """A problem that an item met and that every other item would meet."""

    def __init__(self, said: Said) -> None:
        Exception.__init__(self, f"{said.en} [{said.slug}]")
        self.slug = said.slug
        self.exit_code = CATALOGUE[said.slug].exit_code
        self.text = said.text


def _status(made: Made) -> Status:
    if made.problem is not None:
        return Status.FAILED
    if made.pdf_problem is not None:
        return Status.NO_PDF
    return Status.DONE if made.whole else Status.PARTIAL


def _final(made: Made, content: Content) -> bool:
    if made.problem is None:
        return made.pdf_problem is None
    slug = made.problem.slug
    return bool(content.sha256) and slug.startswith("capture-") and slug not in _PASSING


def _roster_note(item: Item) -> tuple[Said, ...]:
    return (Said.of("batch-not-on-roster", _NOT_ON_ROSTER),) if item.who.on_roster is False else ()


_DUPLICATE = Text(
    "有 {count} 个抓包文件：{files}。没有替你选择；请说明以哪一个为准，只保留那一个。",
    "There are {count} captures: {files}. None was chosen for you; say which one counts, and "
    "leave only that one.",
)
_NO_CAPTURE = Text(
    "提交的文件中没有抓包文件：请在 Wireshark 中把抓包另存为 .pcapng 后提交。",
    "There is no capture among the files that were handed in: save yours as .pcapng in Wireshark "
    "and hand it in.",
)
_MISSING = Text("没有提交任何文件。", "Nothing was handed in.")
_NOT_ON_ROSTER = Text("不在名单中。", "Not on the roster.")
