"""Opens what an instructor has: a folder, one file, or the zip an LMS gave; all of it hostile."""

import os
import shutil
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from report.errors import LabsharkError
from report.grading.intake.content import Content, Kind, Role, content_of
from report.grading.intake.encoding import decode_name
from report.grading.intake.found import Found
from report.grading.intake.layout import Arranged, Group, arrange
from report.grading.intake.limits import ArchiveLimits, NestedLimits
from report.grading.intake.patterns import PRESETS, IdPattern
from report.grading.intake.problems import Problem, problem
from report.grading.intake.roster import Roster
from report.grading.intake.submission import (
    Intake,
    Layout,
    LmsPlace,
    Submission,
    SubmittedFile,
)
from report.grading.intake.zips import (
    Archive,
    Budget,
    Member,
    RefusedError,
    is_ignored,
    opened_zip,
    shown_bytes,
)
from report.naming import folder_name
from report.text import Text


def open_submissions(
    source: Path,
    spool: Path,
    *,
    pattern: IdPattern | str | None = None,
    roster: Roster | None = None,
    limits: ArchiveLimits | None = None,
    leave_out: Path | None = None,
) -> Intake:
    """What is handed in at `source`, by student.

    `source` is one file, a folder or a zip; `spool` an empty folder that the caller deletes:
    unpacked files are written there under names of ours. `pattern` is an `IdPattern` or the name
    of a preset (`canvas`, `moodle`, `blackboard`, `cn`); without one the layout is found out.
    With a `roster`, its ids and names are looked for in disorderly file names. `leave_out` is a
    folder that is not walked into: the output may lie among the inputs.

    Raises LabsharkError `submissions-…` for what cannot be opened at all, `id-pattern-…`. A bad
    file of one student is a problem of that student's submission and stops nobody else's.
    """
    reader = _Reader(spool, limits or ArchiveLimits(), leave_out)
    found = reader.read(source)
    if not found:
        raise LabsharkError("submissions-empty", path=source.name)
    arranged = arrange(found, pattern, roster, source.stem)
    submissions = _unique(_submission(group, arranged.layout) for group in arranged.groups)
    return Intake(
        arranged.layout,
        tuple(_with_same_ids(submissions)),
        (*reader.problems, *_nobodys(arranged)),
    )


def id_pattern(given: str) -> IdPattern | str:
    """The value of `--id-pattern`: a preset's name, or a regular expression with named groups.

    Raises LabsharkError `id-pattern-invalid`.
    """
    return given if given in PRESETS else IdPattern.parse(given)


_MANY = 5
"""Files of nobody's in one folder that are told one by one."""


class _Reader:
    """Finds the files, unpacking what is packed."""

    def __init__(self, spool: Path, limits: ArchiveLimits, leave_out: Path | None) -> None:
        self._spool = spool
        self._leave_out = leave_out.resolve() if leave_out else None
        self._limits = limits
        self._numbers = count(1)
        self._budget = Budget(min(limits.total_bytes, _room(spool)))
        self.problems: list[Problem] = []

    def read(self, source: Path) -> list[Found]:
        """Everything at `source`, archives opened. Raises LabsharkError `submissions-…`."""
        kind = _kind_of(source)
        if kind == "folder":
            found = list(self._in_folder(source))
            if len(found) == 1 and found[0].path and found[0].content.kind is Kind.ZIP:
                return self.read(found[0].path)
        elif (content := content_of(source, source.name)).kind is Kind.ZIP:
            found = self._in_class_archive(source)
        else:
            _refuse_unknown_archive(source, content)
            found = [self._plain(source, (source.name,))]
        return self._within_limits(_sole_inside(list(self._opened(found))))

    def _within_limits(self, found: list[Found]) -> list[Found]:
        most = self._limits.files
        if len(found) > most:
            self.problems.append(problem("files-too-many", count=len(found), limit=most))
        return _fairly(found, most)

    # -- folders

    def _in_folder(self, root: Path) -> Iterator[Found]:
        left = self._limits.entries
        for folder, names, files in os.walk(root, followlinks=False):
            here = Path(folder)
            names[:] = sorted(n for n in names if (here / n).resolve() != self._leave_out)
            for name in sorted([*files, *(n for n in names if (here / n).is_symlink())]):
                parts = tuple(map(_decoded, (here / name).relative_to(root).parts))
                if is_ignored(parts):
                    continue
                left -= 1
                if left < 0:
                    raise LabsharkError("submissions-too-many", path=root.name)
                yield self._from_disk(here / name, parts)

    def _from_disk(self, path: Path, parts: tuple[str, ...]) -> Found:
        status = path.lstat()
        slug = None
        if stat.S_ISLNK(status.st_mode):
            slug = "file-link"
        elif not stat.S_ISREG(status.st_mode):
            slug = "file-special"
        elif status.st_size > self._limits.file_bytes:
            slug = "file-too-large"
        if slug:
            return _skipped(parts, (), self._said(slug, "/".join(parts)))
        try:
            return self._plain(path, parts)
        except PermissionError:
            return _skipped(parts, (), problem("file-unreadable", "/".join(parts)))

    def _plain(self, path: Path, parts: tuple[str, ...]) -> Found:
        size = path.stat().st_size
        return Found(parts, path=path, size=size, content=content_of(path, parts[-1]))

    def _said(self, slug: str, name: str) -> Problem:
        return problem(slug, name, limit=shown_bytes(self._limits.file_bytes))

    # -- archives

    def _in_class_archive(self, source: Path) -> list[Found]:
        try:
            with opened_zip(source, self._limits) as archive:
                return list(self._unpacked(archive, (), self._budget))
        except RefusedError as refused:
            raise LabsharkError(
                f"submissions-{refused.slug}",
                path=source.name,
                limit=shown_bytes(self._limits.total_bytes),
            ) from refused

    def _unpacked(
        self, archive: Archive, outer: tuple[str, ...], budget: Budget, most: int | None = None
    ) -> Iterator[Found]:
        if _declared(archive) > budget.bytes_left:
            raise RefusedError("too-large")
        for parts, said in archive.skipped[:most]:
            yield _skipped(*_placed(parts, outer), said)
        for member in archive.members[:most]:
            yield self._member(archive, member, outer, budget)

    def _member(
        self, archive: Archive, member: Member, outer: tuple[str, ...], budget: Budget
    ) -> Found:
        path = self._new_path(member.parts[-1])
        with path.open("xb") as target:
            said = archive.copy(member, target, budget)
        parts, inner = _placed(member.parts, outer)
        if said:
            path.unlink()
            return _skipped(parts, inner, said)
        content = content_of(path, member.parts[-1])
        return Found(parts, inner, path, path.stat().st_size, content)

    def _new_path(self, name: str) -> Path:
        folder = self._spool / f"{next(self._numbers):06d}"
        folder.mkdir(mode=0o700)
        return folder / folder_name(name)

    def _opened(self, found: Sequence[Found]) -> Iterator[Found]:
        """The files, with every archive that a student handed in replaced by what is in it."""
        packed = {n: f for n, f in enumerate(found) if f.path and f.content.kind is Kind.ZIP}
        # What is left of the budget goes to the small ones first: nobody's bomb is at the cost of
        # those who come after it.
        order = sorted(packed, key=lambda n: (_unpacked_size(packed[n]), n))
        inside = {n: list(self._students_archive(packed[n])) for n in order}
        for number, one in enumerate(found):
            yield from inside.get(number, (one,))

    def _students_archive(self, one: Found) -> Iterator[Found]:
        limits = NestedLimits()
        share = Budget(min(limits.total_bytes, self._budget.bytes_left))
        before = share.bytes_left
        try:
            with opened_zip(_must(one.path), self._limits, limits) as archive:
                for inside in self._unpacked(archive, one.parts, share, limits.files):
                    yield _not_deeper(inside)
                if (count := len(archive.members)) > limits.files:
                    many = problem("files-too-many", one.origin, count=count, limit=limits.files)
                    yield replace(one, path=None, problem=many)
        except RefusedError as refused:
            reason = REFUSALS[refused.slug]
            text = problem("nested-refused", one.origin, reason="").text
            said = Text(text.zh + reason.zh, text.en + reason.en)
            yield replace(one, path=None, problem=Problem("nested-refused", said, one.origin))
        finally:
            self._budget.bytes_left -= before - max(0, share.bytes_left)


def _must(path: Path | None) -> Path:
    assert path is not None  # only files that are there are opened
    return path


def _declared(archive: Archive) -> int:
    return sum(member.info.file_size for member in archive.members)


def _unpacked_size(one: Found) -> int:
    """What an archive says that it unpacks to; 0 for one that is refused at once."""
    try:
        with opened_zip(_must(one.path), None, NestedLimits()) as archive:
            return _declared(archive)
    except RefusedError:
        return 0


def _fairly(found: list[Found], most: int) -> list[Found]:
    """At most so many files: of every folder or archive the first ones, so that one student's
    thousands push nobody else out."""
    seen: Counter[str] = Counter()
    ranks: list[tuple[int, int]] = []
    for number, one in enumerate(found):
        seen[one.parts[0]] += 1
        ranks.append((seen[one.parts[0]], number))
    return [found[number] for number in sorted(number for _, number in sorted(ranks)[:most])]


def _decoded(name: str) -> str:
    """A file name of the disk; one in an old encoding, as unzipping leaves them, read as text."""
    return name if name.isprintable() else decode_name(os.fsencode(name))


REFUSALS = {
    "damaged": Text("文件已损坏。", "it is damaged."),
    "too-many": Text("其中的文件太多。", "it holds too many files."),
    "too-large": Text("解压后太大。", "it is too large when unpacked."),
    "overlap": Text("其中的文件互相重叠（压缩炸弹）。", "its files overlap, as in a zip bomb."),
}


def _room(spool: Path) -> int:
    return int(shutil.disk_usage(spool).free * 0.9)


def _kind_of(source: Path) -> str:
    try:
        mode = source.stat().st_mode
    except OSError as error:
        raise LabsharkError("submissions-missing", path=str(source)) from error
    if stat.S_ISDIR(mode):
        return "folder"
    if not stat.S_ISREG(mode):
        raise LabsharkError("submissions-missing", path=str(source))
    return "file"


def _refuse_unknown_archive(source: Path, content: Content) -> None:
    if content.role is Role.ARCHIVE:
        raise LabsharkError("submissions-archive-kind", path=source.name, kind=content.named)


def _placed(
    parts: tuple[str, ...], outer: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (outer, parts) if outer else (parts, ())


def _skipped(parts: tuple[str, ...], inner: tuple[str, ...], said: Problem) -> Found:
    return Found(parts, inner, problem=said)


def _not_deeper(inside: Found) -> Found:
    if inside.path and inside.content.role is Role.ARCHIVE:
        return replace(inside, path=None, problem=problem("nested-archive", inside.origin))
    return inside


def _sole_inside(found: list[Found]) -> list[Found]:
    """A class packed twice: what is in the one inner archive counts as the instructor's."""
    if found and all(f.inner and f.parts == found[0].parts for f in found):
        return [replace(f, parts=f.inner, inner=()) for f in found]
    return found


# ---- groups to submissions ----------------------------------------------------------------------


def _submission(group: Group, layout: Layout) -> Submission:
    files = [
        SubmittedFile(name, found.origin, found.path, found.size, found.content)
        for name, found in group.files
        if found.path is not None
    ]
    files = _promoted(files)
    place = LmsPlace(layout, group.label, tuple(group.back))
    problems = (*group.problems, *_file_problems(group, files))
    most = ArchiveLimits().files_per_student
    return Submission(
        group.key,
        group.who.id,
        group.who.name,
        tuple(files[:most]),
        place,
        group.late,
        problems,
    )


def _promoted(files: list[SubmittedFile]) -> list[SubmittedFile]:
    """With no better write-up, a text counts as one: answers in a comment of a program."""
    if any(file.role in (Role.WRITEUP, Role.ANSWERS) for file in files):
        return files
    return [
        replace(f, content=replace(f.content, role=Role.WRITEUP)) if f.content.text else f
        for f in files
    ]


def _file_problems(group: Group, files: list[SubmittedFile]) -> Iterator[Problem]:
    yield from (found.problem for _, found in group.files if found.problem)
    for name, times in Counter(file.name.casefold() for file in files).items():
        if times > 1:
            yield problem("file-duplicate", name, count=times)
    for file in files:
        if file.size == 0:
            yield problem("file-empty", file.name)
        elif file.content.named and file.role is Role.ARCHIVE:
            yield problem("archive-kind", file.name, kind=file.content.named)
        elif file.content.named:
            yield problem("document-kind", file.name, kind=file.content.named)
    if len(files) > ArchiveLimits().files_per_student:
        most = ArchiveLimits().files_per_student
        yield problem("files-too-many", count=len(files), limit=most)


def _unique(submissions: Iterator[Submission]) -> list[Submission]:
    """Keys that are unique whatever the disorder: the second of a kind gets `~2`."""
    seen: Counter[str] = Counter()
    result = []
    for submission in submissions:
        key = submission.key
        seen[key] += 1
        if seen[key] > 1:
            submission = replace(submission, key=f"{key}~{seen[key]}")
        result.append(submission)
    return result


def _with_same_ids(submissions: list[Submission]) -> Iterator[Submission]:
    labels: dict[str, list[str]] = {}
    for submission in submissions:
        if submission.id:
            labels.setdefault(submission.id.casefold(), []).append(submission.lms.label)
    for submission in submissions:
        same = labels.get((submission.id or "").casefold(), [])
        if len(same) > 1:
            said = problem("same-id", id=submission.id, count=len(same), labels=", ".join(same))
            submission = submission.with_problem(said)
        yield submission


def _nobodys(arranged: Arranged) -> Iterator[Problem]:
    slug = "pattern-no-match" if arranged.layout is Layout.PATTERN else "files-unassigned"
    folders: dict[str, list[Found]] = {}
    for found in arranged.unassigned:
        if found.problem:
            yield found.problem
        else:
            folders.setdefault("/".join(found.parts[:-1]), []).append(found)
    for folder, inside in folders.items():
        if folder and len(inside) > _MANY:
            yield problem("files-unassigned-many", folder, count=len(inside))
        else:
            yield from (problem(slug, found.origin) for found in inside)
