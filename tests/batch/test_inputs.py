"""What lies in folders, whose it is, and the folder that each report goes to."""

import os
from pathlib import Path

import pytest

from report.batch.inputs import find_inputs, find_keylogs, stem
from report.batch.plan import Item, make_plan, student_id
from report.errors import LabsharkError
from report.grading.intake.roster import Person, Roster

PCAPNG = b"\x0a\x0d\x0d\x0a\x1c\x00\x00\x00\x4d\x3c\x2b\x1a" + bytes(16)
KEYLOG = b"CLIENT_RANDOM " + b"ab" * 32 + b" " + b"cd" * 48 + b"\n"


def _laid(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def _items(*named: Path, roster: Roster | None = None) -> dict[str, Item]:
    plan = make_plan(find_inputs(named), roster)
    return {item.who.id: item for item in plan.items}


def test_a_folder_or_a_file_stem_is_a_student(tmp_path: Path) -> None:
    _laid(
        tmp_path,
        {
            "alice.pcapng": PCAPNG,
            "bob.pcapng.gz": b"\x1f\x8b",
            "carol/deep/er/x.pcap": PCAPNG,
            "dave/essay.docx": b"PK",
            "no-ending": PCAPNG,
            "README.txt": b"hello",
        },
    )
    items = _items(tmp_path)
    assert {name: item.inputs for name, item in items.items()} == {
        "alice": ("alice.pcapng",),
        "bob": ("bob.pcapng.gz",),
        "carol": ("carol/deep/er/x.pcap",),
        "dave": ("dave",),
        "no-ending": ("no-ending",),
    }
    assert items["dave"].captures == ()


def test_what_is_hidden_is_no_input(tmp_path: Path) -> None:
    _laid(
        tmp_path,
        {
            "a.pcapng": PCAPNG,
            ".b.pcapng": PCAPNG,
            "._a.pcapng": PCAPNG,
            "__MACOSX/a.pcapng": PCAPNG,
            ".git/c.pcapng": PCAPNG,
            "d/.e.pcapng": PCAPNG,
            "~$f.pcapng": PCAPNG,
        },
    )
    items = _items(tmp_path)
    assert set(items) == {"a", "d"}
    assert items["d"].captures == ()


def test_everything_that_ends_like_a_capture_is_one(tmp_path: Path) -> None:
    _laid(tmp_path, {"empty.pcapng": b"", "text.PCAP": b"hello", "x.cap": b"GIF89a"})
    (tmp_path / "link.pcapng").symlink_to("/etc/hostname")
    (tmp_path / "broken.pcapng").symlink_to("nowhere")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.pcapng")
    assert set(_items(tmp_path)) == {"empty", "text", "x", "link", "broken", "pipe"}


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    inside = _laid(tmp_path / "class", {"a/x.pcapng": PCAPNG})
    _laid(tmp_path / "elsewhere", {"y.pcapng": PCAPNG})
    (inside / "b").symlink_to(tmp_path / "elsewhere")
    (inside / "a" / "loop").symlink_to(inside)
    assert set(_items(inside)) == {"a"}


def test_a_named_file_is_a_capture_whatever_it_is_called(tmp_path: Path) -> None:
    _laid(tmp_path, {"notes.txt": b"hello", "b.pcapng": PCAPNG})
    items = _items(tmp_path / "notes.txt", tmp_path / "b.pcapng")
    assert set(items) == {"notes", "b"}


def test_several_folders_of_one_capture_each_are_students(tmp_path: Path) -> None:
    _laid(tmp_path, {"alice/capture.pcapng": PCAPNG, "bob/capture.pcapng": PCAPNG})
    assert set(_items(tmp_path / "alice", tmp_path / "bob")) == {"alice", "bob"}
    assert set(_items(tmp_path / "alice")) == {"capture"}


def test_two_captures_of_one_student_are_both_reported(tmp_path: Path) -> None:
    _laid(
        tmp_path,
        {
            "a/2024001/one.pcapng": PCAPNG,
            "a/2024001/two.pcapng": PCAPNG,
            "b/2024002_张三.pcapng": PCAPNG,
            "c/2024002 (1).pcap": PCAPNG,
            "c/x.pcapng": PCAPNG,
            "c/x.pcap": PCAPNG,
        },
    )
    items = _items(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    assert {name: len(item.captures) for name, item in items.items()} == {
        "2024001": 2,
        "2024002": 2,
        "x": 2,
    }
    assert items["2024002"].inputs == ("2024002 (1).pcap", "2024002_张三.pcapng")


def test_the_order_of_the_arguments_does_not_matter(tmp_path: Path) -> None:
    _laid(tmp_path, {"a/Zoe.pcapng": PCAPNG, "a/q.pcapng": PCAPNG, "b/zoe.pcapng": PCAPNG})
    first, second = (
        find_inputs([tmp_path / "a", tmp_path / "b"]),
        find_inputs([tmp_path / "b", tmp_path / "a"]),
    )
    shown = [
        [(i.who.id, i.folder, i.inputs) for i in make_plan(found, None).items]
        for found in (first, second)
    ]
    assert shown[0] == shown[1]


@pytest.mark.parametrize("name", ["missing", "empty", "no-captures"])
def test_nothing_to_do_is_said(tmp_path: Path, name: str) -> None:
    _laid(tmp_path, {"no-captures/a/essay.md": b"x"})
    (tmp_path / "empty").mkdir()
    with pytest.raises(LabsharkError) as caught:
        find_inputs([tmp_path / name])
    assert caught.value.slug == "batch-no-input"


def test_what_lies_beside_a_capture(tmp_path: Path) -> None:
    _laid(
        tmp_path,
        {
            "alice.pcapng": PCAPNG,
            "alice.words.md": b"# q1",
            "alice.student.toml": b"name = 'A'",
            "alice.keylog": KEYLOG,
            "unnamed.txt": KEYLOG,
            "bob/x.pcapng": PCAPNG,
            "bob/words.md": b"# q1",
            "bob/student.toml": b"",
            "bob/keys": KEYLOG,
            "bob/quotes.md": b"text\n" + KEYLOG,
            "bob/binary.log": b"\0" + KEYLOG,
        },
    )
    found = find_inputs([tmp_path])
    items = {i.who.id: i for i in make_plan(found, None).items}
    alice, bob = items["alice"], items["bob"]
    assert [p.name for p in alice.keylogs] == ["alice.keylog"]
    assert alice.words == tmp_path / "alice.words.md"
    assert alice.student == tmp_path / "alice.student.toml"
    assert [p.name for p in bob.keylogs] == ["keys"]
    assert bob.words == tmp_path / "bob/words.md"
    assert [p.name for p in found.keylogs] == ["unnamed.txt"]  # alice's opens only hers


def test_a_folder_of_key_logs_is_read_by_content(tmp_path: Path) -> None:
    _laid(tmp_path, {"a/x.log": KEYLOG, "y": KEYLOG, "z.log": b"GET / HTTP/1.1\n" * 5})
    assert [p.name for p in find_keylogs(tmp_path)] == ["x.log", "y"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2024001.pcapng", "2024001"),
        ("2024.001.pcapng.gz", "2024.001"),
        ("a.b.PCAP", "a.b"),
        ("alice.keylog", "alice"),
        ("alice.words.md", "alice"),
        ("plain", "plain"),
    ],
)
def test_stems(name: str, expected: str) -> None:
    assert stem(name) == expected


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("2024001_张三_实验3", "2024001"),
        ("张三 2024001", "2024001"),
        ("２０２４００１", "2024001"),
        ("alice", "alice"),
        ("capture-20251120", "capture-20251120"),
        ("tls12-rsa4096", "tls12-rsa4096"),
    ],
)
def test_student_ids_in_names(label: str, expected: str) -> None:
    assert student_id(label) == expected


def test_the_roster_says_who_is_who(tmp_path: Path) -> None:
    roster = Roster(
        (Person("0012345", "张三", "1班"), Person("0012346", "李四"), Person("0012347", "王五"))
    )
    _laid(
        tmp_path,
        {"0012345.pcapng": PCAPNG, "李四/x.pcapng": PCAPNG, "stranger.pcapng": PCAPNG},
    )
    items = _items(tmp_path, roster=roster)
    assert {i: (item.who.name, item.who.on_roster) for i, item in items.items()} == {
        "0012345": ("张三", True),
        "0012346": ("李四", True),
        "0012347": ("王五", True),
        "stranger": ("", False),
    }
    assert items["0012345"].who.class_name == "1班"
    assert items["0012347"].inputs == ()


def test_no_student_takes_the_place_of_our_own_files(tmp_path: Path) -> None:
    _laid(tmp_path, {"results.pcapng": PCAPNG, "Index.html/x.pcapng": PCAPNG, "CON.pcap": PCAPNG})
    folders = {item.folder.casefold() for item in _items(tmp_path).values()}
    assert len(folders) == 3
    assert not folders & {"results", "index.html", "con"}


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_names_that_are_no_text(tmp_path: Path) -> None:
    for name in (b"\xff.pcapng", b"\xfe.pcapng", b"a\nb.pcapng"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(PCAPNG)
    items = _items(tmp_path)
    assert len({item.folder for item in items.values()}) == 3
    for item in items.values():
        item.who.id.encode()
        "".join(item.inputs).encode()
