"""What is watched for some paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.serving.watch_plan import plan_watch

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A real path without links."""
    return tmp_path.resolve()


def test_file(top: Path) -> None:
    """A file is watched through its directory; the directories above it may be replaced."""
    file = top / "shop" / "template.yaml"
    file.parent.mkdir()
    plan = plan_watch([], [file])
    assert not plan.trees
    assert {str(top), str(top / "shop")} <= plan.directories
    for name in (file, top / "shop", top):
        assert plan.concerned(str(name)) == {file}
    assert not plan.concerned(str(top / "other"))


def test_tree(top: Path) -> None:
    """Any path below a directory concerns it, and all other directories that contain the path."""
    outer, inner = top / "shop", top / "shop" / "lib"
    inner.mkdir(parents=True)
    plan = plan_watch([outer, inner], [])
    assert dict(plan.trees_of(f"{inner}/a/b")) == {
        str(inner): frozenset({inner}),
        str(outer): frozenset({outer}),
    }
    assert not [*plan.trees_of(f"{top}/shopping/a")]


def test_link(top: Path) -> None:
    """A link to a directory is watched as well as the directory, also if it is high above the path."""
    real = top / "releases" / "1"
    path = top / "current" / "a" / "b" / "c" / "d" / "e"
    (real / "a" / "b" / "c" / "d" / "e").mkdir(parents=True)
    (top / "current").symlink_to(real)
    plan = plan_watch([path], [])
    assert [*plan.trees] == [str(real / "a" / "b" / "c" / "d" / "e")]
    assert plan.concerned(str(top / "current")) == {path}
    assert plan.concerned(str(real / "a" / "b" / "c" / "d" / "e")) == {path}


def test_missing_directories(top: Path) -> None:
    """Of a path whose directories do not exist, the first one that is missing is awaited."""
    path = top / "a" / "b" / "c" / "d" / "e" / "f" / "file"
    plan = plan_watch([path], [])
    assert not plan.trees
    assert plan.concerned(str(top / "a")) == {path}
    assert str(top) in plan.directories
