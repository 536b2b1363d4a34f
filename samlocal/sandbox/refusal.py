"""The error of a connection to a port of a sandbox on which no program listens."""

from __future__ import annotations

import errno


def refused(port: int) -> ConnectionRefusedError:
    """Return the error; it is the same for all ways to connect."""
    text = f"no program in the sandbox listens on port {port}"
    return ConnectionRefusedError(errno.ECONNREFUSED, text)
