"""The URLs of WebSocket APIs in a function's variables, with which it calls `@connections`.

A template makes them as `!Sub https://${Chat}.execute-api.${AWS::Region}.${AWS::URLSuffix}/dev`. Locally the reference
is the logical ID, so no API on AWS has such a URL.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.errors import SamlocalError
from samlocal.project.apis import ApiKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from samlocal.preparation.preparation import PreparedFunction
    from samlocal.project.apis import Apis
    from samlocal.project.project import Project

_URL: Final = re.compile(r"https://([A-Za-z0-9]+)\.execute-api\.[a-z0-9.-]+")


def has_api_urls(prepared: PreparedFunction) -> bool:
    """Return whether a function calls an endpoint, and has the URL of an API in its variables."""
    values = prepared.resolved.environment.as_dict().values()
    return prepared.spec.sandbox.calls_functions and bool(api_urls(values))


def with_websocket_urls(prepared: PreparedFunction, project: Project) -> PreparedFunction:
    """Return a function whose URLs of WebSocket APIs become an address that it reaches.

    The APIs of the project are read for a function that `has_api_urls`.
    """
    urls = api_urls(prepared.resolved.environment.as_dict().values())
    if not urls:
        return prepared
    try:
        apis = project.read_apis()
    except SamlocalError:
        return prepared  # whoever serves the APIs says it
    sandbox = replace(prepared.spec.sandbox, websocket_urls=websocket_urls(urls, apis))
    return replace(prepared, spec=replace(prepared.spec, sandbox=sandbox))


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
