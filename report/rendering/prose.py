"""The student's own words: Markdown read into plain blocks, nothing of it ever becoming markup."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from report.rendering.shown import shown_lines
from report.rendering.view import Block, BlockKind, Span

_LONGEST_TEXT = 20_000
_WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_LISTS: dict[str, BlockKind] = {"bullet_list": "bullets", "ordered_list": "numbers"}
_PARSER = MarkdownIt("commonmark", {"html": False, "maxNesting": 20})


def read_markdown(text: str) -> tuple[Block, ...]:
    """The blocks of a Markdown text: paragraphs, headings, lists, quotes, code, emphasis.

    HTML in it stays text. Links keep their text and show their address; images show their
    description. Control and direction characters become visible escapes.
    """
    tree = SyntaxTreeNode(_PARSER.parse(text[:_LONGEST_TEXT]))
    return tuple(_blocks(tree.children))


def _blocks(nodes: Sequence[SyntaxTreeNode]) -> Iterator[Block]:
    for node in nodes:
        if node.type in _LISTS:
            items = tuple(tuple(_blocks(item.children)) for item in node.children)
            start = int(node.attrGet("start") or 1) if node.type == "ordered_list" else 1
            yield Block(_LISTS[node.type], items=items, start=start)
        elif node.type in ("fence", "code_block"):
            yield Block("code", spans=(Span(shown_lines(node.content.rstrip("\n"))),))
        elif node.type == "blockquote":
            yield Block("quote", items=(tuple(_blocks(node.children)),))
        elif node.type in ("paragraph", "heading"):
            kind: BlockKind = "heading" if node.type == "heading" else "paragraph"
            yield Block(kind, spans=tuple(_inline(node)))
        elif node.content.strip():
            yield Block("paragraph", spans=(Span(shown_lines(node.content)),))


def _inline(node: SyntaxTreeNode) -> Iterator[Span]:
    """The spans of a paragraph, from the flat token stream with its openings and closings.

    A line end inside a paragraph is a space, between two Chinese characters nothing.
    """
    for child in node.children:
        found = list(_spans(child.token.children or [] if child.token else []))
        for i, span in enumerate(found):
            if span.text != "\n":
                yield span
            elif not (_ends_chinese(found[:i]) and _begins_chinese(found[i + 1 :])):
                yield replace(span, text=" ")


def _ends_chinese(spans: list[Span]) -> bool:
    return bool(spans and spans[-1].text and _WIDE.match(spans[-1].text[-1]))


def _begins_chinese(spans: list[Span]) -> bool:
    return bool(spans and spans[0].text and _WIDE.match(spans[0].text[0]))


def _spans(tokens: Sequence[Token]) -> Iterator[Span]:
    depth = {"strong": 0, "em": 0}
    address = ""
    for token in tokens:
        name = token.type.rsplit("_", 1)[0]
        if name in depth:
            depth[name] += token.nesting
        elif token.type == "link_open":
            address = str(token.attrs.get("href", ""))
        elif token.type == "link_close":
            yield Span(f" ({shown_lines(address)})")
        else:
            yield from _span(token, bool(depth["strong"]), bool(depth["em"]))


def _span(token: Token, strong: bool, emphasis: bool) -> Iterator[Span]:
    if token.type == "hardbreak":
        yield Span("", line_break=True)
    elif token.type == "softbreak":
        yield Span("\n", strong, emphasis)
    elif token.content:
        yield Span(shown_lines(token.content), strong, emphasis, code=token.type == "code_inline")
