"""One reading of a project: its functions that are served, and the files that it was read from."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.aws_account import DEFAULT_ACCOUNT_ID
from samlocal.frozen_dataclass import frozen
from samlocal.preparation.project import open_project
from samlocal.project.apis import ApiKind, FunctionIntegration
from samlocal.project.lookup import find

if TYPE_CHECKING:
    from collections.abc import Collection

    from samlocal.function import FunctionEntry
    from samlocal.host import Host
    from samlocal.preparation.options import FunctionOptions, ProjectOptions
    from samlocal.project.apis import Api, Apis
    from samlocal.project.project import Project


@frozen
class ProjectSnapshot:
    """A project as it was read once. It is not for several threads at the same time.

    `entries` are the functions that are served, in the order of the template.
    """

    project: Project
    entries: tuple[FunctionEntry, ...]

    @property
    def account_id(self) -> str:
        """The account that the project runs for."""
        return self.project.account.known or DEFAULT_ACCOUNT_ID

    def find(self, name: str) -> FunctionEntry:
        """Return the served function with an identifier.

        Raises:
            FunctionNotFoundError: There is none; if the project has it, the hint names those that are served.
            AmbiguousFunctionError: There are several.
        """
        if len(self.entries) == len(self.project.functions):
            return self.project.find(name)  # which knows why a function is missing
        return find(self.entries, name)

    def read_apis(self) -> Apis:
        """Return the APIs of the project, without the URLs of functions that are not served.

        Raises:
            ProjectError: They cannot be read.
        """
        found = self.project.read_apis()
        served = {each.full_path for each in self.entries}
        others = {each.full_path for each in self.project.functions} - served
        return replace(
            found, apis=tuple(each for each in found.apis if not _is_url_of(each, others))
        )


def read_project(
    options: ProjectOptions, identifiers: tuple[str, ...], host: Host
) -> ProjectSnapshot:
    """Read a project whose functions with these `identifiers` are served; without any, all are.

    Raises:
        ProjectError: The project cannot be read, or has no such function.
    """
    project = open_project(options, host)
    chosen = {project.find(each).full_path for each in identifiers}
    entries = tuple(each for each in project.functions if not chosen or each.full_path in chosen)
    _ = project.templates  # all of them are read
    return ProjectSnapshot(project=project, entries=entries)


def _is_url_of(api: Api, functions: Collection[str]) -> bool:
    return api.kind is ApiKind.FUNCTION_URL and any(
        isinstance(each.integration, FunctionIntegration)
        and each.integration.target.function in functions
        for each in api.routes
    )


class RepeatedHost:
    """A host whose standard input can be read again for each preparation, whichever project it is for."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._stdin: bytes | None = None

    def read_stdin(self, options: FunctionOptions) -> None:
        """Read standard input for preparations with these options, unless it has been read."""
        names = (*options.env_files, options.container_env_file)
        if self._stdin is None and "-" in names:
            self._stdin = self._host.stdin.read()

    def host(self) -> Host:
        """Return the host for one preparation."""
        if self._stdin is None:
            return self._host
        return replace(self._host, stdin=io.BytesIO(self._stdin))
