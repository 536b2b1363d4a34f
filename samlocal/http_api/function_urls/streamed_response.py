"""The response of a function behind a URL of `InvokeMode: RESPONSE_STREAM`, sent as it comes.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from samlocal.errors import OutputError
from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.function_urls.results import DEFAULT_STREAM_TYPE, read_head, split_stream
from samlocal.http_api.result_members import WrongResultError
from samlocal.http_prelude import PreludeError, PreludeSplitter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samlocal.http_api.exchange import ResponseWriter
    from samlocal.http_api.result_members import HeaderList
    from samlocal.invocation import FunctionError, ResponseMode


class StreamedResponse:
    """A response sink that writes to the client; `answered` is done at the end, with the function's error.

    The response begins when its prelude has arrived, or with the first part if there is none, so that an error before
    that has a status of its own. A handler that does not stream has one part, which is kept: `whole`. `complete` adds
    what every response has to the function's headers. A client that does not read a part within `patience_seconds` ends
    the response.
    """

    def __init__(
        self,
        writer: ResponseWriter,
        complete: Callable[[HeaderList], HeaderList],
        *,
        patience_seconds: float,
    ) -> None:
        self.answered: asyncio.Future[FunctionError | None] = asyncio.Future()
        self.has_begun = False
        self.problem: str | None = None
        """What is wrong with the prelude."""
        self._writer = writer
        self._complete = complete
        self._patience_seconds = patience_seconds
        self._splitter: PreludeSplitter | None = None
        self._content_type = DEFAULT_STREAM_TYPE
        self._kept: list[bytes] = []
        self._is_empty = True

    @property
    def whole(self) -> HttpResponse:
        """The response of a handler that does not stream: as with `InvokeWithResponseStream`, its result is the body."""
        headers = [("Content-Type", self._content_type)]
        return HttpResponse(status=200, headers=headers, body=b"".join(self._kept))

    async def begin(self, content_type: str, mode: ResponseMode) -> None:
        """Note whether there is a prelude to wait for."""
        self._content_type = content_type
        if mode == "streaming":
            self._splitter, self._content_type = split_stream(content_type)

    async def write(self, chunk: bytes) -> None:
        """Send what of a chunk is the body."""
        splitter = self._splitter
        if splitter is None:
            self._kept.append(chunk)
            return
        if self.problem is not None:
            return
        self._is_empty = False
        try:
            body = splitter.feed(chunk)
            if splitter.prelude is not None and not self.has_begun:
                await self._send_head(splitter.prelude)
        except (PreludeError, WrongResultError) as error:
            self.problem = str(error)
            return
        if body:
            await self._send(body)

    async def end(self, error: FunctionError | None) -> None:
        """Note the end: whoever waits for it ends the response, or breaks it off.

        Without a byte there is a response, too: clients write the prelude with the first part of the body, if any.
        https://github.com/middyjs/middy/issues/1189
        """
        if error is None and self.problem is None and self._splitter is not None:
            try:
                if not self._is_empty:
                    self._splitter.end()
                if not self.has_begun:
                    await self._send_head({})
            except PreludeError as wrong:
                self.problem = str(wrong)
        if not self.answered.done():
            self.answered.set_result(error)

    async def _send_head(self, prelude: Mapping[str, object]) -> None:
        status, headers = read_head(prelude, self._content_type)
        self.has_begun = True
        await self._writer.begin(status, self._complete(headers))

    async def _send(self, body: bytes) -> None:
        try:
            async with asyncio.timeout(self._patience_seconds):
                await self._writer.write(body)
        except TimeoutError as error:
            raise OutputError("the client does not read the response") from error
