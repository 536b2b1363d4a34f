"""HTTP servers on an address that this machine may get later."""

from __future__ import annotations

import socket
from http.server import ThreadingHTTPServer

# https://man7.org/linux/man-pages/man7/ip.7.html
_IP_FREEBIND = 15


class EarlyServer(ThreadingHTTPServer):
    """A server on the containers' address of this machine, which Podman creates with the first container."""

    daemon_threads = True

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
        super().server_bind()
