"""Reads the event as `serverless invoke local` does: JSON if it can be read as JSON, else text."""

from __future__ import annotations

import io
import select
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.documents.input_files import STDIN, decode, named_input, read_input
from samlocal.errors import EventError
from samlocal.events import EMPTY_EVENT, EVENT_FILE, MAX_EVENT_BYTES, EventSource, read_event
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from samlocal.documents.input_files import Source

_SILENCE_SECONDS: Final = 1.0
# Some CI systems leave standard input open, and nobody writes to it.
PATIENCE_SECONDS: Final = 10.0

_JSON: Final = frozenset({".json", ".tfstate"})
_YAML: Final = frozenset({".yaml", ".yml"})
SCRIPTS: Final = frozenset({".js", ".cjs", ".mjs"})
_NOTHING: Final = io.BytesIO()


@frozen
class ServerlessEvent:
    """The payload of an invocation, and what may surprise about it."""

    payload: bytes
    diagnostics: tuple[Diagnostic, ...] = ()


@frozen
class Readers:
    """What reads the files and the standard input of an event.

    Relative paths start from `directory`, the project's. `run_script` returns the JSON text of what a
    JavaScript file exports. `stdin` is None if it is not to be read unless it is named. `waiting` is called if standard
    input is silent for a second; after `patience_seconds` there is no event.
    """

    directory: Path
    run_script: Callable[[Path], str]
    stdin: BinaryIO | None
    waiting: Callable[[], None]
    patience_seconds: float = PATIENCE_SECONDS


def read_serverless_event(
    source: EventSource, readers: Readers, *, named_stdin: BinaryIO
) -> ServerlessEvent:
    """Return the event: that of `path`, else `data`, else of standard input, else `{}`.

    The ending of a file says what it is: JSON, YAML or JavaScript. Any other text is JSON if it can be
    read as JSON, else a string; with `raw` it is a string. https://www.serverless.com/framework/docs/providers/aws/cli-reference/invoke-local

    Raises:
        EventError: The event cannot be read, or is larger than Lambda allows.
    """
    if source.path == STDIN:
        return _of_text(_read_all(named_stdin), raw=source.raw, name="standard input")
    if source.path is not None:
        return _of_file(source.path, readers, raw=source.raw)
    if source.data is not None:
        return _of_text(source.data, raw=source.raw, name="`--data`")
    if readers.stdin is None or _is_terminal(readers.stdin):
        return ServerlessEvent(payload=EMPTY_EVENT)
    return _of_stdin(readers.stdin, readers, raw=source.raw)


def in_project(name: str, directory: Path) -> str:
    """Return a file of the project by its path; one that is not there may be in the current directory."""
    inside = directory / name
    return str(inside) if directory != Path.cwd() and inside.exists() else name


def _of_file(name: str, readers: Readers, *, raw: bool) -> ServerlessEvent:
    name = in_project(name, readers.directory)
    suffix = Path(name).suffix.lower()
    if suffix in SCRIPTS:
        read_input(name, EVENT_FILE, stdin=_NOTHING)  # for the error
        return ServerlessEvent(payload=_payload(readers.run_script(Path(name).absolute())))
    content = read_input(name, EVENT_FILE, stdin=_NOTHING)
    source = named_input(name, EVENT_FILE)
    text = decode(content, source)
    if suffix in _YAML and text.strip():
        return ServerlessEvent(payload=_payload(_yaml_as_json(text, source)))
    if suffix in _JSON | _YAML:
        return ServerlessEvent(payload=read_event(EventSource(path=name), stdin=_NOTHING))
    text = text.strip()
    return _of_text(text, raw=raw, name=f"`{name}`")


def _yaml_as_json(text: str, source: Source) -> str:
    """Return YAML as JSON with the timestamps of js-yaml, but with the numbers as they are written.

    Raises:
        SamlocalError: It is not YAML, or not JSON.
    """
    from samlocal.documents.core_yaml import to_json  # noqa: PLC0415  # few events are YAML
    from samlocal.documents.javascript_scalars import timestamp_text  # noqa: PLC0415

    max_characters = 2 * MAX_EVENT_BYTES
    return to_json(text, source, max_characters=max_characters, spelling=timestamp_text)


def _of_stdin(stdin: BinaryIO, readers: Readers, *, raw: bool) -> ServerlessEvent:
    if not _has_input(stdin, readers):
        message = f"nothing came from standard input in {readers.patience_seconds:g} seconds: the event is {{}}"
        hint = "`--data '{}'` does not wait; `--path -` waits until it ends"
        return ServerlessEvent(
            payload=EMPTY_EVENT, diagnostics=(Diagnostic(message=message, hint=hint),)
        )
    text = _read_all(stdin)
    if not text.strip():
        return ServerlessEvent(payload=EMPTY_EVENT)
    return _of_text(text, raw=raw, name="standard input")


def _of_text(text: str, *, raw: bool, name: str) -> ServerlessEvent:
    diagnostics: tuple[Diagnostic, ...] = ()
    if not raw:
        try:
            return ServerlessEvent(payload=_payload(text))
        except EventError as error:
            message = f"{name} is not JSON, so the event is a string: {error.message}"
            if text.lstrip().startswith(("{", "[")):
                diagnostics = (Diagnostic(message=message),)
    payload = read_event(EventSource(data=text, raw=True), stdin=_NOTHING)
    return ServerlessEvent(payload=payload, diagnostics=diagnostics)


def _payload(text: str) -> bytes:
    return read_event(EventSource(data=text), stdin=_NOTHING)


def _read_all(stdin: BinaryIO) -> str:
    content = read_input(STDIN, EVENT_FILE, stdin=stdin)
    return decode(content, named_input(STDIN, EVENT_FILE))


def _is_terminal(stdin: BinaryIO) -> bool:
    try:
        return stdin.isatty()
    except ValueError:  # it is closed
        return True


def _has_input(stdin: BinaryIO, readers: Readers) -> bool:
    """Wait until something, or the end, can be read; tell whether it came in time."""
    try:
        ready, _, _ = select.select(
            [stdin], [], [], min(_SILENCE_SECONDS, readers.patience_seconds)
        )
        if not ready:
            readers.waiting()
            rest = max(readers.patience_seconds - _SILENCE_SECONDS, 0)
            ready, _, _ = select.select([stdin], [], [], rest)
    except (OSError, ValueError):  # no file behind it: nothing to wait for
        return True
    return bool(ready)
