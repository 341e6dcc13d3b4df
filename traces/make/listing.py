"""Write the lists of captures in traces/README.md and docs/corpus.md from the truth files.

    python traces/make/listing.py

Each list stands between two comments; what is around it is not touched.
"""

import ast
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TRACES = Path(__file__).parent.parent
BEGIN, END = "<!-- captures -->", "<!-- end of captures -->"


def main() -> None:
    truths = [
        tomllib.loads(path.read_text("utf-8")) for path in sorted(TRACES.glob("*.truth.toml"))
    ]
    scripts: dict[str, list[dict[str, Any]]] = {}
    for truth in truths:
        scripts.setdefault(truth["script"], []).append(truth)
    rows = [truth for truth in truths if truth["script"] != "make/demo.py"]
    count = (
        f"{len(rows)} captures beside the demo trace, {sum(t['packets'] for t in rows)} packets."
    )
    own = [count, ""]
    for script, made in sorted(scripts.items()):
        if script != "make/demo.py":
            own += [f"### `{script}`", "", *_by_script(script, made), ""]
    _replace(TRACES / "README.md", "\n".join(own).rstrip())
    listed = ["| 抓包 capture | 内容 | what is in it |", "|---|---|---|"]
    listed += [f"| `{t['capture']}`{_keys(t)} | {t['about']['zh']} | {t['about']['en']} |"
               for t in truths]  # fmt: skip
    _replace(TRACES.parent / "docs" / "corpus.md", "\n".join(listed))


def _by_script(script: str, made: list[dict[str, Any]]) -> list[str]:
    said = ast.get_docstring(ast.parse((TRACES / script).read_text("utf-8"))) or ""
    sources = "; ".join(dict.fromkeys(str(truth["known_from"]) for truth in made))
    lines = [said.split("\n\n")[0], "", f"Truth from: {sources}.", ""]
    lines += ["| file | packets | what is peculiar | SHA-256 |", "|---|---|---|---|"]
    return lines + [
        f"| `{t['capture']}`{_keys(t)} | {t['packets']} | {t['about']['en']} | `{t['sha256']}` |"
        for t in made
    ]


def _keys(truth: Mapping[str, Any]) -> str:
    """The key log's name, where there is one."""
    names = {case["options"].get("keylog") for case in truth["case"]} - {None}
    return "".join(f", `{name}`" for name in sorted(names))


def _replace(path: Path, listing: str) -> None:
    text = path.read_text("utf-8")
    before, rest = text.split(BEGIN)
    path.write_text(f"{before}{BEGIN}\n\n{listing}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
