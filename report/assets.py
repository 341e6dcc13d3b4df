"""Where the files that ship beside the code are: templates, fonts, the built-in trace."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def asset(folder: str, *parts: str, package: Path = _PACKAGE) -> Path:
    """The path of a shipped file or folder: `asset("templates", "fonts", "fonts.css")`.

    `folder` is `templates` or `traces`. The wheel carries them inside the package as `_templates`
    and `_traces`; in a checkout they lie beside it. Raises FileNotFoundError, naming both places,
    where the installation lacks it.
    """
    places = (package / f"_{folder}", package.parent / folder)
    for place in places:
        path = place.joinpath(*parts)
        if path.exists():
            return path
    wanted = " / ".join(str(place.joinpath(*parts)) for place in places)
    raise FileNotFoundError(f"labshark's installation lacks a file: {wanted}")
