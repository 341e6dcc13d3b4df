"""What a lab names beyond itself: queries, tshark fields, display filters, columns of tables."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from report.capture.field_names import (
    field_types,
    filter_fault,
    near_fields,
    shown_tshark_version,
    unknown_fields,
)
from report.errors import LabsharkError
from report.labs.mistakes import Mistake, with_nearest, with_similar
from report.labs.model import DeclaredQuery, FilteredQuery, Lab, NamedQuery, Question
from report.text import Text, visible

SESSION_MARKS = ("stream", "client_port", "server_port")
"""What a filter may name of the session, as `{stream}`."""
_MARK = re.compile(r"\{([a-z_]+)\}")


def check_queries(lab: Lab, queries: Collection[str]) -> None:
    """Refuses a lab that names a query which is not among `queries`.

    Raises LabsharkError `lab-invalid`, with near names.
    """
    for mistake in query_mistakes(lab.questions, queries):
        raise invalid(lab.id, mistake)


def invalid(path: str, mistake: Mistake) -> LabsharkError:
    """The error that names one mistake of a lab."""
    said = mistake.text
    return LabsharkError(
        "lab-invalid", path=path, detail_zh=said.zh.rstrip("。"), detail_en=said.en.rstrip(".")
    )


def check_fields(lab: Lab) -> None:
    """Refuses a lab that names a field which the installed tshark lacks.

    Raises LabsharkError `lab-unknown-field` with the question and near names.
    """
    for question in lab.questions:
        for _, name in _unknown(question):
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


def query_mistakes(questions: Iterable[Question], queries: Collection[str]) -> Iterator[Mistake]:
    """Named queries that do not exist."""
    for question in questions:
        if isinstance(question.query, NamedQuery) and question.query.name not in queries:
            name = visible(question.query.name, 80)
            what = Text(f"没有名为 {name} 的查询", f"there is no query {name}")
            yield Mistake(question.id, "query.name", with_nearest(what, name, queries))


def field_mistakes(questions: Iterable[Question]) -> Iterator[Mistake]:
    """Fields that the installed tshark lacks; raises what asking tshark for them raises."""
    for question in questions:
        for key, name in _unknown(question):
            version, shown = shown_tshark_version(), visible(name, 80)
            what = Text(
                f"tshark {version} 没有字段 {shown}", f"tshark {version} has no field {shown}"
            )
            yield Mistake(question.id, key, with_similar(what, near_fields(name)))


def in_order(mistakes: Iterable[Mistake], places: Iterable[str]) -> tuple[Mistake, ...]:
    """Those of the lab itself first, then place by place, as the file has them."""
    order = {name: at for at, name in enumerate(dict.fromkeys(places), start=1)}
    return tuple(sorted(mistakes, key=lambda mistake: order.get(mistake.place, 0)))


def _unknown(question: Question) -> Iterator[tuple[str, str]]:
    named = list(_named_fields(question))
    unknown = set(unknown_fields(name for _, name in named))
    return ((key, name) for key, name in named if name in unknown)


def _named_fields(question: Question) -> Iterator[tuple[str, str]]:
    """Keys of a question and the tshark fields that they name."""
    query = question.query
    if isinstance(query, FilteredQuery) or (
        isinstance(query, DeclaredQuery) and query.table == "packets"
    ):
        if isinstance(query, DeclaredQuery):
            yield from (("query.where", name) for name in query.where)
        yield "query.show", query.show
        yield from (("query.columns", name) for name in query.columns)
    yield from (("show", name) for name in question.show)


_WHOLE = re.compile(r"FT_(U?INT\d+|FRAMENUM|BOOLEAN|CHAR)$")
_SECONDS = re.compile(r"FT_(RELATIVE_TIME|DOUBLE|FLOAT|U?INT\d+)$")
_NUMBER = re.compile(r"-?(\d+|0[xX][0-9a-fA-F]+)$")
_NUMBERS = frozenset({"packet_number", "count", "integer", "byte_count"})


def value_mistakes(questions: Iterable[Question]) -> Iterator[Mistake]:
    """Words asked of a field that holds numbers: Wireshark shows `A`, the field holds 1."""
    for question in questions:
        query = question.query
        if not isinstance(query, DeclaredQuery) or query.table != "packets":
            continue
        for name, wanted in query.where.items():
            if isinstance(wanted, bool) or not _WHOLE.match(field_types().get(name, "")):
                continue
            for value in wanted if isinstance(wanted, list) else [wanted]:
                if not _NUMBER.match(str(value)):
                    yield Mistake(question.id, "query.where", _no_number(name, str(value)))


def _no_number(name: str, value: str) -> Text:
    shown = visible(value, 80)
    return Text(
        f"字段 {name} 的值是数，“{shown}”不是：请写 Wireshark 括号里的数，"
        "要问有没有这个字段则写 true 或 false",
        f"the field {name} holds a number and “{shown}” is none: write the one that Wireshark "
        "shows in brackets, or true or false to ask whether the field is there",
    )


def kind_mistakes(questions: Iterable[Question]) -> Iterator[Mistake]:
    """Queries that cannot give a value of the question's kind."""
    for question in questions:
        query = question.query
        if isinstance(query, DeclaredQuery | FilteredQuery):
            yield from _unfit_pick(question, query.pick)
            if isinstance(query, FilteredQuery) or query.table == "packets":
                yield from _unfit_field(question, query.pick, query.show)


def _unfit_pick(question: Question, pick: str) -> Iterator[Mistake]:
    fitting = {"all": ("names",), "count": ("count", "integer")}.get(pick)
    if fitting is not None and question.kind not in fitting:
        kinds = ", ".join(fitting)
        what = Text(f"pick = {pick} 需要 kind = {kinds}", f"pick = {pick} needs kind = {kinds}")
        yield Mistake(question.id, "kind", what)


def _unfit_field(question: Question, pick: str, show: str) -> Iterator[Mistake]:
    wanted = _WHOLE if question.kind in _NUMBERS else None
    wanted = _SECONDS if question.kind == "seconds" else wanted
    has = field_types().get(show)
    if pick != "count" and wanted is not None and has is not None and not wanted.match(has):
        what = Text(
            f"字段 {show} 的值（{has or '协议'}）不能回答 kind = {question.kind} 的问题",
            f"values of the field {show} ({has or 'a protocol'}) answer no question of the kind "
            f"{question.kind}",
        )
        yield Mistake(question.id, "query.show", what)


def filter_mistakes(questions: Iterable[Question]) -> Iterator[Mistake]:
    """Display filters that tshark does not take."""
    for question in questions:
        if isinstance(question.query, FilteredQuery):
            for what in _against(question.query.filter):
                yield Mistake(question.id, "query.filter", what)


def _against(text: str) -> Iterator[Text]:
    unknown = [mark for mark in _MARK.findall(text) if mark not in SESSION_MARKS]
    for mark in unknown:
        what = Text(f"没有 {{{mark}}} 这个占位符", f"there is no placeholder {{{mark}}}")
        yield with_nearest(what, mark, SESSION_MARKS)
    if not unknown and (fault := filter_fault(_MARK.sub("1", text))) is not None:
        said = visible(fault)
        yield Text(f"tshark 不接受这个过滤器（{said}）", f"tshark does not take it ({said})")


def confusion_mistakes(
    questions: Iterable[Question], confusions: Collection[str]
) -> Iterator[Mistake]:
    """Points for confusions that grading does not know, or a share that is none."""
    for question in questions:
        for name, share in question.compare.partial.items():
            shown = visible(name, 80)
            if name not in confusions:
                what = Text(f"没有名为 {shown} 的常见错误", f"there is no confusion {shown}")
                what = with_nearest(what, name, confusions)
                yield Mistake(question.id, "compare.partial", what)
            if not 0 <= share <= 1:
                what = Text("比例应在 0 到 1 之间", "a share lies between 0 and 1")
                yield Mistake(question.id, f"compare.partial.{shown}", what)


_MEASURES = frozenset({"packet_number", "count", "integer", "byte_count", "seconds"})


def rule_mistakes(questions: Iterable[Question]) -> Iterator[Mistake]:
    """Ways to compare that mean nothing for the question's kind."""
    for question in questions:
        compare, kind = question.compare, question.kind
        if (compare.rule in ("set", "one_of") or compare.may_omit) and kind != "names":
            key = "compare.may_omit" if compare.may_omit else "compare.rule"
            what = Text("只用于 kind = names 的题目", "is only for questions of the kind names")
            yield Mistake(question.id, key, what)
        if (compare.rule == "tolerance" or compare.tolerance) and kind not in _MEASURES:
            key = "compare.tolerance" if compare.tolerance else "compare.rule"
            what = Text("只用于答案是数的题目", "is only for questions that a number answers")
            yield Mistake(question.id, key, what)
        if compare.rule == "tolerance" and not compare.tolerance:
            what = Text("没有写允许差多少", "does not say how far off a number may be")
            yield Mistake(question.id, "compare.tolerance", what)


def column_mistakes(
    questions: Iterable[Question], tables: Mapping[str, Collection[str]]
) -> Iterator[Mistake]:
    """Columns that a query names and its table lacks; `tables` has the columns of each table."""
    for question in questions:
        query = question.query
        if not isinstance(query, DeclaredQuery) or query.table == "packets":
            continue
        known = {*tables[query.table], "frame.number"}
        yield from _out_of_place(question.id, query, known)
        for key, name in _named_columns(query):
            if name not in known:
                shown = visible(name, 80)
                what = Text(
                    f"表 {query.table} 没有列 {shown}", f"the table {query.table} has no {shown}"
                )
                yield Mistake(question.id, key, with_nearest(what, name, known))


def _out_of_place(
    question: str, query: DeclaredQuery, columns: Collection[str]
) -> Iterator[Mistake]:
    """Keys that mean nothing for the table."""
    if query.from_ is not None and "from_client" not in columns:
        what = Text(
            f"表 {query.table} 的行没有发送方", f"rows of the table {query.table} have no sender"
        )
        yield Mistake(question, "query.from", what)
    if query.scope == "capture":
        what = Text(
            "只有 packets 表可以在整个抓包中查找",
            "only in the table packets can the whole capture be searched",
        )
        yield Mistake(question, "query.scope", what)


def _named_columns(query: DeclaredQuery) -> Iterator[tuple[str, str]]:
    yield from (("query.where", name) for name in query.where)
    yield "query.show", query.show
    yield from (("query.columns", name) for name in query.columns)
