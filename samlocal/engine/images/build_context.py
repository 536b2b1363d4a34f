"""The build context of an image: the files for the engine, and their changes since a build.

`.dockerignore` applies as in `docker build`: https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from docker.utils.build import PatternMatcher, create_archive, exclude_paths

from samlocal.errors import ImageBuildError

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.engine.images.policy import Build
    from samlocal.function import ImageBuild

# The name in the context of a Dockerfile from outside of it, as in the `docker` command.
_FOREIGN_DOCKERFILE: Final = ".samlocal.Dockerfile"


def read_dockerfile(recipe: ImageBuild) -> bytes:
    """Return the text of the Dockerfile.

    Raises:
        ImageBuildError: It cannot be read, or there is no build context.
    """
    if not recipe.context.is_dir():
        raise ImageBuildError(
            f"no build context directory `{recipe.context}`",
            hint="`DockerContext` is relative to the template; for a CDK app, run `cdk synth` first",
        )
    path = recipe.context / recipe.dockerfile
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:  # the latter for a NUL
        reason = error.strerror if isinstance(error, OSError) else error
        raise ImageBuildError(
            f"the Dockerfile `{path}` cannot be read: {reason}",
            hint="`Dockerfile` in `Metadata` is relative to `DockerContext`",
        ) from error


def recipe_digest(build: Build, dockerfile: bytes) -> str:
    """Return a digest of the recipe; an image with another digest is outdated."""
    recipe = build.recipe
    facts = [
        str(recipe.context),
        recipe.dockerfile,
        recipe.target,
        sorted(recipe.build_args.items()),
        build.platform,
        hashlib.sha256(dockerfile).hexdigest(),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def write_context(recipe: ImageBuild, dockerfile: bytes, archive: IO[bytes]) -> str:
    """Write the context as a tar archive; return the Dockerfile's name in it.

    Raises:
        ImageBuildError: A file cannot be read, or the disk is full.
    """
    name = _name_in_context(recipe)
    foreign = [] if name else [(_FOREIGN_DOCKERFILE, dockerfile.decode(errors="replace"))]
    try:
        create_archive(
            os.fspath(recipe.context),
            files=_files(recipe, name),
            fileobj=archive,
            extra_files=foreign,
        )
    except (OSError, tarfile.TarError) as error:
        reason = error.__cause__ or error  # docker-py's message has only the file
        raise ImageBuildError(
            f"`{recipe.context}` cannot be sent to the engine: {reason}"
        ) from error
    return name or _FOREIGN_DOCKERFILE


def newer_file(recipe: ImageBuild, than: float) -> Path | None:
    """Return a file of the context that was written after a time, in seconds since 1970."""
    patterns = _ignored(recipe.context / ".dockerignore")
    # An ignored directory may contain files that are not ignored.
    prunes = not any(pattern.startswith("!") for pattern in patterns)
    # Docker's stubs take it for a matcher of paths; it matches strings.
    is_ignored = cast("Callable[[str], bool]", PatternMatcher(patterns).matches)
    for directory, below, names in os.walk(recipe.context):
        base = Path(directory).relative_to(recipe.context)
        if prunes:
            below[:] = [each for each in below if not is_ignored(str(base / each))]
        for name in names:
            with suppress(OSError):
                # Times first: comparing them is far cheaper than matching names.
                is_newer = os.lstat(f"{directory}/{name}").st_mtime > than
                if is_newer and not is_ignored(str(base / name)):
                    return Path(directory, name)
    return None


def _name_in_context(recipe: ImageBuild) -> str | None:
    """Return the Dockerfile's path in the context; None if it is outside, as the CDK allows."""
    name = os.path.relpath(recipe.context / recipe.dockerfile, recipe.context)
    return None if Path(name).parts[0] == os.pardir else name


def _files(recipe: ImageBuild, dockerfile: str | None) -> list[str]:
    patterns = _ignored(recipe.context / ".dockerignore")
    names: set[str] = exclude_paths(os.fspath(recipe.context), patterns, dockerfile=dockerfile)
    return sorted(names)


def _ignored(path: Path) -> list[str]:
    with suppress(FileNotFoundError):
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        return [line for each in lines if (line := each.strip()) and not line.startswith("#")]
    return []
