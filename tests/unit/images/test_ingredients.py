from __future__ import annotations

import tarfile
from io import BytesIO
from typing import TYPE_CHECKING

from runtimes.images.ingredients import subtract

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
