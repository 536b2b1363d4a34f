from __future__ import annotations

from pathlib import Path

import pytest

from samlocal.engine.images.build import _Output
from samlocal.engine.images.policy import Build
from samlocal.errors import ImageBuildError
from samlocal.function import ImageBuild

BUILD = Build(
    function="Shop",
    recipe=ImageBuild(context=Path("/shop")),
    image="samlocal/shop-1:latest",
    platform="linux/amd64",
)
HEADING = "Building samlocal/shop-1:latest from /shop"


class Watcher:
    """Records the progress of a build."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.pulls: list[tuple[str, str, int, int]] = []

    def __call__(self, layer: str, status: str, current: int, total: int) -> None:
        self.pulls.append((layer, status, current, total))

    def note(self, text: str) -> None:
        self.notes.append(text)


def shown(*pieces: str) -> list[str]:
    watcher = Watcher()
    output = _Output(BUILD, b"FROM scratch\n", watcher)
    for piece in pieces:
        output.take({"stream": piece})
    return watcher.notes


def failure(*pieces: str, reason: str, dockerfile: bytes = b"FROM scratch\n") -> ImageBuildError:
    output = _Output(BUILD, dockerfile, Watcher())
    for piece in pieces:
        output.take({"stream": piece})
    with pytest.raises(ImageBuildError) as caught:
        output.take({"error": reason})
    return caught.value


def test_cached_steps_are_not_shown() -> None:
    """A build with only cached steps has no output."""
    docker = ("Step 1/2 : FROM base", "\n", " ---> 0a1b2c3d4e5f\n", "Step 2/2 : RUN make", "\n")
    assert (
        shown(*docker, " ---> Using cache\n", " ---> 1a1b2c3d4e5f\n", "Successfully built 1a\n")
        == []
    )
    podman = "STEP 1/2: FROM base\nSTEP 2/2: RUN make\n--> Using cache 0a1b2c3d\nCOMMIT shop\n"
    assert shown(podman, "--> 0a1b2c3d4e5\n", f"{'0a' * 32}\n") == []


def test_steps_that_are_done_are_shown() -> None:
    """A step that runs is shown with its output, without the engine's own messages."""
    step = ("Step 2/2 : RUN make", "\n", " ---> Running in 0a1b2c3d4e5f\n", "made")
    assert shown(*step, " it\nRemoving intermediate container 0a1b\n", " ---> 1a1b2c3d4e5f\n") == [
        HEADING,
        "Step 2/2 : RUN make",
        "made it",
    ]
    assert shown("Step 2/2 : COPY a /\n", " ---> 1a1b2c3d4e5f\n") == [
        HEADING,
        "Step 2/2 : COPY a /",
    ]


def test_lines_are_as_a_terminal_would_leave_them() -> None:
    """Colors are removed, and a carriage return overwrites the line."""
    assert shown("10%\r100%\r\n", "\x1b[91mred\n\x1b[0mplain\n")[1:] == ["100%", "red", "plain"]


def test_failure_has_what_the_step_wrote_to_stderr() -> None:
    """Only lines in Docker's color of stderr are in the error."""
    pieces = ("Step 1/1 : RUN make\n", "out 1\n", "\x1b[91merror 1\nerror 2\n", "\x1b[0mout 2\n")

    error = failure(*pieces, reason="returned a non-zero code: 2\n")

    assert error.message == (
        "the image of `Shop` cannot be built: returned a non-zero code: 2\n  error 1\n  error 2"
    )


def test_failure_has_the_last_lines_where_stderr_is_empty() -> None:
    """Without stderr, the error has the last ten lines of the failed step."""
    lines = "".join(f"line {number}\n" for number in range(20))

    error = failure("Step 1/2 : RUN a\nbefore\nStep 2/2 : RUN b\n", lines, reason="failed")

    assert error.message.splitlines()[1:] == [f"  line {number}" for number in range(10, 20)]
    assert error.hint is None


@pytest.mark.parametrize(
    ("reason", "dockerfile"),
    [
        ("the --mount option requires BuildKit. Refer to …", b"RUN --mount=type=cache true\n"),
        ("dockerfile parse error line 2: unknown instruction: ECHO", b"RUN <<END\necho\nEND\n"),
        ("Unknown flag: link", b"COPY --link a /\n"),
    ],
)
def test_a_build_that_needs_buildkit_has_a_hint(reason: str, dockerfile: bytes) -> None:
    """The hint for a Dockerfile that needs BuildKit is the command that builds it."""
    error = failure(reason=reason, dockerfile=dockerfile)

    assert error.hint == (
        "samlocal does not use BuildKit: run `docker build -t NAME -f /shop/Dockerfile /shop`,"
        " then pass `--invoke-image NAME`"
    )


def test_another_mistake_has_no_hint() -> None:
    """A misspelt instruction gets no hint about BuildKit."""
    reason = "dockerfile parse error line 1: unknown instruction: FRM"
    assert failure(reason=reason, dockerfile=b"FRM scratch\n").hint is None


def test_base_image_that_is_pulled() -> None:
    """The layers of a pulled base image are shown like those of any pull, below the build's heading."""
    watcher = Watcher()

    progress = {"current": 1, "total": 2}
    _Output(BUILD, b"", watcher).take(
        {"id": "0a1b", "status": "Downloading", "progressDetail": progress}
    )

    assert watcher.notes == [HEADING]
    assert watcher.pulls == [("0a1b", "Downloading", 1, 2)]
