"""One stream for all that a function writes, in the order in which it writes it; and a process 1 before it.

An engine hands on stdout and stderr apart, each when it gets to it; Lambda has one log for both. So a shell
of the image's runs the program and connects its stderr to its stdout: one pipe keeps one order.

The shell is process 1 then, as something is on Lambda: to a process 1 the kernel gives no signal that it
doesn't handle. An image without a shell keeps its two streams, whose lines stay whole (see `output`), and has
the engine's init as process 1.

The container's own stderr is the shell's, and a shell has one thing to say there: that a signal ended the
program, which its exit status alone doesn't tell (a program may exit with 137). Every shell does, except of
SIGINT and SIGPIPE.
"""

from __future__ import annotations

import re
from dataclasses import field, replace
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen
from samlocal.sandbox.signal_names import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samlocal.engine.engine import Engine
    from samlocal.sandbox.sandbox import SandboxSpec

_SHELL: Final = "/bin/sh"
# The pipe of stdout is opened anew where that can be done: whoever makes the one blocking or non-blocking, as
# Node.js does, would else do so to the other, and what fills the pipe would fail with EAGAIN.
_STDERR: Final = """\
if [ -p /proc/self/fd/1 ] && [ -w /proc/self/fd/1 ]; then exec 3>/proc/self/fd/1; else exec 3>&1; fi
"""
# In a subshell, so that the shell's own stderr stays; the last command keeps bash from becoming the program.
_RUN: Final = f'{_STDERR}(exec "$0" "$@" 2>&3 3>&-); exit $?'
# A shell notices a signal only while it waits for what runs in the background.
_RUN_AND_HAND_ON_SIGTERM: Final = f"""\
{_STDERR}trap 'kill -TERM $!' TERM
(exec "$0" "$@" 2>&3 3>&-) &
wait $!; status=$?
while kill -0 $! 2>/dev/null; do wait $!; status=$?; done
exit $status
"""
# Before the program starts: a shell in the background copies what it is sent to the program's pipe.
_COPY_MARKS: Final = """\
exec 4<&0 </dev/null
(while IFS= read -r mark <&4; do printf %s "$mark"; done) &
exec 4<&-
"""
# Shells and inits add this to the number of a signal.
_SIGNALLED: Final = 128
_LAST_SIGNAL: Final = 64  # https://man7.org/linux/man-pages/man7/signal.7.html
# Nobody exits with these and this added: SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGSEGV.
_UNMISTAKABLE: Final = frozenset({4, 6, 7, 8, 9, 11})
# What starts every runtime in AWS's images is a script.
_RUNTIME_ENTRYPOINT: Final = ("/lambda-entrypoint.sh",)
_SHELL_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@frozen
class OwnProgram:
    """What an image itself starts, where, and with which variables."""

    entrypoint: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    working_directory: str = "/"

    @property
    def has_shell(self) -> bool:
        """Whether there surely is a shell in the image."""
        return self.entrypoint == _RUNTIME_ENTRYPOINT


def own_program(engine: Engine, image: str) -> OwnProgram:
    """Return what an image on the engine's machine starts.

    Raises:
        ImageMissingError: The image isn't there.
    """
    config = engine.api.image(image)["Config"] or {}
    return OwnProgram(
        entrypoint=tuple(config.get("Entrypoint") or ()),
        variables=dict(each.partition("=")[::2] for each in config.get("Env") or ()),
        working_directory=config.get("WorkingDir") or "/",
    )


def in_one_stream(spec: SandboxSpec, own: OwnProgram) -> SandboxSpec:
    """Return the spec of a sandbox in which a shell connects the program's stderr to its stdout.

    Where it is reused, another shell copies marks from stdin to stdout; see `output_marks`.

    Some shells drop variables whose names they couldn't have given: the program gets them from `env`.
    """
    program = (*(spec.entrypoint or ()), *spec.command)
    variables = {**own.variables, **spec.environment}
    dropped = [
        f"{name}={value}" for name, value in variables.items() if not _SHELL_NAME.fullmatch(name)
    ]
    program = ("env", *dropped, *program) if dropped else program
    script = _RUN if names_signals(spec) else _RUN_AND_HAND_ON_SIGTERM
    if spec.is_reused:
        script = _COPY_MARKS + script
    return replace(spec, entrypoint=(_SHELL, "-c", script), command=program)


def names_signals(spec: SandboxSpec) -> bool:
    """Tell whether the shell says which signal ended the program: it does of what it waits for at once."""
    return not spec.grace_seconds


def has_shell(engine: Engine, container_id: str) -> bool:
    """Tell whether a container, which need not run, has the shell that this takes."""
    return engine.api.has_file(container_id, _SHELL)


def signal_of(status: int | None, words: bytes | None) -> int | None:
    """Return the signal that ended a program, given its exit status and what was said on stderr last.

    A shell names the signal. `words` is None where there was no shell; only a few signals can be told by
    the status then.
    """
    number = (status or 0) - _SIGNALLED
    name = SIGNALS.get(number, "").encode()
    is_told = number in _UNMISTAKABLE if words is None else bool(words) and name in words.lower()
    return number if 0 < number <= _LAST_SIGNAL and is_told else None


class ShellWords:
    """What comes on the stderr of a container, where the shell has the last word.

    The function can write there as well, through `/proc/1/fd/2`: all but the last piece is its own, and
    goes to `log` as it comes.
    """

    def __init__(self, log: Callable[[bytes], None]) -> None:
        self._log = log
        self.last = b""

    def take(self, words: bytes) -> None:
        self.pass_on()
        self.last = words

    def pass_on(self) -> None:
        """Hand on the last piece, which isn't the shell's."""
        if self.last:
            self._log(self.last)
        self.last = b""
