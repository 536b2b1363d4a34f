from __future__ import annotations

from textwrap import dedent, indent
from typing import TYPE_CHECKING, Protocol

import pytest

from samlocal.cloudformation.project import open_project

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.aws_account import Account
    from samlocal.diagnostics import Diagnostic
    from samlocal.function import Function

FUNCTION = """\
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables:
          VALUE:
"""


class Evaluate(Protocol):
    """Resolves one expression as the value of an environment variable."""

    def __call__(
        self,
        expression: str,
        sections: str = "",
        *,
        resources: str = "",
        account: Account | None = None,
        **overrides: str,
    ) -> Function: ...


@pytest.fixture
def evaluate(tmp_path: Path) -> Evaluate:
    """Return a function that resolves an expression in a template with additional sections."""

    def resolve(
        expression: str,
        sections: str = "",
        *,
        resources: str = "",
        account: Account | None = None,
        **overrides: str,
    ) -> Function:
        body = FUNCTION + indent(dedent(expression), " " * 12)
        body += "\n" + indent(dedent(resources), "  ") + "\n" + dedent(sections)
        (tmp_path / "template.yaml").write_text(body)
        project = open_project(
            tmp_path / "template.yaml", parameter_overrides=overrides, account=account
        )
        return project.resolve(project.find("F"))

    return resolve


@pytest.fixture
def value_of(evaluate: Evaluate) -> ValueOf:
    """Return a function that returns the text that an expression resolves to."""

    def text(
        expression: str, sections: str = "", *, resources: str = "", **overrides: str
    ) -> str | None:
        function = evaluate(expression, sections, resources=resources, account=None, **overrides)
        return function.environment["VALUE"].value

    return text


class DiagnosticOf(Protocol):
    """Returns the only diagnostic about an expression without a value."""

    def __call__(
        self, expression: str, sections: str = "", *, resources: str = "", **overrides: str
    ) -> Diagnostic: ...


@pytest.fixture
def diagnostic_of(evaluate: Evaluate) -> DiagnosticOf:
    """Return a function that returns the diagnostic about an expression without a value."""

    def find(
        expression: str, sections: str = "", *, resources: str = "", **overrides: str
    ) -> Diagnostic:
        function = evaluate(expression, sections, resources=resources, account=None, **overrides)
        assert function.environment["VALUE"].value is None
        (diagnostic,) = function.diagnostics
        assert diagnostic.variables == ("VALUE",)
        return diagnostic

    return find


class ValueOf(Protocol):
    """Returns the text that an expression resolves to; None if it cannot be resolved."""

    def __call__(
        self, expression: str, sections: str = "", *, resources: str = "", **overrides: str
    ) -> str | None: ...
