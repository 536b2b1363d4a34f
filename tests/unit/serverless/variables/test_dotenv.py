"""The `.env` files of a service."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.documents.read_files import recorded_files
from samlocal.errors import VariableError
from samlocal.serverless.variables import dotenv
from tests.unit.serverless.variables.services import resolved, variables_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def environment_of(
    directory: Path,
    configuration: str = "useDotenv: true",
    *,
    shell: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
    **files: str,
) -> Mapping[str, str]:
    """Return what `env` sees; a file's name has `_` for `.`."""
    for name, content in files.items():
        (directory / name.replace("_", ".")).write_text(content)
    path = directory / "serverless.yml"
    return variables_of(configuration, path=path, shell=shell, options=options).environment


@pytest.mark.parametrize(
    ("configuration", "options", "seen"),
    [
        pytest.param("useDotenv: true", {}, {"FROM": "dev", "OF_DEV": "1"}, id="default stage"),
        pytest.param("useDotenv: true", {"stage": "dev"}, {"FROM": "dev", "OF_DEV": "1"}, id="stage of the command"),
        pytest.param("useDotenv: true", {"stage": "prod"}, {"FROM": "all", "OF_ALL": "1"}, id="stage without a file"),
        pytest.param("useDotenv: true\nprovider: {stage: '${opt:other, self:custom.stage}'}\ncustom: {stage: qa}", {}, {"FROM": "all", "OF_ALL": "1"}, id="stage of variables"),
        pytest.param("useDotenv: ${self:custom.use}\ncustom: {use: true}", {}, {"FROM": "dev", "OF_DEV": "1"}, id="variable"),
        pytest.param("useDotenv: ${self:custom.use}\ncustom: {use: 'true'}", {}, {"FROM": "dev", "OF_DEV": "1"}, id="text"),
        pytest.param("useDotenv: false", {}, {}, id="false"),
        pytest.param("useDotenv: ~", {}, {}, id="null"),
        pytest.param("service: a", {}, {}, id="not said"),
        pytest.param("frameworkVersion: '3'", {}, {}, id="version 3"),
        pytest.param("frameworkVersion: ^4.1.0", {}, {"FROM": "dev", "OF_DEV": "1", "OF_ALL": "1"}, id="version 4"),
        pytest.param("frameworkVersion: 4\nuseDotenv: false", {}, {}, id="version 4 without"),
        pytest.param("frameworkVersion: 4\nuseDotenv: true", {"stage": "prod"}, {"FROM": "all", "OF_ALL": "1"}, id="version 4 with another stage"),
        pytest.param("useDotenv: more.txt", {}, {"FROM": "dev", "OF_DEV": "1", "OF_ALL": "1", "OF_MORE": "1"}, id="another file"),
        pytest.param("useDotenv: [sub, none, more.txt]", {}, {"FROM": "dev", "OF_DEV": "1", "OF_ALL": "1", "OF_SUB": "1", "OF_MORE": "2"}, id="directory and file"),
    ],
)  # fmt: skip
def test_the_stage_chooses_the_files(
    configuration: str, options: dict[str, str], seen: dict[str, str], tmp_path: Path
) -> None:
    """Version 3 reads one file if it is told to; version 4 reads all, and the first that sets a name wins."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/.env").write_text("OF_SUB=1\nOF_MORE=2\nFROM=sub")
    (tmp_path / "more.txt").write_text("OF_MORE=1\nFROM=more")
    found = environment_of(
        tmp_path,
        configuration,
        options=options,
        _env="FROM=all\nOF_ALL=1",
        _env_dev="FROM=dev\nOF_DEV=1",
    )
    assert found == seen


def test_the_shell_wins(tmp_path: Path) -> None:
    """A variable of the shell stays byte for byte, even if it is empty, and files may refer to it."""
    found = environment_of(
        tmp_path,
        shell={"A": "$shell", "EMPTY": "", "HOME": "/root"},
        _env="A=file\nEMPTY=file\nB=${HOME}/b\nC=$EMPTY.",
    )
    assert found == {"A": "$shell", "EMPTY": "", "HOME": "/root", "B": "/root/b", "C": "."}


def test_variables_see_the_file(tmp_path: Path) -> None:
    """`env` finds the variables of the file, also where it was asked before the file was chosen."""
    (tmp_path / ".env.qa").write_text("NAME=file\nSTAGE=other")
    variables = variables_of(
        'useDotenv: true\nprovider: {stage: "${env:STAGE, self:custom.stage}"}\n'
        "custom: {stage: \"${env:NAME, 'qa'}\"}\nx: ${env:NAME}-${self:custom.stage}-${sls:stage}",
        path=tmp_path / "serverless.yml",
    )
    assert resolved(variables, "x") == "file-file-qa"
    assert resolved(variables, "provider", "stage") == "qa"
    assert variables.stage == "qa"


def test_a_stage_that_fails_fails_every_value(tmp_path: Path) -> None:
    """Without the stage nobody knows which file counts."""
    variables = variables_of(
        "useDotenv: true\nprovider: {stage: '${env:NONE}'}\nx: 1", path=tmp_path / "serverless.yml"
    )
    for _ in range(2):
        with pytest.raises(VariableError, match="`env:NONE` has no value"):
            variables.at("x")
    assert len(variables.failures()) == 1


def test_files_are_noted_for_whoever_waits_for_changes(tmp_path: Path) -> None:
    """A file that does not exist yet may come."""
    with recorded_files() as files:
        environment_of(tmp_path, _env="A=1")
    assert files >= {tmp_path / ".env.dev", tmp_path / ".env"}


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A directory of that name is not taken for a missing file."""
    (tmp_path / ".env.dev").mkdir()
    with pytest.raises(VariableError, match="cannot read the variables in") as caught:
        environment_of(tmp_path)
    assert str(caught.value.place) == f"{tmp_path}/serverless.yml:1:12"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        pytest.param("A=b", "b", id="plain"),
        pytest.param("  A = b c  ", "b c", id="blanks"),
        pytest.param("export A=b", "b", id="export"),
        pytest.param("A: b", "b", id="colon"),
        pytest.param("A=", "", id="empty"),
        pytest.param("A=b # c", "b", id="comment"),
        pytest.param("A=b#c", "b", id="comment without a blank"),
        pytest.param("A='b # c' # d", "b # c", id="quoted hash"),
        pytest.param(r'A="b\nc\td"', "b\nc\\td", id="newline in double quotes"),
        pytest.param(r"A='b\nc'", r"b\nc", id="no newline in single quotes"),
        pytest.param('A="b\nc"', "b\nc", id="several lines"),
        pytest.param("A=`b'\"c`", "b'\"c", id="backticks"),
        pytest.param(r'A="b\"c"', r"b\"c", id="escaped quote"),
        pytest.param('A={"b": $X}', '{"b": x}', id="JSON"),
        pytest.param("A=$X$X$XY$X", "xxx", id="references side by side"),
        pytest.param("A=5$ or $X$", "5$ or x$", id="dollars"),
        pytest.param("A=$X/$NONE.", "x/.", id="references"),
        pytest.param("A='${X}'", "x", id="reference in single quotes"),
        pytest.param("A=${NONE:-d}", "d", id="default"),
        pytest.param("A=${NONE:-${X}}", "x", id="reference in a default"),
        pytest.param(r"A=\$X", "$X", id="escaped reference"),
        pytest.param("A=$B\nB=$X", "x", id="reference to a later line"),
        pytest.param("A=cost 5$", "cost 5$", id="dollar at the end"),
        pytest.param("A=1\nA=2", "2", id="given twice"),
        pytest.param("no assignment\nA=1\n=2", "1", id="other lines"),
        pytest.param("A=b\r\nB=c\r\n", "b", id="Windows"),
    ],
)  # fmt: skip
def test_lines_are_read_as_nodejs_dotenv_reads_them(line: str, value: str, tmp_path: Path) -> None:
    """Each line has the value that dotenv 16 with dotenv-expand 10 gives it."""
    assert environment_of(tmp_path, shell={"X": "x"}, _env=line)["A"] == value


def test_version_4_expands_nothing(tmp_path: Path) -> None:
    """References stay as they are written."""
    found = environment_of(tmp_path, "frameworkVersion: '4'", shell={"X": "x"}, _env="A=${X}")
    assert found["A"] == "${X}"


@pytest.mark.parametrize("text", ["B=1\nA=a$A", "A=$B$B\n\nB=$A$A"])
def test_a_variable_that_refers_to_itself_is_an_error(text: str, tmp_path: Path) -> None:
    """The error has the place of the first variable that has no end."""
    with pytest.raises(VariableError, match=re.escape("`A` refers to itself")) as caught:
        environment_of(tmp_path, _env=text)
    line = text.splitlines().index(next(each for each in text.splitlines() if each[0] == "A")) + 1
    assert str(caught.value.place) == f"{tmp_path}/.env:{line}:1"


@given(st.text(alphabet="A=b'\"`#\\\n\r $:{}-export"))
def test_any_file_is_read(text: str) -> None:
    """No text makes reading fail, and every name is one."""
    for name, _, line in dotenv._assignments(text):
        assert re.fullmatch(r"[\w.-]+", name)
        assert 1 <= line <= text.count("\n") + text.count("\r") + 1
