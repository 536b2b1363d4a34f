"""Services for tests: those of `tests/projects/serverless`, and small ones that a test writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.aws_account import Account
from samlocal.serverless.project import open_project
from samlocal.serverless.variables.context import VariableContext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.function import Function
    from samlocal.serverless.project import ServerlessProject

PROJECTS = Path(__file__).parents[2] / "projects" / "serverless"
ACCOUNT = "111122223333"


def open_service(
    directory: Path, *, parameters: Mapping[str, str] | None = None, **options: str
) -> ServerlessProject:
    """Open the service in a directory, with options of the command line."""
    context = VariableContext(options=options)
    return open_project(
        directory / "serverless.yml",
        context=context,
        parameter_overrides=parameters,
        account=Account(given=ACCOUNT),
    )


def write_service(directory: Path, text: str, **files: str) -> ServerlessProject:
    """Write a service and files beside it, `src__app` for `src/app.py`, and open it."""
    directory.joinpath("serverless.yml").write_text(text)
    for name, content in files.items():
        path = directory / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return open_service(directory)


def resolved(project: ServerlessProject, name: str, *, for_api: bool = False) -> Function:
    """Return a function of a service."""
    return project.resolve(project.find(name), for_api=for_api)


def environment(function: Function) -> dict[str, str | None]:
    """Return the values of a function's variables."""
    return {name: variable.value for name, variable in function.environment.items()}
