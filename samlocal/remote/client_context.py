"""The client context of a call, from the same options as for a function that runs on this machine."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.documents.input_files import (
    InputKind,
    Source,
    decode,
    named_input,
    parse_json,
    read_input,
)
from samlocal.errors import ContextError, UsageError

if TYPE_CHECKING:
    from typing import BinaryIO

# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestSyntax, in base64
_MAX_BYTES: Final = 3583

_FILE: Final = InputKind(noun="context file", error=ContextError, max_bytes=64 * 1024)


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
    if path is not None:
        source = named_input(path, _FILE)
        content = decode(read_input(path, _FILE, stdin=stdin), source)
        return _encoded(_of_file(content, source, is_lenient=is_lenient, raw=raw), source)
    if text is None:
        return None
    kind = InputKind(noun="context", error=UsageError, max_bytes=64 * 1024)
    source = Source(kind=kind, path=Path(option))
    is_text = is_lenient or not text.lstrip().startswith(("{", "[", '"'))
    value = text if raw else _of_text(text, source, is_text=is_text)
    return _encoded(value, source)


def _of_file(content: str, source: Source, *, is_lenient: bool, raw: bool) -> object:
    suffix = source.path.suffix.lower()
    if suffix in {".yaml", ".yml"}:
        from samlocal.documents.core_yaml import to_json  # noqa: PLC0415  # few contexts are YAML

        return parse_json(to_json(content, source, max_characters=_FILE.max_bytes), source)
    if not is_lenient or suffix == ".json":
        return parse_json(content, source)
    return content.strip() if raw else _of_text(content.strip(), source, is_text=True)


def _of_text(text: str, source: Source, *, is_text: bool) -> object:
    """Return the value of a text in JSON; what is no JSON is the value itself if it may be text."""
    try:
        return parse_json(text, source)
    except (ContextError, UsageError):
        if not is_text:
            raise
        return text


def _encoded(value: object, source: Source) -> str:
    context = value if isinstance(value, dict) else {"custom": {"context": value}}
    encoded = base64.b64encode(json.dumps(context).encode()).decode()
    if len(encoded) > _MAX_BYTES:
        raise source.error(
            f"the client context is larger than {_MAX_BYTES} bytes of base64",
            hint="Lambda does not allow more: put large data into the event",
        )
    return encoded
