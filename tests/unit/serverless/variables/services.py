"""Variables of a configuration that a test writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.documents.js_yaml import parse_yaml
from samlocal.serverless.configuration import Configuration
from samlocal.serverless.variables.context import VariableContext
from samlocal.serverless.variables.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Mapping

NOWHERE = Path("/nonexistent/serverless.yml")


def variables_of(
    text: str,
    *,
    path: Path = NOWHERE,
    options: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    shell: Mapping[str, str] | None = None,
) -> Variables:
    root = parse_yaml(text, path)
    assert root is not None
    context = VariableContext(options=options or {}, params=params or {}, environment=shell or {})
    return Variables(Configuration(path=path, root=root), context)


def resolved(variables: Variables, *path: str) -> object:
    """Return the plain value at a path of the configuration, or None if there is none."""
    node = variables.at(*path)
    return None if node is None else variables.resolve(node).plain()
