"""The JSON Schema of lab files, by which editors complete and check them."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from report.labs.keys import KEYS
from report.labs.model import Lab

SCHEMA_FILE = "lab.schema.json"
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def published_schema() -> Path:
    """The schema file that ships with labshark."""
    return Path(__file__).with_name(SCHEMA_FILE)


def lab_schema(queries: Iterable[str]) -> dict[str, Any]:
    """The schema as JSON knows it, from the models; `queries` are the names that a query may have.

    Draft 2020-12. Which tshark fields exist is the installed tshark's to say, not the schema's.
    """
    schema = {"$schema": _DRAFT, **Lab.model_json_schema(by_alias=True)}
    for name, model in [("Lab", schema), *schema["$defs"].items()]:
        model.pop("description", None)  # the docstring, which is about the code
        _explain(model, name)
    schema["title"] = "labshark lab"
    schema["$defs"]["NamedQuery"]["properties"]["name"]["enum"] = sorted(queries)
    return schema


def _explain(model: dict[str, Any], name: str) -> None:
    model.pop("title", None)
    for key, described in model.get("properties", {}).items():
        described.pop("title", None)
        said = KEYS[name][key]
        _without_null(described)
        described["description"] = f"{said.zh}。\n{said.en}."


def _without_null(described: dict[str, Any]) -> None:
    """TOML has no null: a key is there or it is left out."""
    forms = [form for form in described.get("anyOf", []) if form.get("type") != "null"]
    if described.get("default", ...) is None:
        del described["default"]
    if len(forms) == 1:
        del described["anyOf"]
        described.update(forms[0])
    elif forms:
        described["anyOf"] = forms


def schema_text(queries: Iterable[str]) -> str:
    """The schema as the file that ships."""
    return json.dumps(lab_schema(queries), ensure_ascii=False, indent=1) + "\n"
