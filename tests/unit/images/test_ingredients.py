from __future__ import annotations

import tarfile
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from runtimes.images.ingredients import java_client, subtract
from runtimes.images.store import IngredientError, Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def _tar(path: Path, files: Mapping[str, bytes], *, links: Mapping[str, str] | None = None) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, BytesIO(content))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return path


def test_a_layer_is_what_the_parent_has_not(tmp_path: Path) -> None:
    """New and changed files and links are in the layer, with their content; the others are not."""
    below = _tar(
        tmp_path / "below",
        {"same": b"1", "changed": b"2", "gone": b"3"},
        links={"sh": "dash", "awk": "mawk"},
    )
    full = _tar(
        tmp_path / "full",
        {"same": b"1", "changed": b"two", "new": b"4"},
        links={"sh": "dash", "awk": "gawk"},
    )
    subtract(full, below, tmp_path / "layer")
    with tarfile.open(tmp_path / "layer") as layer:
        assert layer.getnames() == ["changed", "new", "awk"]
        changed = layer.extractfile("changed")
        assert changed
        assert changed.read() == b"two"
        assert layer.getmember("awk").linkname == "gawk"


def test_java_without_maven_is_skipped_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Maven is missing, the reason why there is no image for Java names its package."""
    (tmp_path / "pom.xml").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(IngredientError, match=r"^mvn is not installed; .* is named maven$"):
        java_client(Store(tmp_path / "store"), tmp_path / "pom.xml")
