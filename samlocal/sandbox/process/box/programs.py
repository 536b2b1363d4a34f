"""Starts the programs of a sandbox: its runtimes and extensions."""

from __future__ import annotations

import os
import resource
import sys

from . import kernel
from .signals import signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final


# Enough of a file for its `#!` line, or its header.
_BEGINNING: Final = 256
_NOT_EXECUTED: Final = 127
# Signals that Python ignores, which programs would inherit.
_IGNORED: Final = ("SIGPIPE", "SIGXFSZ", "SIGXFZ")


class NotExecutedError(Exception):
    """The kernel did not execute a program, whose file has this `beginning`."""

    def __init__(self, number: int, beginning: bytes) -> None:
        super().__init__(os.strerror(number))
        self.number = number
        self.beginning = beginning


class Starter:
    """Starts programs with the same limits: `open_files` is a number, None no limit of ours.

    With `privileges`, programs may raise it again.
    """

    def __init__(self, *, open_files: int | None, privileges: bool) -> None:
        self._open_files = open_files
        self._privileges = privileges

    def start(
        self,
        words: list[str],
        variables: Mapping[str, str],
        directory: str,
        output: int,
    ) -> int:
        """Start a program as the leader of its own session; return its number.

        It writes both streams to the pipe `output`.

        Raises:
            NotExecutedError: The kernel does not execute it.
        """
        read, write = os.pipe()
        number = os.fork()
        if number == 0:
            try:
                self._become(words, variables, directory, output)
            except OSError as error:
                os.write(write, b"%d" % (error.errno or 0))
            finally:
                os._exit(_NOT_EXECUTED)
        os.close(write)
        refusal = os.read(read, 16)
        os.close(read)
        if refusal:
            os.waitpid(number, 0)
            raise NotExecutedError(int(refusal), _beginning_of(words[0]))
        return number

    def _become(
        self,
        words: list[str],
        variables: Mapping[str, str],
        directory: str,
        output: int,
    ) -> None:
        os.setsid()
        if sys.platform == "linux":
            kernel.die_with_parent(signals.SIGKILL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(_own_end(output), 2)
        for name in _IGNORED:
            if hasattr(signals, name):
                signals.signal(getattr(signals, name), signals.SIG_DFL)
        signals.signal(signals.SIGCHLD, signals.SIG_DFL)
        if self._open_files is not None:
            _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            most = hard if self._privileges else self._open_files
            resource.setrlimit(resource.RLIMIT_NOFILE, (self._open_files, most))
        if not self._privileges and sys.platform == "linux":
            kernel.gain_no_privileges()
        os.umask(0o022)
        os.chdir(directory)
        os.execve(words[0], words, variables)  # noqa: S606  # it is a list of words


def _own_end(output: int) -> int:
    """Open a pipe again: programs that make one stream non-blocking, as Node.js does, leave the other alone."""
    try:
        return os.open(f"/proc/self/fd/{output}", os.O_WRONLY)
    except OSError:
        return output


def _beginning_of(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_BEGINNING)
    except OSError:
        return b""
