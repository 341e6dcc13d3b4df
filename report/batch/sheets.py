"""results.csv, results.parquet and failures.csv: the class for the instructor's own analysis."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import IO, Any

from report.batch.labels import STATUS_NAMES
from report.batch.results import JsonValue, Result
from report.grading.sheets.tables import Column, Kind, Value, csv_bytes

_ROWS_AT_ONCE = 1000

Getter = Callable[[Result], JsonValue]


class _Field:
    """One column: its title, what its cells are, and where they come from."""

    def __init__(self, title: str, kind: str, get: Getter) -> None:
        self.title = title
        self.kind = kind
        """`text`, `int`, `float` or `bool`."""
        self.get = get


def _student_fields() -> list[_Field]:
    return [
        _Field("id", "text", lambda r: r.who.id),
        _Field("name", "text", lambda r: r.who.name),
        _Field("class", "text", lambda r: r.who.class_name),
    ]


def _capture(name: str) -> Getter:
    return lambda r: getattr(r.findings.capture, name) if r.findings else None


def _session(name: str) -> Getter:
    return lambda r: getattr(r.findings.session, name) if r.findings else None


def _answer(question: str, name: str) -> Getter:
    def get(result: Result) -> JsonValue:
        answers = result.findings.answers if result.findings else ()
        answer = next((a for a in answers if a.id == question), None)
        return _plain(getattr(answer, name)) if answer else None

    return get


def _plain(value: JsonValue) -> JsonValue:
    """A list of names as one cell; a truth as a word, since a column has one type."""
    if isinstance(value, list):
        return "; ".join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def _fields(questions: Sequence[str]) -> list[_Field]:
    facts = _fact_fields()
    taken = {field.title for field in facts}
    return [
        *facts,
        *(_Field(_title(f"{q}_status", taken), "text", _answer(q, "status")) for q in questions),
        *(_Field(_title(q, taken), "text", _answer(q, "value")) for q in questions),
    ]


def _title(name: str, taken: set[str]) -> str:
    """A lab may call a question `status`."""
    return f"question_{name}" if name in taken else name


def _fact_fields() -> list[_Field]:
    return [
        *_student_fields(),
        _Field("on_roster", "bool", lambda r: r.who.on_roster),
        _Field("status", "text", lambda r: r.status.value),
        _Field("reason", "text", lambda r: r.problem.slug if r.problem else None),
        _Field("warnings", "text", lambda r: " ".join(n.slug for n in r.notes) or None),
        _Field("folder", "text", lambda r: r.folder),
        _Field("inputs", "text", lambda r: "; ".join(r.inputs)),
        _Field("keylogs", "text", lambda r: "; ".join(r.keylogs) or None),
        _Field("sha256", "text", _capture("sha256")),
        _Field("bytes", "int", _capture("bytes")),
        _Field("packets", "int", _capture("packets")),
        _Field("started", "text", _capture("started")),
        _Field("seconds", "float", _capture("seconds")),
        _Field("transport", "text", _session("transport")),
        _Field("client", "text", _session("client")),
        _Field("server", "text", _session("server")),
        _Field("server_name", "text", _session("server_name")),
        _Field("version", "text", _session("version")),
        _Field("cipher_suite", "text", _session("cipher_suite")),
        _Field("resumed", "bool", _session("resumed")),
        _Field("decrypted", "bool", _session("decrypted")),
        _Field("chosen_by", "text", _session("chosen")),
        _Field("session_packets", "int", _session("packets")),
        _Field("session_seconds", "float", _session("seconds")),
    ]


def write_results_csv(
    target: IO[bytes], results: Iterable[Result], questions: Sequence[str]
) -> None:
    """One row per student, one status and one value column per question."""
    _write_csv(target, _fields(questions), results)


def write_failures_csv(target: IO[bytes], results: Iterable[Result]) -> None:
    """Who has to be told something, and what, in both languages."""
    fields = [
        *_student_fields(),
        _Field("inputs", "text", lambda r: "; ".join(r.inputs)),
        _Field("status", "text", lambda r: r.status.value),
        _Field("status_zh", "text", lambda r: STATUS_NAMES[r.status].zh),
        _Field("reason", "text", lambda r: r.problem.slug if r.problem else None),
        _Field("tell_zh", "text", lambda r: "".join(said.zh for said in told(r))),
        _Field("tell_en", "text", lambda r: " ".join(said.en for said in told(r))),
    ]
    _write_csv(target, fields, (result for result in results if told(result)))


def told(result: Result) -> list[Any]:
    """What the student should hear: why there is no report, or what is wrong with the capture."""
    heard = [note for note in result.notes if note.slug.startswith(("capture-cut", "capture-dam"))]
    return [*([result.problem] if result.problem else []), *heard]


def _write_csv(target: IO[bytes], fields: Sequence[_Field], results: Iterable[Result]) -> None:
    columns = [Column(f.title, _cell_kind(f.kind)) for f in fields]
    target.write(csv_bytes(columns, []))
    for chunk in _chunks(results):
        rows = csv_bytes(columns, [[_cell(f.get(result)) for f in fields] for result in chunk])
        target.write(rows.partition(b"\r\n")[2])  # without a header of its own


def _cell_kind(kind: str) -> Kind:
    return "number" if kind in ("int", "float") else "text"


def _cell(value: JsonValue) -> Value:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "; ".join(value) if isinstance(value, list) else value


def _chunks(results: Iterable[Result]) -> Iterator[list[Result]]:
    rest = iter(results)
    while chunk := list(islice(rest, _ROWS_AT_ONCE)):
        yield chunk


def parquet_is_there() -> bool:
    """Whether pyarrow is installed; it is an extra."""
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None


def write_results_parquet(
    target: IO[bytes], results: Iterable[Result], questions: Sequence[str]
) -> None:
    """The columns of results.csv with types of their own; values as they are, not as cells."""
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyarrow import parquet

    types = {"text": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
    fields = _fields(questions)
    schema = pa.schema([(f.title, types[f.kind]) for f in fields])
    with parquet.ParquetWriter(target, schema) as writer:
        for chunk in _chunks(results):
            columns = [pa.array([f.get(r) for r in chunk], types[f.kind]) for f in fields]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
