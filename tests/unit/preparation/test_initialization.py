"""Which functions are initialised as with SnapStart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from samlocal.errors import Place
from samlocal.function import FileSystem, Function, ImageCode, InlineCode
from samlocal.preparation.initialization import choose_initialization
from samlocal.runtimes import all_runtimes

PLACE = Place(Path("template.yaml"), 3, 3)
SNAP_START = Place(Path("template.yaml"), 9, 7)
PYTHON = Function(
    logical_id="Ratings",
    full_path="Ratings",
    name="Ratings",
    code=InlineCode(source="", place=PLACE),
    place=PLACE,
    runtime="python3.13",
)
DECLARED = replace(PYTHON, snap_start=SNAP_START)


@pytest.mark.parametrize(
    ("function", "version", "chosen", "expected"),
    [
        pytest.param(PYTHON, "1", None, "on-demand", id="not declared"),
        pytest.param(DECLARED, "$LATEST", None, "on-demand", id="not published"),
        pytest.param(DECLARED, "1", None, "snap-start", id="published"),
        pytest.param(DECLARED, "1", False, "on-demand", id="published, but refused"),
        pytest.param(PYTHON, "$LATEST", True, "snap-start", id="chosen"),
    ],
)
def test_published_versions(
    function: Function,
    version: str,
    chosen: bool | None,  # noqa: FBT001  # a parameter of the test
    expected: str,
) -> None:
    """SnapStart applies to published versions of a function that declares it, or where it is chosen."""
    assert choose_initialization(function, version, snap_start=chosen) == (expected, ())


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (replace(DECLARED, runtime="python3.11"), "for `python3.11`"),
        (replace(DECLARED, runtime="nodejs22.x"), "for `nodejs22.x`"),
        (replace(DECLARED, code=ImageCode(uri="a", place=PLACE)), "for container images"),
        (replace(DECLARED, tenancy=PLACE), "with tenant isolation"),
        (replace(DECLARED, ephemeral_storage_mb=513), "with more than 512 MB in /tmp"),
        (
            replace(DECLARED, file_systems=(FileSystem(mount_path="/mnt/a", place=PLACE),)),
            "with file systems",
        ),
    ],
)
def test_functions_without_snapstart(function: Function, reason: str) -> None:
    """A function for which Lambda offers no SnapStart runs on demand, with a diagnostic at its place."""
    kind, (diagnostic,) = choose_initialization(function, "1", snap_start=None)
    assert kind == "on-demand"
    assert diagnostic.message == (
        f"`Ratings` is run without SnapStart, which Lambda does not offer {reason}"
    )
    assert diagnostic.place == SNAP_START
    undeclared = replace(function, snap_start=None)
    assert choose_initialization(undeclared, "1", snap_start=True)[1][0].place == PLACE


def test_runtimes_with_snapstart() -> None:
    """SnapStart is for Python 3.12, Java 11, .NET 8 and later ones, on any operating system."""
    families = {"python", "java", "dotnet"}
    without = {each.id for each in all_runtimes() if not each.has_snap_start}
    old = {"python3.11", "python3.10", "python3.9", "python3.8", "java8.al2", "java8.al2023"}
    known = {each.id for each in all_runtimes() if each.family in families}
    assert without & known == old | {"dotnet6"}
    assert all(each.family in families for each in all_runtimes() if each.has_snap_start)
