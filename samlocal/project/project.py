"""A project: the functions of one application, found by name and resolved one at a time.

Each kind of project has its reader, such as `samlocal.cloudformation.project`. The code that runs
functions depends on this protocol only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from samlocal.aws_account import Account
    from samlocal.diagnostics import Diagnostic
    from samlocal.errors import ProjectError
    from samlocal.function import Function, FunctionEntry
    from samlocal.project.apis import Apis
    from samlocal.project.web_functions import WebFunctions


class UnreadPart(Protocol):
    """A part of a project that is not read, such as a nested stack in S3; it may contain functions.

    `is_error` is true if the project is invalid there, false if the part is not on this machine.
    """

    @property
    def diagnostic(self) -> Diagnostic: ...

    @property
    def is_error(self) -> bool: ...


class Project(Protocol):
    """The functions of one application, and the diagnostics about them.

    Opening a project resolves nothing yet: any property may raise `ProjectError` for what it reads.
    """

    @property
    def path(self) -> Path:
        """The file or directory that the project was opened from, absolute."""

    @property
    def account(self) -> Account:
        """The account that the project is read for."""

    @property
    def stage(self) -> str | None:
        """The stage that a Serverless project is read for; None: the project has no stages."""

    @property
    def region(self) -> str | None:
        """The Region of all functions; None if the template does not decide it."""

    @property
    def profile(self) -> str | None:
        """The AWS profile that the project names, for its functions' credentials."""

    @property
    def failures(self) -> tuple[ProjectError, ...]:
        """What cannot be resolved, also where no function needs it."""

    @property
    def templates(self) -> tuple[Path, ...]:
        """The CloudFormation templates of the project, for a linter."""

    @property
    def functions(self) -> tuple[FunctionEntry, ...]:
        """Every function that can run, with its identifiers."""

    @property
    def excluded(self) -> tuple[FunctionEntry, ...]:
        """Every declared function whose condition is false, so that it is not deployed."""

    @property
    def unread(self) -> tuple[UnreadPart, ...]:
        """Every part of the project that is not read."""

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was dropped or guessed, or may surprise, for any function."""

    def diagnostics_for(self, entry: FunctionEntry) -> tuple[Diagnostic, ...]:
        """Return the diagnostics that concern one function, which must be resolved."""

    def find(self, identifier: str | None) -> FunctionEntry:
        """Return the function that `identifier` names; None means the only function.

        Raises:
            FunctionNotFoundError: no function has that identifier.
            AmbiguousFunctionError: more than one function has it.
        """

    def resolve(
        self, entry: FunctionEntry, *, replaced: Iterable[str] = (), for_api: bool = False
    ) -> Function:
        """Resolve one function; its `diagnostics` name what was dropped or guessed.

        The properties in `replaced` are not taken from the template: their missing values do not matter.
        `for_api` also reads those that only callers of Lambda's API notice: description, role, tags,
        tracing, recursion, concurrency, and what happens to asynchronous invocations.

        Raises:
            ProjectError: the function cannot be resolved.
        """

    def read_apis(self) -> Apis:
        """Return the APIs in front of the functions, also those that cannot be served in full.

        Raises:
            ProjectError: the project cannot be read.
        """

    def read_web_functions(self) -> WebFunctions:
        """Return the web functions, which are no functions that can be invoked.

        Raises:
            ProjectError: the project cannot be read.
        """
