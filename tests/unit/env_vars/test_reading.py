from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.documents.input_files import Source
from samlocal.env_vars.reading import ENV_FILE, parse_env_file
from samlocal.errors import EnvVarsError

if TYPE_CHECKING:
    from samlocal.env_vars.env_file import EnvFile

JSON = """\
{
  "Parameters": {"STAGE": "dev", "DEBUG": true},
  "Ratings": {
    "TABLE_NAME": "localtable"
  }
}
"""
YAML = """\
# for the local database
Parameters:
  STAGE: dev
  DEBUG: true
Ratings: {TABLE_NAME: localtable}
"""


def parse(text: str, name: str = "env.json", **shell: str) -> EnvFile:
    return parse_env_file(text, Source(kind=ENV_FILE, path=Path(name)), shell=shell)


def values(file: EnvFile, section: str | None = None) -> dict[str, str]:
    variables = file.parameters if section is None else file.sections[section].variables
    return {name: variable.value for name, variable in variables.items()}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param(JSON, "env.json", id="json"),
        pytest.param(YAML, "env.yaml", id="yaml"),
        pytest.param(YAML, "ENV.YML", id="yml"),
        pytest.param(JSON, "<stdin>", id="looks like json"),
        pytest.param(YAML, "<stdin>", id="looks like yaml"),
        pytest.param(JSON.replace("\n", "\r\n"), "vars", id="other line ends"),
    ],
)
def test_both_kinds_of_sections(text: str, name: str) -> None:
    """`Parameters` is for every function, another section for the function that it names."""
    file = parse(text, name)
    assert values(file) == {"STAGE": "dev", "DEBUG": "true"}
    assert list(file.sections) == ["Ratings"]
    assert values(file, "Ratings") == {"TABLE_NAME": "localtable"}
    assert file.diagnostics == ()


@pytest.mark.parametrize("name", [".env", "local.env", ".env.local", "<stdin>", "vars.txt"])
def test_all_of_a_dotenv_file_is_parameters(name: str) -> None:
    """A `.env` file has no sections: it is for every function."""
    file = parse("# comment\nexport STAGE=dev\nHOST=${H}\n", name, H="me")
    assert values(file) == {"STAGE": "dev", "HOST": "me"}
    assert file.sections == {}


@pytest.mark.parametrize(
    ("text", "name", "places"),
    [
        pytest.param(JSON, "e.json", ("e.json:2:18", "e.json:3:3", "e.json:4:5"), id="json"),
        pytest.param(YAML, "e.yaml", ("e.yaml:3:3", "e.yaml:5:1", "e.yaml:5:11"), id="yaml"),
    ],
)
def test_everything_has_a_place(text: str, name: str, places: tuple[str, ...]) -> None:
    """A variable and a section know the line and the column of their name."""
    file = parse(text, name)
    section = file.sections["Ratings"]
    found = (file.parameters["STAGE"], section, section.variables["TABLE_NAME"])
    assert tuple(str(thing.place) for thing in found) == places


def test_places_in_a_dotenv_file() -> None:
    """A variable of a `.env` file knows its line."""
    file = parse('A="x\ny"\n\n  B=1', ".env")
    assert [str(v.place) for v in file.parameters.values()] == [".env:1:1", ".env:4:3"]


@pytest.mark.parametrize(
    ("json_value", "value"),
    [
        ('"text"', "text"),
        ('""', ""),
        ("null", ""),
        ("true", "true"),
        ("false", "false"),
        ("1", "1"),
        ("-0", "0"),
        ("1.10", "1.1"),
        ("1e3", "1000.0"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        (r'"\ud83d\ude00\n"', "\U0001f600\n"),
    ],
)
def test_json_values_become_strings_as_in_sam(json_value: str, value: str) -> None:
    """Scalars of JSON become the same text as in sam."""
    assert values(parse(f'{{"Parameters": {{"A": {json_value}}}}}')) == {"A": value}


@pytest.mark.parametrize(
    ("yaml_value", "value"),
    [
        ("text", "text"),
        ("'text'", "text"),
        ("", ""),
        ("~", ""),
        ("null", ""),
        ("'null'", "null"),
        ("true", "true"),
        ("NO", "NO"),
        ("1.10", "1.10"),
        ("0123", "0123"),
        ("1e3", "1e3"),
        ("2026-01-31", "2026-01-31"),
        ("|\n    a\n    b", "a\nb\n"),
    ],
)
def test_yaml_values_are_what_is_written(yaml_value: str, value: str) -> None:
    """Scalars of YAML keep the text of the file; null is empty, as in JSON."""
    assert values(parse(f"Parameters:\n  A: {yaml_value}\n", "env.yaml")) == {"A": value}


def test_yaml_aliases_and_merges() -> None:
    """Sections of a YAML file can share variables."""
    text = "Parameters: &shared {A: 1, B: 2}\nRatings:\n  <<: *shared\n  B: 3\nOther: *shared\n"
    file = parse(text, "env.yaml")
    assert values(file, "Ratings") == {"A": "1", "B": "3"}
    assert values(file, "Other") == {"A": "1", "B": "2"}


def test_a_name_that_is_given_twice() -> None:
    """The last value of a repeated JSON name applies, and a diagnostic has its place."""
    file = parse('{"Parameters": {"A": 1,\n "A": 2}, "R": {"A": 1}, "R": {"B": 2}}')
    assert values(file) == {"A": "2"}
    assert values(file, "R") == {"B": "2"}
    assert [(str(f.place), f.message) for f in file.diagnostics] == [
        ("env.json:2:2", "`A` is given twice: the later value applies"),
        ("env.json:2:26", "`R` is given twice: the later value applies"),
    ]


def test_names_that_are_given_twice_come_in_their_order() -> None:
    """Diagnostics are in the order of the file, by line and by column."""
    file = parse('{"R": {}, "R": {"A": 1, "A": 2},\n            "R":\n{"B": 1, "B": 2}}')
    assert [str(diagnostic.place) for diagnostic in file.diagnostics] == [
        *("env.json:1:11", "env.json:1:25", "env.json:2:13", "env.json:3:10"),
    ]


def test_a_name_that_a_dotenv_file_gives_twice() -> None:
    """The later of two lines applies, and a diagnostic says so."""
    file = parse("A=1\nA=2", ".env")
    assert values(file) == {"A": "2"}
    assert [str(diagnostic.place) for diagnostic in file.diagnostics] == [".env:2:1"]


def test_an_empty_reference_is_reported() -> None:
    """A reference to an undefined variable in a `.env` file is a diagnostic with a remedy."""
    [diagnostic] = parse("A=${NOPE}", ".env").diagnostics
    assert diagnostic.message.startswith("`${NOPE}` is empty")
    assert str(diagnostic.place) == ".env:1:1"
    assert diagnostic.hint == "give it a default: `${NOPE:-…}`"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("", ".env", id="nothing"),
        pytest.param("# nothing\n", ".env", id="comments"),
        pytest.param("# nothing\n", "env.yaml", id="yaml"),
        pytest.param("", "<stdin>", id="stdin"),
    ],
)
def test_a_file_without_variables_is_reported(text: str, name: str) -> None:
    """An empty file is a diagnostic with the file's beginning, not an error."""
    [diagnostic] = parse(text, name).diagnostics
    assert diagnostic.message == "the env file has no variables"
    assert str(diagnostic.place) == f"{name}:1:1"


@pytest.mark.parametrize(
    ("text", "name", "error"),
    [
        pytest.param("A: {B: 1}", "e.json", "e.json:1:1: invalid JSON", id="yaml in .json"),
        pytest.param("A=1", "e.yaml", "e.yaml:1:1: an env file must be", id="dotenv in .yaml"),
        pytest.param("A=1", "e.YML", "e.YML:1:1: an env file must be", id="dotenv in .yml"),
        pytest.param("A: {B: 1}", "e.env", "e.env:1:4: not `NAME=", id="yaml in .env"),
        pytest.param("A: {B: 1}", ".env.dev", ".env.dev:1:4: not `NAME=", id="yaml in .env.dev"),
        pytest.param('{"A"', "vars", "vars:1:5: invalid JSON", id="an object"),
        pytest.param('["A"', "vars", "vars:1:5: invalid JSON", id="a list"),
    ],
)
def test_the_name_decides_the_format(text: str, name: str, error: str) -> None:
    """What a name promises is not guessed from the text; without a promise the text decides."""
    with pytest.raises(EnvVarsError) as caught:
        parse(text, name)
    assert str(caught.value).startswith(error)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("[1]", "e.json", id="json list"),
        pytest.param("- 1", "e.yaml", id="yaml list"),
        pytest.param('{"F": {"A": [1]}}', "e.json", id="list"),
        pytest.param('{"F": {"": ""}}', "e.json", id="no name"),
    ],
)
def test_malformed_files_have_a_hint(text: str, name: str) -> None:
    """The error says what to write instead."""
    with pytest.raises(EnvVarsError) as caught:
        parse(text, name)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "name", "error"),
    [
        pytest.param('{"A": {"B": 1,}}', "e.json", "e.json:1:", id="json"),
        pytest.param("A: {B: 1", "e.yaml", "e.yaml:", id="yaml"),
        pytest.param("A: {B: 1}\nA: {}", "e.yaml", "e.yaml:2:1: invalid YAML: `A`", id="twice"),
        pytest.param("A='", ".env", ".env:1:3: the quote is not closed", id="dotenv"),
        pytest.param("[1]", "e.json", "e.json:1:1: an env file must be an object", id="json list"),
        pytest.param("- 1", "e.yaml", "e.yaml:1:1: an env file must be a mapping", id="yaml list"),
        pytest.param(
            "just text", "<stdin>", "<stdin>:1:1: an env file must be a mapping", id="text"
        ),
        pytest.param('{\n "A": "1"}', "e.json", "e.json:2:2: `A` is not an object", id="flat json"),
        pytest.param("A: 1", "e.yaml", "e.yaml:1:1: `A` is not an object", id="flat yaml"),
        pytest.param('{"F": {"A": [1]}}', "e.json", "e.json:1:8: the value of `A`", id="list"),
        pytest.param('{"F": {"A": {}}}', "e.json", "e.json:1:8: the value of `A`", id="object"),
        pytest.param("F:\n  A: [1]", "e.yaml", "e.yaml:2:3: the value of `A`", id="yaml value"),
        pytest.param('{"F": {"": ""}}', "e.json", 'e.json:1:8: the variable ""', id="no name"),
        pytest.param('{"F": {"A=B": ""}}', "e.json", 'e.json:1:8: the variable "A=B"', id="sign"),
        pytest.param(r'{"F": {"A": "\u0000"}}', "e.json", "e.json:1:8: the variable", id="NUL"),
        pytest.param('{"F": {"A": NaN}}', "e.json", "e.json:1:13: invalid JSON", id="NaN"),
        pytest.param(
            f'{{"F": {{"A": {"1" * 5000}}}}}',
            "e.json",
            "e.json:1:1: invalid JSON: a number has too many digits",
            id="digits",
        ),
        pytest.param("[" * 100_000, "e.json", "e.json:1:1: invalid JSON: nested", id="deep json"),
        pytest.param(
            f'{{"F": {{"A": {"[" * 200}{"]" * 200}}}}}',
            "e.json",
            "e.json:1:8: the value of `A`",
            id="deep value",
        ),
        pytest.param("[" * 100_000, "e.yaml", "e.yaml:1:101: invalid YAML", id="deep yaml"),
        pytest.param("F: &f\n  <<: *f", "e.yaml", "e.yaml:2:7: invalid YAML: `*f`", id="cycle"),
        pytest.param(
            "F:\n  <<: 1", "e.yaml", "e.yaml:2:7: invalid YAML: the value of `<<`", id="merge"
        ),
        pytest.param("F:\n  ? [a]\n  : 1", "e.yaml", "e.yaml:2:5: invalid YAML: a key", id="key"),
        pytest.param("F: \x07", "e.yaml", "e.yaml:1:4: invalid YAML", id="control character"),
    ],
)
def test_malformed_files(text: str, name: str, error: str) -> None:
    """A malformed file is an error with its place; nothing is guessed."""
    with pytest.raises(EnvVarsError) as caught:
        parse(text, name)
    assert str(caught.value).startswith(error)


def test_a_flat_file_gets_a_hint_about_the_shape() -> None:
    """Variables at the top level are an error whose hint shows the right shape."""
    with pytest.raises(EnvVarsError) as caught:
        parse('{"STAGE": "dev"}')
    assert caught.value.hint == (
        "put variables for all functions under `Parameters`, and variables for one function under its name"
    )


def test_merging_is_not_exponential() -> None:
    """A file whose merges double at each of sixty levels is read without expanding them."""
    lines = ["F0: &f0 {A: 1}"]
    lines += [f"F{n}: &f{n} {{<<: [*f{n - 1}, *f{n - 1}]}}" for n in range(1, 61)]
    assert values(parse("\n".join(lines), "env.yaml"), "F60") == {"A": "1"}


@given(
    st.text(alphabet='{}[]":,\\\n ABtrue1.<*&-#=$', max_size=40),
    st.sampled_from(["json", "yaml", "env"]),
)
def test_no_text_breaks_the_reader(text: str, suffix: str) -> None:
    """Any text is an env file or an error with a place, whatever the file name."""
    try:
        parse(text, f"x.{suffix}")
    except EnvVarsError as caught:
        error = caught
    else:
        return
    assert error.place is not None
