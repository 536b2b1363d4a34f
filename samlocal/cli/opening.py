"""Opens the project that a command's options name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from samlocal.project.external import ValueSource
    from samlocal.project.project import Project


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectOptions:
    """What options say about a project."""

    template: Path | None
    parameter_overrides: Sequence[str] = ()
    region: str | None = None
    profile: str | None = None
    resolve_file: Path | None = None
    resolve_remote: bool = False


def open_with(options: ProjectOptions) -> Project:
    """Open the project.

    Raises:
        UsageError: the parameter overrides are malformed, or boto3 is needed and not installed.
        ProjectError: the template, or the file of values, can't be read.
    """
    from samlocal.project.parameters import parse_parameter_overrides
    from samlocal.project.project import open_project

    return open_project(
        options.template,
        parameter_overrides=parse_parameter_overrides(options.parameter_overrides),
        region=options.region,
        given_values=_given_values(options),
        remote_values=_remote_values(options),
    )


def _given_values(options: ProjectOptions) -> ValueSource | None:
    if not options.resolve_file:
        return None
    from samlocal.project.external import read_given_values

    return read_given_values(options.resolve_file)


def _remote_values(options: ProjectOptions) -> ValueSource | None:
    if not options.resolve_remote:
        return None
    from samlocal.project.remote import RemoteValues, connect

    return RemoteValues(connect(region=options.region, profile=options.profile))
