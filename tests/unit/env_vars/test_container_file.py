"""`--container-env-vars`: a flat file, over every other source."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samlocal.env_vars.reading import read_flat_env_file
from samlocal.env_vars.resolver import resolve_environment
from samlocal.errors import EnvVarsError, Place
from samlocal.function import Function, InlineCode

PLACE = Place(Path("template.yaml"), 1, 1)
RATINGS = Function(
    logical_id="Ratings",
    full_path="Ratings",
    name="Ratings",
    code=InlineCode(source="", place=PLACE),
    place=PLACE,
)


def read(path: Path, text: str) -> dict[str, str]:
    path.write_text(text, encoding="utf-8")
    file = read_flat_env_file(str(path), stdin=io.BytesIO(), shell={"HOME": "/home/me"})
    return {name: variable.value for name, variable in file.parameters.items()}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("env.json", '{"STAGE": "dev", "DEBUG": true}', id="json"),
        pytest.param("env.yaml", "STAGE: dev\nDEBUG: true\n", id="yaml"),
        pytest.param(".env", "STAGE=dev\nDEBUG=true\n", id="dotenv"),
        pytest.param("env", '{"STAGE": "dev", "DEBUG": true}', id="json without a name"),
    ],
)
def test_formats(tmp_path: Path, name: str, text: str) -> None:
    """Files of all three formats give the same variables."""
    assert read(tmp_path / name, text) == {"STAGE": "dev", "DEBUG": "true"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.text(alphabet="ABC_", min_size=1),
        st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    )
)
def test_json_strings_stay_as_they_are(tmp_path: Path, variables: dict[str, str]) -> None:
    """A variable has exactly the string of the file."""
    assert read(tmp_path / "env.json", json.dumps(variables)) == variables


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        pytest.param("env.json", "[1]", "an env file must be an object", id="json-list"),
        pytest.param("env.yaml", "- 1\n", "an env file must be a mapping", id="yaml-list"),
        pytest.param("env.json", '{"A": {"B": "c"}}', "the value of `A` is a list or", id="nested"),
        pytest.param("env.yaml", "A: [1]\n", "the value of `A` is a list or", id="yaml-nested"),
    ],
)
def test_other_shapes(tmp_path: Path, name: str, text: str, message: str) -> None:
    """A section is an error that names it: this file is flat."""
    with pytest.raises(EnvVarsError, match=message):
        read(tmp_path / name, text)


def test_a_name_that_is_given_twice(tmp_path: Path) -> None:
    """The later value applies, and a diagnostic says so."""
    path = tmp_path / "env.json"
    path.write_text('{"A": 1, "A": 2}')
    file = read_flat_env_file(str(path), stdin=io.BytesIO(), shell=None)
    assert file.parameters["A"].value == "2"
    assert [str(diagnostic.place) for diagnostic in file.diagnostics] == [f"{path}:1:10"]


def test_the_shell_is_optional(tmp_path: Path) -> None:
    """References look into the shell, which there may not be."""
    text = b"A=${HOME:-none}\n"
    read_from = [
        read_flat_env_file("-", stdin=io.BytesIO(text), shell=shell).parameters["A"].value
        for shell in ({"HOME": "/me"}, None)
    ]
    assert read_from == ["/me", "none"]
    assert read(tmp_path / ".env", text.decode()) == {"A": "/home/me"}


def test_an_empty_file_is_reported(tmp_path: Path) -> None:
    """An empty file is a diagnostic, not an error."""
    path = tmp_path / "env.yaml"
    path.write_text("# nothing yet\n")
    file = read_flat_env_file(str(path), stdin=io.BytesIO(), shell=None)
    assert [diagnostic.message for diagnostic in file.diagnostics] == [
        "the env file has no variables"
    ]


def test_it_overrides_all_others(tmp_path: Path) -> None:
    """The file overrides all other sources, including variables that Lambda reserves."""
    path = tmp_path / "container.json"
    path.write_text('{"AWS_REGION": "eu-west-1", "STAGE": "container", "NODE_DEBUG": "http"}')
    file = read_flat_env_file(str(path), stdin=io.BytesIO(), shell=None)

    environment = resolve_environment(
        RATINGS, shell={}, command_line={"STAGE": "line"}, container_file=file
    )

    assert environment.diagnostics == ()
    assert environment.variables["STAGE"].origin.source == "container"
    seen = environment.as_dict()
    assert (seen["AWS_REGION"], seen["STAGE"], seen["NODE_DEBUG"]) == (
        *("eu-west-1", "container", "http"),
    )
