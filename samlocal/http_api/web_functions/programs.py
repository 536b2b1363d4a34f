"""What the endpoints of web functions need of whoever runs their programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import socket
    from contextlib import AbstractAsyncContextManager


class Programs(Protocol):
    """The programs of web functions; `ServedProject` has them."""

    def connected(
        self, web_function: str, *, holds: bool = True
    ) -> AbstractAsyncContextManager[socket.socket]:
        """Yield a connection to the program of a web function, by its full path, started if need be.

        A connection that does not `holds` the program breaks when the program is replaced.

        Raises:
            ProgramNotListeningError: It does not listen in time.
            SamlocalError: It cannot be started, or has ended.
        """
