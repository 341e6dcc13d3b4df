"""The formats of write-ups, line by line, on documents that real programs made.

`documents/source.md` and `documents/word.fodt` say what stands in them; the expectations here are
theirs.
"""

from pathlib import Path

import pytest

from report.grading.intake.formats.docx import read_docx
from report.grading.intake.formats.html import read_html
from report.grading.intake.formats.markdown import read_markdown
from report.grading.intake.formats.pdf import read_pdf
from report.grading.intake.formats.plain import read_plain
from report.grading.intake.formats.wrapping import joined_lines, without_running_lines
from report.grading.intake.limits import DocumentLimits
from report.grading.intake.lines import FullError, LineKind, LineSink, Reading, UnreadableError

DOCUMENTS = Path(__file__).parent / "documents"
READERS = {
    "md": read_markdown,
    "txt": read_plain,
    "docx": read_docx,
    "pdf": read_pdf,
    "html": read_html,
}


def read(kind: str, data: bytes | str) -> Reading:
    sink = LineSink()
    READERS[kind](data.encode() if isinstance(data, str) else data, sink)
    return sink.reading()


def document(name: str) -> Reading:
    return read(name.rsplit(".", 1)[1], (DOCUMENTS / name).read_bytes())


def texts(reading: Reading) -> list[str]:
    return [line.text for line in reading.lines]


def pairs(reading: Reading) -> list[tuple[str, str]]:
    return [(line.kind.value, line.text) for line in reading.lines]


QUESTION_2 = (
    "2. Is the connection set up before or after the first TLS message is sent, and how can you "
    "tell from the packet list of your own capture?"
)
QUESTION_3 = (
    "3. 客户端 Hello 消息里声明的版本是什么，它和记录层的版本为什么不同，"
    "请结合你自己的抓包说明原因？"
)
BODY = [
    ("heading", "TLS 实验"),
    ("prose", "学号：20240017 姓名：王小明"),
    ("list", "1. 第一个 TCP SYN 的包号是多少？"),
    ("list", "答：17"),
    ("list", QUESTION_2),
    ("list", "Before, because packets 17, 26 and 27 come first."),
    ("list", QUESTION_3),
    ("list", "TLS 1.2"),
    ("table", "题号\t答案"),
    ("table", "4\t28"),
    ("table", "5\tTLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    ("quote", "The record layer says 1.0."),
    ("code", "Cipher Suites (17 suites)"),
    ("list", "先看列表"),
    ("list", "then the tree"),
    ("prose", "17 bytes"),
]


@pytest.mark.parametrize("name", ["source.md", "pandoc.docx", "pandoc.html"])
def test_one_text_in_formats_that_keep_its_structure(name: str) -> None:
    reading = document(name)
    found = pairs(reading)
    assert found[-len(BODY) :] == BODY  # the page has its title before it
    assert reading.language == "zh"
    assert [slug for slug, _ in reading.problems] == ["writeup-struck-text"]
    assert [line.cells for line in reading.lines if line.kind is LineKind.TABLE][1] == ("4", "28")


@pytest.mark.parametrize("name", ["libreoffice.pdf", "chromium.pdf", "weasyprint.pdf"])
def test_the_same_text_printed(name: str) -> None:
    """A page has no kinds, but the lines, their order and the numbers before them."""
    found = [line.replace(" ", "") for line in texts(document(name))]
    printed = [
        *("学号：20240017 姓名：王小明", "1. 第一个 TCP SYN 的包号是多少？", "答：17", QUESTION_2),
        *("Before, because packets 17, 26 and 27 come first.", QUESTION_3, "TLS 1.2"),
        *("4 28", "5 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "The record layer says 1.0."),
        *("Cipher Suites (17 suites)", "16 17 bytes"),
    ]
    places = [found.index(line.replace(" ", "")) for line in printed]
    assert places == sorted(places)


def test_a_page_of_boxes_still_says_what_they_stand_for() -> None:
    """Printed without a Chinese font: nothing to be seen, but the text is in the file."""
    found = texts(document("boxes.pdf"))
    for line in (
        "学号：20240017 姓名：王小明",
        "1. 第一个 TCP SYN 的包号是多少？",
        "答：17",
        QUESTION_3,
    ):
        assert line in found


@pytest.mark.parametrize("name", ["chromium.pdf", "weasyprint.pdf"])
def test_headers_footers_and_page_numbers_are_left_out(name: str) -> None:
    text = "\n".join(texts(document(name)))
    assert "TLS 实验报告" not in text
    assert "页 共" not in text
    assert "http" not in text


def test_the_answers_attached_to_a_pdf() -> None:
    reading = document("weasyprint.pdf")
    assert reading.marks == ("answers",)
    assert reading.answers is not None
    assert reading.answers["answers"] == [{"id": "q1", "value": 17}]


def test_word_numbers_tables_boxes_struck_and_hidden_text() -> None:
    reading = document("libreoffice.docx")
    assert pairs(reading) == [
        ("heading", "实验步骤与内容"),
        ("list", "一、 捕获数据包"),
        ("list", "(1) 打开 Wireshark"),
        ("list", "(2) 开始抓包"),
        ("list", "二、 分析握手"),
        ("prose", "答：17"),
        ("list", "5. 有多少个加密套件？"),
        ("prose", "17\t个"),
        ("prose", "见下图"),
        ("prose", "文本框里的答案是 28"),
        ("caption", "图 1 客户端 Hello"),
        ("table", "学号：20240017\t姓名：王小明"),
        ("prose", "实验步骤与内容："),
        ("prose", "6. 前两位十六进制数字？"),
        ("prose", "4b"),
        ("prose", "7. 用途？"),
        ("prose", "防止重放攻击。"),
    ]
    assert {slug for slug, _ in reading.problems} == {"writeup-struck-text", "writeup-hidden-text"}
    box = next(line for line in reading.lines if "文本框" in line.text)
    assert box.place.unit == "paragraph"
    assert box.place.text().zh.startswith("第 ")


def test_a_picture_between_question_and_answer_is_seen() -> None:
    assert pairs(document("python-docx.docx")) == [
        ("heading", "Lab report"),
        ("list", "1. Which packet holds the SYN?"),
        ("prose", "17"),
        ("list", "2. Which holds the Client Hello?"),
        ("prose", "17"),
        ("picture", ""),
        ("caption", "Figure 1: the packet list"),
        ("prose", "It is 28."),
    ]


def test_a_picture_on_a_page_stands_below_the_text_above_it() -> None:
    found = pairs(document("python-docx.pdf"))
    place = found.index(("picture", ""))
    assert found[place - 1] == ("prose", "17")
    assert found[place + 1] == ("caption", "Figure 1: the packet list")
    assert found[-1] == ("prose", "It is 28.")


# ---- Markdown -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("3. a\n5. b\n", ["3. a", "5. b"]),
        ("1. a\n1. b\n1. c\n", ["1. a", "2. b", "3. c"]),
        ("4) a\n5) b\n5) c\n", ["4) a", "5) b", "5) c"]),
        ("[1]: 17\n", ["[1]: 17"]),
        ("[see](http://x.example) and <17>\n", ["see and <17>"]),
        ("#17\n", ["#17"]),
        ("TLS_ECDHE_RSA_WITH_AES_128\n", ["TLS_ECDHE_RSA_WITH_AES_128"]),
        ("**1. 问题？** <br> 答：17\n", ["1. 问题？", "答：17"]),
        ("`0x00b3`\n", ["0x00b3"]),
        ("<p>1. a</p> <p>2. b</p>\n", ["1. a", "2. b"]),
        ("~~17~~ 28\n", ["28"]),
        ("a  \nb\\\nc\n", ["a", "b", "c"]),
        ("\ufeff1. 17\n", ["1. 17"]),
    ],
)
def test_markdown_as_its_reader_sees_it(source: str, expected: list[str]) -> None:
    assert texts(read("md", source)) == expected


def test_markdown_lines_keep_their_numbers_in_the_file() -> None:
    reading = read("md", "# a\n\n1. b\n\n   ```\n   c\n   ```\n\n> d\n> e\n")
    assert [(line.number, line.text) for line in reading.lines] == [
        (1, "a"),
        (3, "1. b"),
        (6, "c"),
        (9, "d"),
        (10, "e"),
    ]


def test_markdown_pictures_are_no_answers() -> None:
    reading = read("md", '1. 题\n\n![17](a.png)\n\n<img src="b.png">\n\n答：28\n')
    assert pairs(reading) == [
        ("list", "1. 题"),
        ("picture", "17"),
        ("picture", ""),
        ("prose", "答：28"),
    ]


def test_the_fields_of_a_form_in_markdown() -> None:
    source = "<!-- labshark: q1 -->\n\n1. 题\n\n17\n\n<!-- labshark: q2 -->\n\n2. 题\n"
    reading = read("md", source)
    assert [(line.anchor, line.text) for line in reading.lines] == [
        ("q1", "1. 题"),
        ("q1", "17"),
        ("q2", "2. 题"),
    ]
    assert reading.marks == ("form",)


# ---- HTML ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<p>a<script>17</script><style>x</style>b</p>", ["ab"]),
        ("<p>a</p><p hidden>17</p><p style='display: none'>18</p>", ["a"]),
        ("<ol start=3><li>a<li value=7>b<li>c</ol>", ["3. a", "7. b", "8. c"]),
        ("<ol type=a><li>x</ol><ul><li>y</ul>", ["a. x", "y"]),
        ("<p>1.<br>17 &amp; 28</p>", ["1.", "17 & 28"]),
        ("<table><tr><td>1<td>17<tr><td>2<td>28</table>", ["1\t17", "2\t28"]),
        ("<pre>a\n  b</pre>", ["a", "b"]),
        ("<p>16<del>17</del></p>", ["16"]),
        ("<div>a <b>b</b> c<div>d</div>e</div>", ["a b c", "d", "e"]),
        ("<p><input type=checkbox checked>yes<input value=17></p>", ["☑ yes 17"]),
    ],
)
def test_html_as_a_browser_shows_it(source: str, expected: list[str]) -> None:
    assert texts(read("html", f"<html><body>{source}</body></html>")) == expected


def test_a_layout_table_is_read_cell_by_cell() -> None:
    cell = "".join(f"<p>{n}. 题</p><p>{n}</p>" for n in range(1, 4))
    reading = read("html", f"<table><tr><td>内容</td><td>{cell}</td></tr></table>")
    assert texts(reading) == ["内容", "1. 题", "1", "2. 题", "2", "3. 题", "3"]


def test_the_answers_in_a_report() -> None:
    page = (
        '<html><head><meta name="generator" content="labshark 0.1.0"></head><body><p>17</p>'
        '<script type="application/json" id="labshark-answers">'
        '{"format": 1, "answers": [{"id": "q1", "value": "a\\u003cb"}]}</script></body></html>'
    )
    reading = read("html", page)
    assert reading.marks == ("answers", "generator")
    assert reading.answers is not None
    assert reading.answers["answers"][0]["value"] == "a<b"


@pytest.mark.parametrize(
    "source",
    [
        "{",
        "[]",
        '{"answers": 1}',
        '{"answers": [NaN]}',
        '{"answers": [], "answers": []}',
        '{"answers": ' + "[" * 100_000,
    ],
)
def test_a_damaged_answers_json_is_said_and_not_taken(source: str) -> None:
    page = f'<script type="application/json" id="labshark-answers">{source}</script>'
    reading = read("html", f"<html><body>{page}<p>17</p></body></html>")
    assert reading.answers is None
    assert [slug for slug, _ in reading.problems] == ["writeup-answers-damaged"]
    assert texts(reading) == ["17"]


# ---- plain text and what all share --------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_plain_text_line_by_line(encoding: str) -> None:
    reading = read("txt", "1. 包号？\r\n\r\n    17\r\n> 引用\r\n".encode(encoding))
    assert [(line.number, line.kind.value, line.text) for line in reading.lines] == [
        (1, "prose", "1. 包号？"),
        (3, "prose", "17"),
        (4, "quote", "> 引用"),
    ]


def test_binary_data_is_no_text() -> None:
    with pytest.raises(UnreadableError) as refused:
        read("txt", bytes(range(256)))
    assert refused.value.slug == "writeup-not-text"


def test_what_nobody_sees_is_removed_and_turned_text_is_said() -> None:
    reading = read("txt", "1\u200b7 \u202e71\u202c\u3000\u00a0a\x07b\n")
    assert texts(reading) == ["17 71  ab"]
    assert [slug for slug, _ in reading.problems] == ["writeup-direction"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [("图 3 客户端 Hello", "caption"), ("Figure 2: hello", "caption"), ("图中第 17 个包", "prose")],
)
def test_captions(text: str, kind: str) -> None:
    assert pairs(read("txt", text)) == [(kind, text)]


def test_the_limits_of_lines_and_of_a_line() -> None:
    sink = LineSink(DocumentLimits(lines=3, line_characters=10))
    with pytest.raises(FullError):
        read_plain(b"x" * 50 + b"\na\nb\nc\nd\n", sink)
    assert texts(sink.reading()) == ["x" * 10, "a", "b"]
    assert [slug for slug, _ in sink.reading().problems] == ["writeup-cut"]


@pytest.mark.parametrize(
    ("text", "language"), [("答：17 TLS", "zh"), ("It is 17, 王", "en"), ("17 28", None)]
)
def test_the_language(text: str, language: str | None) -> None:
    assert read("txt", text).language == language


# ---- pages --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["这一行写得很满很满很满很满", "于是换行了"], ["这一行写得很满很满很满很满于是换行了"]),
        (
            ["this line is as full as it gets and", "goes on"],
            ["this line is as full as it gets and goes on"],
        ),
        (["the server sends its cer-", "tificate"], ["the server sends its certificate"]),
        (["the suite with the name AES-128-", "GCM"], ["the suite with the name AES-128-GCM"]),
        (["这一行写得很满很满很满很满？", "答：17"], ["这一行写得很满很满很满很满？", "答：17"]),
        (
            ["which packet holds the client hello", "28"],
            ["which packet holds the client hello", "28"],
        ),
        (
            ["short", "then a much longer line follows it"],
            ["short", "then a much longer line follows it"],
        ),
        (["4b" * 20, "1c6c644b84fe"], ["4b" * 20 + "1c6c644b84fe"]),
        (
            ["5 TLS_ECDHE_RSA_WITH_AES_12", "8_GCM_SHA256", "x" * 60],
            ["5 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "x" * 60],
        ),
    ],
)
def test_lines_that_the_margin_broke(lines: list[str], expected: list[str]) -> None:
    assert joined_lines(lines) == expected


def test_an_answer_at_the_end_of_every_page_is_no_footer() -> None:
    pages = [["a", "之前", "第 1 页"], ["b", "之前", "第 2 页"], ["c", "答：3", "第 3 页"]]
    assert without_running_lines(pages) == [["a", "之前"], ["b", "之前"], ["c", "答：3"]]


def test_a_lone_number_that_counts_no_pages_stays() -> None:
    pages = [["q1", "17"], ["q2", "28"], ["q3", "32"]]
    assert without_running_lines(pages) == pages


@pytest.mark.parametrize(
    "form", ["Question {}", "第 {} 题", "{}.", "{}、包号？", "Q{}: which packet?"]
)
def test_one_question_on_each_page_keeps_its_number(form: str) -> None:
    pages = [[form.format(number), f"text {number * 7}"] for number in range(1, 6)]
    assert without_running_lines(pages) == pages


@pytest.mark.parametrize(
    "form", ["{}", "- {} -", "第 {} 页", "Page {} of 5", "{} / 5", "王小明 {}"]
)
def test_page_numbers_in_their_usual_forms(form: str) -> None:
    pages = [[f"text {number * 7}", form.format(number)] for number in range(1, 6)]
    assert without_running_lines(pages) == [page[:1] for page in pages]
