"""The size, the hash and the time of a function's code, as Lambda's API tells them."""

from __future__ import annotations

import base64
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.errors import CodeNotFoundError
from samlocal.function import InlineCode, LocalCode, S3Code
from samlocal.serving.directory_state import UNIMPORTANT
from samlocal.serving.function_call import CodeFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.function import Function


def read_code_facts(function: Function) -> CodeFacts:
    """Return facts about the code that a template names.

    The hash of a directory is that of the names, the modes and the content of its files, since no archive of
    them exists. Code in the template has the time of the template; so have images and objects in S3, whose
    size is 0 and whose hash is that of their name.

    Raises:
        CodeNotFoundError: The code does not exist, or cannot be read.
    """
    code = function.code
    digest = hashlib.sha256()
    if isinstance(code, LocalCode):
        try:
            size, modified = _read(code.path, digest)
        except OSError as error:
            raise CodeNotFoundError(
                f"the code `{code.path}` cannot be read: {error.strerror}", place=code.place
            ) from error
    else:
        match code:
            case InlineCode():
                content, size = code.source.encode("utf-8", "surrogatepass"), len(code.source)
            case S3Code():
                content, size = f"s3://{code.bucket}/{code.key}?{code.version}".encode(), 0
            case _:
                content, size = (code.uri or "").encode(), 0
        digest.update(content)
        modified = _modified(function.place.path)
    return CodeFacts(
        size_bytes=size,
        sha256=base64.b64encode(digest.digest()).decode(),
        last_modified=datetime.fromtimestamp(modified, UTC),
    )


def _read(path: Path, digest: hashlib._Hash) -> tuple[int, float]:
    """Add the content of a directory or an archive to a digest; return size and time of modification."""
    size, modified = 0, 0.0
    for file in _files(path) if path.is_dir() else [path]:
        status = file.stat()
        if path != file:
            name = os.fsencode(file.relative_to(path))
            digest.update(b"%o %d %s\0" % (status.st_mode, status.st_size, name))
        with file.open("rb") as content:
            while piece := content.read(1024 * 1024):
                digest.update(piece)
        size += status.st_size
        modified = max(modified, status.st_mtime)
    return size, modified or path.stat().st_mtime


def _files(directory: Path) -> Iterator[Path]:
    for parent, directories, files in os.walk(directory):
        directories[:] = sorted(set(directories) - UNIMPORTANT)
        for name in sorted(files):
            path = Path(parent, name)
            if path.is_file():
                yield path


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # it has gone, and what was read from it is still served
        return 0.0
