"""Grades a class: whose each submission is, one worker per core, results as they come, files last.

`results/<folder>.json` is written whole as soon as a submission is graded and is the journal: the
next run does only what has changed. What concerns the whole class is made from the results alone.
"""

import contextlib
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from threading import local
from typing import Any, BinaryIO, cast

from pydantic import ValidationError

from report.capture.programs import find_program, known_bad, shown_version, tshark_version
from report.capture.scratch import private_folder
from report.errors import LabsharkError
from report.files import make_folder, refuse_same_folder, write_whole, writing_whole
from report.grading.classpage import class_page
from report.grading.feedback import Page, feedback_page
from report.grading.gradebook import (
    Class,
    grades_csv,
    grades_document,
    grades_xlsx,
    lms_marks,
)
from report.grading.grader import FileOrder, Order
from report.grading.handed import Handed, nowhere
from report.grading.intake.archives import id_pattern, open_submissions
from report.grading.intake.content import Role
from report.grading.intake.matching import Match, match_roster
from report.grading.intake.problems import Problem
from report.grading.intake.roster import Person, Roster, read_roster
from report.grading.intake.submission import Intake, Submission
from report.grading.integrity import class_facts
from report.grading.judging import Basis, judge
from report.grading.key import load_key
from report.grading.outcome import (
    FileFacts,
    Manual,
    Said,
    StudentOutcome,
    Who,
    outcome_bytes,
)
from report.grading.regrade import Change, changes, changes_csv, read_grades
from report.grading.review import merged, read_decisions, review_csv
from report.grading.sheets.feedback import Feedback, FeedbackArchive, feedback_archive
from report.grading.sheets.fill import fill
from report.grading.sheets.marks import FillResult
from report.labs.model import Lab
from report.naming import folder_name, unique_folder_names
from report.rendering.html import ShownLanguage
from report.rendering.output import json_bytes
from report.rendering.pdf_worker import PdfWorker
from report.text import Text
from report.workers import Message, Term, WorkerLostError, WorkerProcess

RESULTS, FEEDBACK = "results", "feedback"
GRADES, REVIEW, BOOK = "grades.json", "review.csv", "grades.xlsx"
_PAGE, _PDF = "feedback.html", "feedback.pdf"
_TERM = Term(orders=100, resident_bytes=1 << 30)
Say = Callable[[Text], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What the instructor asked for."""

    submissions: Path
    out: Path
    lab: Lab
    key: Path | None = None
    key_wins: bool = False
    roster: Path | None = None
    sheet: Path | None = None
    column: str | None = None
    pattern: str | None = None
    host: str | None = None
    term_start: float | None = None
    """Seconds since 1970: captures before that are told."""
    language: str = "auto"
    jobs: int = 2
    with_pdf: bool = True
    accept_proposed: bool = False
    accept_known_bad: bool = False
    seconds: float = 300.0
    """For one submission."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """What else outcomes depend on; part of what decides whether to grade again."""


@dataclass(frozen=True, slots=True)
class ClassGraded:
    """What came of a run."""

    klass: Class
    files: tuple[Path, ...]
    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    """What concerns no single submission."""
    filled: FillResult | None = None
    archive: FeedbackArchive | None = None
    kept: int = 0
    """Submissions that had not changed since the last run."""

    @property
    def needs_person(self) -> bool:
        """Whether anything awaits a person."""
        return bool(self.problems) or any(map(self.klass.needs_person, self.klass.outcomes))


def grade_class(options: Options, say: Say) -> ClassGraded:
    """Grades everything that was handed in and writes all outputs into `options.out`.

    Raises LabsharkError for what makes the whole run impossible (`submissions-…`, `key-…`,
    `table-…`, `roster-…`, `sheet-…`, `review-…`, `tshark-known-bad`, `output-…`); a submission
    that cannot be graded is its own line and nobody else's.
    """
    refuse_same_folder(options.out, options.submissions)
    roster = read_roster(options.roster) if options.roster else None
    key_toml = _checked_key(options)
    if options.sheet is not None:
        fill(options.sheet, {}, column=options.column)  # its mistakes are told before any work
    make_folder(options.out)
    with private_folder() as spool:
        pattern = id_pattern(options.pattern) if options.pattern else None
        intake = open_submissions(
            options.submissions, spool, pattern=pattern, roster=roster, leave_out=options.out
        )
        people = _people(intake, roster)
        folders = _folders(people)
        before = read_grades(options.out / GRADES)
        manual = _manual(options.out, before)
        terms = _terms(options, intake, key_toml)
        orders = [_order(p, folders, terms, options, manual) for p in people]
        results = _graded(orders, options, say)
        outcomes = tuple(result for result, _ in results)
        missing = match_roster(intake.submissions, roster).missing if roster else ()
        klass = Class(
            options.lab,
            outcomes,
            class_facts(outcomes, options.lab.id),
            missing,
            _key_facts(options.key, key_toml),
        )
        kept = sum(was_kept for _, was_kept in results)
        return _written(options, klass, intake, roster, before, kept)


# ---- before -------------------------------------------------------------------------------------


def _checked_key(options: Options) -> str | None:
    """The key's text; a mistake in it is told before any work begins."""
    if options.key is None:
        return None
    load_key(options.key, options.lab)
    return options.key.read_text(encoding="utf-8-sig")


def _key_facts(path: Path | None, toml: str | None) -> dict[str, str] | None:
    if path is None or toml is None:
        return None
    return {"file": path.name, "sha256": hashlib.sha256(toml.encode()).hexdigest()}


@dataclass(frozen=True, slots=True)
class _Student:
    """A submission and whose it is."""

    submission: Submission
    who: Who
    problems: tuple[Said, ...]


def _people(intake: Intake, roster: Roster | None) -> list[_Student]:
    if roster is None:
        return [_Student(s, _unknown(s, None), Said.about(s.problems)) for s in intake.submissions]
    return [_on_roster(match) for match in match_roster(intake.submissions, roster).matches]


def _unknown(submission: Submission, on_roster: bool | None) -> Who:
    own = submission.id or submission.key
    return Who(id=own, name=submission.name or "", on_roster=on_roster)


def _on_roster(match: Match) -> _Student:
    submission, person = match.submission, match.person
    problems = Said.about((*submission.problems, *match.problems))
    if person is None:
        return _Student(submission, _unknown(submission, False), problems)
    return _Student(submission, _known(person, submission), problems)


def _known(person: Person, submission: Submission) -> Who:
    others = (*person.others, *((submission.id,) if submission.id else ()))
    return Who(
        id=person.id or person.name,
        name=person.name,
        class_name=person.class_name,
        others=tuple(dict.fromkeys(one for one in others if one != person.id)),
        on_roster=True,
    )


def _folders(people: Sequence[_Student]) -> dict[str, str]:
    """A folder per submission: by the student's id where only one submission has it."""
    ids = Counter(student.who.id for student in people)
    keys = {}
    for student in people:
        key, own = student.submission.key, student.who.id
        # A key that reads like somebody else's id would be a way into that one's folder.
        keys[key] = own if ids[own] == 1 else f"{own} {key}" if key in ids else key
    names = unique_folder_names(keys.values())
    return {key: names[wanted] for key, wanted in keys.items()}


def _manual(out: Path, before: Mapping[str, Any] | None) -> dict[str, dict[str, Manual]]:
    """What people decided so far: in the last grades.json, and since in review.csv or the book."""
    known: dict[str, dict[str, Manual]] = {}
    for student in (before or {}).get("students", ()):
        for answer in student.get("answers", ()):
            points = answer.get("manual_points")
            if points is not None:
                note = answer.get("manual_note") or ""
                decided = Manual(points=points, note=note)
                known.setdefault(str(student["folder"]), {})[str(answer["id"])] = decided
    files = [(name, out / name) for name in (REVIEW, BOOK)]
    read = [(name, read_decisions(path)) for name, path in files if path.is_file()]
    return merged(known, read)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What holds for every submission of the run."""

    lab: str
    key_toml: str | None
    versions: dict[str, str]


def _terms(options: Options, intake: Intake, key_toml: str | None) -> _Terms:
    versions = dict(options.versions)
    if any(s.of_role(Role.CAPTURE) for s in intake.submissions):
        version = tshark_version(find_program("tshark"))
        if known_bad(version) and not options.accept_known_bad:
            raise LabsharkError("tshark-known-bad", version=shown_version(version))
        versions["tshark"] = shown_version(version)
    if key_toml is not None:
        versions["key"] = hashlib.sha256(key_toml.encode()).hexdigest()
    return _Terms(options.lab.model_dump_json(by_alias=True), key_toml, versions)


def _order(
    student: _Student,
    folders: Mapping[str, str],
    terms: _Terms,
    options: Options,
    manual: Mapping[str, Mapping[str, Manual]],
) -> Order:
    submission = student.submission
    folder = folders[submission.key]
    order = Order(
        submission=submission.key,
        label=submission.lms.label,
        folder=folder,
        who=student.who,
        files=tuple(map(FileOrder.of, submission.files)),
        problems=student.problems,
        late=submission.late,
        lab=terms.lab,
        key_toml=terms.key_toml,
        key_wins=options.key_wins,
        host=options.host,
        language=options.language,
        manual=dict(manual.get(folder, {})),
        versions=terms.versions,
        term_start=options.term_start,
        with_pdf=options.with_pdf,
        seconds=options.seconds,
    )
    return order.model_copy(update={"key": _key_of(order, submission)})


def _key_of(order: Order, submission: Submission) -> str:
    """A SHA-256 over all that the outcome depends on; where the files lie is not part of it."""
    told = order.model_dump(mode="json", exclude={"files", "key", "seconds"})
    told["files"] = [
        (file.name, file.role.value, file.content.kind.value, _digest(file.path))
        for file in submission.files
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _digest(path: Path) -> str:
    with contextlib.suppress(OSError), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
    return ""


# ---- grading ------------------------------------------------------------------------------------


def _graded(
    orders: Sequence[Order], options: Options, say: Say
) -> list[tuple[StudentOutcome, bool]]:
    """Every order's outcome, in order, and whether it stood already."""
    folder = options.out / RESULTS
    make_folder(folder)
    make_folder(options.out / FEEDBACK)
    known = {order.submission: _kept(order, options) for order in orders}
    todo = [order for order in orders if known[order.submission] is None]
    done: dict[str, StudentOutcome] = {}
    if todo:
        with _Crew(options) as crew:
            for number, outcome in enumerate(crew.work(todo), 1):
                done[outcome.submission] = outcome
                say(_progress(number, len(todo), outcome))
    return [
        (done[order.submission], False)
        if order.submission in done
        else (_must(known[order.submission]), True)
        for order in orders
    ]


def _must(outcome: StudentOutcome | None) -> StudentOutcome:
    assert outcome is not None  # every order is either kept or done
    return outcome


def _progress(number: int, total: int, outcome: StudentOutcome) -> Text:
    who = outcome.who.label or outcome.label
    points = f"{outcome.points:g}/{outcome.max_points:g}"
    waiting = len(outcome.needs_review)
    return _PROGRESS.filled(n=number, all=total, who=who, points=points, waiting=waiting)


_PROGRESS = Text(
    "[{n}/{all}] {who}：{points}，待评阅 {waiting} 题",
    "[{n}/{all}] {who}: {points}, {waiting} to review",
)


def _kept(order: Order, options: Options) -> StudentOutcome | None:
    """The last run's outcome, if it would come out the same and its files are all there."""
    try:
        data = (options.out / RESULTS / f"{order.folder}.json").read_bytes()
        outcome = StudentOutcome.model_validate_json(data)
    except (OSError, ValidationError):
        return None
    if outcome.key != order.key or outcome.unreadable:
        return None
    place = options.out / FEEDBACK / order.folder
    whole = all(_digest(place / n) == f.sha256 for n, f in outcome.feedback.items())
    return outcome if whole and outcome.feedback else None


class _Crew:
    """Threads that each have a grading process and a PDF process of their own."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._own = local()
        self._graders: list[WorkerProcess] = []
        self._pdfs: list[PdfWorker] = []
        self._threads = ThreadPoolExecutor(max_workers=max(1, options.jobs))

    def __enter__(self) -> "_Crew":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            for grader in self._graders:
                grader.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for grader in self._graders:
            grader.close()
        for pdf in self._pdfs:
            pdf.close()

    def work(self, orders: Iterable[Order]) -> Iterator[StudentOutcome]:
        """The outcomes as they come, each written before it is given."""
        pending = {self._threads.submit(self._one, order) for order in orders}
        while pending:
            finished, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in finished:
                yield future.result()

    def _one(self, order: Order) -> StudentOutcome:
        outcome, page, paper = self._asked(order)
        place = self._options.out / FEEDBACK / order.folder
        make_folder(place)
        files = {_PAGE: page}
        problems = outcome.problems
        if paper:
            pdf, trouble = self._pdf(paper)
            files |= {_PDF: pdf} if pdf else {}
            problems = (*problems, *trouble)
        for name, data in files.items():
            write_whole(place / name, data)
        if _PDF not in files:
            (place / _PDF).unlink(missing_ok=True)
        facts = {
            name: FileFacts(size=len(data), sha256=hashlib.sha256(data).hexdigest())
            for name, data in files.items()
        }
        outcome = outcome.model_copy(update={"feedback": facts, "problems": problems})
        path = self._options.out / RESULTS / f"{order.folder}.json"
        write_whole(path, outcome_bytes(outcome))
        return outcome

    def _asked(self, order: Order) -> tuple[StudentOutcome, bytes, bytes]:
        message = Message(order.model_dump(mode="json"))
        for again in (True, False):
            try:
                answer = self._grader().do(message, order.seconds)
            except WorkerLostError as lost:
                if lost.loss == "too-slow" or not again:
                    return self._failed(order, lost)
                continue
            if "fault_slug" in answer.values:
                said = Said.model_validate(answer.values["said"])
                return self._unreadable(order, said)
            outcome = StudentOutcome.model_validate(answer.values["outcome"])
            return outcome, answer.blobs["html"], answer.blobs["pdf_html"]
        raise AssertionError("unreachable")

    def _failed(self, order: Order, lost: WorkerLostError) -> tuple[StudentOutcome, bytes, bytes]:
        slug = "grading-too-slow" if lost.loss == "too-slow" else "grading-died"
        text = _TEXTS[slug].filled(seconds=int(order.seconds), detail=lost.detail)
        return self._unreadable(order, Said.of(text, slug))

    def _unreadable(self, order: Order, why: Said) -> tuple[StudentOutcome, bytes, bytes]:
        """Nothing could be told of it: a person has to, and it costs the student nothing."""
        outcome = ungraded(order, self._options.lab, why)
        language: ShownLanguage = "both"
        page = feedback_page(Page(outcome, self._options.lab), language)
        paper = feedback_page(Page(outcome, self._options.lab), language, "pdf")
        return outcome, page.encode(), paper.encode() if order.with_pdf else b""

    def _grader(self) -> WorkerProcess:
        if not hasattr(self._own, "grader"):
            self._own.grader = WorkerProcess("report.grading.grader", term=_TERM)
            self._graders.append(self._own.grader)
        grader: WorkerProcess = self._own.grader
        return grader

    def _pdf(self, paper: bytes) -> tuple[bytes, tuple[Said, ...]]:
        if not hasattr(self._own, "pdf"):
            self._own.pdf = PdfWorker()
            self._pdfs.append(self._own.pdf)
        try:
            return self._own.pdf.render(paper.decode()).data, ()
        except LabsharkError as fault:
            return b"", (Said.by(fault),)


def ungraded(order: Order, lab: Lab, why: Said) -> StudentOutcome:
    """The outcome of a submission that grading itself failed on: everything awaits a person."""
    basis = Basis(lab=lab, result=None, unread=True, captured=True)
    given = {question.id: nowhere(question.id) for question in lab.questions}
    answers = judge(basis, Handed(given, dict.fromkeys(given, "")), order.manual)
    return StudentOutcome(
        key=order.key,
        submission=order.submission,
        label=order.label,
        folder=order.folder,
        who=order.who,
        files=tuple(file.name for file in order.files),
        problems=(*order.problems, why),
        answers=answers,
        late=order.late,
        unreadable=True,
        versions=order.versions,
    )


_TEXTS = {
    "grading-too-slow": Text(
        "评阅超过 {seconds} 秒，已中止；请人工评阅。",
        "Grading took longer than {seconds} s and was stopped; please grade it by hand.",
    ),
    "grading-died": Text(
        "评阅这份提交时程序意外结束（{detail}）；请人工评阅，或再运行一次。",
        "Grading this submission ended unexpectedly ({detail}); grade it by hand, or run again.",
    ),
}


# ---- after --------------------------------------------------------------------------------------


def _written(
    options: Options,
    klass: Class,
    intake: Intake,
    roster: Roster | None,
    before: Mapping[str, Any] | None,
    kept: int,
) -> ClassGraded:
    """The class's files, each whole; grades.json last, as it says what the others hold."""
    out = options.out
    document = grades_document(klass)
    changed = changes(before, document) if before is not None else ()
    files: dict[str, bytes] = {
        "grades.csv": grades_csv(klass),
        BOOK: grades_xlsx(klass),
        REVIEW: review_csv(klass.outcomes),
        "class.html": class_page(klass, _shown(options.language)).encode(),
    }
    if before is not None:
        files["changes.csv"] = changes_csv(changed)
    filled = None
    if options.sheet is not None:
        marks = lms_marks(klass, accept_proposed=options.accept_proposed)
        filled = fill(options.sheet, marks, column=options.column)
        files[f"filled-{folder_name(options.sheet.name)}"] = filled.data
    for name, data in files.items():
        write_whole(out / name, data)
    archive = _archived(out, klass, intake)
    write_whole(out / GRADES, json_bytes(document))
    problems = (*intake.problems, *(roster.problems if roster else ()))
    written = (*(out / name for name in files), out / "feedback.zip", out / GRADES)
    return ClassGraded(klass, written, tuple(changed), problems, filled, archive, kept)


def _shown(language: str) -> ShownLanguage:
    return language if language in ("zh", "en") else "both"  # type: ignore[return-value]


def _archived(out: Path, klass: Class, intake: Intake) -> FeedbackArchive:
    by_key = {submission.key: submission for submission in intake.submissions}
    entries = [
        Feedback(
            by_key[outcome.submission],
            {name: out / FEEDBACK / outcome.folder / name for name in outcome.feedback},
        )
        for outcome in klass.outcomes
    ]
    with writing_whole(out / "feedback.zip") as file:
        packed = feedback_archive(entries, cast(BinaryIO, file))
    return packed
