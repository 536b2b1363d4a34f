from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.artifacts import archives
from samlocal.artifacts.code import make_code_directory
from samlocal.artifacts.s3 import download
from samlocal.errors import CodeNotFoundError, Place
from samlocal.function import ImageCode, InlineCode, LocalCode, S3Code

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACE = Place(Path("template.yaml"), 1, 1)


def local(path: Path) -> LocalCode:
    return LocalCode(path=path, place=PLACE)


def archive(path: Path, entries: Mapping[str, str], *, mode: int = 0o644) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            package.writestr(info, content)
    return path


def test_a_directory_is_used_as_it_is(tmp_path: Path) -> None:
    """A directory is mounted as it is."""
    assert make_code_directory(local(tmp_path), runtime=None, cache=tmp_path / "c") == tmp_path


@pytest.mark.parametrize("name", ["code.zip", "code.jar", "CODE.ZIP"])
def test_an_archive_is_unpacked_once(tmp_path: Path, name: str) -> None:
    """The same state of an archive gives the same directory."""
    path = archive(tmp_path / name, {"app.py": "x = 1", "lib/util.py": "y"})
    first = make_code_directory(local(path), runtime=None, cache=tmp_path / "cache")
    second = make_code_directory(local(path), runtime=None, cache=tmp_path / "cache")
    assert first == second
    assert (first / "app.py").read_text() == "x = 1"
    assert (first / "lib" / "util.py").read_text() == "y"
    assert [child.name for child in first.parent.iterdir()] == [first.name]


def test_a_changed_archive_is_unpacked_again(tmp_path: Path) -> None:
    """The next run uses a new build of the archive."""
    path = archive(tmp_path / "code.zip", {"app.py": "old"})
    make_code_directory(local(path), runtime=None, cache=tmp_path / "cache")
    archive(path, {"app.py": "newer"})
    directory = make_code_directory(local(path), runtime=None, cache=tmp_path / "cache")
    assert (directory / "app.py").read_text() == "newer"


def test_old_unpacked_archives_are_removed_after_a_day(tmp_path: Path) -> None:
    """Unpacked archives that were replaced a day ago are removed: the cache does not grow with every build."""
    path = archive(tmp_path / "code.zip", {"app.py": "old"})
    old = make_code_directory(local(path), runtime=None, cache=tmp_path / "cache")
    os.utime(old, (0, 0))
    archive(path, {"app.py": "newer"})
    new = make_code_directory(local(path), runtime=None, cache=tmp_path / "cache")
    assert list(old.parent.iterdir()) == [new]


def test_permissions_survive(tmp_path: Path) -> None:
    """A `bootstrap` stays executable."""
    path = archive(tmp_path / "code.zip", {"bootstrap": "#!/bin/sh"}, mode=0o755)
    directory = make_code_directory(local(path), runtime=None, cache=tmp_path / "cache")
    assert os.access(directory / "bootstrap", os.X_OK)


def test_symbolic_links_survive(tmp_path: Path) -> None:
    """A link in an archive is unpacked as a link."""
    path = tmp_path / "code.zip"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("lib.so.1", "elf")
        link = zipfile.ZipInfo("lib.so")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        package.writestr(link, "lib.so.1")
    directory = make_code_directory(local(path), runtime=None, cache=tmp_path / "cache")
    assert (directory / "lib.so").readlink() == Path("lib.so.1")


def test_nothing_is_written_outside(tmp_path: Path) -> None:
    """Neither `..` nor a link lets an archive write outside the directory."""
    path = tmp_path / "code.zip"
    with zipfile.ZipFile(path, "w") as package:
        link = zipfile.ZipInfo("out")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        package.writestr(link, str(tmp_path))
        package.writestr("out/escaped.txt", "x")
        package.writestr("../../climbed.txt", "x")
        package.writestr("/absolute.txt", "x")
    before = {child.name for child in tmp_path.iterdir()}
    directory = make_code_directory(local(path), runtime=None, cache=tmp_path / "cache")
    assert {child.name for child in tmp_path.iterdir()} == before | {"cache"}
    names = {str(file.relative_to(directory)) for file in directory.rglob("*") if file.is_file()}
    assert names == {"out/escaped.txt", "climbed.txt", "absolute.txt"}


def test_an_archive_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unpacking stops at Lambda's size limit, and leaves nothing behind."""
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 1000)
    path = archive(tmp_path / "code.zip", {"a": "x" * 600, "b": "x" * 600})
    with pytest.raises(CodeNotFoundError, match="unpacks to more than 250 MB"):
        make_code_directory(local(path), runtime=None, cache=tmp_path / "cache")
    assert not any(file.is_file() for file in (tmp_path / "cache").rglob("*"))


def test_an_archive_of_too_many_entries_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of entries is limited: empty files also fill a disk."""
    monkeypatch.setattr(archives, "_MAX_ENTRIES", 3)
    path = archive(tmp_path / "code.zip", {str(number): "" for number in range(4)})
    with pytest.raises(CodeNotFoundError, match="has more than 3 entries"):
        make_code_directory(local(path), runtime=None, cache=tmp_path / "cache")


def test_a_link_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    """The target of a link is no longer than a path can be, whatever the archive says."""
    path = tmp_path / "code.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        package.writestr(link, "x" * 1_000_000)
    with pytest.raises(CodeNotFoundError, match=r"cannot be unpacked: .*too long"):
        make_code_directory(local(path), runtime=None, cache=tmp_path / "cache")


def test_permissions_of_directories_survive(tmp_path: Path) -> None:
    """Permissions are set last; the owner can always remove the directory, and setuid bits are dropped."""
    path = tmp_path / "code.zip"
    with zipfile.ZipFile(path, "w") as package:
        for name, mode in {"closed/": 0o555, "closed/tool": 0o4755, "open/": 0o777}.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            package.writestr(info, "")
    directory = make_code_directory(local(path), runtime=None, cache=tmp_path / "cache")
    modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in directory.rglob("*")}
    assert modes == {"closed": 0o755, "tool": 0o755, "open": 0o777}


def test_a_broken_archive_is_an_error(tmp_path: Path) -> None:
    """A file that only has the extension of an archive is an error."""
    (tmp_path / "code.zip").write_bytes(b"PK nonsense")
    with pytest.raises(CodeNotFoundError, match=r"code.zip` cannot be unpacked: File is not a zip"):
        make_code_directory(local(tmp_path / "code.zip"), runtime=None, cache=tmp_path / "cache")


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("none", "does not exist", "did you run `sam build`, or your bundler?"),
        ("file.txt", "is neither a directory nor an archive", None),
    ],
)
def test_missing_code_and_files_of_another_kind(
    tmp_path: Path, name: str, message: str, hint: str | None
) -> None:
    """A missing path and a file that is not an archive have different messages."""
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(CodeNotFoundError, match=message) as caught:
        make_code_directory(local(tmp_path / name), runtime=None, cache=tmp_path / "cache")
    assert caught.value.hint == hint
    assert caught.value.place == PLACE


@pytest.mark.parametrize(
    ("runtime", "name", "module"),
    [
        ("python3.11", "index.py", "cfnresponse.py"),
        ("nodejs22.x", "index.js", "node_modules/cfn-response/index.js"),
    ],
)
def test_source_text_is_written_as_index(
    tmp_path: Path, runtime: str, name: str, module: str
) -> None:
    """Inline code becomes `index` beside the module for custom resources, as in CloudFormation."""
    code = InlineCode(source="the source: ü", place=PLACE)
    directory = make_code_directory(code, runtime=runtime, cache=tmp_path)
    assert make_code_directory(code, runtime=runtime, cache=tmp_path) == directory
    files = {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}
    assert files == {name, module}
    assert "SUCCESS" in (directory / module).read_text(encoding="utf-8")
    assert (directory / name).read_text(encoding="utf-8") == "the source: ü"


def test_source_text_of_another_runtime_is_refused(tmp_path: Path) -> None:
    """Inline code for a language that Lambda does not support inline is an error."""
    code = InlineCode(source="x", place=PLACE)
    with pytest.raises(CodeNotFoundError, match="`java21` does not support code in the template"):
        make_code_directory(code, runtime="java21", cache=tmp_path)


def test_an_image_has_no_code_directory(tmp_path: Path) -> None:
    """Asking for the code directory of a container image is an error."""
    with pytest.raises(CodeNotFoundError, match="the code is a container image"):
        make_code_directory(ImageCode(uri="x", place=PLACE), runtime=None, cache=tmp_path)


class Bucket:
    """An S3 client with one object."""

    def __init__(self, source: Path) -> None:
        self.source = source
        self.etag = '"1"'
        self.downloads = 0

    def head_object(self, **request: str) -> Mapping[str, object]:
        if request["Key"] != "code.zip":
            raise RuntimeError("Not Found")
        return {"ETag": self.etag}

    def download_file(
        self,
        bucket: str,
        key: str,
        filename: str,
        ExtraArgs: Mapping[str, str],  # noqa: N803
    ) -> None:
        assert (bucket, key, ExtraArgs) == ("artifacts", "code.zip", {"VersionId": "v1"})
        self.downloads += 1
        Path(filename).write_bytes(self.source.read_bytes())


def test_an_object_in_s3_is_downloaded_once_for_each_etag(tmp_path: Path) -> None:
    """The code is downloaded again only after it has changed."""
    bucket = Bucket(archive(tmp_path / "source.zip", {"app.py": "x"}))
    code = S3Code(bucket="artifacts", key="code.zip", version="v1", place=PLACE)

    def unpacked() -> Path:
        return make_code_directory(
            code,
            runtime=None,
            cache=tmp_path / "cache",
            fetch=lambda wanted, directory: download(bucket, wanted, directory),
        )

    assert unpacked() == unpacked()
    assert (unpacked() / "app.py").read_text() == "x"
    assert bucket.downloads == 1
    bucket.etag = '"2"'
    unpacked()
    assert bucket.downloads == 2


def test_an_object_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """The message contains the error from S3, and the hint a remedy."""
    bucket = Bucket(tmp_path / "none")
    code = S3Code(bucket="artifacts", key="other.zip", version=None, place=PLACE)
    with pytest.raises(
        CodeNotFoundError, match=r"`s3://artifacts/other.zip` cannot be read: Not Found"
    ):
        download(bucket, code, tmp_path)


def test_code_in_s3_needs_a_download_function(tmp_path: Path) -> None:
    """Without a function that downloads it, code in S3 is an error that names the object."""
    code = S3Code(bucket="b", key="k", version=None, place=PLACE)
    with pytest.raises(CodeNotFoundError, match="the code is in S3: `s3://b/k`"):
        make_code_directory(code, runtime=None, cache=tmp_path)
