"""The installed command in a project, and a server that takes the place of AWS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.docker.command import CHECKOUT, Samlocal
from tests.functional.remote.aws_service import AwsService, serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.docker.command import Finished

DEPLOYED = CHECKOUT / "tests" / "projects" / "deployed"


@dataclass(frozen=True, kw_only=True)
class Remote:
    """`samlocal remote invoke` in a directory."""

    samlocal: Samlocal

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Finished:
        return self.samlocal("remote", "invoke", *arguments, stdin=stdin)

    def refused(self, *arguments: str, exit_code: int = 1) -> str:
        """Run a command in vain, and return its message."""
        ended = self(*arguments)
        assert (ended.exit_code, ended.stdout) == (exit_code, b""), ended.stderr
        return ended.stderr


@pytest.fixture
def aws() -> Iterator[AwsService]:
    with serve() as service:
        yield service


@pytest.fixture
def variables(aws: AwsService, tmp_path: Path) -> dict[str, str]:
    """The variables of a command that finds the server."""
    return {"HOME": str(tmp_path), "NO_COLOR": "", **aws.variables}


@pytest.fixture
def remote(variables: dict[str, str]) -> Remote:
    """The command in a project that is deployed."""
    return Remote(samlocal=Samlocal(directory=DEPLOYED, environment=variables))


@pytest.fixture
def remote_elsewhere(variables: dict[str, str], tmp_path: Path) -> Remote:
    """The command in a directory without a project."""
    return Remote(samlocal=Samlocal(directory=tmp_path, environment=variables))
