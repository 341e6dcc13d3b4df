"""The student's Markdown: what becomes a block, and that nothing becomes markup."""

import pytest

from report.rendering.prose import read_markdown
from report.rendering.view import Block, Span


def _text(blocks: tuple[Block, ...]) -> str:
    own = "".join(span.text for block in blocks for span in block.spans)
    return own + "".join(_text(item) for block in blocks for item in block.items)


def test_blocks() -> None:
    blocks = read_markdown(
        "# 标题\n\n一段*强调*和**粗体**、`代码`\n\n- a\n- b\n\n3. x\n\n> q\n\n    c <d>\n"
    )
    assert [b.kind for b in blocks] == [
        "heading",
        "paragraph",
        "bullets",
        "numbers",
        "quote",
        "code",
    ]
    assert blocks[1].spans == (
        Span("一段"),
        Span("强调", emphasis=True),
        Span("和"),
        Span("粗体", strong=True),
        Span("、"),
        Span("代码", code=True),
    )
    assert [_text(item) for item in blocks[2].items] == ["a", "b"]
    assert blocks[3].start == 3
    assert _text(blocks[5:]) == "c <d>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("一行\n二行", "一行二行"),
        ("one\ntwo", "one two"),
        ("一行\ntwo", "一行 two"),
        ("完。\n下", "完。下"),
    ],
)
def test_a_line_end_is_a_space_but_not_between_chinese(text: str, expected: str) -> None:
    assert _text(read_markdown(text)) == expected


def test_a_hard_break_breaks() -> None:
    assert [s.line_break for s in read_markdown("a  \nb")[0].spans] == [False, True, False]


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "![x](http://evil.example/x.png)",
        "<style>@import url(//evil)</style>",
        "[x](javascript:alert(1))",
    ],
)
def test_html_and_pictures_are_text(hostile: str) -> None:
    text = _text(read_markdown(hostile))
    assert "<" not in hostile or "<" in text


def test_links_show_their_address() -> None:
    assert _text(read_markdown("see [the RFC](https://www.rfc-editor.org/rfc/rfc5246)")) == (
        "see the RFC (https://www.rfc-editor.org/rfc/rfc5246)"
    )


def test_hidden_characters_become_visible() -> None:
    assert _text(read_markdown("a\u202eb\x1b[0m \u200b")) == "a\\u202eb\\x1b[0m \\u200b"


def test_deep_nesting_is_bounded() -> None:
    blocks = read_markdown("> " * 500 + "deep")
    depth = 0
    while blocks and blocks[0].items:
        blocks, depth = blocks[0].items[0], depth + 1
    assert depth <= 20
