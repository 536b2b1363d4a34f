from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.errors import Place
from samlocal.serverless.project import open_project
from samlocal.serverless.variables.context import VariableContext

if TYPE_CHECKING:
    from pathlib import Path


def test_a_fallback_for_a_value_in_aws_is_a_diagnostic(tmp_path: Path) -> None:
    """The diagnostics of a service have the fallbacks that its resolved functions use, and no others."""
    path = tmp_path / "serverless.yml"
    path.write_text(
        "service: shop\nprovider: {name: aws, runtime: python3.12}\nfunctions:\n"
        "  hello:\n    handler: app.handler\n    environment: {TABLE: \"${ssm:/table, 'local'}\"}\n"
        "  other:\n    handler: app.handler\n    environment: {TABLE: \"${ssm:/other, 'local'}\"}\n"
    )
    (tmp_path / "app.py").write_text("def handler(event, context): ...\n")
    project = open_project(path, context=VariableContext())
    entry = project.find("hello")
    assert project.resolve(entry).environment["TABLE"].value == "local"
    (diagnostic,) = project.diagnostics_for(entry)
    assert diagnostic.message == (
        "cannot resolve `ssm:/table`: its value is in AWS; its fallback applies"
    )
    assert diagnostic.place == Place(path, 6, 26)
