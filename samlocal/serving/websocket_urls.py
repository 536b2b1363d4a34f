"""The URLs of WebSocket APIs in a function's variables, with which it calls `@connections`.

A template makes them as `!Sub https://${Chat}.execute-api.${AWS::Region}.${AWS::URLSuffix}/dev`. Locally the reference
is the logical ID, so no API on AWS has such a URL.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from samlocal.project.apis import ApiKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from samlocal.project.apis import Apis

_URL: Final = re.compile(r"https://([A-Za-z0-9]+)\.execute-api\.[a-z0-9.-]+")


def api_urls(values: Iterable[str]) -> Mapping[str, str]:
    """Return the URLs in the values of variables, without stages, and the APIs that they name."""
    return {
        found[0]: found[1]
        for value in values
        if ".execute-api." in value
        for found in _URL.finditer(value)
    }


def websocket_urls(urls: Mapping[str, str], apis: Apis) -> tuple[str, ...]:
    """Return the URLs of the WebSocket APIs that are in a project."""
    names = {api.full_path.rpartition("/")[2] for api in apis.apis if api.kind is ApiKind.WEBSOCKET}
    return tuple(url for url, name in urls.items() if name in names)
