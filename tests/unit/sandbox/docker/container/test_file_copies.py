from __future__ import annotations

import io
import os
import stat
import tarfile
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import SandboxError
from samlocal.sandbox.docker.container.file_copies import archive

if TYPE_CHECKING:
    from pathlib import Path


def unpacked(directory: Path, target: str = "/var/task") -> dict[str, tarfile.TarInfo]:
    content = io.BytesIO(b"".join(archive(directory, target)))
    with tarfile.open(fileobj=content, mode="r:") as tar:
        return {member.name: member for member in tar.getmembers()}


def test_archive_keeps_files_and_directories(tmp_path: Path) -> None:
    """The archive keeps permissions, owners, times and names of any length and kind."""
    names = ["plain", "süß", "x" * 200, "deep/" + "y" * 120 + "/" + "z" * 120, "not\udcff-text"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, errors="surrogateescape")
    (tmp_path / "plain").chmod(0o751)
    os.utime(tmp_path / "plain", (1_600_000_000, 1_600_000_000))

    members = unpacked(tmp_path)

    assert set(names) <= set(members)
    plain = members["plain"]
    status = (tmp_path / "plain").stat()
    assert (plain.mode, plain.mtime) == (0o751, 1_600_000_000)
    assert (plain.uid, plain.gid) == (status.st_uid, status.st_gid)
    assert members["deep"].isdir()


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 524_287, 524_288, 3_000_000])
def test_contents_of_every_size(tmp_path: Path, size: int) -> None:
    """Files of any size are padded to whole blocks."""
    content = os.urandom(size)
    (tmp_path / "a").write_bytes(content)
    (tmp_path / "b").write_bytes(b"after it")
    with tarfile.open(fileobj=io.BytesIO(b"".join(archive(tmp_path, "/opt")))) as tar:
        first, second = tar.extractfile("a"), tar.extractfile("b")
        assert first
        assert second
        assert (first.read(), second.read()) == (content, b"after it")


def test_blocks_are_neither_tiny_nor_huge(tmp_path: Path) -> None:
    """Small files are combined into one block, and a large file is split into several."""
    for number in range(300):
        (tmp_path / str(number)).write_text("x")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(5_000_000)
    sizes = [len(block) for block in archive(tmp_path, "/opt")]
    assert len(sizes) < 15
    assert max(sizes) < 2_000_000


def test_a_file_that_shrinks_is_filled_up(tmp_path: Path) -> None:
    """A file that shrinks while it is read does not break the archive."""
    (tmp_path / "a").write_bytes(b"x" * 2_000_000)
    (tmp_path / "b").write_text("after it")
    blocks = archive(tmp_path, "/opt")
    first = next(blocks)
    (tmp_path / "a").write_bytes(b"")
    with tarfile.open(fileobj=io.BytesIO(first + b"".join(blocks))) as tar:
        assert [(member.name, member.size) for member in tar] == [("a", 2_000_000), ("b", 8)]


@pytest.mark.parametrize(
    ("link", "packed"),
    [
        ("app.py", "app.py"),
        ("lib/../app.py", "lib/../app.py"),
        ("../shared", "/var/shared"),
        ("../../../../shared", "/shared"),
        ("/usr/bin/python3", "/usr/bin/python3"),
        ("../task-not", "/var/task-not"),
    ],
)
def test_links_that_leave_are_absolute(tmp_path: Path, link: str, packed: str) -> None:
    """A relative link out of the directory becomes an absolute link to the same target."""
    (tmp_path / "link").symlink_to(link)
    member = unpacked(tmp_path)["link"]
    assert (member.issym(), member.linkname) == (True, packed)


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    """The error for a local file names the file, and is not an error of the engine."""
    (tmp_path / "a").write_bytes(bytes(1_000_000))
    (tmp_path / "b").write_text("x")
    blocks = archive(tmp_path, "/opt")
    next(blocks)
    (tmp_path / "b").unlink()
    with pytest.raises(SandboxError, match=r"`.*/b` cannot be copied to the engine: no such file"):
        list(blocks)
    with pytest.raises(SandboxError, match=r"`.*/none` cannot be copied to the engine"):
        archive(tmp_path / "none", "/opt")


def test_pipes_and_sockets_are_skipped(tmp_path: Path) -> None:
    """Pipes and sockets are skipped, because reading a pipe would block."""
    os.mkfifo(tmp_path / "pipe")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert unpacked(tmp_path) == {}


def test_a_copy_that_is_cancelled_ends(tmp_path: Path) -> None:
    """A cancelled copy ends, also within a file."""
    with (tmp_path / "large").open("wb") as file:
        file.truncate(10_000_000)
    blocks = archive(tmp_path, "/opt", cancelled=iter([False] * 4 + [True] * 100).__next__)
    assert sum(map(len, blocks)) < 5_000_000
