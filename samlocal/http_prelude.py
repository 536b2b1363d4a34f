"""The prelude of a streamed HTTP response: its status, headers and cookies, ahead of the body.

A function that answers HTTP requests streams the metadata as JSON, eight NUL bytes and the body, as
`awslambda.HttpResponseStream.from` does in Node.js:
https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

HTTP_INTEGRATION_RESPONSE: Final = "application/vnd.awslambda.http-integration-response"

_DELIMITER: Final = bytes(8)
# With the delimiter.
_MAX_BYTES: Final = 16 * 1024


class PreludeError(ValueError):
    """A response whose content type promises a prelude has none that can be read."""


class PreludeSplitter:
    """Splits the chunks of a streamed response into its prelude and its body.

    `prelude` is the metadata, a JSON object whose fields are not checked: `statusCode`, `headers`, `cookies`.
    It is None until all of it has arrived. A response of another content type has no prelude: all of it is
    body, and its metadata are empty.
    """

    def __init__(self, content_type: str) -> None:
        media_type = content_type.partition(";")[0].strip().lower()
        has_prelude = media_type == HTTP_INTEGRATION_RESPONSE
        self.prelude: Mapping[str, object] | None = None if has_prelude else {}
        self._arrived = bytearray()

    def feed(self, chunk: bytes) -> bytes:
        """Return the part of a chunk that belongs to the body.

        Raises:
            PreludeError: The prelude is not a JSON object, or the delimiter is not within the first 16 KB.
        """
        if self.prelude is not None:
            return chunk
        searched = max(0, len(self._arrived) + 1 - len(_DELIMITER))
        self._arrived += chunk
        end = self._arrived.find(_DELIMITER, searched, _MAX_BYTES)
        if end < 0:
            if len(self._arrived) >= _MAX_BYTES:
                raise PreludeError("the metadata of the HTTP response are longer than 16 KB")
            return b""
        self.prelude = _read(bytes(self._arrived[:end]))
        body = bytes(self._arrived[end + len(_DELIMITER) :])
        self._arrived.clear()
        return body

    def end(self) -> None:
        """Note the end of the response.

        Raises:
            PreludeError: The response has ended before its prelude.
        """
        if self.prelude is None:
            raise PreludeError(
                "the HTTP response ends before the eight NUL bytes after its metadata"
            )


def _read(text: bytes) -> Mapping[str, object]:
    try:
        metadata = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PreludeError(f"the metadata of the HTTP response are not JSON: {error}") from error
    if not isinstance(metadata, dict):
        raise PreludeError("the metadata of the HTTP response are not a JSON object")
    return metadata
