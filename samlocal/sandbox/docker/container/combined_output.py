"""One stream for a function's stdout and stderr, in the order of its writes, and a process 1 for it.

An engine sends stdout and stderr separately, without a common order. Lambda has one log for both. So a shell
in the image runs the program and connects its stderr to its stdout: one pipe keeps the order.

The shell is then process 1, and the function is not, as in Lambda: the kernel sends a process 1 no signal
that it does not handle. An image without a shell keeps its two streams with whole lines (see
`engine.output`), and has the engine's init as process 1.

The container's own stderr is the shell's. The shell writes there only that a signal ended the program, which
the exit status alone does not tell (a program may exit with 137). Every shell does, except for SIGINT and
SIGPIPE.
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
# The pipe of stdout is opened again if possible. Otherwise both streams share their flags: if a program makes
# one non-blocking, as Node.js does, writes to the other fail with EAGAIN when the pipe is full.
_STDERR: Final = """\
if [ -p /proc/self/fd/1 ] && [ -w /proc/self/fd/1 ]; then exec 3>/proc/self/fd/1; else exec 3>&1; fi
"""
# In a subshell, so that the shell's own stderr stays; the last command keeps bash from becoming the program.
_RUN: Final = f'{_STDERR}(exec "$0" "$@" 2>&3 3>&-); exit $?'
# A shell handles a signal only while it waits for a background process.
_RUN_AND_HAND_ON_SIGTERM: Final = f"""\
{_STDERR}trap 'kill -TERM $!' TERM
(exec "$0" "$@" 2>&3 3>&-) &
wait $!; status=$?
while kill -0 $! 2>/dev/null; do wait $!; status=$?; done
exit $status
"""
# Before the program starts: a shell in the background copies its input to the program's pipe.
_COPY_MARKS: Final = """\
exec 4<&0 </dev/null
(while IFS= read -r mark <&4; do printf %s "$mark"; done) &
exec 4<&-
"""
# Shells and inits add this to the number of a signal.
_SIGNALLED: Final = 128
_LAST_SIGNAL: Final = 64  # https://man7.org/linux/man-pages/man7/signal.7.html
# Programs do not exit with these statuses: SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGSEGV.
_UNMISTAKABLE: Final = frozenset({4, 6, 7, 8, 9, 11})
# The entry point of AWS's runtime images is a script.
_RUNTIME_ENTRYPOINT: Final = ("/lambda-entrypoint.sh",)
_SHELL_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@frozen
class OwnProgram:
    """The program, variables and working directory of an image."""

    entrypoint: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    working_directory: str = "/"

    @property
    def has_shell(self) -> bool:
        """Whether the image certainly has a shell."""
        return self.entrypoint == _RUNTIME_ENTRYPOINT


def own_program(engine: Engine, image: str) -> OwnProgram:
    """Return the program of an image on the engine's machine.

    Raises:
        ImageMissingError: There is no such image.
    """
    config = engine.api.image(image)["Config"] or {}
    return OwnProgram(
        entrypoint=tuple(config.get("Entrypoint") or ()),
        variables=dict(each.partition("=")[::2] for each in config.get("Env") or ()),
        working_directory=config.get("WorkingDir") or "/",
    )


def with_one_stream(spec: SandboxSpec, own: OwnProgram) -> SandboxSpec:
    """Return the spec with a shell that connects the program's stderr to its stdout.

    In a reused sandbox, another shell copies marks from stdin to stdout; see `output_marks`. Some shells drop
    variables with names that they do not support. The program gets these from `env`.
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
    """Return whether the shell reports the signal that ended the program: only for a foreground program."""
    return not spec.grace_seconds


def has_shell(engine: Engine, container_id: str) -> bool:
    """Return whether a container, running or not, has the shell."""
    return engine.api.has_file(container_id, _SHELL)


def signal_of(status: int | None, words: bytes | None) -> int | None:
    """Return the signal that ended a program, from its exit status and the last output on stderr.

    A shell names the signal. Without a shell, `words` is None, and only a few signals are known from the
    status.
    """
    number = (status or 0) - _SIGNALLED
    name = SIGNALS.get(number, "").encode()
    is_told = number in _UNMISTAKABLE if words is None else bool(words) and name in words.lower()
    return number if 0 < number <= _LAST_SIGNAL and is_told else None


class ShellMessages:
    """The stderr of a container, whose last message may be the shell's.

    The function can write there too, through `/proc/1/fd/2`. All output but the last piece is the function's
    and is written to `log` at once.
    """

    def __init__(self, log: Callable[[bytes], None]) -> None:
        self._log = log
        self.last = b""

    def take(self, words: bytes) -> None:
        self.pass_on()
        self.last = words

    def pass_on(self) -> None:
        """Log the last piece, which is not the shell's."""
        if self.last:
            self._log(self.last)
        self.last = b""
