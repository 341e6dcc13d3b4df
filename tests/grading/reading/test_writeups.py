"""The reader on whole write-ups: the value read is the value written."""

import pytest

from report.grading.reading.given import GivenAnswer
from report.grading.reading.reader import read_answers
from report.labs.loader import load_lab
from tests.grading.reading.samples import Sample, as_written, samples

LABS = {name: load_lab(name) for name in ("tls-v8.1", "ssl-v7")}
MACHINE_READABLE = {
    (lab.id, question.id)
    for lab in LABS.values()
    for question in lab.questions
    if question.kind != "text"
}
FOLDERS = ("first", "second", "third", "fourth", "fifth")
SURE = 0.7
ALL = [(folder, sample) for folder in FOLDERS for sample in samples(folder)]


def _read(sample: Sample) -> dict[str, GivenAnswer]:
    return read_answers(sample.lines(), LABS[sample.lab], sample.path.name)


def test_there_are_write_ups_in_both_languages_with_every_question() -> None:
    assert len(ALL) >= 24
    names = [sample.path.stem for _, sample in ALL]
    assert sum(name.endswith("-zh") for name in names) >= 10
    assert sum(name.endswith("-en") for name in names) >= 10
    assert all(len(s.truth) >= (23 if s.lab == "tls-v8.1" else 11) for _, s in ALL)
    assert {sample.lab for _, sample in ALL} == set(LABS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_values_are_read_as_written(folder: str) -> None:
    read = [
        as_written(_read(sample)[question], truth)
        for _, sample in ALL
        if sample.path.parent.name == folder
        for question, truth in sample.truth.items()
        if (sample.lab, question) in MACHINE_READABLE
    ]
    assert sum(read) >= 0.98 * len(read)


@pytest.mark.parametrize("sample", [sample for _, sample in ALL], ids=lambda s: s.path.stem)
def test_what_is_sure_is_as_written(sample: Sample) -> None:
    given = _read(sample)
    assert list(given) == [question.id for question in LABS[sample.lab].questions]
    mistaken = {
        question: (given[question].value, truth)
        for question, truth in sample.truth.items()
        if given[question].confidence >= SURE and not as_written(given[question], truth)
    }
    assert mistaken == {}


@pytest.mark.parametrize("sample", [sample for _, sample in ALL], ids=lambda s: s.path.stem)
def test_the_place_is_where_the_answer_stands(sample: Sample) -> None:
    lines = {line.number: line.text for line in sample.lines()}
    for answer in _read(sample).values():
        if answer.where is not None and not answer.empty:
            assert answer.where.file == sample.path.name
            first = "".join(answer.text.split("\n")[0][:12].split())
            near = "".join(lines.get(answer.where.line + step, "") for step in range(3))
            assert first in "".join(near.split())
