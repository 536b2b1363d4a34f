"""Keys of a function that Serverless does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.errors import TemplateError
from tests.unit.serverless.services import resolved, write_service

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """
service: shop
provider: {name: aws, runtime: python3.13}
functions: {hello: {handler: app.handler, timout: 3, warmup: true, module: hello, esbuild: false}}
"""


def said(directory: Path, more: str = "") -> list[tuple[str, str | None]]:
    """Return messages and hints about the keys of a function."""
    project = write_service(directory, TEXT + more, app="")
    return [(each.message, each.hint) for each in resolved(project, "hello").diagnostics]


def test_unknown_keys_are_named(tmp_path: Path) -> None:
    """The hint has a known key that is close."""
    assert said(tmp_path) == [
        ("`timout` is not a setting of a function", "did you mean `timeout`?"),
        ("`warmup` is not a setting of a function", None),
        ("`module` is not a setting of a function", "did you mean `role`?"),
        ("`esbuild` is not a setting of a function", "did you mean `build`?"),
    ]


def test_a_plugin_may_have_keys_of_its_own(tmp_path: Path) -> None:
    """With plugins, only misspelt keys are named."""
    assert said(tmp_path, "plugins: [serverless-plugin-warmup]") == [
        ("`timout` is not a setting of a function", "did you mean `timeout`?")
    ]


def test_the_service_decides_whether_keys_matter(tmp_path: Path) -> None:
    """`configValidationMode` makes them errors, or says nothing about them."""
    assert said(tmp_path, "configValidationMode: off") == []
    with pytest.raises(TemplateError, match="`timout` is not a setting") as caught:
        said(tmp_path, "configValidationMode: error")
    assert caught.value.place is not None


@pytest.mark.parametrize(
    ("section", "hint"),
    [
        ("Resources", "did you mean `resources`?"),
        ("layer", "did you mean `layers`?"),
        ("conditions", None),
        ("appSync", None),
    ],
)
def test_misspelt_sections_are_named(tmp_path: Path, section: str, hint: str | None) -> None:
    """A section of a plugin is not."""
    text = f"{TEXT}{section}: {{}}\nplugins: [serverless-a]"
    project = write_service(tmp_path, text, app="")
    assert [each.hint for each in project.diagnostics] == ([hint] if hint else [])


def test_unknown_settings_of_the_service_are_named(tmp_path: Path) -> None:
    """Without plugins, all keys of the service and of its provider that nothing reads are named."""
    text = TEXT.replace("runtime:", "memory: 128, runtime:") + "conditions: {}\n"
    project = write_service(tmp_path, text, app="")
    assert [each.message for each in project.diagnostics] == [
        "`conditions` is not a section of a service",
        "`memory` is not a setting of the provider",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("functions:", "conditions: {}\nfunctions:", "`conditions` is not a section"),
        ("runtime:", "memory: 128, runtime:", "`memory` is not a setting of the provider"),
        ("{hello:", "{other: {handler: a.b, nope: 1}, hello:", "`nope` is not a setting"),
    ],
)
def test_the_mode_applies_to_the_whole_service(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    """With `configValidationMode: error`, no function runs while there is an unknown key anywhere."""
    text = TEXT.replace(", timout: 3, warmup: true, module: hello, esbuild: false", "")
    valid = write_service(tmp_path, f"{text}configValidationMode: error", app="")
    assert not resolved(valid, "hello").diagnostics
    project = write_service(
        tmp_path, f"{text.replace(old, new)}configValidationMode: error", app=""
    )
    with pytest.raises(TemplateError, match=message):
        resolved(project, "hello")
