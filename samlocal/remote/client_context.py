"""The client context of a call, from the same options as for a function that runs on this machine."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from samlocal.context import WrongMemberError, client_context_json, read_context_json
from samlocal.documents.input_files import parse_json

if TYPE_CHECKING:
    from typing import BinaryIO

    from samlocal.documents.input_files import Source


def read_client_context(
    text: str | None,
    path: str | None,
    *,
    option: str,
    stdin: BinaryIO,
    is_lenient: bool = False,
    raw: bool = False,
) -> str | None:
    """Return the `ClientContext` of a call in base64; None if there is neither a text nor a file.

    The file overrides the text. An object is passed on as it is. Lambda takes nothing else, so anything else
    becomes the member `context` of its `custom` part, as for a function that runs on this machine. With `is_lenient`,
    a text that looks like JSON need not be JSON, nor need a file whose name says nothing; with `raw`, neither is JSON.

    Raises:
        UsageError: The text, which is the value of `option`, is malformed or too large.
        ContextError: The same for the file, or the file cannot be read.
    """
    found = read_context_json(
        text, path, option=option, stdin=stdin, is_lenient=is_lenient, raw=raw
    )
    if found is None:
        return None
    content, source = found
    return _encoded(parse_json(content, source), source)


def _encoded(value: object, source: Source) -> str:
    context = value if isinstance(value, dict) else {"custom": {"context": value}}
    try:
        text = client_context_json("clientContext", context)
    except WrongMemberError as error:
        raise source.error(str(error), hint=error.hint) from error
    return base64.b64encode(text.encode()).decode()
