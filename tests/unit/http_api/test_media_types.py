"""Which bodies are binary."""

from __future__ import annotations

import pytest

from samlocal.http_api.media_types import BinaryMediaTypes


@pytest.mark.parametrize(
    ("types", "header", "expected"),
    [
        pytest.param([], "image/png", False, id="no binary types"),
        pytest.param(["image/png"], "image/png", True, id="the type"),
        pytest.param(["image/png"], "IMAGE/PNG; q=1", True, id="case and parameters"),
        pytest.param(["image/png"], "image/jpeg", False, id="another type"),
        pytest.param(["image/*"], "image/jpeg", True, id="a subtype"),
        pytest.param(["*/*"], "application/json", True, id="all types"),
        pytest.param(["*/*"], None, True, id="all types, no header"),
        pytest.param(["application/json"], None, True, id="no header means JSON"),
        pytest.param(["image/png"], None, False, id="no header"),
        pytest.param(["image/png"], "*/*", False, id="a wildcard of the client is no type"),
        pytest.param(["*/*"], "*/*", True, id="... but all match all"),
        pytest.param(["image/webp"], "image/webp,image/*,*/*;q=0.8", True, id="the first counts"),
        pytest.param(["image/webp"], "text/html,image/webp", False, id="only the first counts"),
    ],
)
def test_binary_media_types(types: list[str], header: str | None, *, expected: bool) -> None:
    """The first type of a header counts, and wildcards are those of the API."""
    assert BinaryMediaTypes(types).matches(header) is expected
