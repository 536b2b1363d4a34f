"""Functions whose modules are not installed, on their own runtimes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docker.command import CHECKOUT

if TYPE_CHECKING:
    from tests.docker.fixtures import SamlocalIn


@pytest.mark.parametrize(
    ("function", "image", "hint"),
    [
        (
            "Python",
            "python:3.11",
            "`colorama_of_nobody` is not in the code: run `sam build` if `requirements.txt` has it",
        ),
        (
            "Node",
            "nodejs:22",
            "`@nobody/colors` is not in the code: run `sam build` if `package.json` has it",
        ),
    ],
)
def test_a_missing_module_is_likely_not_installed(
    samlocal_in: SamlocalIn, function: str, image: str, hint: str
) -> None:
    """The runtime's own error is followed by what to run."""
    samlocal = samlocal_in(CHECKOUT / "tests" / "projects" / "unbuilt", image)
    ended = samlocal.invoke(function)
    assert ended.exit_code == 5
    assert f"\nhint: {hint}\n" in ended.stderr
