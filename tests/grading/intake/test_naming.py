"""Folder names from student ids: nothing leaves the folder, nobody shares one."""

import unicodedata
from pathlib import Path

import pytest

from report.naming import folder_name, unique_folder_names

HOSTILE = [
    "../../x",
    "/etc/cron.d/x",
    "..",
    ".",
    "",
    " ",
    "a\0b",
    "a\nb",
    "a/b",
    "a\\b",
    "C:\\Windows",
    "CON",
    "con.txt",
    "NUL",
    "LPT1",
    "com¹",
    "x" * 300,
    "张" * 300,
    "-rf",
    ".bashrc",
    "a.",
    "a ",
    "evil\u202egpj.exe",
    '<img src=x onerror="alert(1)">',
]


@pytest.mark.parametrize(
    "student_id", ["2024001", "U202012345", "王小明", "Åsa", "a.b@c.edu", "이름"]
)
def test_an_ordinary_id_is_its_own_name(student_id: str) -> None:
    assert folder_name(student_id) == student_id


def test_the_24_hostile_ids_stay_inside_and_apart(tmp_path: Path) -> None:
    assert len(HOSTILE) == 24
    names = unique_folder_names(HOSTILE)
    assert len({name.casefold() for name in names.values()}) == 24
    for name in names.values():
        folder = tmp_path / name
        folder.mkdir()
        assert folder.resolve().parent == tmp_path.resolve()
        assert len(name.encode()) <= 143
        assert not name.startswith((".", "-", " "))
        assert not name.endswith((".", " "))
        assert not any(unicodedata.category(c) in ("Cc", "Cf") for c in name)
    assert len(list(tmp_path.iterdir())) == 24


@pytest.mark.parametrize("reserved", ["CON", "aux", "Nul.tar.gz", "COM1", "lpt9.txt", "CONIN$"])
def test_a_name_that_windows_reserves_gets_a_hash(reserved: str) -> None:
    stem = folder_name(reserved).split(".")[0].upper()
    assert stem not in {"CON", "AUX", "NUL", "COM1", "LPT9", "CONIN$"}


def test_only_a_changed_id_gets_a_hash() -> None:
    assert folder_name("2024/001").startswith("2024001-")
    assert folder_name("2024001") == "2024001"


def test_ids_that_differ_in_case_alone_both_get_a_hash() -> None:
    names = unique_folder_names(["abc", "ABC", "other"])
    assert names["abc"].startswith("abc-")
    assert names["ABC"].startswith("ABC-")
    assert names["other"] == "other"


def test_the_names_do_not_depend_on_the_order() -> None:
    assert unique_folder_names(HOSTILE) == unique_folder_names(reversed(HOSTILE))


def test_a_composed_and_a_decomposed_id_stay_apart() -> None:
    names = unique_folder_names(["é", "e\u0301"])
    assert len(set(names.values())) == 2
