"""Whose each file is: what the LMS wrote into the names, else folders, ids and names."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from report.grading.intake.blackboard import with_manifests
from report.grading.intake.found import Found
from report.grading.intake.patterns import (
    IdPattern,
    Owner,
    Reader,
    blackboard_owner,
    canvas_owner,
    is_late,
    moodle_owner,
)
from report.grading.intake.people import DATE, Identity, id_tokens, identity, name_keys
from report.grading.intake.problems import Problem, problem
from report.grading.intake.roster import Roster
from report.grading.intake.submission import Layout

_MOST = 0.6
_LEADING_NUMBER = re.compile(r"\d+")


@dataclass(slots=True)
class Group:
    """The files of one student, as they were found."""

    key: str
    who: Identity
    label: str
    files: list[tuple[str, Found]] = field(default_factory=list)
    """The name that the student gave, and the file."""
    back: list[str] = field(default_factory=list)
    late: bool = False
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class Arranged:
    """All groups, and the files that are nobody's."""

    layout: Layout
    groups: list[Group]
    unassigned: list[Found] = field(default_factory=list)


def arrange(
    found: Sequence[Found], pattern: IdPattern | str | None, roster: Roster | None, source: str
) -> Arranged:
    """The files by student; `pattern` is an `IdPattern`, a preset's name, or None to find out.

    `source` is the name of the folder or archive: it speaks for a single student's.
    """
    if isinstance(pattern, IdPattern):
        owners = pattern.owners([f.parts for f in found])
        return _by_owner(Layout.PATTERN, found, owners)
    for name, layout, reader in () if pattern == "cn" else _LMS:
        if pattern in (None, name):
            owners = [reader(f.parts) for f in found]
            if pattern == name or _fits(layout, owners):
                return _by_owner(layout, found, owners)
    return arrange_people(found, roster, source)


_LMS: tuple[tuple[str, Layout, Reader], ...] = (
    ("moodle", Layout.MOODLE, moodle_owner),
    ("blackboard", Layout.BLACKBOARD, blackboard_owner),
    ("canvas", Layout.CANVAS, canvas_owner),
)


def _fits(layout: Layout, owners: Sequence[Owner | None]) -> bool:
    """Whether most files bear this LMS's names; Canvas's attachment ids never repeat.

    That tells `zhangsan_123_456_x.docx` from a class's own `张三_2024001_2_x.docx`. A name may be
    attached several times when a student's archive was unpacked, so equal names count once.
    """
    there = [owner for owner in owners if owner]
    if not there or len(there) < _MOST * len(owners):
        return False
    if layout is not Layout.CANVAS:
        return True
    serials = {owner.back: owner.serial for owner in there if owner.serial}
    return len(set(serials.values())) == len(serials)


def _by_owner(layout: Layout, found: Sequence[Found], owners: Sequence[Owner | None]) -> Arranged:
    if layout is Layout.BLACKBOARD:
        found, owners = with_manifests(found, _blackboard_users(owners))
    if layout is Layout.MOODLE:
        owners = _blind(owners)
        if all(owner is None or owner.back.endswith("_") for owner in owners):
            layout = _flat_or_old(found)
    arranged = Arranged(layout, [])
    groups: dict[str, Group] = {}
    for one, owner in zip(found, owners, strict=True):
        if owner is None:
            arranged.unassigned.append(one)
            continue
        group = groups.get(owner.key)
        if group is None:
            group = groups[owner.key] = Group(
                owner.key, Identity(owner.id, owner.name), owner.label
            )
        _join(group, one, owner)
    arranged.groups = list(groups.values())
    if layout is Layout.BLACKBOARD:
        _keep_last_attempt(arranged.groups)
    return arranged


def _join(group: Group, one: Found, owner: Owner) -> None:
    name = "/".join(one.inner) or owner.file or one.parts[-1]
    group.files.append((name, one))
    group.late |= owner.late
    if owner.back not in group.back:
        group.back.append(owner.back)
    if group.who.name is None and owner.name:
        group.who = replace(group.who, name=owner.name)


def _flat_or_old(found: Sequence[Found]) -> Layout:
    """Folder names before Moodle 4.1 end in `_`, as flat prefixes do; folders hold files."""
    flat = all(moodle_owner((*f.parts[:-1], "")) is None for f in found)
    return Layout.MOODLE_FLAT if flat else Layout.MOODLE


def _blind(owners: Sequence[Owner | None]) -> list[Owner | None]:
    """In blind marking all bear the site's word for a participant, in whatever language."""
    names = {owner.name for owner in owners if owner}
    students = {owner.key for owner in owners if owner}
    if len(names) == 1 and len(students) > 1:
        return [replace(owner, name=None) if owner else None for owner in owners]
    return list(owners)


def _blackboard_users(owners: Sequence[Owner | None]) -> list[Owner | None]:
    """User names may hold `_`: what all heads share is the assignment's name."""
    heads = sorted({owner.label for owner in owners if owner})
    shared = _shared_head(heads[0], heads[-1]) if len(heads) > 1 else ""
    result: list[Owner | None] = []
    for owner in owners:
        if owner and shared:
            user = owner.label[len(shared) :]
            owner = replace(owner, key=user, id=user)
        result.append(owner)
    return result


def _shared_head(first: str, last: str) -> str:
    length = next(
        (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b),
        min(len(first), len(last)),
    )
    return first[: first.rfind("_", 0, length) + 1]


def _keep_last_attempt(groups: list[Group]) -> None:
    for group in groups:
        owners = [blackboard_owner(found.parts) for _, found in group.files]
        times = sorted({owner.serial for owner in owners if owner})
        if len(times) > 1:
            last = times[-1]
            group.problems.append(problem("attempts", count=len(times), when=last))
            pairs = zip(group.files, owners, strict=True)
            group.files = [file for file, owner in pairs if owner and owner.serial == last]
            group.back = [stem for stem in group.back if stem.endswith(last)]


# ---- folders and names --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Item:
    rest: tuple[str, ...]
    found: Found


class _Census:
    """Who a label speaks of; with a roster, only who is on it counts as sure."""

    def __init__(self, roster: Roster | None) -> None:
        self._roster = roster

    def who(self, label: str) -> Identity:
        people = self._roster.in_label(label) if self._roster else ()
        if len(people) == 1:
            return Identity(people[0].id or None, people[0].name or None)
        return identity(label)

    def sure(self, label: str) -> str | None:
        """A key for the student that the label names, or None where it names nobody surely."""
        who = self.who(label)
        if who.id:
            return f"id {who.id.casefold()}"
        if who.name and not who.name.isascii():
            return f"name {who.name}"
        return None


def arrange_people(found: Sequence[Found], roster: Roster | None, source: str) -> Arranged:
    """Folders per student, or files by 学号 and 姓名, with the usual disorder."""
    census = _Census(roster)
    arranged = Arranged(Layout.FOLDERS, [])
    # 20251120 as the name of everything is a date, not a student.
    source = "" if DATE.match(source) else source
    _level([_Item(f.parts, f) for f in found], source, census, arranged)
    if not any(len(f.parts) > 1 for f in found):
        arranged.layout = Layout.NAMES
    if len(arranged.groups) == 1:
        arranged.layout = Layout.SINGLE
    return arranged


def _level(items: list[_Item], label: str, census: _Census, arranged: Arranged) -> None:
    folders: dict[str, list[_Item]] = defaultdict(list)
    loose: list[_Item] = []
    for item in items:
        if len(item.rest) > 1:
            folders[item.rest[0]].append(_Item(item.rest[1:], item.found))
        else:
            loose.append(item)
    if len(folders) == 1 and not loose:
        ((name, inside),) = folders.items()
        if census.sure(name) is None or _students_inside(inside, census, name) > 1:
            _level(inside, name, census, arranged)
            return
    attached = _place_folders(folders, census, arranged, alone=not any(_work(loose)))
    _place_loose(loose, attached, label, census, arranged)


def _work(items: list[_Item]) -> list[_Item]:
    return [item for item in items if item.found.is_work]


def _students_inside(items: list[_Item], census: _Census, own_label: str) -> int:
    own = census.sure(own_label)
    inside = {census.sure(item.rest[0]) for item in items} - {None, own}
    return len(inside)


def _place_folders(
    folders: dict[str, list[_Item]], census: _Census, arranged: Arranged, alone: bool
) -> list[_Item]:
    """Make groups of the folders; gives back those that only hold a neighbour's pictures."""
    attached: list[_Item] = []
    for name, inside in folders.items():
        if _students_inside(inside, census, name) > 1:
            _level(inside, name, census, arranged)
        elif census.sure(name) or (_work(inside) and alone) or _has_writeup(inside):
            arranged.groups.append(_group(name, name, inside, census))
        else:
            attached += [_Item((name, *item.rest), item.found) for item in inside]
    return attached


def _has_writeup(items: list[_Item]) -> bool:
    return any(item.found.content.role.value in ("writeup", "answers") for item in items)


def _place_loose(
    loose: list[_Item], attached: list[_Item], label: str, census: _Census, arranged: Arranged
) -> None:
    named, nameless = _named(loose, census)
    if not named and not arranged.groups and _is_one_person(nameless):
        if nameless:
            group = _group(label or nameless[0].rest[0], label, [*nameless, *attached], census)
            arranged.groups.append(group)
        return
    for key, items in named.items():
        arranged.groups.append(_group(key.split(" ", 1)[1], items[0].rest[0], items, census))
    stems = _by_stem(nameless)
    written = {key: _stem(items[0]) for key, items in stems.items() if _has_writeup(items)}
    called = {key for key, stem in written.items() if identity(stem).name}
    if not (named or arranged.groups or called):
        called = {key for key, stem in written.items() if not _says_nothing(stem)}
    for key, items in stems.items():
        if key in called:
            arranged.groups.append(_group(key, items[0].rest[0], items, census))
        else:
            arranged.unassigned += [item.found for item in items]
    arranged.unassigned += [item.found for item in attached]


def _named(loose: list[_Item], census: _Census) -> tuple[dict[str, list[_Item]], list[_Item]]:
    """Files by the student their name speaks of; a bare name joins the one id that bears it."""
    ids_of: dict[str, set[str]] = defaultdict(set)
    keys = [census.sure(item.rest[0]) for item in loose]
    for item, key in zip(loose, keys, strict=True):
        name = census.who(item.rest[0]).name
        if key and key.startswith("id ") and name:
            ids_of[name].add(key)
    named: dict[str, list[_Item]] = defaultdict(list)
    nameless: list[_Item] = []
    for item, key in zip(loose, keys, strict=True):
        if key is None:
            nameless.append(item)
            continue
        known = ids_of.get(key.removeprefix("name "), set())
        named[next(iter(known)) if len(known) == 1 else key].append(item)
    return named, nameless


def _is_one_person(items: list[_Item]) -> bool:
    """One write-up and one capture under any names are one student's; more are a class's.

    Unless all are called `report`, `capture` and the like: then nobody else is meant.
    """
    if all(_says_nothing(_stem(item)) for item in items):
        return True
    roles = Counter(item.found.content.role.value for item in items)
    return roles["writeup"] <= 1 and (roles["capture"] <= 1 or len(_by_stem(items)) == 1)


def _says_nothing(stem: str) -> bool:
    return not stem[:1].isdigit() and identity(stem) == Identity(None, None)


def _by_stem(items: list[_Item]) -> dict[str, list[_Item]]:
    """`alice.md` and `alice-capture.pcapng` are one student's, as `07-en.md` and `07.pcapng`."""
    groups: dict[str, list[_Item]] = defaultdict(list)
    for item in items:
        stem = _stem(item)
        name = identity(stem).name
        number = _LEADING_NUMBER.match(stem)
        called = min(name_keys(name)) if name else number[0] if number else stem.casefold()
        groups[called].append(item)
    return groups


def _stem(item: _Item) -> str:
    return item.rest[0].split(".")[0]


def _group(key: str, label: str, items: list[_Item], census: _Census) -> Group:
    who = census.who(label)
    if who.id is None:
        who = _from_files(who, items, census)
    labels = [label, *(item.rest[0] for item in items)]
    group = Group(key, who, label or key, late=any(map(is_late, labels)))
    for item in items:
        name = "/".join((*item.rest, *item.found.inner))
        group.files.append((name, item.found))
    return group


def _from_files(who: Identity, items: list[_Item], census: _Census) -> Identity:
    """A folder called `新建文件夹` is whose its files say."""
    inside = [census.who(part) for item in items for part in item.rest if id_tokens(part)]
    ids = {found.id for found in inside if found.id}
    if len(ids) != 1:
        return who
    name = who.name or next((found.name for found in inside if found.name), None)
    return Identity(next(iter(ids)), name)
