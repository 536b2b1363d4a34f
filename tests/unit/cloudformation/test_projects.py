"""The projects in `tests/projects`, compared with the `expected.yaml` in each folder, written by hand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import yaml

from samlocal.cloudformation.intrinsics.dynamic_references import read_given_values
from samlocal.cloudformation.project import open_project
from samlocal.data import data_folder
from samlocal.function import ImageCode, InlineCode, Layer, LocalCode, S3Code

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samlocal.function import Function

PROJECTS = Path(__file__).parents[2] / "projects"
EXPECTED = sorted(PROJECTS.rglob("expected.yaml"))


def relative(path: Path, directory: Path) -> str:
    return os.path.relpath(path, directory.resolve())


def environment(function: Function, directory: Path) -> object:
    del directory
    return {name: variable.value for name, variable in function.environment.items()}


def code(function: Function, directory: Path) -> object:
    assert isinstance(function.code, LocalCode)
    return relative(function.code.path, directory)


def inline(function: Function, directory: Path) -> object:
    del directory
    assert isinstance(function.code, InlineCode)
    return function.code.source


def s3(function: Function, directory: Path) -> object:
    del directory
    assert isinstance(function.code, S3Code)
    return {
        "bucket": function.code.bucket,
        "key": function.code.key,
        "version": function.code.version,
    }


def image(function: Function, directory: Path) -> object:
    assert isinstance(function.code, ImageCode)
    build = function.code.build
    return {
        "uri": function.code.uri,
        "command": list(function.code.command),
        "entry_point": list(function.code.entry_point),
        "working_directory": function.code.working_directory,
        "build": build
        and {
            "context": relative(build.context, directory),
            "dockerfile": build.dockerfile,
            "tag": build.tag,
            "build_args": dict(build.build_args),
        },
    }


def layers(function: Function, directory: Path) -> object:
    return [_layer(layer, directory) for layer in function.layers]


def _layer(layer: Layer, directory: Path) -> dict[str, object]:
    match layer.code:
        case LocalCode():
            return {"name": layer.name, "path": relative(layer.code.path, directory)}
        case S3Code():
            return {"name": layer.name, "bucket": layer.code.bucket, "key": layer.code.key}
        case None:
            return {"name": layer.name, "arn": layer.arn}


def diagnostics(function: Function, directory: Path) -> object:
    del directory
    return [diagnostic.message for diagnostic in function.diagnostics]


def log_format(function: Function, directory: Path) -> object:
    del directory
    return function.logging.log_format


def application_log_level(function: Function, directory: Path) -> object:
    del directory
    return function.logging.application_log_level


def event_invoke(function: Function, directory: Path) -> object:
    del directory
    names = ("max_retries", "max_age_seconds", "on_success", "on_failure")
    configs = function.event_invoke.items()
    return {qualifier: {n: getattr(each, n) for n in names} for qualifier, each in configs}


SPECIAL: Final[Mapping[str, Callable[[Function, Path], object]]] = {
    "environment": environment,
    "code": code,
    "inline": inline,
    "s3": s3,
    "image": image,
    "layers": layers,
    "diagnostics": diagnostics,
    "event_invoke": event_invoke,
    "log_format": log_format,
    "application_log_level": application_log_level,
}


def part_of(actual: object, expected: object) -> object:
    """Return the part of a mapping that the expectation has."""
    if isinstance(actual, dict) and isinstance(expected, dict):
        return {key: part_of(actual[key], value) for key, value in expected.items()}
    return actual


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: path.parent.name)
def test_a_project_is_read_as_cloudformation_would(path: Path) -> None:
    """Every function of a project has the values in `expected.yaml`."""
    directory = path.parent
    expected = yaml.safe_load(path.read_text(encoding="utf-8"))
    given = expected.get("values")
    project = open_project(
        directory / expected["template"] if "template" in expected else None,
        parameter_overrides=expected.get("overrides"),
        region=expected.get("region"),
        given_values=read_given_values(directory / given) if given else None,
        directory=directory,
    )
    assert [diagnostic.message for diagnostic in project.diagnostics] == expected.get(
        "diagnostics", []
    )
    left_out = [each.diagnostic.message for each in project.unread]
    assert left_out == expected.get("left_out", [])
    assert [entry.full_path for entry in project.functions] == list(expected["functions"])
    for full_path, wanted in expected["functions"].items():
        function = project.resolve(project.find(full_path), for_api=expected.get("for_api", False))
        for name, value in wanted.items():
            if name in SPECIAL:
                actual = SPECIAL[name](function, directory)
            else:
                actual = getattr(function, name)
            if name == "image":
                actual = part_of(actual, value)
            assert actual == value, f"{full_path}: {name}"


@pytest.mark.parametrize(
    "path", sorted(data_folder("templates").glob("*/template.*")), ids=lambda path: path.parent.name
)
def test_the_sample_apps_have_no_diagnostics(path: Path) -> None:
    """The sample apps are read without a diagnostic."""
    project = open_project(path)
    assert project.diagnostics == ()
    for entry in project.functions:
        assert project.resolve(entry, for_api=True).diagnostics == ()
