"""A project: the functions that one application has, found by name and resolved one at a time.

Every kind of project has a reader of its own, such as `samlocal.cloudformation.project`. What runs
functions depends on this protocol only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from samlocal.aws_account import Account
    from samlocal.diagnostics import Diagnostic
    from samlocal.function import Function, FunctionEntry


class UnreadPart(Protocol):
    """A part of a project that is not read, such as a nested stack in S3: functions may be there.

    `is_error` tells whether the project is wrong about it, or it is only not on this machine.
    """

    @property
    def diagnostic(self) -> Diagnostic: ...

    @property
    def is_error(self) -> bool: ...


class Project(Protocol):
    """The functions of one application, and what there is to say about them.

    Opening a project resolves nothing yet: any property may raise `ProjectError` for what it reads.
    """

    @property
    def path(self) -> Path:
        """The file or directory that the project was opened from, absolute."""

    @property
    def account(self) -> Account:
        """The account that the project is read for."""

    @property
    def templates(self) -> tuple[Path, ...]:
        """The CloudFormation templates that the project consists of, for a linter."""

    @property
    def functions(self) -> tuple[FunctionEntry, ...]:
        """Every function that can be run, by its identifiers."""

    @property
    def excluded(self) -> tuple[FunctionEntry, ...]:
        """Every function that is declared and not deployed, because its condition is false."""

    @property
    def unread(self) -> tuple[UnreadPart, ...]:
        """Every part of the project that is not read."""

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was dropped or guessed, or may surprise, whichever function runs."""

    def diagnostics_for(self, entry: FunctionEntry) -> tuple[Diagnostic, ...]:
        """Return the diagnostics that concern one function, once it is resolved."""

    def find(self, identifier: str | None) -> FunctionEntry:
        """Return the function that `identifier` names; None names the only one.

        Raises:
            FunctionNotFoundError: no function has that identifier.
            AmbiguousFunctionError: more than one function has it.
        """

    def resolve(self, entry: FunctionEntry, *, replaced: Iterable[str] = ()) -> Function:
        """Resolve one function; its `diagnostics` say what was dropped or guessed.

        The properties in `replaced` come from somewhere else: it does not matter what they lack.

        Raises:
            ProjectError: the function cannot be resolved.
        """
