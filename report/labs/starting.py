"""The files of a new lab: the commented one to begin with, and the schema that editors read."""

import re
from collections.abc import Mapping

from report.assets import asset
from report.errors import LabsharkError
from report.labs.loader import built_in_labs
from report.labs.model import NAME_PATTERN
from report.labs.schema import SCHEMA_FILE, published_schema


def starting_files(name: str) -> Mapping[str, bytes]:
    """The content of `<name>.toml` and of the schema beside it, by file name.

    Raises LabsharkError `lab-name` for what cannot be a name, `lab-built-in` for one that is taken.
    """
    if not re.fullmatch(NAME_PATTERN, name) or name.endswith((".", ".toml")):
        raise LabsharkError("lab-name", name=name)
    if name in built_in_labs():
        raise LabsharkError("lab-built-in", name=name)
    text = asset("templates", "lab.toml").read_text(encoding="utf-8")
    return {
        f"{name}.toml": text.replace('id = "my-lab"', f'id = "{name}"', 1).encode(),
        SCHEMA_FILE: published_schema().read_bytes(),
    }
