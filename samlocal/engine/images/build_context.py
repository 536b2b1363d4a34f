"""The directory that an image is built from: what of it the engine gets, and what has changed since.

`.dockerignore` counts as for `docker build`: https://docs.docker.com/build/concepts/context/#dockerignore-files
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

# A Dockerfile from outside the context travels with it under this name, as with the `docker` command.
_FOREIGN_DOCKERFILE: Final = ".samlocal.Dockerfile"


def read_dockerfile(recipe: ImageBuild) -> bytes:
    """Return the text of the Dockerfile.

    Raises:
        ImageBuildError: It can't be read, or there is no context for it.
    """
    if not recipe.context.is_dir():
        raise ImageBuildError(
            f"there is no directory `{recipe.context}` to build an image from",
            hint="`DockerContext` is relative to the template; did `cdk synth` run?",
        )
    path = recipe.context / recipe.dockerfile
    try:
        return path.read_bytes()
    except OSError as error:
        raise ImageBuildError(
            f"the Dockerfile `{path}` cannot be read: {error.strerror}",
            hint="`Dockerfile` in `Metadata` is relative to `DockerContext`",
        ) from error


def recipe_digest(build: Build, dockerfile: bytes) -> str:
    """Return what changes with the recipe: an image of another digest is another image."""
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
        ImageBuildError: A file of it can't be read, or there is no space for the archive.
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
        reason = error.__cause__ or error  # docker-py's own words name the file only
        raise ImageBuildError(
            f"`{recipe.context}` can't be sent to the engine: {reason}"
        ) from error
    return name or _FOREIGN_DOCKERFILE


def newer_file(recipe: ImageBuild, than: float) -> Path | None:
    """Return a file of the context that was written after a time, in seconds since 1970."""
    patterns = _ignored(recipe.context / ".dockerignore")
    # What is ignored may hold what isn't.
    prunes = not any(pattern.startswith("!") for pattern in patterns)
    # Docker's stubs take it for a matcher of paths; it matches strings.
    is_ignored = cast("Callable[[str], bool]", PatternMatcher(patterns).matches)
    for directory, below, names in os.walk(recipe.context):
        base = Path(directory).relative_to(recipe.context)
        if prunes:
            below[:] = [each for each in below if not is_ignored(str(base / each))]
        for name in names:
            with suppress(OSError):
                # Times first: to compare them is far cheaper than to match names.
                is_newer = os.lstat(f"{directory}/{name}").st_mtime > than
                if is_newer and not is_ignored(str(base / name)):
                    return Path(directory, name)
    return None


def _name_in_context(recipe: ImageBuild) -> str | None:
    """Return the Dockerfile's path in the context; None where it is outside, as the CDK allows."""
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
