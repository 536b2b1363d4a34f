"""What the code imports, what pyproject.toml declares, and what the lock file pins are the same."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CHECKOUT = Path(__file__).parents[2]
_OWN: Final = {"runtimes", "samlocal", "tests"}


class _Declared(NamedTuple):
    dependencies: list[str]
    extras: dict[str, list[str]]
    groups: dict[str, list[str]]

    def all(self) -> list[str]:
        lists = (self.dependencies, *self.extras.values(), *self.groups.values())
        return [*chain.from_iterable(lists)]


def _declared() -> _Declared:
    content = tomllib.loads((_CHECKOUT / "pyproject.toml").read_text())
    project = content["project"]
    return _Declared(
        dependencies=project["dependencies"],
        extras=project["optional-dependencies"],
        groups=content["dependency-groups"],
    )


def _names(requirements: Iterable[str]) -> set[str]:
    return {canonicalize_name(Requirement(each).name) for each in requirements}


def _imports(file: Path) -> Iterator[str]:
    """Yield the packages that a file imports, also those it imports by name."""
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module
            case ast.Call(func=ast.Name(id="import_module"), args=[ast.Constant(value=str(name))]):
                yield name


def _imported(*patterns: str) -> set[str]:
    """Return the names of the distributions that some files import."""
    files = (file for pattern in patterns for file in _CHECKOUT.glob(pattern))
    packages = {name.partition(".")[0] for file in files for name in _imports(file)}
    distributions = packages_distributions()
    return {
        canonicalize_name(distribution)
        for package in packages - sys.stdlib_module_names - _OWN
        for distribution in distributions[package]
    }


def test_everything_imported_is_declared() -> None:
    """The package imports nothing that another package happens to bring."""
    declared = _declared()
    assert _imported("samlocal/**/*.py") == _names(
        [*declared.dependencies, *declared.extras["aws"]]
    )


def test_everything_that_tests_import_is_declared() -> None:
    """So do the tests, which have extras and groups besides."""
    imported = _imported(
        "tests/unit/**/*.py",
        "tests/functional/**/*.py",
        "tests/docker/**/*.py",
        "tests/docs/**/*.py",
        "runtimes/images/*.py",
    )
    assert imported - _names(_declared().all()) == set()


@pytest.mark.parametrize("text", _declared().all())
def test_the_lock_file_has_every_requirement(text: str) -> None:
    """`make lock` has been run since pyproject.toml was changed."""
    requirement = Requirement(text)
    lock = (_CHECKOUT / ".ci" / "requirements.lock").read_text()
    versions = re.findall(rf"^{canonicalize_name(requirement.name)}==([^ ]+)", lock, re.MULTILINE)
    assert versions, "run `make lock`"
    assert all(requirement.specifier.contains(version) for version in versions)
