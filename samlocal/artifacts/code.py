"""Code as a directory to mount, from any kind of code location in a template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cache.store import create_entry, hash_text, make_private, mark_as_used, remove_older
from samlocal.data import data_folder
from samlocal.errors import CodeNotFoundError
from samlocal.function import InlineCode, LocalCode, S3Code
from samlocal.path_kinds import is_directory, is_file, path_exists

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from samlocal.function import ImageCode

    # Downloads an object into a directory and returns the archive; the name follows from its ETag.
    Fetch = Callable[[S3Code, Path], Path]

_INLINE_NAMES: Final = {"python": "index.py", "nodejs": "index.js"}
# The module that CloudFormation adds to inline code, and the path where the language finds it.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html
_INLINE_MODULES: Final = {
    "python": ("cfnresponse.py", "cfnresponse.py"),
    "nodejs": ("cfn-response.js", "node_modules/cfn-response/index.js"),
}


def make_code_directory(
    code: LocalCode | InlineCode | S3Code | ImageCode,
    *,
    runtime: str | None,
    cache: Path,
    fetch: Fetch | None = None,
    what: str = "the code",
) -> Path:
    """Return a directory with the code of a function or the content of a layer.

    A directory is returned as it is. An archive is unpacked under `cache`, once for each state of it.
    Source text is written there as in CloudFormation. `fetch` downloads objects from S3; `what` names
    the code in messages.

    Raises:
        CodeNotFoundError: the code does not exist, or cannot become a directory.
    """
    match code:
        case LocalCode():
            return _local(code, cache, what)
        case InlineCode():
            return _inline(code, runtime, cache)
        case S3Code():
            if fetch is None:
                raise CodeNotFoundError(
                    f"{what} is in S3: `s3://{code.bucket}/{code.key}`", place=code.place
                )
            archive = fetch(code, make_private(cache / "downloads"))
            return _local(LocalCode(path=archive, place=code.place), cache, what)
        case _:
            raise CodeNotFoundError("the code is a container image", place=code.place)


def _local(code: LocalCode, cache: Path, what: str) -> Path:
    if is_directory(code.path):
        return code.path
    if is_archive(code.path):
        return _unpacked(code, cache)
    problem = (
        "is neither a directory nor an archive" if path_exists(code.path) else "does not exist"
    )
    raise CodeNotFoundError(
        f"{what} `{code.path}` {problem}",
        place=code.place,
        hint=None if path_exists(code.path) else "did you run `sam build`, or your bundler?",
    )


def _unpacked(code: LocalCode, cache: Path) -> Path:
    status = code.path.stat()
    state = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"
    family = make_private(cache / "archives") / hash_text(str(code.path))
    wanted = family / hash_text(state)
    if not wanted.is_dir():
        from samlocal.artifacts.archives import unpack  # noqa: PLC0415  # most runs find it unpacked

        with create_entry(wanted) as made:
            unpack(code.path, made, place=code.place)
        remove_older(wanted)
    mark_as_used(wanted)
    return wanted


def _inline(code: InlineCode, runtime: str | None, cache: Path) -> Path:
    """Write source text to `index.py` or `index.js`, beside the `cfn-response` module.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html
    """
    family = (runtime or "").rstrip("0123456789.x")
    if family not in _INLINE_NAMES:
        raise CodeNotFoundError(
            f"`{runtime}` does not support code in the template",
            place=code.place,
            hint="Lambda supports inline code for Python and Node.js only",
        )
    module_file, module_name = _INLINE_MODULES[family]
    module = (data_folder("runtimes") / "inline" / module_file).read_text(encoding="utf-8")
    wanted = make_private(cache / "inline") / hash_text(f"{family}\0{module}\0{code.source}")
    if not wanted.is_dir():
        with create_entry(wanted) as made:
            for name, text in ((module_name, module), (_INLINE_NAMES[family], code.source)):
                (made / name).parent.mkdir(parents=True, exist_ok=True)
                (made / name).write_text(text, encoding="utf-8")
    mark_as_used(wanted)
    return wanted


def is_archive(path: Path) -> bool:
    """Tell whether a file is a deployment package: a zip or jar archive."""
    return path.suffix.lower() in {".zip", ".jar"} and is_file(path)
