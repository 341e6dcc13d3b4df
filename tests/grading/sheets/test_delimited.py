"""CSV and tab-separated sheets: only the bytes of the changed cells change."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from report.grading.sheets.delimited import read_delimited

CELLS = st.text(st.sampled_from(list("ab1 ,;'\"\r\n\t学=")), max_size=12)


def sheet(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "sheet.csv"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "data",
    [
        b'a,b\r\n"x ""y""",1\r\n',
        b'a;b\n"x;y";1',
        b"\xef\xbb\xbfa\tb\n\t2\n\n",
        "学号,姓名\r\n0012,张三\r\n".encode("gb18030"),
        b"\xff\xfe" + "学号\t姓名\r\n0012\t张三\r\n".encode("utf-16-le"),
        b"\xfe\xff" + "学号\t姓名\r\n0012\t张三\r\n".encode("utf-16-be"),
        b'a,b\r"x\ry",1\r',
        b'a,"b\n"',
        b"a,b,\n,,",
    ],
)
def test_without_changes_every_byte_stays(tmp_path: Path, data: bytes) -> None:
    assert read_delimited(sheet(tmp_path, data)).edited({}) == data


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'id,grade\r\n"1","2"\r\n', b'id,grade\r\n"1","21.5"\r\n'),
        (b"id,grade\n1,\n", b"id,grade\n1,21.5\n"),
        (b"id,grade\n1\n", b"id,grade\n1,21.5\n"),
        (b"id,grade,c\n1,2,3", b"id,grade,c\n1,21.5,3"),
        (b'id;grade\n"a;b";\n', b'id;grade\n"a;b";21.5\n'),
    ],
)
def test_one_cell(tmp_path: Path, data: bytes, expected: bytes) -> None:
    assert read_delimited(sheet(tmp_path, data)).edited({(1, 1): "21.5"}) == expected


def test_a_value_is_quoted_where_it_must_be(tmp_path: Path) -> None:
    path = sheet(tmp_path, b"a,b\n1,\n")
    edited = read_delimited(path).edited({(1, 1): 'say "hi",\nplease'})
    assert edited == b'a,b\n1,"say ""hi"",\nplease"\n'


@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=5), min_size=2, max_size=6))
def test_the_cells_are_those_that_the_csv_module_reads(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    target = io.StringIO(newline="")
    csv.writer(target, quoting=csv.QUOTE_ALL).writerows(rows)
    path = sheet(tmp_path_factory.mktemp("x"), target.getvalue().encode())
    found = read_delimited(path)
    assume(found.delimiter == ",")
    assert [list(row) for row in found.rows] == rows


@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=2, max_size=6),
    value=CELLS,
    place=st.tuples(st.integers(0, 1), st.integers(0, 2)),
)
def test_every_other_cell_stays(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    value: str,
    place: tuple[int, int],
) -> None:
    target = io.StringIO(newline="")
    csv.writer(target).writerow(["学号", "姓名", "成绩"])
    csv.writer(target).writerows(rows)
    path = sheet(tmp_path_factory.mktemp("x"), b"\xef\xbb\xbf" + target.getvalue().encode())
    found = read_delimited(path)
    assume(found.delimiter == ",")
    row, column = place
    edited = found.edited({(row + 1, column): value}).decode("utf-8-sig")
    rows[row][column] = value
    assert list(csv.reader(io.StringIO(edited, newline="")))[1:] == rows


def test_a_quote_that_is_never_closed_reads_to_the_end(tmp_path: Path) -> None:
    found = read_delimited(sheet(tmp_path, b'a,b\n1,"2\n3,4\n'))
    assert found.rows == (("a", "b"), ("1", "2\n3,4\n"))


def test_a_large_sheet_is_read_in_linear_time(tmp_path: Path) -> None:
    data = b"id,name,grade\n" + b"20240001,some body,\n" * 50_000
    assert len(read_delimited(sheet(tmp_path, data)).rows) == 50_001
