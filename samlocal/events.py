"""Reads the event: from a file, standard input or the command line."""

from __future__ import annotations

import json
import select
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.documents.input_files import (
    STDIN,
    InputKind,
    Source,
    check_json,
    decode,
    named_input,
    read_input,
)
from samlocal.errors import EventError, UsageError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from samlocal.documents.input_files import Reader

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 6 MB of request, or 1 MB if the
# invocation is asynchronous. (Answers may be larger by an envelope: `invocation.MAX_PAYLOAD_BYTES`.)
MAX_EVENT_BYTES = 6 * 1024 * 1024
MAX_ASYNCHRONOUS_EVENT_BYTES = 1024 * 1024
EMPTY_EVENT = b"{}"

_SILENCE_SECONDS = 1.0

# The widest encoding takes four bytes a character.
EVENT_FILE = InputKind(noun="event file", error=EventError, max_bytes=4 * (MAX_EVENT_BYTES + 1))
_PAYLOAD = Source(kind=EVENT_FILE, path=Path("payload"))


@frozen
class EventSource:
    """The options about the event: sam's `--event`; Serverless's `--data` and `--path`.

    `event` and `path` name a file, or standard input as `-`. `path` overrides `data`, as in
    Serverless: https://www.serverless.com/framework/docs/providers/aws/cli-reference/invoke-local
    `data_option` is the option that `data` comes from, for messages.
    """

    event: str | None = None
    data: str | None = None
    path: str | None = None
    raw: bool = False
    data_option: str = "--data"


def read_event(
    source: EventSource, *, stdin: BinaryIO, waiting: Callable[[], None] | None = None
) -> bytes:
    """Return the payload of an invocation: JSON in UTF-8, at most 6 MB.

    JSON in UTF-8 is returned byte for byte. UTF-16, UTF-32 and byte order marks are decoded, and YAML
    files (`.yaml`, `.yml`) converted to JSON. `--data` that does not start like JSON is a string; with
    `--raw` every event is. Without any option the event is `{}`, and standard input is not read: it may
    belong to another program. `waiting` is called once if standard input is silent for a second.

    Raises:
        UsageError: the options contradict each other.
        EventError: the event cannot be read, is not JSON, or is larger than Lambda allows.
    """
    _refuse_two_events(source)
    name = source.event if source.event is not None else source.path
    reader = _Announcing(stdin, waiting) if waiting else stdin
    if name is not None:
        payload = _from_file(name, raw=source.raw, stdin=reader)
    elif source.data is not None:
        payload = _from_data(source.data, source.data_option, raw=source.raw)
    else:
        payload = EMPTY_EVENT
    _refuse_large(payload)
    return payload


def encode_event(event: object) -> bytes:
    """Return an event of a program, what JSON can express, as the payload of an invocation.

    Raises:
        EventError: JSON cannot express it, or it is larger than Lambda allows.
    """
    try:
        payload = json.dumps(event, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise EventError(f"the event is not JSON: {error}") from error
    _refuse_large(payload)
    return payload


def check_payload(payload: bytes) -> None:
    """Refuse a payload that Lambda refuses.

    Raises:
        EventError: It is not JSON in UTF-8, or is larger than Lambda allows.
    """
    if not isinstance(payload, bytes):
        raise EventError(f"the payload is not bytes but `{type(payload).__name__}`")
    _refuse_large(payload)
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        raise EventError("the payload is not valid UTF-8") from error
    check_json(text, _PAYLOAD)


class _Announcing:
    """Standard input; calls `waiting` if nothing arrives for a second."""

    def __init__(self, stdin: BinaryIO, waiting: Callable[[], None]) -> None:
        self._stdin = stdin
        self._waiting = waiting

    def read(self, size: int, /) -> bytes:
        with suppress(OSError, ValueError):  # no file behind it: nothing to wait for
            ready, _, _ = select.select([self._stdin], [], [], _SILENCE_SECONDS)
            if not ready:
                self._waiting()
        return self._stdin.read(size)


def _refuse_two_events(source: EventSource) -> None:
    others = {"--data": source.data, "--path": source.path}
    named = [option for option, value in others.items() if value is not None]
    if source.event is not None and named:
        raise UsageError(f"`--event` and `{named[0]}` both name an event", hint="keep one of them")


def _from_file(name: str, *, raw: bool, stdin: Reader) -> bytes:
    content = read_input(name, EVENT_FILE, stdin=stdin)
    if not content.strip() and not raw:
        what = "standard input" if name == STDIN else f"the event file `{name}`"
        raise EventError(f"{what} is empty", hint="`{}` is an empty event")
    return _payload(content, named_input(name, EVENT_FILE), raw=raw)


def _payload(content: bytes, source: Source, *, raw: bool) -> bytes:
    if len(content) > EVENT_FILE.max_bytes:
        raise _too_large(f"more than {EVENT_FILE.max_bytes:,}")
    text = decode(content, source)
    if raw:
        return _json_string(text)
    if source.path.suffix.lower() in {".yaml", ".yml"}:
        from samlocal.documents.core_yaml import to_json  # noqa: PLC0415  # the cold path reads no YAML event

        return to_json(text, source, max_characters=2 * MAX_EVENT_BYTES).encode()
    check_json(text, source)
    return text.encode()


def _from_data(text: str, option: str, *, raw: bool) -> bytes:
    """Turn the text of an option into JSON: text that starts like JSON must be JSON; other text is a string."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise EventError(f"`{option}` is not valid UTF-8", hint="pass the event as a file")
    if raw:
        return _json_string(text)
    try:
        check_json(text, Source(kind=EVENT_FILE, path=Path(option)))
    except EventError as exc:
        if text.lstrip().startswith(("{", "[", '"')):
            exc.hint = "add `--raw` to pass the text as a string"
            raise
        return _json_string(text)
    return text.encode()


def _json_string(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False).encode()


def _refuse_large(payload: bytes) -> None:
    if len(payload) > MAX_EVENT_BYTES:
        raise _too_large(f"{len(payload):,}")


def _too_large(size: str) -> EventError:
    """Return Lambda's own error: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html."""
    return EventError(
        f"Request must be smaller than {MAX_EVENT_BYTES} bytes for the InvokeFunction operation",
        hint=f"the event has {size} bytes; Lambda answers RequestTooLargeException (413)",
    )
