"""Building the image of a function without BuildKit, which not every engine has."""

from __future__ import annotations

import re
import tempfile
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from docker.credentials.errors import StoreError
from docker.errors import APIError

from samlocal.engine.images.build_context import read_dockerfile, recipe_digest, write_context
from samlocal.errors import ImageBuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from samlocal.engine.engine import Engine
    from samlocal.engine.images.policy import Build, ImageProgress

# Not a label of our containers, because containers inherit the labels of their image.
RECIPE_LABEL: Final = "samlocal.image.recipe"

# `Step 2/5 : RUN make` says Docker, `STEP 2/5: RUN make` Podman.
_STEP: Final = re.compile(r"step \d+(/\d+)? ?: ", re.IGNORECASE)
_CACHED: Final = re.compile(r"\s*-+> Using cache")
_FROM: Final = re.compile(r"step \S+ ?: from ", re.IGNORECASE)
# Lines of the engine about intermediate containers and images.
_WORKING: Final = re.compile(
    r"\s*-+> (Running in )?([0-9a-f]{11,})?$|Removing intermediate container "
)
_DONE: Final = re.compile(
    r"Successfully (built|tagged) |COMMIT |[0-9a-f]{64}$"
    r"|\[Warning\] one or more build args were not consumed: \[TARGETARCH TARGETOS TARGETPLATFORM\]"
)
# Docker colors what a step writes to stderr.
_ERROR_COLOR: Final = "\x1b[91m"
_NO_COLOR: Final = "\x1b[0m"
_COLOR: Final = re.compile("\x1b\\[[0-9;]*m")
_SHOWN_LINES: Final = 10
_NEEDS_BUILDKIT: Final = re.compile(r"requires? BuildKit|unknown flag: ", re.IGNORECASE)
# Only BuildKit reads here-documents (`RUN <<END`). Other builders take their lines for instructions.
_HERE_DOCUMENT: Final = re.compile(
    rb"^\s*(RUN|COPY|ADD)\b.*<<-?[\"']?\w", re.MULTILINE | re.IGNORECASE
)


def recipe_of(build: Build) -> str:
    """Return the current digest of the recipe, to compare with the image's label."""
    return recipe_digest(build, read_dockerfile(build.recipe))


def build_image(
    engine: Engine, build: Build, *, progress: ImageProgress, cancelled: Callable[[], bool]
) -> None:
    """Build an image and show the steps that are not cached; return early if `cancelled`.

    Raises:
        ImageBuildError: The context cannot be read, or a step of the build failed.
    """
    dockerfile = read_dockerfile(build.recipe)
    output = _Output(build, dockerfile, progress)
    with tempfile.TemporaryFile() as archive, engine.translated_errors(), _build_errors(output):
        name = write_context(build.recipe, dockerfile, archive)
        replaced = engine.sdk.images(name=build.image, quiet=True)
        events = engine.sdk.build(
            fileobj=archive,
            custom_context=True,
            dockerfile=name,
            tag=build.image,
            target=build.recipe.target,
            buildargs=dict(build.recipe.build_args),
            labels={RECIPE_LABEL: recipe_digest(build, dockerfile)},
            platform=build.platform,
            rm=True,
            forcerm=True,
            decode=True,
        )
        for event in events:
            if cancelled():
                return
            output.take(event)
        for image in set(replaced) - set(engine.sdk.images(name=build.image, quiet=True)):
            with suppress(APIError):  # another name or a container still uses it
                engine.sdk.remove_image(image)


@contextmanager
def _build_errors(output: _Output) -> Iterator[None]:
    try:
        yield
    except APIError as error:
        raise output.failure(str(error.explanation or error)) from error
    except StoreError as error:  # docker-py sends every login, needed or not
        raise ImageBuildError(
            f"the credential helper of `docker login` failed: {error}",
            hint="`credsStore` and `credHelpers` in Docker's config.json name it",
        ) from error


class _Output:
    """The output of a build, without cached steps; a fully cached build has no output."""

    def __init__(self, build: Build, dockerfile: bytes, progress: ImageProgress) -> None:
        self._build = build
        self._dockerfile = dockerfile
        self._progress = progress
        self._step: str | None = None
        self._begun = False
        self._partial = ""
        self._color = _NO_COLOR
        self._recent: deque[str] = deque(maxlen=_SHOWN_LINES)
        self._recent_errors: deque[str] = deque(maxlen=_SHOWN_LINES)

    def take(self, event: Mapping[str, Any]) -> None:
        """Show an event.

        Raises:
            ImageBuildError: The event is an error.
        """
        if reason := event.get("error"):
            self._line(self._partial)
            raise self.failure(str(reason).strip())
        *lines, self._partial = (self._partial + event.get("stream", "")).split("\n")
        for line in lines:
            self._line(line.rstrip("\r").rpartition("\r")[2])
        if "status" in event:
            self._show_step()
            detail = event.get("progressDetail") or {}
            current, total = detail.get("current") or 0, detail.get("total") or 0
            self._progress(event.get("id", ""), event["status"], current, total)

    def failure(self, reason: str) -> ImageBuildError:
        output_lines = "".join(f"\n  {line}" for line in self._recent_errors or self._recent)
        return ImageBuildError(
            f"the image of `{self._build.function}` cannot be built: {reason}{output_lines}",
            hint=self._hint(reason),
        )

    def _hint(self, reason: str) -> str | None:
        is_document = "unknown instruction" in reason and _HERE_DOCUMENT.search(self._dockerfile)
        if not is_document and not _NEEDS_BUILDKIT.search(reason):
            return None
        recipe = self._build.recipe
        command = f"docker build -t NAME -f {recipe.context / recipe.dockerfile} {recipe.context}"
        return f"samlocal does not use BuildKit: run `{command}`, then pass `--invoke-image NAME`"

    def _line(self, colored: str) -> None:
        line, in_error = _COLOR.sub("", colored), self._is_error(colored)
        if _STEP.match(line):
            self._step = None if RECIPE_LABEL in line else line
            self._recent.clear()
            self._recent_errors.clear()
        elif _CACHED.match(line):
            self._step = None
        elif _WORKING.match(line):
            if self._step and not _FROM.match(self._step):
                self._show_step()
        elif line.strip() and not _DONE.match(line):
            self._show_step()
            (self._recent_errors if in_error else self._recent).append(line)
            self._progress.note(line)

    def _is_error(self, colored: str) -> bool:
        """Return whether a line or a part of it has the color of stderr, which may span lines."""
        if colored.startswith(_NO_COLOR):
            self._color = _NO_COLOR
        before = self._color
        self._color = [before, *_COLOR.findall(colored)][-1]
        return _ERROR_COLOR in (before, self._color) or _ERROR_COLOR in colored

    def _show_step(self) -> None:
        if not self._begun:
            self._begun = True
            self._progress.note(f"Building {self._build.image} from {self._build.recipe.context}")
        if self._step is not None:
            self._progress.note(self._step)
            self._step = None
