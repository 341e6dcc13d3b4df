"""Text and file names in the encodings that Windows, Excel and zip programs write."""

import pytest

from report.grading.intake.encoding import NotTextError, decode_name, decode_text

CHINESE = "学号：20240017\r\n答：第 17 个数据包，是客户端发出的。\r\n"
TRADITIONAL = "學號：20240017\r\n答：第一個封包是用戶端傳送的。\r\n"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
def test_chinese_in_every_encoding(encoding: str) -> None:
    text, _ = decode_text(CHINESE.encode(encoding))
    assert text.removeprefix("\ufeff") == CHINESE


def test_traditional_chinese_in_big5() -> None:
    assert decode_text(TRADITIONAL.encode("big5")) == (TRADITIONAL, "big5")


def test_western_text_in_windows_1252() -> None:
    text = "The café’s answer is 17 – naïvely.\n"
    assert decode_text(text.encode("cp1252"))[0] == text


@pytest.mark.parametrize("data", [b"\0" * 100, bytes(range(256)), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"])
def test_binary_data_is_no_text(data: bytes) -> None:
    with pytest.raises(NotTextError):
        decode_text(data)


def test_a_stray_zero_byte_does_not_make_a_text_unreadable() -> None:
    assert decode_text("答：17\0\n".encode()) == ("答：17\0\n", "utf-8")


def test_a_text_may_stop_in_the_middle_of_a_character() -> None:
    cut = "学号学号".encode()[:-1]
    assert decode_text(cut, whole=False)[0] == "学号学"


@pytest.mark.parametrize("name", ["张三/报告.docx", "20240017王小明实验报告.md", "喆玥.txt"])
@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_names_in_zips_without_the_flag(name: str, encoding: str) -> None:
    assert decode_name(name.encode(encoding)) == name


def test_a_western_name_in_a_zip_without_the_flag() -> None:
    assert decode_name("Müller_résumé.txt".encode("cp437")) == "Müller_résumé.txt"
