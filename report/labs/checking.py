"""What a lab names beyond itself: queries, tshark fields, display filters, columns of tables."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches

from report.capture.field_names import (
    filter_fault,
    near_fields,
    shown_tshark_version,
    unknown_fields,
)
from report.errors import LabsharkError
from report.labs.model import DeclaredQuery, FilteredQuery, Lab, NamedQuery

_STREAM_MARKS = ("{stream}", "{client_port}", "{server_port}")


def check_queries(lab: Lab, queries: Collection[str]) -> None:
    """Refuses a lab that names a query which is not among `queries`.

    Raises LabsharkError `lab-invalid`, with near names.
    """
    for question in lab.questions:
        if isinstance(question.query, NamedQuery) and question.query.name not in queries:
            name = question.query.name
            detail = f"{question.id}: query: there is no query {name}{near(name, queries)}"
            raise LabsharkError("lab-invalid", path=lab.id, detail=detail)


def check_fields(lab: Lab) -> None:
    """Refuses a lab that names a field which the installed tshark lacks.

    Raises LabsharkError `lab-unknown-field` with the question and near names.
    """
    for question in lab.questions:
        names = question.fields()
        if isinstance(question.query, DeclaredQuery):
            names += tuple(question.show)
        for name in unknown_fields(names):
            similar = ", ".join(near_fields(name))
            raise LabsharkError(
                "lab-unknown-field",
                path=lab.id,
                question=question.id,
                field=name,
                version=shown_tshark_version(),
                near_zh=f"（相近的有 {similar}）" if similar else "",
                near_en=f" (near: {similar})" if similar else "",
            )


def check_filters(lab: Lab) -> None:
    """Refuses a lab with a display filter that tshark does not take; raises `lab-bad-filter`."""
    for question in lab.questions:
        if not isinstance(question.query, FilteredQuery):
            continue
        text = question.query.filter
        for mark in _STREAM_MARKS:
            text = text.replace(mark, "1")
        fault = filter_fault(text)
        if fault is not None:
            raise LabsharkError("lab-bad-filter", path=lab.id, question=question.id, detail=fault)


def check_columns(lab: Lab, tables: Mapping[str, Collection[str]]) -> None:
    """Refuses a query on a column that its table lacks; raises `lab-invalid` with near names."""
    for question in lab.questions:
        query = question.query
        if not isinstance(query, DeclaredQuery) or query.table == "packets":
            continue
        known = {*tables[query.table], "frame.number"}
        for name in (*query.where, query.show, *query.columns):
            if name not in known:
                where = f"{question.id}: query: the table {query.table} has no column {name}"
                detail = where + near(name, known)
                raise LabsharkError("lab-invalid", path=lab.id, detail=detail)


def near(name: str, known: Collection[str]) -> str:
    """` (near: a, b)`, or nothing."""
    found = get_close_matches(name, list(known), n=3)
    return f" (near: {', '.join(found)})" if found else ""
