"""Paths of requests to an HTTP API, which decodes them before it looks for a route."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

_ESCAPE: Final = re.compile("%(?![0-9A-Fa-f]{2})")


class PathError(ValueError):
    """A path that the service refuses."""


def decode_path(path: str) -> str:
    """Return a request's path as routes and events of an HTTP API have it.

    API Gateway decodes it twice, and drops what follows a question mark that the first time has brought. So
    `%2F` separates segments, `%252F` does too, and a percent sign must be written as `%2525`. That is how it answers;
    these paths were recorded there:
    https://github.com/hotsock/voker/blob/main/vokerhttp/testdata/ingress-paths.json

    Raises:
        PathError: It has an escape that cannot be decoded.
    """
    if "%" not in path:
        return path
    return _unquote(_unquote(path).partition("?")[0])


def _unquote(path: str) -> str:
    if _ESCAPE.search(path):
        raise PathError(f"`{path}` has a percent sign that is not part of an escape")
    try:
        return unquote(path, errors="strict")
    except UnicodeDecodeError as error:
        raise PathError(f"`{path}` is not UTF-8 once it is decoded") from error
