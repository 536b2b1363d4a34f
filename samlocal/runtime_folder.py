"""The folder of sockets and other files that live as long as a process of the user."""

from __future__ import annotations

import os
import stat

_CONNECT_SECONDS = 1.0


def runtime_folder() -> str:
    """Return the path of a folder that only this user can enter; create it if necessary.

    It is `$XDG_RUNTIME_DIR/samlocal`, or `samlocal-run-UID` in the folder of temporary files if that variable
    names no directory of this user, as after `sudo`:
    https://specifications.freedesktop.org/basedir-spec/latest/

    Raises:
        CacheError: It cannot be created, or others can enter or replace it.
    """
    folder = runtime_folder_path()
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103  # the thin client imports no pathlib
    except OSError as error:
        raise _unusable(folder, f"cannot be created: {error.strerror}") from error
    if problem := problem_of(folder):
        raise _unusable(folder, problem)
    return folder


def problem_of(folder: str) -> str | None:
    """Return what is wrong with a folder that should be private to this user; None if nothing is."""
    try:
        status = os.lstat(folder)
    except OSError as error:
        return f"cannot be used: {error.strerror}"
    if not stat.S_ISDIR(status.st_mode):
        return "is not a directory"
    if status.st_uid != os.getuid():
        return "belongs to another user"
    if status.st_mode & 0o077:
        return "can be entered by other users"
    return None


def runtime_folder_path() -> str:
    """Return where the folder is, without a check that it exists and is private."""
    user = os.getuid()
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    if base.startswith("/") and _is_directory_of(base, user):
        return f"{base}/samlocal"
    temporary = os.environ.get("TMPDIR", "")
    if not temporary.startswith("/"):
        temporary = "/tmp"  # noqa: S108  # the folder in it is verified
    return f"{temporary.rstrip('/')}/samlocal-run-{user}"


def remove_dead_socket(path: str) -> None:
    """Remove a Unix socket on which nobody listens any more, because its process was killed."""
    import socket  # noqa: PLC0415  # not for the thin client
    from contextlib import suppress  # noqa: PLC0415

    with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_CONNECT_SECONDS)
        try:
            client.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)  # noqa: PTH108  # as above


def _is_directory_of(path: str, user: int) -> bool:
    try:
        status = os.stat(path)  # noqa: PTH116  # as above
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == user


def _unusable(folder: str, reason: str) -> Exception:
    from samlocal.errors import CacheError  # noqa: PLC0415  # only an error needs it

    hint = "remove it, or set XDG_RUNTIME_DIR to a directory of your own"
    return CacheError(f"the runtime folder `{folder}` {reason}", hint=hint)
