"""A process of Node.js that loads files for samlocal."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import RLock
from typing import Final

from samlocal.child_groups import add_group, remove_group
from samlocal.documents.javascript_scalars import json_data
from samlocal.documents.read_files import note_file
from samlocal.errors import Place, TemplateError
from samlocal.frozen_dataclass import frozen

_LOADER: Final = Path(__file__).with_name("loader.cjs")
_STDERR: Final = 2


@frozen
class Question:
    """What a function in JavaScript asks: a variable, a text with variables, or a value of the configuration."""

    variable: str | None = None
    text: str | None = None
    property: tuple[str, ...] | None = None


# Returns `{"value": …}`, or an empty mapping for what JavaScript calls undefined.
Answer = Callable[[Question], Mapping[str, object]]


@frozen
class ScriptRequest:
    """A file to load: the configuration itself, or a variable's file.

    `address` is the path to a value inside of the file, `options` are those that its functions get, and
    `environment` is added to that of Node.js.
    """

    path: Path
    is_configuration: bool = False
    address: str | None = None
    options: Mapping[str, str] | None = None
    environment: Mapping[str, str] | None = None


class NodeProcess:
    """A process of Node.js, started for the first file; it ends by itself when it has had no request for a second.

    It has a process group of its own, and ends it when this process ends, however that happens.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = RLock()
        self._flags: tuple[str, ...] = ()
        self._connection: _Connection | None = None

    def load(self, request: ScriptRequest, answer: Answer) -> object:
        """Return the value of a file as data of JSON; `answer` returns what its functions ask for.

        Raises:
            TemplateError: There is no Node.js, it cannot read the file, or the file throws.
            SamlocalError: `answer` raised it, and the file passed it on.
        """
        with self._lock:
            try:
                return self._open().load(request, answer)
            except _NeedsFlagsError as exc:
                self._flags = exc.flags
            except _EndedIdleError:
                pass
            self.close()
            return self._open().load(request, answer)

    def _open(self) -> _Connection:
        if self._connection is not None and self._connection.has_ended():
            self.close()
        if self._connection is None:
            self._connection = _Connection(self._directory, self._flags)
        return self._connection

    def close(self) -> None:
        """End the process, and whatever it has started."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _NeedsFlagsError(Exception):
    def __init__(self, flags: tuple[str, ...]) -> None:
        super().__init__()
        self.flags = flags


class _EndedIdleError(Exception):
    """The process has ended just when it was asked."""


class _Connection:
    """One process, from its start to its end."""

    def __init__(self, directory: Path, flags: tuple[str, ...]) -> None:
        self._last_request = 0
        self._running = 0
        self._is_idle = False  # it has answered, and may end by itself
        self._answers: dict[int, dict[str, object]] = {}
        self._failures: dict[int, Exception] = {}
        self._socket, theirs = socket.socketpair()
        lifeline, self._lifeline = os.pipe()
        try:
            self._process = _start(directory, flags, (theirs.fileno(), lifeline))
        except BaseException:
            self._socket.close()
            os.close(self._lifeline)
            raise
        finally:
            theirs.close()
            os.close(lifeline)
        add_group(self._process.pid)
        self._lines = self._socket.makefile("rb")

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def load(self, request: ScriptRequest, answer: Answer) -> object:
        self._last_request += 1
        number = self._last_request
        self._send(
            {
                "id": number,
                "path": str(request.path.absolute()),
                "isConfiguration": request.is_configuration,
                "address": request.address,
                "options": dict(request.options or {}),
                "environment": dict(request.environment or {}),
            }
        )
        self._running += 1
        try:
            while number not in self._answers:
                self._receive(request.path, answer)
        finally:
            self._running -= 1
        self._is_idle = self._running == 0
        return self._value(self._answers.pop(number), request.path)

    def _receive(self, path: Path, answer: Answer) -> None:
        # An answer may need another file, and find that the process has ended.
        line = b""
        with suppress(ConnectionResetError):  # it ended before it read the request
            line = b"" if self._lines.closed else self._lines.readline()
        if not line.endswith(b"\n"):
            remove_group(self._process.pid)
            code = self._process.wait()
            if self._is_idle:
                raise _EndedIdleError
            how = f"exit code {code}" if code >= 0 else f"signal {-code}"
            raise TemplateError(f"`{path}` ended Node.js with {how}", place=Place(path, 1, 1))
        self._is_idle = False
        message: dict[str, object] = json.loads(line)
        match message:
            case {"ask": int() as number}:
                self._answer(number, message, answer)
            case {"id": int() as number}:
                self._answers[number] = message

    def _answer(self, number: int, message: Mapping[str, object], answer: Answer) -> None:
        match message:
            case {"variable": str() as variable}:
                question = Question(variable=variable)
            case {"property": list() as names}:
                question = Question(property=tuple(map(str, names)))
            case _:
                question = Question(text=str(message.get("text")))
        try:
            reply = answer(question)
        except Exception as exc:  # noqa: BLE001  # the file may catch it
            self._failures[number] = exc
            reply = {"error": str(exc)}
        self._send({"answer": number, **reply})

    def _value(self, message: Mapping[str, object], path: Path) -> object:
        files = message.get("files")
        for name in files if isinstance(files, list) else ():
            note_file(Path(str(name)))
        match message.get("error"), message.get("json"):
            case dict() as error, _:
                raise self._error(error, path)
            case _, str() as text:
                return json_data(text)
            case _:
                return None

    def _error(self, error: Mapping[str, object], path: Path) -> Exception:
        match error:
            case {"question": int() as number} if number in self._failures:
                return self._failures[number]
            case {"flags": list() as flags}:
                return _NeedsFlagsError(tuple(map(str, flags)))
        message, hint = error.get("message"), error.get("hint")
        text = f"`{path.name}` throws: {message}" if error.get("isThrown") else str(message)
        return TemplateError(text, place=_place(error, path), hint=str(hint) if hint else None)

    def _send(self, message: Mapping[str, object]) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # `_receive` says how it ended
            self._socket.sendall(json.dumps(message).encode() + b"\n")

    def close(self) -> None:
        self._lines.close()
        self._socket.close()
        os.close(self._lifeline)
        remove_group(self._process.pid)
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _start(
    directory: Path, flags: tuple[str, ...], descriptors: tuple[int, int]
) -> subprocess.Popen[bytes]:
    program = shutil.which("node") or shutil.which("nodejs")
    if program is None:
        raise TemplateError(
            "Node.js is not installed, and files in JavaScript and TypeScript need it",
            hint="install Node.js (https://nodejs.org), and put `node` on the PATH",
        )
    try:
        return subprocess.Popen(
            [program, *flags, _LOADER, *map(str, descriptors), *sys.argv[1:]],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=_STDERR,
            pass_fds=descriptors,
            process_group=0,
        )
    except OSError as exc:
        raise TemplateError(f"`{program}` cannot be started: {exc.strerror}") from exc


def _place(error: Mapping[str, object], path: Path) -> Place:
    match error:
        case {"file": str() as name, "line": int() as line, "column": int() as column}:
            same = Path(name) == path.absolute()
            return Place(path if same else Path(name), line, column)
        case _:
            return Place(path, 1, 1)
