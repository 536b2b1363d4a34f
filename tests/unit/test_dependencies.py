"""What the code imports, what pyproject.toml declares, and what the lock file pins are the same."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_CHECKOUT = Path(__file__).parents[2]
_CLIENT: Final = _CHECKOUT / "samlocal" / "sandbox" / "process" / "clients" / "python"
_OWN: Final = {"runtimes", "samlocal", "tests"} | {each.stem for each in _CLIENT.iterdir()}
_OF_FUNCTIONS: Final = {"awslambdaric"}  # which their interpreter may have


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
    """Yield the packages that a file imports, including imports by name."""
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module
            case ast.Call(func=ast.Name(id="import_module"), args=[ast.Constant(value=str(name))]):
                yield name


@cache
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def _imported(*patterns: str) -> dict[str, set[str]]:
    """Return what some files import: names of packages, and of the distributions that bring them."""
    files = (file for pattern in patterns for file in _CHECKOUT.glob(pattern))
    packages = {name.partition(".")[0] for file in files for name in _imports(file)}
    distributions = _distributions()
    return {
        package: {canonicalize_name(name) for name in distributions[package]}
        for package in packages - sys.stdlib_module_names - _OWN - _OF_FUNCTIONS
    }


def _undeclared(imported: dict[str, set[str]], declared: set[str]) -> list[str]:
    return [package for package, brought_by in imported.items() if not brought_by & declared]


def test_what_the_package_imports_is_what_it_declares() -> None:
    """The package declares exactly the distributions that it imports."""
    extras = _declared().extras
    imported_extras = (*extras["aws"], *extras["jwt"], *extras["otlp"])
    declared = _names([*_declared().dependencies, *imported_extras])
    imported = _imported("samlocal/**/*.py")
    assert _undeclared(imported, declared) == []
    assert declared <= set().union(*imported.values())


def test_what_tests_import_is_declared() -> None:
    """Tests import only declared distributions, including extras and dependency groups."""
    folders = ("unit", "functional", "docker", "conformance", "differential", "docs")
    patterns = (f"tests/{folder}/**/*.py" for folder in folders)
    imported = _imported("runtimes/images/*.py", *patterns)
    assert _undeclared(imported, _names(_declared().all())) == []


@pytest.mark.parametrize("text", _declared().all())
def test_the_lock_file_has_every_requirement(text: str) -> None:
    """The lock file satisfies every requirement of pyproject.toml."""
    requirement = Requirement(text)
    lock = (_CHECKOUT / ".ci" / "requirements.lock").read_text()
    versions = re.findall(rf"^{canonicalize_name(requirement.name)}==([^ ]+)", lock, re.MULTILINE)
    assert versions, "run `make lock`"
    assert all(requirement.specifier.contains(version) for version in versions)
