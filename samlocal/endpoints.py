"""The running endpoints of Lambda's API, of this user: commands announce theirs, and others find them.

Each has a file in the runtime folder, which its process keeps locked. So a file of a process that has ended,
however it did, is recognised and removed, with its socket, whatever process has its number now.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from samlocal.runtime_folder import remove_dead_socket, runtime_folder, runtime_folder_path

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

_PREFIX: Final = "endpoint-"
_UNFINISHED: Final = ".endpoint-"
_UNFINISHED_SECONDS: Final = 60.0
_SOCKET_PREFIX: Final = "lambda-"
_ENCRYPTED_SUFFIX: Final = "-tls"
_BACKLOG: Final = 1024


class _Announced(NamedTuple):
    project: str
    engine: str
    socket: str
    time: float


@contextmanager
def endpoint_socket() -> Iterator[tuple[socket.socket, Path]]:
    """Return a listening Unix socket in the runtime folder and its path, in a `with` block; it is removed then.

    The path is the one that `find_endpoint` returns: without symlinks.

    Sockets of processes that were killed are removed as well.

    Raises:
        CacheError: The user has no runtime folder, or it cannot be written.
    """
    import secrets  # noqa: PLC0415  # only long commands have endpoints

    folder = runtime_folder()
    for abandoned in _names(_SOCKET_PREFIX):
        remove_dead_socket(f"{folder}/{abandoned}")
    with _socket(folder, f"{_SOCKET_PREFIX}{os.getpid()}-{secrets.token_hex(4)}") as found:
        yield found


def encrypted_path(endpoint: Path) -> Path:
    """Return where an endpoint listens for clients that use TLS, if it does."""
    return endpoint.with_name(f"{endpoint.name}{_ENCRYPTED_SUFFIX}")


@contextmanager
def encrypted_socket(endpoint: Path) -> Iterator[socket.socket]:
    """Return a listening Unix socket at the `encrypted_path` of an endpoint, in a `with` block.

    Raises:
        CacheError: It cannot be made.
    """
    path = encrypted_path(endpoint)
    with _socket(str(path.parent), path.name) as (listener, _):
        yield listener


@contextmanager
def _socket(folder: str, name: str) -> Iterator[tuple[socket.socket, Path]]:
    import socket  # noqa: PLC0415  # only long commands have endpoints
    from pathlib import Path  # noqa: PLC0415

    path, unfinished = f"{folder}/{name}", f"{folder}/.{name}"
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(unfinished)
            os.chmod(unfinished, 0o600)  # noqa: PTH101
            listener.listen(_BACKLOG)
            os.rename(unfinished, path)  # noqa: PTH104  # nobody sees it before it listens
        except OSError as error:  # also a path of more than 107 bytes
            raise _not_written(folder, error) from error
        try:
            yield listener, Path(os.path.realpath(path))
        finally:
            with suppress(OSError):
                os.unlink(path)  # noqa: PTH108


@contextmanager
def announce(project: Path, engine: str, socket: Path) -> Iterator[None]:
    """Let `find_endpoint` find an endpoint, in a `with` block.

    It serves the functions of `project`, the path of a template, on the container engine with the address
    `engine`, at the Unix socket `socket`.

    Raises:
        CacheError: The user has no runtime folder, or it cannot be written.
    """
    import fcntl  # noqa: PLC0415  # only long commands have endpoints
    import json  # noqa: PLC0415
    import secrets  # noqa: PLC0415

    name = f"{os.getpid()}-{secrets.token_hex(4)}"
    folder = runtime_folder()
    unfinished, path = f"{folder}/{_UNFINISHED}{name}", f"{folder}/{_PREFIX}{name}"
    content = {
        "project": os.path.realpath(project),
        "engine": engine,
        "socket": os.path.realpath(socket),
    }
    try:
        file = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _not_written(folder, error) from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            os.write(file, json.dumps(content).encode())
            os.rename(unfinished, path)  # noqa: PTH104  # nobody sees it before it is locked
        except OSError as error:
            raise _not_written(folder, error) from error
        yield
    finally:
        for each in (unfinished, path):
            with suppress(OSError):
                os.unlink(each)  # noqa: PTH108
        os.close(file)


def remove_own_files() -> None:
    """Remove the socket and the announcement of this process, which is about to end at once."""
    own = f"{os.getpid()}-"
    for name in _names(tuple(each + own for each in (_PREFIX, _UNFINISHED, _SOCKET_PREFIX))):
        with suppress(OSError):
            os.unlink(f"{runtime_folder_path()}/{name}")  # noqa: PTH108


def find_endpoint(project: Path, engine: str | Callable[[], str]) -> Path | None:
    """Return the Unix socket of the newest running endpoint for the same project and engine, if any.

    A function as `engine` is called only if an endpoint for the project is running.
    Files of endpoints that have ended are removed. A runtime folder that others can enter is not used.
    """
    names = _names((_PREFIX, _UNFINISHED))
    if not names:
        return None
    from pathlib import Path  # noqa: PLC0415  # the cold path ends above

    folder = _private_folder()
    wanted = os.path.realpath(project)
    announced = [_read(f"{folder}/{name}") for name in names] if folder else []
    candidates = [each for each in announced if each and each.project == wanted]
    if candidates and callable(engine):
        engine = engine()
    found = [(each.time, each.socket) for each in candidates if each.engine == engine]
    return Path(max(found)[1]) if found else None


def _names(prefix: str | tuple[str, ...]) -> list[str]:
    try:
        with os.scandir(runtime_folder_path()) as entries:
            return [each.name for each in entries if each.name.startswith(prefix)]
    except OSError:
        return []


def _private_folder() -> str | None:
    from samlocal.errors import CacheError  # noqa: PLC0415  # as above

    try:
        return runtime_folder()
    except CacheError:
        return None


def _read(path: str) -> _Announced | None:
    """Return what the file of a running endpoint says; remove the file of another one."""
    import json  # noqa: PLC0415  # as above

    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:  # it has just ended
        return None
    try:
        folder, _, name = path.rpartition("/")
        is_abandoned = _is_abandoned(file, name)
        if is_abandoned:
            os.unlink(path)  # noqa: PTH108
        elif not name.startswith(_PREFIX):
            return None
        content = json.loads(os.read(file, 65_536))
        if is_abandoned:
            _remove_socket(content["socket"], folder)
            return None
        return _Announced(
            content["project"], content["engine"], content["socket"], os.fstat(file).st_mtime
        )
    except (OSError, ValueError, LookupError, TypeError):
        return None
    finally:
        os.close(file)


def _remove_socket(path: str, folder: str) -> None:
    """Remove the socket of an endpoint that has ended, if it is in the runtime folder."""
    is_inside = os.path.dirname(path) == os.path.realpath(folder)  # noqa: PTH120
    if is_inside and stat.S_ISSOCK(os.lstat(path).st_mode):
        os.unlink(path)  # noqa: PTH108


def _is_abandoned(file: int, name: str) -> bool:
    """Return whether the process that announced an endpoint has ended."""
    import fcntl  # noqa: PLC0415  # as above
    import time  # noqa: PLC0415

    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    # A file is not locked yet at the moment of its creation.
    return name.startswith(_PREFIX) or time.time() - os.fstat(file).st_mtime > _UNFINISHED_SECONDS


def _not_written(folder: str, error: OSError) -> Exception:
    from samlocal.errors import CacheError  # noqa: PLC0415  # as above

    return CacheError(f"the runtime folder `{folder}` cannot be written: {error.strerror or error}")
