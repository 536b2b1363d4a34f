"""What a box is told: its isolation and limits, and the programs that it starts."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from samlocal.frozen_dataclass import frozen
from samlocal.open_files import original_open_files
from samlocal.sandbox.api_variables import api_variables, endpoint_variables
from samlocal.sandbox.extension_files import (
    EXTENSIONS_FOLDER,
    EXTENSIONS_SWITCH,
    VARIABLES_OF_RUNTIME,
)
from samlocal.sandbox.sandbox import LAYER_ROOT, TASK_ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from samlocal.sandbox.process_spec import ProcessSpec

_MIB: Final = 1024 * 1024
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_PROCESSES: Final = 1024
_OPEN_FILES: Final = 1024
# https://simonko.dev/posts/aws/non-root-lambda-image
_LAMBDA_USER: Final = (993, 990)
# The box knows the folders of others by it.
_PREFIX: Final = "samlocal-box-"


@frozen
class Program:
    """A program that a box starts: its words, variables and working directory."""

    words: tuple[str, ...]
    variables: Mapping[str, str]
    directory: str

    def message(self, identifier: int) -> tuple[Any, ...]:
        """Return the message that starts it."""
        return ("start", identifier, list(self.words), dict(self.variables), self.directory)


class BoxSetup:
    """The setup of a box whose processes have their APIs at `address`, `host:port`.

    `folder` is a directory on this machine that the box makes, and removes. If it `is_isolated` by namespaces, its processes see
    the real `/var/task`; otherwise paths are replaced by those of this machine. A `wrapper` is bubblewrap, which
    makes the namespaces.
    """

    def __init__(
        self, spec: ProcessSpec, address: str, *, is_isolated: bool, wrapper: str | None = None
    ) -> None:
        self.name = f"{_PREFIX}{os.getpid()}-{os.urandom(4).hex()}"
        self.folder = Path(_temporary_folder(), self.name)
        self.is_isolated = is_isolated
        self._wrapper = wrapper
        self._spec = spec
        self._address = address
        self._replaced = {} if is_isolated else _real_paths(spec)
        self._pattern = _path_pattern(self._replaced) if self._replaced else None

    @property
    def marker(self) -> str:
        """The variable that all processes of the box have, and no others."""
        return f"AWS_LAMBDA_RUNTIME_API={self._address}"

    def message(self) -> tuple[Any, ...]:
        """Return the first message to the box."""
        sandbox = self._spec.sandbox
        # Files of a /tmp in memory count as memory.
        in_memory = sandbox.tmp_mb if self.is_isolated else None
        memory_mb = None if sandbox.memory_mb is None else sandbox.memory_mb + (in_memory or 0)
        setup = {
            "name": self.name,
            "folder": str(self.folder),
            "namespaces": self.is_isolated,
            "wrapper": self._wrapper,
            "user": self._user(),
            "strict": sandbox.strict,
            "memory_bytes": memory_mb and memory_mb * _MIB,
            "tmp_bytes": in_memory and in_memory * _MIB,
            "processes": _PROCESSES if sandbox.strict else None,
            "open_files": _OPEN_FILES if sandbox.strict else original_open_files(),
            "mounts": [(str(each.source), each.target, each.read_only) for each in sandbox.mounts],
            "needs": [str(each) for each in self._spec.needs],
        }
        return ("setup", setup)

    def _user(self) -> tuple[int, int] | None:
        """Return the user in a user namespace; None without one, which root does not need."""
        if self._spec.sandbox.strict:
            return _LAMBDA_USER
        return (os.geteuid(), os.getegid()) if os.geteuid() else None

    def runtime(self) -> Program:
        """Return the program of the runtime."""
        sandbox = self._spec.sandbox
        return Program(
            words=tuple(map(self._real, self._spec.program)),
            variables=self._variables(),
            directory=self._real(sandbox.working_directory or TASK_ROOT),
        )

    def extension(self, name: str) -> Program:
        """Return the program of an external extension."""
        variables = {
            each: value
            for each, value in self._variables().items()
            if not each.startswith("_") and each not in VARIABLES_OF_RUNTIME
        }
        path = self._real(f"{EXTENSIONS_FOLDER}/{name}")
        return Program(words=(path,), variables=variables, directory=self._real(TASK_ROOT))

    def _variables(self) -> dict[str, str]:
        sandbox = self._spec.sandbox
        given = {**self._spec.variables, **sandbox.environment}
        variables = {name: self._real(value) for name, value in given.items()}
        if not self.is_isolated:
            private = str(self.folder / "tmp")
            variables = {"HOME": private, "TMPDIR": private, **variables}
        variables |= api_variables(sandbox, self._address)
        return variables | endpoint_variables(sandbox, variables, self._address)

    def _real(self, text: str) -> str:
        """Return a text with the paths in it replaced."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: self._replaced[found[0]], text)


def extensions_of(spec: ProcessSpec) -> tuple[str, ...]:
    """Return the external extensions of a sandbox: all files but directories, broken links included."""
    sandbox = spec.sandbox
    mounts = {each.target: each.source for each in sandbox.mounts}
    layers = mounts.get(LAYER_ROOT)
    if not sandbox.extensions:
        return ()
    below = {path: source for path, source in mounts.items() if path.startswith(EXTENSIONS_FOLDER)}
    if layers is None and not below:
        return ()
    switch = EXTENSIONS_SWITCH.removeprefix(f"{LAYER_ROOT}/")
    if EXTENSIONS_SWITCH in mounts or (layers and (layers / switch).exists()):
        return ()
    found: dict[str, Path] = {}
    folder = mounts.get(EXTENSIONS_FOLDER, layers / "extensions" if layers else None)
    if folder and folder.is_dir():
        found = {each.name: each for each in folder.iterdir()}
    for path, source in below.items():
        name = path.removeprefix(f"{EXTENSIONS_FOLDER}/")
        if path != EXTENSIONS_FOLDER and "/" not in name:
            found[name] = source
    return tuple(sorted(name for name, path in found.items() if _is_extension(path)))


def _is_extension(path: Path) -> bool:
    return not path.is_dir() and (path.is_file() or path.is_symlink())


def _temporary_folder() -> str:
    """Return a folder on disk: files in memory would count as memory of the function."""
    chosen = os.environ.get("TMPDIR", "")
    for folder in (chosen, "/var/tmp"):  # noqa: S108  # each box makes a directory of its own in it
        if folder.startswith("/") and os.access(folder, os.W_OK | os.X_OK):
            return folder
    return "/tmp"  # noqa: S108  # as above


def _real_paths(spec: ProcessSpec) -> dict[str, str]:
    """Return the paths of this machine for those in the sandbox."""
    paths = {each.target: str(each.source) for each in spec.sandbox.mounts}
    # The host's own programs below one of these stay where they are.
    kept = {str(each): str(each) for each in spec.needs}
    return paths | kept


def _path_pattern(paths: Mapping[str, str]) -> re.Pattern[str]:
    longest_first: Iterator[str] = iter(sorted(paths, key=len, reverse=True))
    names = "|".join(map(re.escape, longest_first))
    return re.compile(rf"(?<![\w./-])(?:{names})(?![\w.-])")
