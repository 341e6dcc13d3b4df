"""Every Wireshark field that labshark names exists in the installed tshark, as what it says."""

import ast
import re
import subprocess
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

from report.capture.fields import (
    AGGREGATOR,
    COLUMN_TITLES,
    PACKET_FIELDS,
    RENAMED,
    SEPARATOR,
    column_field,
    column_name,
    names_of,
)
from report.capture.programs import find_program
from report.capture.trace import PREFERENCES, open_trace
from tests.conftest import CHECKOUT

Reported = dict[str, str]


@cache
def reported(table: str) -> str:
    argv = [str(find_program("tshark")), "-G", table]
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(argv, capture_output=True, env=environment, check=True, timeout=120)
    return done.stdout.decode("utf-8", "replace")


@pytest.fixture(scope="module")
def fields() -> Reported:
    """Every field of this tshark, and its type (`FT_…`)."""
    rows = (line.split("\t") for line in reported("fields").splitlines())
    return {row[2]: row[3] for row in rows if row[0] == "F"}


@pytest.fixture(scope="module")
def preferences() -> set[str]:
    return set(re.findall(r"^#?([a-z0-9_.]+):", reported("currentprefs"), re.M))


SHAPES = {
    # What `-T fields` prints of a type: the packets table parses it so.
    "integer": r"FT_U?INT(8|16|24|32|64)$",
    "hex": r"FT_U?INT(8|16|24|32|64)$",
    "real": r"FT_(ABSOLUTE|RELATIVE)_TIME$|FT_DOUBLE$",
    "flag": r"FT_NONE$",
    "text": r"FT_STRING",
}


@pytest.mark.parametrize("field", PACKET_FIELDS, ids=lambda field: field.name)
def test_a_column_is_a_field_of_the_type_that_its_shape_says(
    field: object, fields: Reported
) -> None:
    name, shape = getattr(field, "name", ""), getattr(field, "shape", "")
    assert name in fields, f"tshark has no field {name}"
    if shape != "many":
        assert re.search(SHAPES[shape], fields[name]), (name, shape, fields[name])


def test_no_column_is_listed_twice() -> None:
    names = [field.name for field in PACKET_FIELDS]
    assert len(names) == len(set(names))


def test_a_field_that_does_not_exist_would_be_noticed(fields: Reported) -> None:
    assert len(fields) > 100_000
    assert "tls.handshake.ciphersuits" not in fields


def test_columns_of_the_packet_list(shared: Path) -> None:
    # `_ws.col.*` is in no list of fields, and spelled differently by different versions.
    with open_trace(shared / "traces" / "textbook-tls12.pcapng") as trace:
        columns = trace.columns(["frame.number"])
    assert columns.names == ("frame.number", *map(column_name, COLUMN_TITLES))
    rows = [line.split(SEPARATOR) for line in columns.rows.decode().splitlines()]
    hello = dict(zip(columns.names, rows[27], strict=True))
    # As the textbook prints its packet list.
    assert hello["frame.number"] == "28"
    assert hello["_ws.col.source"] == "192.168.1.245"
    assert hello["_ws.col.destination"] == "128.119.240.84"
    assert hello["_ws.col.protocol"] == "TLSv1.2"
    assert hello["_ws.col.info"].startswith("Client Hello")
    assert all(len(row) == 1 + len(COLUMN_TITLES) for row in rows)


def test_a_wrong_column_name_prints_nothing(shared: Path) -> None:
    # So that the test above can fail at all: tshark takes any name that begins so.
    assert column_field("Info") != column_field("Nonsense")
    path = shared / "traces" / "tls11-ecdhe.pcap"
    done = subprocess.run(
        [*("tshark", "-r", str(path), "-c", "1", "-T", "fields", "-e", "_ws.col.Nonsense")],
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == ""


def test_the_bytes_that_part_columns_and_values_occur_in_no_value(
    checkout: Path, shared: Path
) -> None:
    names = [field.name for field in PACKET_FIELDS]
    for path in (checkout / "traces" / "demo.pcapng", shared / "traces" / "quic-v1-http3.pcap"):
        with open_trace(path) as trace:
            rows = trace.columns(names).rows.decode("utf-8")
        for line in rows.splitlines():
            cells = line.split(SEPARATOR)
            assert len(cells) == len(names) + len(COLUMN_TITLES)
            assert re.fullmatch(r"\d+", cells[0])
            assert AGGREGATOR not in "".join(cells[-len(COLUMN_TITLES) :])


def test_preferences_exist_and_are_not_only_taken(preferences: set[str]) -> None:
    named = {preference.split(":")[0] for preference in PREFERENCES}
    assert named <= preferences
    assert "tcp.reassemble_out_of_order" in preferences
    assert "tls.keylog_file" in preferences


TOKEN = re.compile(r"(?<![\w./@#-])_?[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_]+)+(?![\w./-]*[/@])")


def strings(path: Path) -> list[str]:
    """The string literals of a module that are no docstrings, with parts of f-strings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    explained = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in explained
    ]


SPOKEN = frozenset(
    {
        *("_ws", "frame", "eth", "sll", "vlan", "pppoe", "ip", "ipv6", "gtp", "icmp", "icmpv6"),
        *("tcp", "udp", "quic", "tls", "ssl", "dtls", "dns", "mdns", "http", "http2", "http3"),
        *("ocsp", "x509af", "x509ce", "x509if", "x509sat", "pkix1explicit", "pkix1implicit"),
        *("pkcs1", "pkixalgs"),
    }
)
"""Protocols whose fields labshark may name; other words with a point in them are no fields."""


def named_in_code() -> dict[str, str]:
    """Everything in the package that looks like a Wireshark field, and where it stands."""
    texts = {path: strings(path) for path in sorted((CHECKOUT / "report").rglob("*.py"))}
    for path in sorted((CHECKOUT / "report").rglob("*.toml")):
        texts[path] = [path.read_text(encoding="utf-8")]
    found = {}
    for path, parts in texts.items():
        for token in chain.from_iterable(map(TOKEN.findall, parts)):
            if token.split(".")[0] in SPOKEN:
                found[token] = path.relative_to(CHECKOUT).as_posix()
    return found


NO_FIELDS = re.compile(r"\.(py|toml|json|jsonl|html|xml|pdf|css|js|md|txt|csv|xlsx|docx|pcapng)$")


def queries() -> set[str]:
    from report.questions.queries import QUERIES

    return set(QUERIES)


def test_every_field_named_anywhere_exists(fields: Reported, preferences: set[str]) -> None:
    named = named_in_code()
    assert {field.name for field in PACKET_FIELDS} <= set(named)
    assert {"tcp.flags.syn", "tcp.flags.fin"} <= set(named)  # only in display filters
    known = set(fields) | preferences | queries()
    for old in RENAMED:
        assert known & set(names_of(old)), f"{old} has got yet another name"
        known |= set(names_of(old))
    known |= {"_ws.expert", "_ws.col"}  # a protocol, and how the names of columns begin
    known |= set(map(column_field, COLUMN_TITLES)) | set(map(column_name, COLUMN_TITLES))
    unknown = {
        name: where
        for name, where in named.items()
        if name not in known and not NO_FIELDS.search(name)
    }
    assert unknown == {}
