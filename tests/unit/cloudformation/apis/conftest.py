from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Protocol

import pytest

from samlocal.cloudformation.project import open_project

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.project.apis import Api, Apis


class ReadTemplate(Protocol):
    """Reads the APIs of a template's text."""

    def __call__(self, text: str, **overrides: str) -> Apis: ...


@pytest.fixture
def read_template(tmp_path: Path) -> ReadTemplate:
    """Return a function that reads the APIs of a template in an empty directory."""

    def read(text: str, **overrides: str) -> Apis:
        template = tmp_path / "template.yaml"
        template.write_text(dedent(text))
        return open_project(template, parameter_overrides=overrides).read_apis()

    return read


class OneApi(Protocol):
    """Reads the only API of a template, which must have no other diagnostics."""

    def __call__(self, text: str, **overrides: str) -> Api: ...


@pytest.fixture
def one_api(read_template: ReadTemplate) -> OneApi:
    """Return a function that reads the only API of a template."""

    def read(text: str, **overrides: str) -> Api:
        found = read_template(text, **overrides)
        assert found.diagnostics == ()
        (api,) = found.apis
        return api

    return read
