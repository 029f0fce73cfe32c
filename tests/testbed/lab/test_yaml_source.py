"""YAML errors name the file, the line, the column and what was expected."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ConfigDict, StrictStr

from testbed.lab.yaml_source import Problem, SourceError, read, validate


class Apn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: StrictStr
    mtu: int = 1500


class Lab(BaseModel):
    model_config = ConfigDict(extra="forbid")
    apns: list[Apn]
    imsi: StrictStr = "1"


def problems(text: str) -> list[str]:
    with pytest.raises(SourceError) as caught:
        validate(Lab, read(text, "lab.yaml"))
    assert "\n".join(str(problem) for problem in caught.value.problems) == str(caught.value)
    return [str(problem) for problem in caught.value.problems]


def test_valid_document_becomes_the_model() -> None:
    """A document that fits is the model it describes."""
    lab = validate(Lab, read('apns:\n  - {name: wap.example}\nimsi: "0467"\n', "lab.yaml"))
    assert lab == Lab(apns=[Apn(name="wap.example")], imsi="0467")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "apns:\n  - name: a\n    mtu: x\n",
            "lab.yaml:3:10: apns.0.mtu: a whole number is expected",
        ),
        (
            "apns:\n  - {name: a, mtu: 1.5}\n",
            "lab.yaml:2:20: apns.0.mtu: a whole number is expected, not",
        ),
        ("apns: 1\n", "lab.yaml:1:7: apns: a list is expected: items that each begin with -"),
        ("apns: [a]\n", "lab.yaml:1:8: apns.0: settings are expected: name: value, not “a”"),
        ("apns: []\nimsi: [1]\n", "lab.yaml:2:7: imsi: text is expected, not a list"),
        ("apns: []\nimsi: {a: 1}\n", "lab.yaml:2:7: imsi: text is expected, not settings"),
        ("apns: []\nimsi:\n", "lab.yaml:2:6: imsi: text is expected, not nothing"),
        (
            "apns:\n  - {name: a, mtv: 1}\n",
            "lab.yaml:2:20: apns.0.mtv: there is no such setting; is it mtu?",
        ),
        (
            "apns: []\nzebra: 1\n",
            "lab.yaml:2:8: zebra: there is no such setting; there is apns, imsi",
        ),
        ("apns:\n  - mtu: 1\n", "lab.yaml:2:5: apns.0.name: is missing"),
        ("apns: []\nimis: x\n", "lab.yaml:2:7: imis: there is no such setting"),
        ("apns: []\nimsi: 0467012\n", "lab.yaml:2:7: imsi: text was expected and this is a number"),
        ("", "lab.yaml:1:1: apns: is missing"),
        ("- 1\n", "lab.yaml:1:1: the document: settings are expected"),
    ],
)
def test_wrong_value_is_named_with_its_place(text: str, expected: str) -> None:
    """Each wrong value is named with where it stands and what was expected."""
    assert [problem for problem in problems(text) if problem.startswith(expected)]


def test_repeated_key_is_refused() -> None:
    """A key given twice is refused at its second place, not silently overridden."""
    assert problems("apns: []\nimsi: a\nimsi: b\n") == ["lab.yaml:3:1: 'imsi' is given twice"]


@pytest.mark.parametrize(
    "text", ["a: [1\n", "a: !!python/object:os.system x\n", "\x00", "a: &x [*x"]
)
def test_text_that_is_not_yaml_is_refused(text: str) -> None:
    """Text that is no YAML, or asks for a Python object, ends in one problem with its place."""
    (problem,) = problems(text)
    assert problem.startswith("lab.yaml:")
    assert "not YAML" in problem


def test_list_that_holds_itself_is_refused_by_the_model() -> None:
    """An alias to the list it stands in ends neither in a loop nor in a traceback."""
    assert problems("apns: &x [*x]\n")


def test_problem_without_a_place_of_its_own_is_named_where_the_document_starts() -> None:
    """A path that the document has not got falls back to the nearest value above it."""
    source = read("apns: []\n", "lab.yaml")
    assert source.problem(("apns", 3, "name"), "no") == Problem("lab.yaml", 1, 7, "no")


def test_names_of_settings_are_text() -> None:
    """Whatever they would be as values: YAML 1.1 has ``on`` true, and digits a number."""
    assert read("{on: on, no: 1, 0467: 2}", "lab.yaml").value == {"on": True, "no": 1, "0467": 2}
