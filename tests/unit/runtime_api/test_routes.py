"""Which requests of a sandbox are for the endpoint of its project."""

from __future__ import annotations

import pytest

from samlocal.runtime_api.routes import is_endpoint_path


@pytest.mark.parametrize(
    "path",
    [
        "/2015-03-31/functions/Other/invocations",
        "/@connections/L0SM9cOFvHcCIhw=",
        "/dev/@connections/L0SM9cOFvHcCIhw%3D",
        "/%40connections/L0SM9cOFvHcCIhw=",
        "/dev/%40connections/L0SM9cOFvHcCIhw=?x=1",
        "/dev//@connections/L0SM9cOFvHcCIhw=",
        "//@connections/L0SM9cOFvHcCIhw=",
    ],
)
def test_paths_of_the_endpoint(path: str) -> None:
    """It serves Lambda's API, and `@connections` with and without the stage, as clients write them."""
    assert is_endpoint_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "/2018-06-01/runtime/invocation/next",
        "/2018-06-01/runtime/invocation/@connections/response",
        "/@connections",
        "/dev/connections/L0SM9cOFvHcCIhw=",
        "/a/b/@connections/L0SM9cOFvHcCIhw=",
        "/x?/@connections/y",
        "/x?y=/@connections/z",
        "/",
    ],
)
def test_other_paths(path: str) -> None:
    """The sandbox's own APIs are not among them, nor is what only looks like `@connections`."""
    assert not is_endpoint_path(path)
