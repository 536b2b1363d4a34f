"""The thin client of the background service: it hands a command over, and waits for its exit code.

It imports only C modules and `os`, because all of it is paid by every repeated invocation: no `socket`, no
`signal`, no `typing`.
"""

import _signal  # type: ignore[import-not-found]  # what `signal` has, without its imports
import marshal
import os
import sys
import time

from samlocal.runtime_folder import problem_of
from samlocal.service.identity import identity, socket_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from socket import socket

    Message = (
        None
        | bool
        | int
        | str
        | bytes
        | Sequence["Message"]
        | Mapping[str, "Message"]
        | Mapping[bytes, bytes]
    )

# Of the service.
HELLO = b"H"
EXIT = b"X"
DECLINED = b"D"
# Of the client: a signal follows.
SIGNAL = b"S"

LENGTH_BYTES = 4
STREAMS = (0, 1, 2)

# A service that does not greet by then hangs: the command runs without it.
_GREETING_SECONDS = 5.0
# A second Ctrl-C after this time forces the exit, as without a service.
_FORCE_EXIT_SECONDS = 3.0
_SIGNALLED = 128
_LOST = b"Error: the background service ended before the invocation did\n"


def is_served() -> bool:
    """Tell whether there is a service for this program, or was one that was killed."""
    return _exists(socket_path())


def run_in_service() -> "int | None":
    """Let the service run this command, and return its exit code; None if this process must run it.

    The service then has read nothing from stdin and written nothing.
    """
    _open_missing_streams()
    connection = connect(socket_path())
    if connection is None:
        return None
    try:
        return _Command(connection).run()
    finally:
        connection.close()


def connect(path: str) -> "socket | None":
    """Return a connection to the service that listens there and greets; None if there is none."""
    import _socket  # noqa: PLC0415  # a shared library, for which most commands have no use

    if problem_of(os.path.dirname(path)):  # noqa: PTH120  # no pathlib here
        return None
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.settimeout(_GREETING_SECONDS)
    try:
        connection.connect(path)
        greeted = connection.recv(1) == HELLO
    except OSError:
        greeted = False
    connection.settimeout(None)
    if greeted:
        return connection  # type: ignore[return-value]  # `socket` only adds conveniences
    connection.close()
    return None


def encode(request: "Message") -> bytes:
    """Return a request with its length before it."""
    content = marshal.dumps(request)  # type: ignore[arg-type]  # wants exact types
    return len(content).to_bytes(LENGTH_BYTES) + content


def _open_missing_streams() -> None:
    """Replace closed standard streams, so that the connection does not take their numbers."""
    while (number := os.open(os.devnull, os.O_RDWR)) in STREAMS:
        pass
    os.close(number)


def _exists(path: str) -> bool:
    try:
        os.stat(path)  # noqa: PTH116  # no pathlib here
    except OSError:
        return False
    return True


class _Command:
    """This command, which the service runs."""

    def __init__(self, connection: "socket") -> None:
        self._connection = connection
        self._is_sent = False
        self._interrupted_at = 0.0
        self._signal = 0

    def run(self) -> "int | None":
        previous = self._catch_signals()
        try:
            self._send()
        except OSError:
            answer = DECLINED
        else:
            self._is_sent = True
            answer = self._answer()
        for number, handler in previous:
            _signal.signal(number, handler)
        if answer == DECLINED:
            return None
        if answer[:1] == EXIT:
            return answer[1]
        if self._signal:  # it may end a command at once
            return _SIGNALLED + self._signal
        os.write(2, _LOST)
        return 1

    def _send(self) -> None:
        import _socket  # noqa: PLC0415  # has been imported

        mask = os.umask(0)
        os.umask(mask)
        request = encode(
            ("run", identity(), sys.argv, os.getcwd(), mask, dict(os.environb), os.getpid())  # noqa: PTH109
        )
        descriptors = b"".join(each.to_bytes(4, sys.byteorder) for each in STREAMS)
        rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, descriptors)]
        sent = self._connection.sendmsg([request], rights)
        # Even nothing cannot be sent to a service that has already run the command, and has gone.
        if rest := request[sent:]:
            self._connection.sendall(rest)

    def _answer(self) -> bytes:
        try:
            answer = self._connection.recv(1)
            return answer + self._connection.recv(1) if answer == EXIT else answer
        except OSError:
            return b""

    def _catch_signals(self) -> "list[tuple[int, object]]":
        previous = []
        for number in (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP):
            handler = _signal.getsignal(number)
            if handler != _signal.SIG_IGN:
                previous.append((number, handler))
                _signal.signal(number, self._pass_on)
        return previous

    def _pass_on(self, number: int, _frame: object) -> None:
        now = time.monotonic()
        forced = self._signal and now - self._interrupted_at > _FORCE_EXIT_SECONDS
        if forced or not self._is_sent:  # a part of a request starts nothing
            os._exit(_SIGNALLED + number)
        if not self._signal:
            self._interrupted_at, self._signal = now, number
        try:
            self._connection.send(SIGNAL + bytes((number,)))
        except OSError:
            os._exit(_SIGNALLED + number)
