"""Media types of bodies, and which of them an API treats as binary.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_MEDIA_TYPE: Final = "application/json"


def media_type_of(header: str | None) -> str:
    """Return the first media type of a `Content-Type` or `Accept` header, without its parameters, in lower case.

    API Gateway reads only the first type of `Accept`. Without one it assumes `application/json`.
    """
    first = (header or "").partition(",")[0].partition(";")[0]
    return first.strip().lower() or DEFAULT_MEDIA_TYPE


class BinaryMediaTypes:
    """The binary media types of an API, such as `image/png`, `image/*` or `*/*`.

    `*/*` matches every type. A header's own wildcards match literally: `Accept: */*` matches `*/*` only.
    """

    def __init__(self, types: Iterable[str]) -> None:
        self._types = frozenset(each.strip().lower() for each in types)

    def __bool__(self) -> bool:
        return bool(self._types)

    def matches(self, header: str | None) -> bool:
        """Return whether the first media type of a header is binary."""
        if not self._types:
            return False
        media_type = media_type_of(header)
        main_type = media_type.partition("/")[0]
        return not self._types.isdisjoint((media_type, f"{main_type}/*", "*/*"))
