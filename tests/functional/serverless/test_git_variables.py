"""`${git:…}` in real repositories."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import UnavailableValueError
from samlocal.serverless.configuration import read_configuration
from samlocal.serverless.variables.context import VariableContext
from samlocal.serverless.variables.variables import Variables

if TYPE_CHECKING:
    from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode().strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a repository with one commit, whose settings are its own."""
    for name, value in {
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_SYSTEM": "/dev/null",
        "GIT_CEILING_DIRECTORIES": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "serverless.yml").write_text("service: shop\n")
    git(folder, "init", "--initial-branch", "main")
    git(folder, "config", "user.name", "A Developer")
    git(folder, "config", "user.email", "developer@example.com")
    git(folder, "add", ".")
    git(folder, "commit", "--message", "Add a shop\n\nIt sells things.")
    return folder


def value_of(folder: Path, text: str) -> object:
    path = folder / "serverless.yml"
    variables = Variables(read_configuration(path), VariableContext())
    node = variables.configuration.root.with_value(text)
    return variables.resolve(node).value


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("branch", "main"),
        ("message", "Add a shop\n\nIt sells things."),
        ("messageSubject", "Add a shop"),
        ("messageBody", "It sells things."),
        ("user", "A Developer"),
        ("email", "developer@example.com"),
        ("isDirty", "false"),
        ("repository", "shop"),
    ],
)
def test_values(repository: Path, name: str, expected: str) -> None:
    """A value is text."""
    assert value_of(repository, f"${{git:{name}}}") == expected


def test_commits_and_tags(repository: Path) -> None:
    """A commit without a tag has its short hash as tags."""
    commit = git(repository, "rev-parse", "HEAD")
    short = git(repository, "rev-parse", "--short", "HEAD")
    assert value_of(repository, "${git:commit}") == commit
    names = ("sha1", "describe", "describeLight", "tags")
    assert [value_of(repository, f"${{git:{name}}}") for name in names] == [short] * 4
    git(repository, "tag", "light")
    git(repository, "tag", "--annotate", "v1", "--message", "first")
    found = [value_of(repository, f"${{git:{name}}}") for name in names]
    assert found == [short, "v1", "v1", "light::v1"]


def test_a_change_makes_it_dirty(repository: Path) -> None:
    """A changed file that is in the repository counts."""
    (repository / "serverless.yml").write_text("service: shop # changed\n")
    assert value_of(repository, "${git:isDirty}") == "true"


def test_no_repository(repository: Path) -> None:
    """Outside of a repository the value cannot be had, and a fallback applies."""
    folder = repository.parent / "elsewhere"
    folder.mkdir()
    (folder / "serverless.yml").write_text("service: shop\n")
    with pytest.raises(UnavailableValueError, match="not a git repository") as caught:
        value_of(folder, "${git:sha1}")
    assert caught.value.hint is not None
    assert '`variables: {"git:sha1": VALUE}`' in caught.value.hint
    assert value_of(folder, "${git:sha1, 'none'}") == "none"


def test_no_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git the error says so."""
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(UnavailableValueError, match=re.escape("git cannot be run: No such file")):
        value_of(repository, "${git:sha1}")
