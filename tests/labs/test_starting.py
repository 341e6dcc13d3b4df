"""`labs new`, the schema, and where labs are found."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from report.labs.keys import KEYS
from report.labs.loader import built_in_labs
from report.labs.model import Lab
from report.labs.schema import lab_schema, published_schema, schema_text
from report.questions.queries import QUERIES
from tests.commands.process import run
from tests.labs.test_checking import HEAD, QUESTION

CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json.loads(published_schema().read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_published_schema_is_up_to_date() -> None:
    """`labshark labs schema -o report/labs/lab.schema.json` writes it anew."""
    assert published_schema().read_text(encoding="utf-8") == schema_text(QUERIES)


def test_every_key_is_explained_in_both_languages() -> None:
    schema = lab_schema(QUERIES)
    for name, model in [("Lab", schema), *schema["$defs"].items()]:
        assert set(KEYS[name]) == set(model["properties"])
        for key, described in model["properties"].items():
            chinese, english = described["description"].split("\n")
            assert CHINESE.search(chinese), (name, key)
            assert not CHINESE.search(english), (name, key)


@pytest.mark.parametrize("name", built_in_labs())
def test_the_built_in_labs_meet_the_schema(
    name: str, checkout: Path, validator: Draft202012Validator
) -> None:
    lab = tomllib.loads((checkout / "report" / "labs" / f"{name}.toml").read_text("utf-8"))
    assert list(validator.iter_errors(lab)) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('id = "mine"', 'id = "my lab"'),
        ('en = "Intro"', 'en = ""'),
        ('zh = "问题", ', ""),
        ('"packet_number"', '"number"'),
        ("where = {", "were = {"),
        ('{ "tcp.flags.syn" = 1 }', '{ "tcp.flags.syn" = 1.5 }'),
        ('query = { where = { "tcp.flags.syn" = 1 } }', 'query = { name = "no.such" }'),
        ('section = "one"', 'section = "one"\npoints = -1'),
        ('section = "one"', 'section = "one"\nmodel_when = ["never"]'),
    ],
)
def test_a_broken_lab_does_not_meet_the_schema(
    right: str, wrong: str, validator: Draft202012Validator
) -> None:
    toml = HEAD + QUESTION % "q1"
    assert right in toml
    assert list(validator.iter_errors(tomllib.loads(toml))) == []
    assert list(validator.iter_errors(tomllib.loads(toml.replace(right, wrong, 1)))) != []


def test_the_schema_command_prints_it() -> None:
    done = run("labs", "schema")
    assert (done.code, done.out) == (0, published_schema().read_text(encoding="utf-8"))


# --- a lab to begin with ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labs")
    done = run("labs", "new", "week-3", cwd=folder)
    assert (done.code, done.out) == (0, "week-3.toml\n")
    return folder / "week-3.toml"


def test_a_new_lab_passes_the_check_as_it_is(begun: Path) -> None:
    done = run("labs", "check", begun.name, "--lang", "en", cwd=begun.parent)
    assert (done.code, done.err) == (0, "Lab week-3: 6 questions, no mistakes found.\n")


def test_a_new_lab_meets_the_schema_that_its_first_line_names(begun: Path) -> None:
    text = begun.read_text(encoding="utf-8")
    first = text.splitlines()[0]
    assert first == "#:schema ./lab.schema.json"
    schema = json.loads((begun.parent / "lab.schema.json").read_text(encoding="utf-8"))
    assert list(Draft202012Validator(schema).iter_errors(tomllib.loads(text))) == []


def test_a_new_labs_remarks_are_in_both_languages(begun: Path) -> None:
    remarks = [
        line
        for line in begun.read_text(encoding="utf-8").splitlines()
        if line.startswith("# ") and " = " not in line
    ]
    chinese = [line for line in remarks if CHINESE.search(line)]
    english = [line for line in remarks if re.search(r"[a-z]{3,} [a-z]+ [a-z]+", line)]
    assert len(remarks) > 20
    assert min(len(chinese), len(english)) >= len(remarks) // 2


def test_a_new_lab_shows_what_labs_can_do(begun: Path) -> None:
    lab = Lab.model_validate(tomllib.loads(begun.read_text(encoding="utf-8")))
    forms = {type(question.query).__name__ for question in lab.questions}
    assert forms == {"DeclaredQuery", "FilteredQuery", "NamedQuery", "NoneType"}
    assert len({question.kind for question in lab.questions}) >= 4
    assert len(lab.sections) > 1
    assert lab.header_fields
    assert {question.points for question in lab.questions} == {1, 2}
    assert any(question.hint for question in lab.questions)
    assert any(question.compare.ideas for question in lab.questions)


def test_a_new_lab_answers_a_capture(begun: Path, checkout: Path) -> None:
    """Frames and suite stand in the capture's truth file; the TTL is what the router left of 64."""
    truth = tomllib.loads((checkout / "traces" / "demo.truth.toml").read_text("utf-8"))
    known = truth["case"][0]["answers"]
    done = run(
        "labs", "check", begun, "--trace", checkout / "traces" / "demo.pcapng", "--lang", "en"
    )
    assert done.code == 0, done.err
    answers = {row[0]: row[1:3] for row in (line.split("\t") for line in done.out.splitlines())}
    assert answers["q1"] == ["found", str(known["q1"]["value"])]
    assert answers["q2"] == ["found", "63"]
    assert answers["q3"] == ["found", str(known["q3"]["value"])]
    assert answers["q5"] == ["found", known["q9"]["value"]]
    assert answers["q6"][0] == "explained"


@pytest.mark.parametrize(
    ("name", "slug"),
    [("tls-v8.1", "lab-built-in"), ("my lab", "lab-name"), ("../x", "lab-name"), ("", "lab-name")],
)
def test_a_name_that_cannot_be_had(name: str, slug: str, tmp_path: Path) -> None:
    done = run("labs", "new", name, cwd=tmp_path)
    assert (done.code, set(done.slugs)) == (2, {slug})
    assert list(tmp_path.iterdir()) == []


def test_a_lab_that_is_there_is_left_alone(begun: Path) -> None:
    before = begun.read_bytes()
    done = run("labs", "new", begun.stem, cwd=begun.parent)
    assert (done.code, set(done.slugs)) == (2, {"lab-exists"})
    assert begun.read_bytes() == before


# --- where labs are found ---------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user whose own folder of labs is the one returned (XDG, as Linux has it)."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "config" / "labshark" / "labs"
    folder.mkdir(parents=True)
    return folder


def test_a_lab_in_the_users_folder_is_listed_and_used_by_name(home: Path, tmp_path: Path) -> None:
    (home / "mine.toml").write_text(HEAD + QUESTION % "q1", encoding="utf-8")
    listed = run("labs", "list", "--lang", "en", cwd=tmp_path)
    assert listed.code == 0
    assert "mine                   1  Title" in listed.out
    assert str(home) in listed.err
    assert [line.split()[0] for line in listed.out.splitlines()] == [*built_in_labs(), "mine"]
    shown = run("labs", "show", "mine", "--lang", "en", cwd=tmp_path)
    assert (shown.code, "q1  Question" in shown.out) == (0, True)


def test_a_lab_that_has_a_built_in_labs_name_is_told_of(home: Path, tmp_path: Path) -> None:
    (home / "tcp.toml").write_text(HEAD + QUESTION % "q1", encoding="utf-8")
    listed = run("labs", "list", "--lang", "en", cwd=tmp_path)
    assert "tcp.toml: a built-in lab has this name" in listed.err
    assert [line.split()[0] for line in listed.out.splitlines()] == list(built_in_labs())


def test_a_wrong_lab_in_the_users_folder_does_not_hide_the_others(
    home: Path, tmp_path: Path
) -> None:
    (home / "broken.toml").write_text("id = ", encoding="utf-8")
    (home / "mine.toml").write_text(HEAD + QUESTION % "q1", encoding="utf-8")
    listed = run("labs", "list", "--lang", "en", cwd=tmp_path)
    assert listed.code == 0
    assert "broken.toml" in listed.err
    assert listed.out.splitlines()[-1].startswith("mine ")
