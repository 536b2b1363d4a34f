"""The plan of what a sandbox sees of this machine's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.sandbox.process.box.layout import Layout

if TYPE_CHECKING:
    from pathlib import Path


def test_directory_that_exists_is_mounted_on(tmp_path: Path) -> None:
    """A mount on a directory of this machine needs no other."""
    layout = Layout()
    (tmp_path / "there").mkdir()
    layout.bind("/usr", f"{tmp_path}/there")
    assert layout.operations == [("bind", "/usr", f"{tmp_path}/there", False)]
    assert not layout.new_root


def test_missing_directory_is_made_in_memory(tmp_path: Path) -> None:
    """The nearest directory is replaced by one in memory with the same entries, once."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    layout = Layout()
    layout.bind("/usr", f"{tmp_path}/a/b")
    layout.bind("/usr", f"{tmp_path}/a/c")
    assert layout.operations[0] == ("memory", str(tmp_path), "mode=755")
    assert sorted(layout.operations[1:6]) == [
        ("bind", f"{tmp_path}/file", f"{tmp_path}/file", False),
        ("bind", f"{tmp_path}/folder", f"{tmp_path}/folder", False),
        ("directory", f"{tmp_path}/folder"),
        ("file", f"{tmp_path}/file"),
        ("link", "folder", f"{tmp_path}/link"),
    ]
    assert layout.operations[6:] == [
        ("directory", f"{tmp_path}/a"),
        ("directory", f"{tmp_path}/a/b"),
        ("bind", "/usr", f"{tmp_path}/a/b", False),
        ("directory", f"{tmp_path}/a/c"),
        ("bind", "/usr", f"{tmp_path}/a/c", False),
    ]


def test_root_is_replaced_last() -> None:
    """A directory at the root that this machine lacks needs another root."""
    layout = Layout()
    layout.bind("/usr", "/not-of-this-machine/x")
    assert layout.new_root
    assert layout.operations == [
        ("directory", "/not-of-this-machine"),
        ("directory", "/not-of-this-machine/x"),
        ("bind", "/usr", "/not-of-this-machine/x", False),
    ]


def test_needs_below_another_mount(tmp_path: Path) -> None:
    """What is hidden is shown again; what is visible needs nothing."""
    (tmp_path / "covered" / "needed").mkdir(parents=True)
    (tmp_path / "visible").mkdir()
    covered = f"{tmp_path}/covered"
    layout = Layout()
    layout.bind(f"{tmp_path}/visible", covered, writable=True, is_own=True)
    layout.keep([f"{covered}/needed", f"{tmp_path}/visible", "/usr"])
    assert layout.operations == [
        ("bind", f"{tmp_path}/visible", covered, True),
        ("directory", f"{covered}/needed"),
        ("bind", f"{covered}/needed", f"{covered}/needed", False),
    ]
    assert not layout.opened


def test_needs_in_replaced_layers(tmp_path: Path) -> None:
    """A host's interpreter below /opt stays visible beside the layers, also where both have a directory."""
    (tmp_path / "opt" / "python" / "bin").mkdir(parents=True)
    (tmp_path / "layers" / "python").mkdir(parents=True)
    (tmp_path / "layers" / "python" / "module.py").touch()
    opt = f"{tmp_path}/opt"
    layout = Layout()
    layout.replace(opt, f"{tmp_path}/layers")
    layout.keep([f"{opt}/python/bin"])
    assert layout.operations == [
        ("memory", opt, "mode=755"),
        ("directory", f"{opt}/python"),
        ("bind", f"{tmp_path}/layers/python", f"{opt}/python", False),
        ("memory", f"{opt}/python", "mode=755"),
        ("file", f"{opt}/python/module.py"),
        ("bind", f"{tmp_path}/layers/python/module.py", f"{opt}/python/module.py", False),
        ("directory", f"{opt}/python/bin"),
        ("bind", f"{opt}/python/bin", f"{opt}/python/bin", False),
    ]
