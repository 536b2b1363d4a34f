"""The parts of a function's `context` that the user sets on the command line."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard, cast

from samlocal.diagnostics import Diagnostic
from samlocal.documents.input_files import (
    InputKind,
    Source,
    decode,
    named_input,
    parse_json,
    read_input,
)
from samlocal.documents.json_document import compose_json
from samlocal.errors import ContextError, Place, UsageError
from samlocal.frozen_dataclass import frozen
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestSyntax
MAX_CLIENT_CONTEXT_BYTES = 3583

_FILE = InputKind(noun="context file", error=ContextError, max_bytes=64 * 1024)
_OPTION = InputKind(noun="context", error=UsageError, max_bytes=64 * 1024)

_MAX_MILLISECONDS = 2**53
_CLIENT_CONTEXT_PARTS = ("client", "custom", "env")

# The request ID is part of the Runtime API's paths; the other texts are headers.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._~-]{1,128}")
_HEADER = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
# https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html
_VERSION = re.compile(r"\$LATEST|[0-9]+")


@frozen
class ContextOverrides:
    """The members of the context that the user sets; None leaves a member to samlocal.

    `client_context` and `cognito_identity` are JSON texts in ASCII, as headers of the Runtime API
    carry them. `deadline_ms` is Unix time in milliseconds; `remaining_time_ms` counts from the start
    of the invocation. At most one of these two is set. `variables` are those of the environment that runtimes
    make members of.
    """

    client_context: str | None = None
    cognito_identity: str | None = None
    request_id: str | None = None
    function_version: str | None = None
    invoked_function_arn: str | None = None
    trace_id: str | None = None
    deadline_ms: int | None = None
    remaining_time_ms: int | None = None
    variables: tuple[tuple[str, str], ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def read_context(
    text: str | None,
    path: str | None,
    *,
    stdin: BinaryIO,
    is_lenient: bool = False,
    raw: bool = False,
) -> ContextOverrides:
    """Return what `--context TEXT` and `--context-path FILE` set; the file overrides the text.

    Both are a JSON object. Its members have the names that Lambda's runtimes use, in any spelling
    (`awsRequestId`, `aws_request_id`): `clientContext`, `identity`, `awsRequestId`,
    `functionVersion`, `invokedFunctionArn`, `traceId`, and `deadlineMs` (Unix time) or
    `remainingTimeInMillis`; `client`, `custom` and `env` are parts of `clientContext`. Anything but
    an object is passed on as `context` in the `custom` part of the client context.

    With `is_lenient`, for the context of `invoke local`, other members are passed on in `custom` too, `timeout` is the
    remaining time in seconds, text need not be JSON, and members that follow from the function's configuration are `variables`.
    With `raw`, text is no JSON, but in files whose name says that they are JSON or YAML.

    Raises:
        UsageError: the text is malformed, or sets an unknown member.
        ContextError: the same for the file, or the file cannot be read.
    """
    found = read_context_json(
        text, path, option="--context", stdin=stdin, is_lenient=is_lenient, raw=raw
    )
    return _parse(*found, is_lenient=is_lenient) if found else ContextOverrides()


def read_context_json(
    text: str | None,
    path: str | None,
    *,
    option: str,
    stdin: BinaryIO,
    is_lenient: bool = False,
    raw: bool = False,
) -> tuple[str, Source] | None:
    """Return a context as JSON, and where it is from; None if there is neither a text nor a file.

    The file overrides the text, which is the value of `option`; `is_lenient` and `raw` are as in `read_context`.

    Raises:
        UsageError: the text looks like JSON and is none.
        ContextError: the file is none, is too large or cannot be read.
    """
    if path is not None:
        return _read_file(path, stdin, is_lenient=is_lenient, raw=raw)
    if text is None:
        return None
    source = Source(kind=_OPTION, path=Path(option))
    if raw:
        return json.dumps(text), source
    if is_lenient or not text.lstrip().startswith(("{", "[", '"')):
        return _as_json(text, source), source
    return text, source


def _as_json(text: str, source: Source) -> str:
    """Return JSON as it is, and any other text as a JSON string."""
    try:
        parse_json(text, source)
    except (UsageError, ContextError):
        return json.dumps(text)
    return text


def with_trace(context: ContextOverrides, trace_id: str | None) -> ContextOverrides:
    """Return a context with the trace of `--trace-id`.

    Raises:
        UsageError: The context sets another one, or the trace is malformed.
    """
    if trace_id is None:
        return context
    from samlocal.trace_header import complete_trace_header  # noqa: PLC0415  # few choose the trace

    if context.trace_id:
        raise UsageError("both `--trace-id` and the context set the trace", hint="keep one of them")
    return replace(context, trace_id=complete_trace_header(trace_id))


def _read_file(path: str, stdin: BinaryIO, *, is_lenient: bool, raw: bool) -> tuple[str, Source]:
    source = named_input(path, _FILE)
    content = read_input(path, _FILE, stdin=stdin)
    if len(content) > _FILE.max_bytes:
        raise source.error(f"the context is larger than {_FILE.max_bytes:,} bytes")
    text = decode(content, source)
    if is_lenient and source.path.suffix.lower() in {".yaml", ".yml"}:
        from samlocal.documents.core_yaml import to_json  # noqa: PLC0415  # few contexts are YAML

        text = to_json(text, source, max_characters=_FILE.max_bytes)
    elif is_lenient and source.path.suffix.lower() != ".json":
        text = json.dumps(text.strip()) if raw else _as_json(text.strip(), source)
    return text, source


def _parse(text: str, source: Source, *, is_lenient: bool) -> ContextOverrides:
    document = parse_json(text, source)
    if isinstance(document, dict):
        root, _ = compose_json(text, source.path, max_depth=None)
        places = {name: (key.line + 1, key.column + 1) for name, key in (root.keys or {}).items()}
    else:
        document, places = {"custom": {"context": document}}, {"custom": (1, 1)}
    values: dict[str, str | int] = {}
    variables: list[tuple[str, str]] = []
    diagnostics = []
    if is_lenient:
        known, moved = _with_known_members(document)
        for name in moved:
            line, column = places[name]
            place = Place(source.path, line, column)
            message = _is_custom(name, document[name])
            diagnostics.append(Diagnostic(message=message, place=place))
        document = known
    for name, value in _with_whole_client_context(document).items():
        line, column = places.get(name) or min(places.values())
        try:
            attribute = _attribute(name)
            if attribute is None and is_lenient:
                variables.append((_VARIABLES[_plain(name)], _scalar(name, value)))
            elif attribute is None:
                place = Place(source.path, line, column)
                diagnostics.append(Diagnostic(message=_comes_from_elsewhere(name), place=place))
            else:
                _refuse_second(attribute, name, values)
                values[attribute] = _CONVERSIONS[attribute](name, value)
        except WrongMemberError as exc:
            raise source.error(str(exc), line=line, column=column, hint=exc.hint) from exc
    if "deadline_ms" in values and "remaining_time_ms" in values:
        raise source.error("both a deadline and a remaining time are set", hint="set one of them")
    overrides = ContextOverrides(variables=tuple(variables), diagnostics=tuple(diagnostics))
    return replace(overrides, **cast("dict[str, Any]", values))


class WrongMemberError(Exception):
    """A member of a context has a wrong name or value; the caller knows its place."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def _with_whole_client_context(document: Mapping[str, object]) -> dict[str, object]:
    """Move `client`, `custom` and `env` into a client context, at the position of the first of them."""
    parts = {name: document[name] for name in _CLIENT_CONTEXT_PARTS if name in document}
    whole: dict[str, object] = {}
    for name, value in document.items():
        if name not in parts:
            whole[name] = value
        elif name == next(n for n in document if n in parts):
            whole["client_context"] = parts
    return whole


def _merged(lower: object, higher: object) -> object:
    if isinstance(lower, dict) and isinstance(higher, dict):
        return {**lower, **higher}
    return higher


def _with_known_members(
    document: Mapping[str, object],
) -> tuple[dict[str, object], tuple[str, ...]]:
    """Move members that a context does not have into `custom`, and return their names too.

    `timeout` is the time that remains, in seconds, as in Serverless's context for Python:
    https://github.com/serverless/serverless/blob/v3.40.0/lib/plugins/aws/invoke-local/runtime-wrappers/invoke.py
    """
    known: dict[str, object] = {}
    unknown: dict[str, object] = {}
    for name, value in document.items():
        plain = _plain(name)
        if plain == "timeout" and _is_duration(value):
            known["remainingTimeInMillis"] = int(value * 1000)
        elif plain in _ATTRIBUTES or plain in _ELSEWHERE or name in _CLIENT_CONTEXT_PARTS:
            known[name] = value
        else:
            unknown[name] = value
    whole = next((name for name in known if _plain(name) == "clientcontext"), None)
    parent = known[whole] if whole else known
    if not isinstance(parent, dict):
        return known, ()  # which is refused
    if whole:
        parts = {name: known.pop(name) for name in _CLIENT_CONTEXT_PARTS if name in known}
        own = {name: _merged(parts.get(name), part) for name, part in parent.items()}
        known[whole] = parent = {**parts, **own}
    if not unknown:
        return known, ()
    custom = parent.get("custom") or {}
    changed = {**parent, "custom": {**unknown, **custom} if isinstance(custom, dict) else custom}
    return ({**known, whole: changed} if whole else changed), tuple(unknown)


def _is_duration(value: object) -> TypeGuard[float]:
    """Tell whether a value is seconds; infinitely many are none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return 0 <= value < _MAX_MILLISECONDS / 1000


def _plain(name: str) -> str:
    """Return a name in lower case without separators, the same for all its spellings."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _attribute(name: str) -> str | None:
    """Return the attribute that a member sets, or None if the function's configuration sets it."""
    plain = _plain(name)
    if plain in _ELSEWHERE:
        return None
    if plain in _ATTRIBUTES:
        return _ATTRIBUTES[plain]
    listed = ", ".join(f"`{spelling}`" for spelling in _SPELLINGS)
    hint = did_you_mean(name, _SPELLINGS) or f"a context has {listed}"
    raise WrongMemberError(f"a context has no `{name}`", hint)


def _refuse_second(attribute: str, name: str, values: Mapping[str, object]) -> None:
    if attribute in values:
        raise WrongMemberError(f"`{name}` is given twice, in two spellings")


def _client_context(name: str, value: object) -> str:
    members = _members(name, value)
    for part in _CLIENT_CONTEXT_PARTS:
        _members(part, members.get(part) or {})
    return client_context_json(name, members)


def client_context_json(name: str, members: Mapping[str, object]) -> str:
    """Return the client context that a member of that name sets, as Lambda takes it.

    Raises:
        WrongMemberError: It is too large, or has a number that no JSON can hold.
    """
    try:
        text = json.dumps(members, allow_nan=False)
    except ValueError as exc:
        raise WrongMemberError(f"`{name}` has a number that no JSON can hold") from exc
    if len(base64.b64encode(text.encode())) > MAX_CLIENT_CONTEXT_BYTES:
        raise WrongMemberError(
            f"the client context is larger than {MAX_CLIENT_CONTEXT_BYTES} bytes of base64",
            "Lambda does not allow more: put large data into the event",
        )
    return text


def _identity(name: str, value: object) -> str:
    members = {_plain(key): (key, given) for key, given in _members(name, value).items()}
    identity = {}
    for spelling in ("cognitoIdentityId", "cognitoIdentityPoolId"):
        key, given = members.pop(spelling.lower(), (spelling, None))
        if given is not None:
            identity[spelling] = _header(key, given)
    for key, _ in members.values():
        raise WrongMemberError(
            f"`{name}` has no `{key}`", "it has `cognitoIdentityId` and `cognitoIdentityPoolId`"
        )
    return json.dumps(identity)


def _members(name: str, value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise WrongMemberError(f"`{name}` is {json.dumps(value)}, not an object")
    return value


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[str, object], str]:
    def convert(name: str, value: object) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise WrongMemberError(f"`{name}` is {json.dumps(value)}, not {what}")
        return value

    return convert


_header = _matching(_HEADER, "a line of printable ASCII")


def _scalar(name: str, value: object) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise WrongMemberError(f"`{name}` is {json.dumps(value)}, neither a text nor a number")
    if isinstance(value, str) and "\0" in value:
        raise WrongMemberError(f"`{name}` is {json.dumps(value)}, which no variable can hold")
    return str(value)


def _milliseconds(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _MAX_MILLISECONDS:
        raise WrongMemberError(f"`{name}` is {json.dumps(value)}, not milliseconds")
    return value


_CONVERSIONS: Mapping[str, Callable[[str, object], str | int]] = {
    "client_context": _client_context,
    "cognito_identity": _identity,
    "request_id": _matching(_REQUEST_ID, "letters, digits and `-._~`"),
    "function_version": _matching(_VERSION, "`$LATEST` or a number in a string"),
    "invoked_function_arn": _header,
    "trace_id": _header,
    "deadline_ms": _milliseconds,
    "remaining_time_ms": _milliseconds,
}
_ATTRIBUTES = {
    "clientcontext": "client_context",
    "identity": "cognito_identity",
    "cognitoidentity": "cognito_identity",
    "awsrequestid": "request_id",
    "requestid": "request_id",
    "functionversion": "function_version",
    "invokedfunctionarn": "invoked_function_arn",
    "traceid": "trace_id",
    "xamzntraceid": "trace_id",
    "deadlinems": "deadline_ms",
    "remainingtimeinmillis": "remaining_time_ms",
    "remainingtimems": "remaining_time_ms",
}
_SPELLINGS = (
    "clientContext",
    "identity",
    "awsRequestId",
    "functionVersion",
    "invokedFunctionArn",
    "traceId",
    "deadlineMs",
    "remainingTimeInMillis",
    *_CLIENT_CONTEXT_PARTS,
)
# Members that follow from the function's configuration.
_ELSEWHERE = {
    "functionname": "`FunctionName`",
    "memorylimitinmb": "`MemorySize`",
    "loggroupname": "`LoggingConfig`",
    "logstreamname": "Lambda",
}
# Where runtimes find these members: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_VARIABLES = {
    "functionname": "AWS_LAMBDA_FUNCTION_NAME",
    "memorylimitinmb": "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "loggroupname": "AWS_LAMBDA_LOG_GROUP_NAME",
    "logstreamname": "AWS_LAMBDA_LOG_STREAM_NAME",
}


def _is_custom(name: str, value: object) -> str:
    why = (
        f"is {json.dumps(value)}, no number of seconds"
        if _plain(name) == "timeout"
        else "is no member of a context"
    )
    return f"`{name}` {why}: the function finds it in `custom` of its client context"


def _comes_from_elsewhere(name: str) -> str:
    return f"`{name}` of the context has no effect: {_ELSEWHERE[_plain(name)]} sets it"
