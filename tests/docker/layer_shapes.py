"""Layers of every shape, and what Lambda makes of them: a model that shares no code with samlocal.

"Lambda extracts the layers in the order (low to high) listed by the function. Lambda merges folders with
the same name, so if the same file appears in multiple layers, the function uses the version in the last
extracted layer." https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html
"""

from __future__ import annotations

import stat
import zipfile
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

Tree = dict[str, list[object]]


@dataclass(frozen=True)
class File:
    """A file with its content and permissions."""

    content: str = ""
    mode: int = 0o644


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    target: str


@dataclass(frozen=True)
class Directory:
    """A directory that may be empty; those that only lead to files need not be named."""

    mode: int = 0o755


@dataclass(frozen=True)
class LayerOf:
    """A layer's content by path, and how it comes."""

    content: dict[str, File | Link | Directory]
    kind: Literal["directory", "zip"] = "directory"


def write(layer: LayerOf, place: Path) -> Path:
    """Create a layer at a path, with a suffix for a zip archive; return its path."""
    if layer.kind == "zip":
        return _zip(layer, place.with_suffix(".zip"))
    place.mkdir(parents=True)
    for name, entry in layer.content.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        match entry:
            case Link():
                path.symlink_to(entry.target)
            case Directory():
                path.mkdir(exist_ok=True)
                path.chmod(entry.mode)
            case File():
                path.write_text(entry.content)
                path.chmod(entry.mode)
    return place


def _zip(layer: LayerOf, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, entry in layer.content.items():
            info = zipfile.ZipInfo(f"{name}/" if isinstance(entry, Directory) else name)
            mode = {Link: stat.S_IFLNK, Directory: stat.S_IFDIR, File: stat.S_IFREG}[type(entry)]
            info.external_attr = (mode | (0o777 if isinstance(entry, Link) else entry.mode)) << 16
            package.writestr(info, _text(entry))
    return path


def _text(entry: File | Link | Directory) -> str:
    match entry:
        case Link():
            return entry.target
        case Directory():
            return ""
        case File():
            return entry.content


def expected(layers: list[LayerOf]) -> Tree:
    """Apply the layers in order to an empty directory; a later entry of any kind wins."""
    tree: Tree = {}
    for layer in layers:
        for name, entry in layer.content.items():
            parts = name.split("/")
            for length in range(1, len(parts)):
                _directory(tree, "/".join(parts[:length]), None)
            if isinstance(entry, Directory):
                _directory(tree, name, entry.mode)
                continue
            for below in [path for path in tree if path == name or path.startswith(f"{name}/")]:
                del tree[below]
            if isinstance(entry, Link):
                tree[name] = ["link", entry.target]
            else:
                tree[name] = ["file", entry.mode, b64encode(entry.content.encode()).decode()]
    return tree


def _directory(tree: Tree, name: str, mode: int | None) -> None:
    there = tree.get(name, [""])[0] == "directory"
    if not there or mode is not None:
        tree[name] = ["directory", 0o755 if mode is None else mode]


SHAPES: dict[str, list[LayerOf]] = {
    "one directory": [LayerOf({"python/a.py": File("a"), "bin/tool": File("#!/bin/sh", 0o755)})],
    "one zip": [LayerOf({"python/a.py": File("a"), "bin/tool": File("#!/bin/sh", 0o755)}, "zip")],
    "two that share nothing": [
        LayerOf({"python/a.py": File("a")}),
        LayerOf({"nodejs/b.js": File("b")}),
    ],
    "the same file": [
        LayerOf({"lib/x": File("old", 0o755), "lib/only-first": File("1")}),
        LayerOf({"lib/x": File("new", 0o640), "lib/only-second": File("2")}),
    ],
    "a zip over a directory": [
        LayerOf({"lib/x": File("directory"), "lib/y": File("stays")}),
        LayerOf({"lib/x": File("zip"), "lib/z": File("added", 0o755)}, "zip"),
    ],
    "a directory over a zip": [
        LayerOf({"lib/x": File("zip"), "lib/y": File("stays")}, "zip"),
        LayerOf({"lib/x": File("directory")}),
    ],
    "a directory over a file": [
        LayerOf({"data": File("a file")}),
        LayerOf({"data/inner/x": File("x")}),
    ],
    "a file over a directory": [
        LayerOf({"data/inner/x": File("x"), "data/y": File("y")}),
        LayerOf({"data": File("a file")}),
    ],
    "a file over a link, which is not written through": [
        LayerOf({"lib/real": File("real"), "lib/x": Link("real")}),
        LayerOf({"lib/x": File("its own")}),
    ],
    "a link over a file and over a directory": [
        LayerOf({"lib/x": File("x"), "lib/d/y": File("y"), "lib/real": File("real")}, "zip"),
        LayerOf({"lib/x": Link("real"), "lib/d": Link(".")}, "zip"),
    ],
    "a directory over a link to a directory": [
        LayerOf({"lib64/x": File("x"), "lib": Link("lib64")}),
        LayerOf({"lib/y": File("y")}),
    ],
    "permissions of directories": [
        LayerOf({"d": Directory(0o755), "e": Directory(0o700)}),
        LayerOf({"d": Directory(0o750), "e": Directory(0o755), "e/x": File("x", 0o600)}),
        LayerOf({"empty": Directory(0o711), "d": Directory(0o701)}, "zip"),
    ],
    "links that stay, dangle, or lead into the container": [
        LayerOf(
            {"a": Link("b/c"), "b/c": File("c"), "b/up": Link("../b/c"), "none": Link("nowhere")}
        ),
        LayerOf({"python": Link("/opt/b"), "sh": Link("/bin/sh"), "loop": Link("loop")}),
    ],
    "names of every kind": [
        LayerOf({"with space/a:b": File("1"), "süß/日本": File("2"), "-rf": File("3")}),
        LayerOf(
            {"with space/new\nline": File("4"), "süß/$HOME": File("5"), ".hidden": File("6")}, "zip"
        ),
    ],
    "five layers": [
        LayerOf(
            {"x": File(str(number)), f"of/{number}": File(str(number))},
            "zip" if number % 2 else "directory",
        )
        for number in range(5)
    ],
}
