"""Zips from strangers: what is taken, what is skipped and said, what is refused as a whole."""

import io
import struct
import zipfile
from pathlib import Path

import pytest

from report.grading.intake.limits import MIB, ArchiveLimits, NestedLimits
from report.grading.intake.zips import Budget, RefusedError, opened_zip
from tests.grading.intake.builders import make_raw_zip, make_zip, measured

OPEN = "from report.grading.intake.zips import *"


def names(path: Path) -> list[str]:
    with opened_zip(path) as archive:
        return [member.name for member in archive.members]


def skipped(path: Path, limits: ArchiveLimits | None = None) -> list[str]:
    with opened_zip(path, limits) as archive:
        return [said.slug for _, said in archive.skipped]


def test_ordinary_members_in_their_order(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"b/x.md": b"1", "a.txt": b"2"})
    assert names(path) == ["b/x.md", "a.txt"]


def test_what_systems_leave_behind_is_ignored(tmp_path: Path) -> None:
    left = [
        "__MACOSX/._a.md",
        ".DS_Store",
        "b/.DS_Store",
        "~$report.docx",
        "Thumbs.db",
        ".git/HEAD",
    ]
    path = make_zip(tmp_path / "a.zip", dict.fromkeys([*left, "a.md"], b"x"))
    assert names(path) == ["a.md"]
    assert skipped(path) == []


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_names_without_the_utf_8_flag(tmp_path: Path, encoding: str) -> None:
    name = "作业/20240017王小明.md"
    path = make_raw_zip(tmp_path / "a.zip", {name.encode(encoding): b"17"})
    assert names(path) == [name]


def test_a_backslash_in_the_second_byte_of_a_gbk_character_is_no_separator(tmp_path: Path) -> None:
    name = "乗.txt"
    assert name.encode("gbk")[1:2] == b"\\"
    assert names(make_raw_zip(tmp_path / "a.zip", {("王小明" + name).encode("gbk"): b"x"})) == [
        "王小明乗.txt"
    ]


def test_backslashes_are_separators(tmp_path: Path) -> None:
    path = make_raw_zip(tmp_path / "a.zip", {b"folder\\a.md": b"x"})
    with opened_zip(path) as archive:
        assert archive.members[0].parts == ("folder", "a.md")


@pytest.mark.parametrize("name", ["../x.md", "a/../../x.md", "..\\x.md"])
def test_a_path_that_leads_out_is_skipped_and_said(tmp_path: Path, name: str) -> None:
    path = make_zip(tmp_path / "a.zip", {name: b"x", "b.md": b"y"})
    assert names(path) == ["b.md"]
    assert skipped(path) == ["file-outside"]


def test_an_absolute_path_and_a_drive_are_inside(tmp_path: Path) -> None:
    path = make_raw_zip(tmp_path / "a.zip", {b"/etc/passwd": b"x", b"C:\\a.md": b"y"})
    with opened_zip(path) as archive:
        assert [member.parts for member in archive.members] == [("etc", "passwd"), ("a.md",)]


@pytest.mark.parametrize(("kind", "slug"), [(0o120777, "file-link"), (0o020666, "file-special")])
def test_links_and_devices_are_skipped_and_said(tmp_path: Path, kind: int, slug: str) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("link.md")
        info.create_system = 3
        info.external_attr = kind << 16
        archive.writestr(info, "/etc/passwd")
    assert skipped(path) == [slug]
    assert names(path) == []


def test_an_encrypted_member_is_skipped_and_said(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"a.md": b"x"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert skipped(path) == ["file-encrypted"]


def test_lzma_and_bzip2_are_skipped_and_said(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.md", b"x" * 100, zipfile.ZIP_LZMA)
        archive.writestr("b.md", b"x" * 100, zipfile.ZIP_BZIP2)
    assert skipped(path) == ["file-method", "file-method"]


def test_a_damaged_member_does_no_harm_to_the_next(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"a.md": bytes(range(256)) * 8, "b.md": b"fine"})
    data = bytearray(path.read_bytes())
    data[60:70] = b"\xff" * 10
    path.write_bytes(data)
    with opened_zip(path) as archive:
        first, second = archive.members
        said = archive.copy(first, io.BytesIO(), Budget(MIB))
        assert said is not None
        assert said.slug == "file-damaged"
        target = io.BytesIO()
        assert archive.copy(second, target, Budget(MIB)) is None
        assert target.getvalue() == b"fine"


def test_a_bomb_of_1028_to_1_is_skipped_by_what_it_declares(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"bomb.md": bytes(40 * MIB), "b.md": b"17"})
    assert skipped(path) == ["file-bomb"]
    assert names(path) == ["b.md"]


def test_a_bomb_that_lies_about_its_size_is_stopped_while_it_unpacks(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"bomb.md": bytes(64 * MIB)})
    data = bytearray(path.read_bytes())
    where = data.index(b"PK\x01\x02")
    packed = struct.unpack_from("<I", data, where + 20)[0]
    data[where + 24 : where + 28] = struct.pack("<I", packed * 2)
    path.write_bytes(data)
    with opened_zip(path) as archive:
        target = io.BytesIO()
        said = archive.copy(archive.members[0], target, Budget(MIB))
        assert said is not None
        assert len(target.getvalue()) <= packed * 2


def test_the_budget_of_all_members_together(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"a.md": bytes(300_000), "b.md": bytes(300_000)})
    with opened_zip(path) as archive:
        budget = Budget(400_000)
        assert archive.copy(archive.members[0], io.BytesIO(), budget) is None
        with pytest.raises(RefusedError, match="too-large"):
            archive.copy(archive.members[1], io.BytesIO(), budget)


def test_a_file_of_more_than_the_limit_is_skipped(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"a.md": bytes(range(256)) * 8})
    assert skipped(path, ArchiveLimits(file_bytes=1000)) == ["file-too-large"]


def test_members_that_share_bytes_are_refused(tmp_path: Path) -> None:
    """Many names in the directory for one local file, as in the published overlap bomb."""
    path = make_zip(tmp_path / "a.zip", {"a.md": bytes(100_000)})
    data = path.read_bytes()
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry, count = data[start:end], 1000
    tail = struct.pack("<HHHHIIH", 0, 0, count, count, len(entry) * count, start, 0)
    path.write_bytes(data[:start] + entry * count + b"PK\x05\x06" + tail)
    outcome = measured(
        OPEN,
        """
try:
    with opened_zip(path): said.append('opened')
except RefusedError as error: said.append(error.slug)
""",
        path,
    )
    assert outcome.said == ["overlap"]
    assert outcome.seconds < 2
    assert outcome.rss_mib < 300


def test_200_000_entries_are_refused_before_they_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    make_raw_zip(path, {f"{number:06d}".encode(): b"" for number in range(200_000)})
    outcome = measured(
        OPEN,
        """
try:
    with opened_zip(path): said.append('opened')
except RefusedError as error: said.append(error.slug)
""",
        path,
    )
    assert outcome.said == ["too-many"]
    assert outcome.seconds < 1
    assert outcome.rss_mib < 150


def test_a_directory_that_says_fewer_entries_than_it_has_is_counted(tmp_path: Path) -> None:
    """The count in the end record has sixteen bits and is not what zipfile goes by."""
    path = make_raw_zip(tmp_path / "a.zip", {f"{n:06d}".encode(): b"" for n in range(3000)})
    data = bytearray(path.read_bytes())
    end = data.rindex(b"PK\x05\x06")
    data[end + 8 : end + 12] = struct.pack("<HH", 1, 1)
    path.write_bytes(data)
    with pytest.raises(RefusedError, match="too-many"), opened_zip(path, nested=NestedLimits()):
        pass


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06", b"PK\x03\x04" + b"\xff" * 200, b"x" * 1000])
def test_what_is_no_zip_is_refused_as_damaged(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    with pytest.raises(RefusedError, match="damaged"), opened_zip(path):
        pass


def test_file_content_that_looks_like_directory_entries_is_no_reason_to_refuse(
    tmp_path: Path,
) -> None:
    path = make_zip(tmp_path / "a.zip", {"a.md": b"PK\x01\x02" * 50_000})
    with opened_zip(path) as archive:
        assert archive.copy(archive.members[0], io.BytesIO(), Budget(MIB)) is None
