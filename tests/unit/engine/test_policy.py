"""When registries are asked, and what to say where an image is missing."""

from __future__ import annotations

import pytest

from samlocal.engine.images.policy import (
    ImagePolicy,
    is_pulled_always,
    skipped_pull_error,
    vanished_image_error,
)


@pytest.mark.parametrize(
    ("image", "policy", "is_pulled"),
    [
        pytest.param("python:3.11", "always", True, id="always"),
        pytest.param("python:3.11", "missing", False, id="missing"),
        pytest.param("python:3.11", "never", False, id="never"),
        pytest.param("localhost/python:3.11", "always", False, id="no registry has it"),
    ],
)
def test_registry_is_asked(image: str, policy: ImagePolicy, *, is_pulled: bool) -> None:
    """It is for an image that may be newer there."""
    assert is_pulled_always(image, policy) is is_pulled


def test_missing_images() -> None:
    """The message names the image, the hint the option as it was typed."""
    skipped = skipped_pull_error("mine:1", "--skip-pull-image")
    assert "`mine:1`" in skipped.message
    assert "`--skip-pull-image`" in (skipped.hint or "")
    vanished = vanished_image_error("mine:1")
    assert "`mine:1`" in vanished.message
    assert vanished.hint
