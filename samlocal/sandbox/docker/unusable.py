"""Images that can't run here: what they are to start is missing, or is for another architecture."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from samlocal.errors import UnusableImageError

if TYPE_CHECKING:
    from samlocal.errors import EngineError, SandboxError
    from samlocal.sandbox.sandbox import Log, SandboxSpec

# As runc (`exec: "/run": stat /run: no such file or directory`) and crun (`executable file `/run` not
# found`) have it, amid words of their own.
_NOTHING_TO_START: Final = re.compile(
    r'exec: "(?P<runc>[^"]*)": (stat \S+: )?(?P<reason>[^:]+)|executable file `(?P<crun>[^`]*)` not found'
)
_WRONG_FORMAT: Final = b"exec format error"


def start_error(spec: SandboxSpec, error: EngineError) -> SandboxError:
    """Return what it means that a container doesn't start: its image, or the engine, is at fault."""
    found = _NOTHING_TO_START.search(error.message)
    if found is None:
        return error
    return UnusableImageError(
        f"`{spec.image}` can't start `{found['runc'] or found['crun']}`: {found['reason'] or 'not found'}",
        hint="what it starts is its ENTRYPOINT and CMD, or the template's `ImageConfig`",
    )


class FormatErrors:
    """A log that hears what the kernel says of a program for another architecture."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.heard = False

    def write(self, output: bytes) -> None:
        self.heard |= _WRONG_FORMAT in output
        self._log.write(output)

    def line(self, text: str) -> None:
        self._log.line(text)

    def as_error(self, spec: SandboxSpec) -> UnusableImageError:
        architecture = spec.foreign_architecture
        return UnusableImageError(
            f"`{spec.image}` is for {architecture}, and the engine's machine can't run that",
            hint=f"`docker run --privileged --rm tonistiigi/binfmt --install {architecture}` makes Linux"
            f" emulate it; or {_instead(spec)}",
        )


def _instead(spec: SandboxSpec) -> str:
    """Return what to do about an image for another architecture, but emulate that."""
    if spec.is_chosen_image:
        return "name an image for this machine's own architecture"
    if spec.is_image_function:
        return "build the image for this machine, with `Architectures` to match"
    return "choose this machine's own architecture with `--architecture`"
