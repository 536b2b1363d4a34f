from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from samlocal.errors import Place
from samlocal.function import FileSystem, Function, LocalCode
from samlocal.sandbox.file_systems import file_system_diagnostics, file_system_mounts
from samlocal.sandbox.sandbox import Mount

PLACE = Place(Path("template.yaml"), 12, 5)
STORE = Place(Path("template.yaml"), 20, 11)
FUNCTION = Function(
    logical_id="Ratings",
    full_path="Ratings",
    name="Ratings",
    code=LocalCode(path=Path("/code"), place=PLACE),
    place=PLACE,
)
STORING = replace(FUNCTION, file_systems=(FileSystem(mount_path="/mnt/store", place=STORE),))


def test_directories_are_mounted_writable() -> None:
    """File systems are mounted writable."""
    assert file_system_mounts({"/mnt/store": Path("/data")}) == (
        Mount(source=Path("/data"), target="/mnt/store", read_only=False),
    )


def test_file_system_with_a_directory() -> None:
    """A file system with a directory has no diagnostic."""
    assert file_system_diagnostics(STORING, {"/mnt/store": Path("/data")}) == ()
    assert file_system_diagnostics(FUNCTION, {}) == ()


def test_file_system_that_is_missing_or_surplus() -> None:
    """A missing directory is reported at its file system, a surplus one at the function."""
    missing, surplus = file_system_diagnostics(STORING, {"/mnt/stroe": Path("/data")})
    assert (missing.place, missing.message) == (STORE, "no file system is mounted at `/mnt/store`")
    assert surplus.place == PLACE
    assert "`Ratings` has no `FileSystemConfigs` with `/mnt/stroe`" in surplus.message
