"""Grades one submission, in a process that may be lost: strangers wrote everything it reads.

`report.grading.run` is who asks.
"""

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from report.capture.intake import MAX_KEYLOG_BYTES
from report.capture.sandbox import Limits
from report.capture.scratch import private_folder
from report.capture.trace import Trace, open_trace
from report.errors import LabsharkError
from report.grading.feedback import Page, feedback_page
from report.grading.generated import copied_questions, differs_from_capture, mostly_copied
from report.grading.handed import UNREAD, Handed, read_handed
from report.grading.intake.content import Content, Kind, Role
from report.grading.intake.submission import SubmittedFile
from report.grading.intake.writeups import WriteUp, read_writeup
from report.grading.judging import Basis, judge
from report.grading.key import Key, parse_key
from report.grading.outcome import (
    AnswerOutcome,
    CaptureFacts,
    Fact,
    Manual,
    Said,
    StudentOutcome,
    Who,
    WriteUpFacts,
)
from report.labs.model import Lab
from report.questions.answer import Status
from report.questions.engine import LabResult, answer_lab
from report.rendering.html import ShownLanguage
from report.tables.packets import integers, occurrences
from report.text import Text
from report.tls.keylog import parse_keylog
from report.tls.message_types import CLIENT_HELLO
from report.workers import Message, serve

_MOST_CAPTURES = 3
_MOST_RANDOMS = 400


class FileOrder(BaseModel):
    """One file of the submission."""

    model_config = ConfigDict(frozen=True)
    name: str
    path: str
    role: Role
    kind: Kind
    size: int = 0

    @classmethod
    def of(cls, file: SubmittedFile) -> "FileOrder":
        """From the intake."""
        return cls(
            name=file.name,
            path=str(file.path.resolve()),
            role=file.role,
            kind=file.content.kind,
            size=file.size,
        )

    @property
    def submitted(self) -> SubmittedFile:
        """The way back."""
        content = Content(self.role, self.kind)
        return SubmittedFile(self.name, self.name, Path(self.path), self.size, content)


class Order(BaseModel):
    """One submission to grade, and how."""

    model_config = ConfigDict(frozen=True)
    submission: str
    label: str
    folder: str
    who: Who
    files: tuple[FileOrder, ...] = ()
    problems: tuple[Said, ...] = ()
    late: bool = False
    lab: str
    """As JSON."""
    key_toml: str | None = None
    key_wins: bool = False
    host: str | None = None
    language: str = "auto"
    manual: dict[str, Manual] = {}
    key: str = ""
    versions: dict[str, str] = {}
    term_start: float | None = None
    with_pdf: bool = True
    seconds: float = 300.0

    def of_role(self, *roles: Role) -> list[FileOrder]:
        """The files of some roles, in their order."""
        return [file for file in self.files if file.role in roles]


@dataclass(frozen=True, slots=True)
class Graded:
    """What came of an order."""

    outcome: StudentOutcome
    html: str
    pdf_html: str
    """The page for paper; empty without a PDF."""


def grade(order: Order) -> Graded:
    """Grades one submission: reads it, opens its capture, marks, and writes the feedback.

    Nothing that the submission holds raises; it becomes a problem or a verdict.
    """
    lab = _lab(order.lab)
    key = _key(order.key_toml, order.lab) if order.key_toml is not None else None
    with contextlib.ExitStack() as stack:
        opened = _Opened(order, lab, stack)
        opened.start()
        writeups = [read_writeup(f.submitted) for f in order.of_role(Role.WRITEUP, Role.ANSWERS)]
        handed = read_handed(writeups, lab)
        result = opened.chosen(handed)
        basis = _basis(order, lab, key, result, writeups)
        answers = judge(basis, handed, order.manual)
        outcome = _outcome(order, basis, handed, writeups, opened, answers)
        language = _language(order, writeups)
        page = Page(outcome, lab, opened.trace, result)
        html = feedback_page(page, language)
        paper = feedback_page(page, language, "pdf") if order.with_pdf else ""
    return Graded(outcome, html, paper)


def _basis(
    order: Order, lab: Lab, key: Key | None, result: LabResult | None, writeups: Sequence[WriteUp]
) -> Basis:
    problems = {p.slug for w in writeups for p in w.problems} | {p.slug for p in order.problems}
    lonely = bool(order.of_role(Role.PICTURE)) and not writeups
    return Basis(
        lab=lab,
        result=result,
        key=key,
        key_wins=order.key_wins,
        unread=bool(problems & UNREAD) or lonely,
        captured=bool(order.of_role(Role.CAPTURE)),
    )


@lru_cache(maxsize=2)
def _lab(text: str) -> Lab:
    return Lab.model_validate_json(text)


@lru_cache(maxsize=2)
def _key(toml: str, lab: str) -> Key:
    return parse_key(toml, "key.toml", _lab(lab))


def _language(order: Order, writeups: Sequence[WriteUp]) -> ShownLanguage:
    """What was asked for, else what the student writes in."""
    for language in (order.language, *(w.language for w in writeups if not w.is_generated)):
        if language in ("zh", "en", "both"):
            return language  # type: ignore[return-value]
    return "both"


# ---- the capture --------------------------------------------------------------------------------


class _Opened:
    """The captures of a submission, read in the background while its texts are read."""

    def __init__(self, order: Order, lab: Lab, stack: contextlib.ExitStack) -> None:
        self._order, self._lab, self._stack = order, lab, stack
        self._candidates: list[tuple[FileOrder, Trace]] = []
        self._limits = Limits(deadline_seconds=min(Limits().deadline_seconds, order.seconds))
        self.trace: Trace | None = None
        self.facts: CaptureFacts | None = None
        self.problems: list[Said] = []
        self._randoms_in_logs: frozenset[str] | None = None

    def start(self) -> None:
        """Opens what can be opened; what cannot is a problem."""
        captures = self._order.of_role(Role.CAPTURE)
        keylog = self._keylog()
        seen: set[str] = set()
        for file in captures[:_MOST_CAPTURES]:
            try:
                trace = self._stack.enter_context(
                    open_trace(Path(file.path), keylog, self._limits, file.name)
                )
            except LabsharkError as fault:
                if fault.exit_code == 4:
                    raise
                self.problems.append(Said.by(fault))
                continue
            if trace.sha256 not in seen:
                seen.add(trace.sha256)
                trace.start(self._lab.columns())
                self._candidates.append((file, trace))
        if len(captures) > _MOST_CAPTURES:
            text = _TEXTS["captures-many"].filled(count=len(captures), limit=_MOST_CAPTURES)
            self.problems.append(Said.of(text, "captures-many"))

    def _keylog(self) -> Path | None:
        """All key logs of the submission as one; tshark takes from it what fits the capture."""
        logs = [_read(Path(file.path)) for file in self._order.of_role(Role.KEYLOG)]
        whole = b"\n".join(log.removeprefix(b"\xef\xbb\xbf") for log in logs if log)
        if not whole:
            return None
        known = parse_keylog(whole)
        if known.empty:
            return None
        self._randoms_in_logs = frozenset(random.hex() for random in known.secrets)
        path = self._stack.enter_context(private_folder()) / "keys"
        path.write_bytes(whole)
        return path

    def chosen(self, handed: Handed) -> LabResult | None:
        """The lab on the submission's capture; of several, on the one that the answers fit best."""
        results = list(self._results())
        if not results:
            return None
        file, trace, result = max(results, key=lambda one: _fitting(handed, one[2]))
        if len(results) > 1:
            text = _TEXTS["captures-several"].filled(count=len(results), name=file.name)
            self.problems.append(Said.of(text, "captures-several"))
        self.trace = trace
        self.facts = self._facts(file, trace, result)
        self.problems += [Said.of(w.text, w.slug) for w in trace.warnings if _of_file(w.slug)]
        if self.facts.keys_fit is False:
            self.problems.append(Said.of(_TEXTS["keys-do-not-fit"], "keys-do-not-fit"))
        return result

    def _results(self) -> Iterator[tuple[FileOrder, Trace, LabResult]]:
        for file, trace in self._candidates:
            try:
                yield file, trace, self._answered(trace)
            except LabsharkError as fault:
                if fault.exit_code == 4:
                    raise
                self.problems.append(Said.by(fault))

    def _answered(self, trace: Trace) -> LabResult:
        """With the host asked for; without where the capture does not have it."""
        try:
            return answer_lab(trace, self._lab, host=self._order.host)
        except LabsharkError as fault:
            if fault.slug != "capture-no-such-host":
                raise
            self.problems.append(Said.by(fault))
            return answer_lab(trace, self._lab)

    def _facts(self, file: FileOrder, trace: Trace, result: LabResult) -> CaptureFacts:
        packets = result.tables.packets
        hellos = packets[packets["tls.handshake.random"] != ""]
        # The graded session's own first: no flood of others may push it out.
        own = hellos.index.isin(result.session.packets.index)
        hellos = hellos.loc[[*hellos.index[own], *hellos.index[~own]]]
        randoms: dict[str, None] = {}
        for types, cell in zip(
            hellos["tls.handshake.type"], hellos["tls.handshake.random"], strict=True
        ):
            if integers(types)[:1] == (CLIENT_HELLO,):
                first = occurrences(cell)[0].replace(":", "")
                randoms[first] = None
        first_time = packets["frame.time_epoch"].min()
        connection = result.session.connection
        logs = self._randoms_in_logs
        return CaptureFacts(
            name=file.name,
            sha256=trace.sha256,
            packets=trace.packets,
            started=None if first_time != first_time else float(first_time),
            client_randoms=tuple(randoms)[:_MOST_RANDOMS],
            server_name=connection.server_name,
            version=connection.version,
            decrypted=result.session.decrypted,
            keys_fit=None if logs is None else not logs.isdisjoint(randoms),
        )


def _of_file(slug: str) -> bool:
    """Whether a warning is about the capture and not about this machine."""
    return slug not in ("sandbox-absent", "tshark-known-bad")


def _read(path: Path) -> bytes:
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            if stat.S_ISREG(os.fstat(handle).st_mode):
                return file.read(MAX_KEYLOG_BYTES)
    return b""


def _fitting(handed: Handed, result: LabResult) -> int:
    answers = result.answers
    return sum(
        given.value is not None and given.value == answers[name].value
        for name, given in handed.given.items()
    )


# ---- the outcome --------------------------------------------------------------------------------


def _outcome(
    order: Order,
    basis: Basis,
    handed: Handed,
    writeups: Sequence[WriteUp],
    opened: _Opened,
    answers: tuple[AnswerOutcome, ...],
) -> StudentOutcome:
    problems = [*order.problems, *(s for w in writeups for s in Said.about(w.problems))]
    if not writeups:
        problems.append(Said.of(_TEXTS["no-writeup"], "no-writeup"))
    if not order.of_role(Role.CAPTURE):
        problems.append(Said.of(_TEXTS["no-capture"], "no-capture"))
    return StudentOutcome(
        key=order.key,
        submission=order.submission,
        label=order.label,
        folder=order.folder,
        who=order.who,
        files=tuple(file.name for file in order.files),
        capture=opened.facts,
        writeups=tuple(map(_writeup_facts, writeups)),
        key_used=basis.used,
        language=_language(order, writeups),
        problems=tuple(dict.fromkeys((*problems, *opened.problems))),
        answers=answers,
        facts=tuple(_facts(order, basis, handed, opened)),
        late=order.late,
        versions=order.versions,
    )


def _writeup_facts(writeup: WriteUp) -> WriteUpFacts:
    return WriteUpFacts(
        name=writeup.name,
        kind=writeup.kind.value,
        language=writeup.language,
        lines=len(writeup.lines),
        generated=writeup.is_generated,
        form="form" in writeup.marks,
    )


def _facts(order: Order, basis: Basis, handed: Handed, opened: _Opened) -> Iterator[Fact]:
    """What this submission alone shows."""
    capture = opened.facts
    started = capture.started if capture else None
    if started is not None and order.term_start is not None and started < order.term_start:
        yield Fact(kind="capture_before_term", detail=f"{datetime.fromtimestamp(started, UTC):%F}")
    yield from _lacking(basis)
    for report in handed.reports:
        yield Fact(kind="generated_report", detail=report.file)
        edited = set(report.edited)
        if capture and basis.result:
            edited |= {*differs_from_capture(report, basis.result.answers, capture.sha256)}
            if report.trace_sha256 and report.trace_sha256 != capture.sha256:
                yield Fact(kind="report_of_another_capture", detail=report.file)
        if edited:
            listed = tuple(q.id for q in basis.lab.questions if q.id in edited)
            yield Fact(kind="generated_report_edited", questions=listed, detail=report.file)
    copied = copied_questions(handed.own, basis.lab, basis.result.answers if basis.result else None)
    if copied:
        kind = "mostly_copied_text" if mostly_copied(copied, handed.own) else "copied_text"
        yield Fact(kind=kind, questions=copied)


def _lacking(basis: Basis) -> Iterator[Fact]:
    """That the capture lacks the half of what is asked: "not captured" is then the right answer
    to very much, also for who cut it down to that."""
    if basis.result is None:
        return
    asked = [question.id for question in basis.lab.questions if question.kind != "text"]
    status = {name: basis.result.answers[name].status for name in asked}
    lacking = tuple(name for name in asked if status[name] is Status.NOT_CAPTURED)
    if len(lacking) * 2 >= len(asked) > 0:
        yield Fact(kind="capture_lacks_much", questions=lacking)


_TEXTS: Mapping[str, Text] = {
    "captures-many": Text(
        "提交了 {count} 个抓包文件，只读取了前 {limit} 个。",
        "{count} captures were handed in; only the first {limit} were read.",
    ),
    "captures-several": Text(
        "提交了 {count} 个不同的抓包；采用与答案最相符的“{name}”。",
        "{count} different captures were handed in; “{name}” was taken, which the answers fit "
        "best.",
    ),
    "keys-do-not-fit": Text(
        "提交的密钥日志与抓包中的任何会话都不匹配。",
        "The key log that was handed in fits no session of the capture.",
    ),
    "no-writeup": Text("没有提交任何实验报告。", "No write-up was handed in."),
    "no-capture": Text("没有提交抓包文件。", "No capture was handed in."),
}


# ---- the process --------------------------------------------------------------------------------


def _done(message: Message) -> Message:
    values: dict[str, Any] = dict(message.values)
    try:
        graded = grade(Order.model_validate(values))
    except LabsharkError as fault:
        return Message({"fault_slug": fault.slug, "said": Said.by(fault).model_dump()})
    blobs = {"html": graded.html.encode(), "pdf_html": graded.pdf_html.encode()}
    return Message({"outcome": graded.outcome.model_dump(mode="json")}, blobs)


def main(arguments: list[str]) -> None:
    """The worker process; it takes no arguments."""
    with private_folder() as scratch:
        # Nothing strange lies here; and no module is ever looked for beside a student's files.
        os.chdir(scratch)
        serve(_done)
