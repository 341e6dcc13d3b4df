"""The dissection tree, as Wireshark's middle pane shows it: from PDML to lines.

PDML and `tshark -V` come from the same tree, but PDML does not say which lines Wireshark puts in
brackets: those that it worked out itself and did not read from the packet. `line_text` knows them
by their size (nothing of the packet belongs to them) and, where they lean on bytes, by name. The
tests hold every line of every capture at hand against `tshark -V`.
"""

from dataclasses import replace

from lxml import etree

from report.rendering.shown import shown
from report.rendering.view import TreeLine

_FRAME_WORKED_OUT = frozenset(
    f"frame.{name}"
    for name in (
        "offset_shift",
        "time_delta",
        "time_delta_displayed",
        "time_relative",
        "marked",
        "ignored",
        "protocols",
        "p2p_dir",
        "file_off",
        "md5_hash",
        "coloring_rule.name",
        "coloring_rule.string",
    )
)
"""Of the frame's own lines nothing is read from bytes; these are the bracketed ones."""

_WORKED_OUT_OVER_BYTES = frozenset(
    {
        "dns.count.labels",
        "dns.qry.name.len",
        "http.content_length",
        "http.response.code.desc",
        "http2.header.count",
        "http2.header.length",
        "http2.header.unescaped",
        "http2.headers.weight_real",
        "ipv6.dst_slaac_mac",
        "ipv6.dstopts.len_oct",
        "ipv6.hopopts.len_oct",
        "ipv6.routing.len_oct",
        "ipv6.slaac_mac",
        "ipv6.src_slaac_mac",
        "json.member_with_value",
        "json.path",
        "json.path_with_value",
        "tcp.flags.str",
        "tcp.options.sack.dsack_le",
        "tcp.options.sack.dsack_re",
        "tcp.options.wscale.multiplier",
        "tcp.pdu.size",
        "tcp.window_size",
        "tcp.window_size_scalefactor",
        "udp.checksum.status",
    }
)
_REASSEMBLED = (".fragment", ".fragments", ".segment", ".segments", ".reassembled.data")
"""What Wireshark put together lies over the bytes that it names."""

_READ_FROM_NOTHING = frozenset({"pgsql.type", "tls.handshake.reassembled_in"})
"""Lines without bytes that Wireshark sets without brackets all the same."""

_ASN1 = ("ber.", "cms.", "ocsp.", "pkcs", "pkix", "pkinit.", "x509")
"""Dissectors made from ASN.1 show what was encoded, empty elements included, and nothing else."""

_NAMELESS_WORKED_OUT = frozenset({"Timestamps"})

TREE_SIGNS = {"open": "▼ ", "closed": "▶ ", "leaf": "  "}
"""What stands before a line where the tree is set as text."""

_NEIGHBOURS_OF_FIELD = 3
_NEIGHBOURS_OF_ANCESTOR = 1
_LARGEST_OPENED = 20
_LARGEST_FOLDED = 12


def line_text(element: etree._Element) -> str:
    """The line that `tshark -V` prints for a `proto` or `field` of PDML, without its indent."""
    text = element.get("showname")
    if text is None:
        text = element.get("show") or _unnamed_data(element)
    return f"[{text}]" if _is_worked_out(element) else text


def _unnamed_data(element: etree._Element) -> str:
    """PDML has no text for the bytes that no dissector claims; Wireshark counts them."""
    size = len(element.get("value", "")) // 2
    return f"Data ({size} byte{'' if size == 1 else 's'})"


def _is_worked_out(element: etree._Element) -> bool:
    name = element.get("name", "")
    if element.tag == "proto" or name in _READ_FROM_NOTHING:
        return False
    if name in _WORKED_OUT_OVER_BYTES or name.endswith(_REASSEMBLED):
        return True
    if name == "tls.record.content_type":
        # The type inside an encrypted record stands after the type on its outside.
        return any(
            e.get("name") == "tls.record.opaque_type" for e in element.itersiblings(preceding=True)
        )
    return element.get("size") == "0" and _is_worked_out_from_nothing(element, name)


def _is_worked_out_from_nothing(element: etree._Element, name: str) -> bool:
    """Whether a line without bytes is Wireshark's own, and not an empty value of the packet."""
    if not name:
        return element.get("show") in _NAMELESS_WORKED_OUT
    parent = element.getparent()
    if name == "_ws.expert" or (parent is not None and parent.get("name") == "_ws.expert"):
        return True
    if name.startswith("frame."):
        return name in _FRAME_WORKED_OUT
    if name.startswith(_ASN1):
        return False
    # An empty byte string of the packet's has neither.
    return bool(element.get("show")) or "value" in element.attrib


def is_shown(element: etree._Element) -> bool:
    """Whether Wireshark shows the line (PDML also has hidden fields and `geninfo`)."""
    return element.get("hide") != "yes" and element.get("name") != "geninfo"


def shown_children(element: etree._Element) -> tuple[etree._Element, ...]:
    """The children that Wireshark shows; PDML's wrappers around lone fields are looked through."""
    children: list[etree._Element] = []
    for child in element:
        if child.get("name") == "fake-field-wrapper":
            children.extend(shown_children(child))
        elif is_shown(child):
            children.append(child)
    return tuple(children)


def field_at(packet: etree._Element, path: tuple[int, ...]) -> etree._Element:
    """The element that child indexes lead to. Raises IndexError where they lead nowhere."""
    element = packet
    for index in path:
        element = element[index]
    return element


def tree_lines(packet: etree._Element, *paths: tuple[int, ...]) -> tuple[TreeLine, ...]:
    """The tree of one frame, open down to the fields at `paths` and closed elsewhere.

    `packet` is a `<packet>` element of `tshark -2 -T pdml`, a path its child indexes from there.
    The fields are marked, their neighbours shown; long runs of neighbours become a `more` line.
    Of the other protocol layers the one before is shown; without a path, all, closed.
    Closed lines with little below them carry it, folded. Raises IndexError for a wrong path.
    """
    marked = {field_at(packet, path) for path in paths}
    opened = {ancestor for element in marked for ancestor in element.iterancestors()}
    layers = shown_children(packet)
    wanted = [i for i, child in enumerate(layers) if child in marked or child in opened]
    lines: list[TreeLine] = []
    for i, child in enumerate(layers):
        # Of the other layers only the one below, which often says how the bytes were put together.
        if not wanted or i in wanted or i + 1 in wanted:
            _add(lines, child, 0, marked, opened)
    return _with_fold_ends(lines)


def _add(
    lines: list[TreeLine],
    element: etree._Element,
    depth: int,
    marked: set[etree._Element],
    opened: set[etree._Element],
) -> None:
    children = shown_children(element)
    is_marked = element in marked
    text = shown(line_text(element))
    if not children:
        lines.append(TreeLine(depth, text, "leaf", is_marked))
    elif element in opened:
        lines.append(TreeLine(depth, text, "open", is_marked))
        _add_neighbourhood(lines, children, depth + 1, marked, opened)
    else:
        size = _count_below(element)
        is_open = is_marked and size <= _LARGEST_OPENED
        lines.append(TreeLine(depth, text, "open" if is_open else "closed", is_marked))
        if is_open or (depth > 0 and size <= _LARGEST_FOLDED):
            _add_all(lines, children, depth + 1)


def _add_neighbourhood(
    lines: list[TreeLine],
    children: tuple[etree._Element, ...],
    depth: int,
    marked: set[etree._Element],
    opened: set[etree._Element],
) -> None:
    """The fields among `children` with their neighbours; what is left out becomes `more` lines."""
    wanted = [i for i, child in enumerate(children) if child in marked or child in opened]
    has_field = any(children[i] in marked for i in wanted)
    omitted = 0
    for child, is_near in zip(children, _near(wanted, len(children), has_field), strict=True):
        if not is_near:
            omitted += 1
            continue
        if omitted:
            lines.append(TreeLine(depth, "", "more", omitted=omitted))
            omitted = 0
        _add(lines, child, depth, marked, opened)
    if omitted:
        lines.append(TreeLine(depth, "", "more", omitted=omitted))


def _near(wanted: list[int], count: int, has_field: bool) -> list[bool]:
    """Which of `count` children stand near a wanted one; never is a single one left out."""
    reach = _NEIGHBOURS_OF_FIELD if has_field else _NEIGHBOURS_OF_ANCESTOR
    near = [any(abs(i - w) <= reach for w in wanted) for i in range(count)]
    padded = [True, *near, True]
    return [shown or (padded[i] and padded[i + 2]) for i, shown in enumerate(near)]


def _add_all(lines: list[TreeLine], elements: tuple[etree._Element, ...], depth: int) -> None:
    for element in elements:
        children = shown_children(element)
        lines.append(TreeLine(depth, shown(line_text(element)), "closed" if children else "leaf"))
        _add_all(lines, children, depth + 1)


def _count_below(element: etree._Element) -> int:
    children = shown_children(element)
    return len(children) + sum(map(_count_below, children))


def _with_fold_ends(lines: list[TreeLine]) -> tuple[TreeLine, ...]:
    """The lines with their folds set, so that a template can nest them in one pass."""
    finished: list[TreeLine] = []
    open_folds: list[TreeLine] = []
    for i, line in enumerate(lines):
        next_depth = lines[i + 1].depth if i + 1 < len(lines) else 0
        folded = any(fold.state == "closed" for fold in open_folds)
        folds = next_depth > line.depth
        if folds:
            open_folds.append(line)
        closes = 0
        while open_folds and next_depth <= open_folds[-1].depth:
            open_folds.pop()
            closes += 1
        finished.append(replace(line, folds=folds, closes=closes, folded=folded))
    return tuple(finished)
