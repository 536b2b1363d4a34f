"""What may be said to all tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    # Here, and not beside its use: pytest reads options of `testpaths` themselves only.
    parser.addoption(
        "--engines",
        metavar="NAME,…",
        type=lambda names: names.split(","),
        help="the engines of tests/docker: docker, podman or both [default: what a module says, else docker]",
    )
