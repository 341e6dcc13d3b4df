"""What pydantic says against a lab file, as mistakes in both languages."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from report.labs.mistakes import Mistake, shown_place, with_nearest
from report.labs.model import (
    Bilingual,
    Compare,
    DeclaredQuery,
    FilteredQuery,
    HeaderField,
    Lab,
    NamedQuery,
    Question,
    Section,
)
from report.text import Text, visible

_Error = dict[str, Any]
"""One of pydantic's: `type`, `loc`, `msg`, `input`, `ctx`."""
_LISTS: Mapping[str, type[BaseModel]] = {
    "questions": Question,
    "sections": Section,
    "header_fields": HeaderField,
}
_TABLES: Mapping[str, type[BaseModel]] = {"compare": Compare}
_QUERY_FORMS = frozenset({"NamedQuery", "DeclaredQuery", "FilteredQuery"})


def shape_mistakes(fault: ValidationError, data: Mapping[str, Any]) -> Iterator[Mistake]:
    """Each thing that the schema does not allow; `data` is the file as TOML reads it."""
    seen = set()
    for error in map(_Error, fault.errors(include_url=False)):
        path = _path(error)
        place, keys = _place(path, data)
        mistake = Mistake(place, _written(keys), _what(error, path, data))
        if mistake not in seen:
            seen.add(mistake)
            yield mistake


def _path(error: _Error) -> list[str | int]:
    """Where it is, in the file's own keys; pydantic also names the form that it tried."""
    path = [part for part in error["loc"] if part not in _QUERY_FORMS]
    # A value that fits none of several forms is one mistake, not one for each form.
    return path[: path.index("where") + 2] if "where" in path else path


def _place(path: Sequence[str | int], data: Mapping[str, Any]) -> tuple[str, Sequence[str | int]]:
    """`questions.3.ask.en` is `q4` and `ask.en`: people know questions by their ids."""
    if len(path) < 2 or path[0] not in _LISTS or not isinstance(path[1], int):
        return "", path
    listed = data.get(str(path[0]))
    row = listed[path[1]] if isinstance(listed, list) else None
    found = row if isinstance(row, Mapping) else {}
    return shown_place(str(path[0]), path[1], found), path[2:]


def _written(keys: Sequence[str | int]) -> str:
    return visible(".".join(map(str, keys)), 160)


def _what(error: _Error, path: Sequence[str | int], data: Mapping[str, Any]) -> Text:
    if "where" in path and path[-1] != "where":
        return _WHERE_VALUE
    if error["type"] == "extra_forbidden":
        unknown = str(path[-1])
        nothing = Text("没有这个键", "there is no such key")
        return with_nearest(nothing, unknown, _keys(path[:-1], data))
    say = _SAYINGS.get(error["type"])
    if say is None:
        return Text(f"不符合要求（{error['msg']}）", f"not as it has to be ({error['msg']})")
    return say(error)


_WHERE_VALUE = Text(
    "值应是文字、整数、true（有这个字段）、false（没有这个字段），或它们的列表",
    "the value has to be text, a whole number, true (the field is there), false (it is not), "
    "or a list of texts and numbers",
)


def _keys(path: Sequence[str | int], data: Mapping[str, Any]) -> list[str]:
    """The keys that the file may have at a place."""
    fields = _model(path, data).model_fields
    return [field.alias or name for name, field in fields.items()]


def _model(path: Sequence[str | int], data: Mapping[str, Any]) -> type[BaseModel]:
    if not path:
        return Lab
    if path[-1] == "query":
        return _query_form(path, data)
    if isinstance(path[-1], int):
        return _LISTS.get(str(path[-2]), Bilingual)
    return _TABLES.get(path[-1], Bilingual)


def _query_form(path: Sequence[str | int], data: Mapping[str, Any]) -> type[BaseModel]:
    given: Any = data
    for part in path:
        given = given[part]
    if "name" in given:
        return NamedQuery
    return FilteredQuery if "filter" in given else DeclaredQuery


# --- one sentence for each kind of mistake ----------------------------------------------------


def _missing(_: _Error) -> Text:
    return Text("缺少这个键", "this key is missing")


def _one_of(error: _Error) -> Text:
    known = re.findall(r"'([^']*)'", str(error["ctx"]["expected"]))
    given = error["input"]
    if not isinstance(given, str):
        shown = ", ".join(known)
        return Text(f"应是下列之一：{shown}", f"has to be one of: {shown}")
    said = visible(given, 80)
    return with_nearest(Text(f"没有“{said}”这个取值", f"“{said}” is no value for it"), given, known)


def _pattern(error: _Error) -> Text:
    said = visible(str(error["input"]), 80)
    return Text(
        f"“{said}”不能用作名称：只用字母、数字、点、下划线和连字符，"
        "以字母或数字开头，最多 64 个字符",
        f"“{said}” cannot be a name: use letters, digits, dots, underscores and hyphens, beginning "
        "with a letter or digit, 64 characters at most",
    )


def _empty(_: _Error) -> Text:
    return Text("不能是空的", "may not be empty")


def _bound(error: _Error) -> Text:
    context = error["ctx"]
    if "ge" in context:
        return Text(f"至少是 {context['ge']:g}", f"has to be {context['ge']:g} or more")
    return Text(f"最多是 {context['le']:g}", f"has to be {context['le']:g} or less")


def _too_many(error: _Error) -> Text:
    most = error["ctx"]["max_length"]
    return Text(f"太长，最多 {most} 个", f"too long: {most} at most")


def _kind_of_value(zh: str, en: str) -> Callable[[_Error], Text]:
    return lambda _: Text(f"应是{zh}", f"has to be {en}")


_TEXT = _kind_of_value("加引号的文字", "text in quotes")
_NUMBER = _kind_of_value("数字", "a number")
_YES_NO = _kind_of_value("true 或 false", "true or false")
_LIST = _kind_of_value("方括号里的列表", "a list in square brackets")
_TABLE = _kind_of_value(
    '一组键和值，例如 { zh = "…", en = "…" }', 'keys with values, as { zh = "…", en = "…" }'
)
_SAYINGS: Mapping[str, Callable[[_Error], Text]] = {
    "missing": _missing,
    "literal_error": _one_of,
    "string_pattern_mismatch": _pattern,
    "string_too_short": _empty,
    "too_short": _empty,
    "too_long": _too_many,
    "string_too_long": _too_many,
    "greater_than_equal": _bound,
    "less_than_equal": _bound,
    "string_type": _TEXT,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "int_type": _NUMBER,
    "bool_type": _YES_NO,
    "list_type": _LIST,
    "dict_type": _TABLE,
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
}
