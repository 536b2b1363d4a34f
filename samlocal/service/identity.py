"""Which program a command is, and the socket of the background service for it.

The thin client imports this module, so it imports only what every interpreter has loaded already.
"""

import _imp
import os
import sys

from samlocal import __version__
from samlocal.runtime_folder import runtime_folder_path

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120  # no pathlib here
# The options of the interpreter that change what a program does.
_FLAGS = ("optimize", "isolated", "ignore_environment", "no_user_site", "dev_mode", "utf8_mode")


def package_folder() -> str:
    """Return the path of the package `samlocal`."""
    return _PACKAGE


def identity() -> bytes:
    """Return all that must be the same in a command and in a service that answers for it.

    That is the program and its interpreter, what shaped the interpreter as it started, and the root of the
    file system, because a container may share the folder of the sockets.
    """
    root = os.stat("/")  # noqa: PTH116  # as above
    parts = (
        __version__,
        _PACKAGE,
        sys.version,
        sys.prefix,
        sys.base_prefix,
        *(str(getattr(sys.flags, name)) for name in _FLAGS),
        sys.getfilesystemencoding(),
        os.environ.get("PYTHONPATH", ""),
        os.environ.get("PYTHONIOENCODING", ""),
        f"{root.st_dev}:{root.st_ino}",
        str(os.getuid()),
    )
    return "\0".join(parts).encode(errors="surrogateescape")


def socket_path() -> str:
    """Return where the service for this program listens, whether it runs or not.

    The name is a hash, of the kind that compiled modules have: a collision is harmless, because the service
    compares the whole identity.
    """
    return f"{runtime_folder_path()}/samlocal-{_imp.source_hash(0, identity()).hex()}.sock"
