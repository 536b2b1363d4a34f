"""The credentials of a stage of a Serverless project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from samlocal.credentials import find_credentials
from samlocal.stage_credentials import shell_of_stage

if TYPE_CHECKING:
    from pathlib import Path

# From the lowest to the highest.
SOURCES: Final[list[tuple[str, dict[str, str]]]] = [
    ("profile default", {}),
    ("profile usual", {"AWS_DEFAULT_PROFILE": "usual"}),
    ("profile project", {}),
    ("shell", {"AWS_ACCESS_KEY_ID": "shell", "AWS_SECRET_ACCESS_KEY": "s"}),
    ("profile mine", {"AWS_PROFILE": "mine"}),
    ("shell", {"AWS_PROD_ACCESS_KEY_ID": "stage", "AWS_PROD_SECRET_ACCESS_KEY": "s"}),
    ("profile stage", {"AWS_PROD_PROFILE": "stage"}),
    ("profile option", {}),
]
PROJECT, OPTION = 2, 7


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Create a home with a profile for each source."""
    names = ("default", "usual", "project", "mine", "stage", "option")
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(
        "".join(
            f"[{name}]\naws_access_key_id = {name}\naws_secret_access_key = s\n" for name in names
        )
    )
    return tmp_path


@pytest.mark.parametrize("highest", range(len(SOURCES)))
def test_sources_from_the_lowest_to_the_highest(highest: int, home: Path) -> None:
    """Of all sources that are given, the highest has the credentials; keys and profiles are not mixed."""
    given: dict[str, str] = {"AWS_PROD_SESSION_TOKEN": "other"}
    for _, variables in SOURCES[: highest + 1]:
        given |= variables
    shell = shell_of_stage(given, stage="prod", profile="project" if highest >= PROJECT else None)
    found = find_credentials("option" if highest == OPTION else None, shell=shell, home=home)

    assert found.diagnostics == ()
    assert found.credentials is not None
    assert found.credentials.origin == SOURCES[highest][0]
    keys = {3: "shell", 5: "stage"}
    assert found.credentials.access_key_id == keys.get(highest, SOURCES[highest][0].split()[-1])
    assert found.credentials.session_token == ("other" if highest == 5 else None)  # see `keys`


def test_a_profile_of_the_project_that_does_not_exist(home: Path) -> None:
    """It is a diagnostic, not an error: most functions run without credentials."""
    shell = shell_of_stage({}, stage="dev", profile="nope")
    found = find_credentials(None, shell=shell, home=home)
    [diagnostic] = found.diagnostics
    assert found.credentials is None
    assert diagnostic.message.startswith("no profile `nope` in AWS's configuration files")


def test_other_variables_stay() -> None:
    """Where AWS's files are, and the keys of other stages, do not depend on the choice."""
    shell = {"AWS_CONFIG_FILE": "c", "AWS_TEST_ACCESS_KEY_ID": "t", "HOME": "/"}
    assert shell_of_stage(shell, stage="prod", profile=None) == shell
