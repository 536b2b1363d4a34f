from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.aws_account import Account
from samlocal.cli.project_diagnostics import find_own_problems
from samlocal.diagnostics import Diagnostic
from samlocal.errors import CodeNotFoundError, Place, VariableError
from samlocal.function import Function, FunctionEntry, LocalCode
from samlocal.project import lookup
from samlocal.project.apis import Apis
from samlocal.project.web_functions import WebFunctions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from samlocal.project.project import Project

PLACE = Place(Path("serverless.yml"), 1, 1)


@dataclass
class Unread:
    diagnostic: Diagnostic
    is_error: bool


class OtherProject:
    """A project of another kind than CloudFormation's."""

    path = Path("/shop/serverless.yml")
    account = Account()
    region = None
    templates = ()
    stage = "dev"
    profile = None
    failures = (VariableError("no value for `${self:x}`", place=PLACE),)
    excluded = ()
    diagnostics = (Diagnostic(message="a guess"),)
    unread = (Unread(Diagnostic(message="a file of another service"), is_error=True),)
    functions = tuple(
        FunctionEntry(logical_id=name, full_path=name, place=PLACE)
        for name in ("orders", "ratings")
    )

    def diagnostics_for(self, _entry: FunctionEntry) -> tuple[Diagnostic, ...]:
        return self.diagnostics

    def read_web_functions(self) -> WebFunctions:
        return WebFunctions()

    def read_apis(self) -> Apis:
        return Apis()

    def find(self, identifier: str | None) -> FunctionEntry:
        return lookup.find(self.functions, identifier)

    def resolve(
        self, entry: FunctionEntry, *, replaced: Iterable[str] = (), for_api: bool = False
    ) -> Function:
        del for_api
        if entry.logical_id == "ratings" and "Handler" not in replaced:
            raise CodeNotFoundError("no handler", place=PLACE)
        code = LocalCode(path=self.path.parent, place=PLACE)
        return Function(
            logical_id=entry.logical_id, full_path="", name=entry.logical_id, code=code, place=PLACE
        )


def test_a_project_of_another_kind_is_validated() -> None:
    """The CLI validates any implementation of the `Project` protocol."""
    project: Project = OtherProject()
    assert [(each.severity, each.message) for each in find_own_problems(project)] == [
        ("warning", "a guess"),
        ("error", "a file of another service"),
        ("error", "no value for `${self:x}`"),
        ("error", "no handler"),
    ]
