"""The dispatch of an API's calls to their handlers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from samlocal.runtime_api.responses import NOT_FOUND, method_not_allowed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from samlocal.runtime_api.http_messages import Request, Response

_Api = TypeVar("_Api")


class RefusalError(Exception):
    """A handler refuses its call with this response."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class Routes(Generic[_Api]):
    """The routes of an API: method, path and handler.

    A handler gets the API, the request, and what stands in the path in the place of each `{…}`. It may raise
    `RefusalError` instead of returning a response.
    """

    def __init__(self, *routes: tuple[str, str, Callable[..., Awaitable[Response]]]) -> None:
        self._routes = [(method, path.split("/"), handler) for method, path, handler in routes]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield the method and the path of each route."""
        return iter((method, "/".join(segments)) for method, segments, _ in self._routes)

    async def dispatch(self, api: _Api, request: Request) -> Response:
        segments = request.path.partition("?")[0].rstrip("/").split("/")
        allowed = []
        for method, pattern, handler in self._routes:
            found = _match(pattern, segments)
            if found is None:
                continue
            if request.method == method:
                try:
                    return await handler(api, request, *found)
                except RefusalError as refusal:
                    return refusal.response
            allowed.append(method)
        return method_not_allowed(allowed) if allowed else NOT_FOUND


def _match(pattern: list[str], segments: list[str]) -> list[str] | None:
    """Return the segments in the place of placeholders; None if the path is another one."""
    if len(pattern) != len(segments):
        return None
    found = []
    for expected, segment in zip(pattern, segments, strict=True):
        if expected.startswith("{") and segment:
            found.append(segment)
        elif expected != segment:
            return None
    return found
