"""The requests of a soak run, what each of them must be answered, and how clients that do not wait send them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.benchmarks.http_client import Answer, invoke_request, request_of

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

MIB: Final = 1024 * 1024
_LARGEST: Final = 6 * MIB
_FUNCTION_ERROR: Final = "x-amz-function-error"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Requests of one kind, how many of them there are among all, and the right answer.

    `runs` says whether a function runs, so that a killed container may be the answer.
    """

    name: str
    weight: float
    status: int
    request: Callable[[bytes], bytes]
    payload: Callable[[random.Random], bytes] = lambda _: b"{}"
    function_error: bool = False
    body: Callable[[bytes, Answer], bool] = lambda _payload, _answer: True
    runs: bool = True

    def is_right(self, payload: bytes, answer: Answer) -> bool:
        """Return whether an answer is the one that Lambda gives when no container is killed."""
        failed = bool(answer.header(_FUNCTION_ERROR))
        if (answer.status, failed) != (self.status, self.function_error):
            return False
        try:
            return self.body(payload, answer)
        except (LookupError, TypeError, ValueError):  # it is not even JSON, or of another form
            return False


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request, and the payload that its answer depends on."""

    kind: Kind
    payload: bytes
    data: bytes = field(repr=False)


def is_throttled(answer: Answer) -> bool:
    """Return whether an answer is Lambda's for too many requests."""
    return answer.status == 429 and b"TooManyRequestsException" in answer.head


def is_of_killed(answer: Answer) -> bool:
    """Return whether an answer may be that of an invocation whose container was killed."""
    if answer.status == 200:
        is_error = bool(answer.header(_FUNCTION_ERROR)) and b'"errorType"' in answer.body
        return is_error or b'"ErrorCode"' in answer.body  # of a stream
    return answer.status >= 500 and bool(answer.header("x-amzn-errortype"))


def choose(chance: random.Random) -> Request:
    """Return a request of any kind."""
    (kind,) = chance.choices(KINDS, weights=_WEIGHTS)
    payload = kind.payload(chance)
    return Request(kind=kind, payload=payload, data=kind.request(payload))


def _event(chance: random.Random) -> bytes:
    return json.dumps({"number": chance.random(), "text": "x" * chance.randrange(2000)}).encode()


def _same(payload: bytes, answer: Answer) -> bool:
    return bool(json.loads(answer.body) == json.loads(payload))


def _to(function: str, headers: Mapping[str, str] | None = None) -> Callable[[bytes], bytes]:
    return lambda payload: invoke_request(function, payload, headers)


def _error(name: str) -> Callable[[bytes, Answer], bool]:
    return lambda _, answer: answer.header("x-amzn-errortype").partition(":")[0] == name


def _type(name: str) -> Callable[[bytes, Answer], bool]:
    return lambda _, answer: bool(json.loads(answer.body)["errorType"] == name)


def _parts(_: bytes, answer: Answer) -> bool:
    return answer.body.count(b"PayloadChunk") > 0 and answer.body.count(b"InvokeComplete") == 1


def _context(_: bytes, answer: Answer) -> bool:
    return bool(json.loads(answer.body)["custom"] == {"shop": "tea"})


_CLIENT_CONTEXT: Final = base64.b64encode(b'{"custom": {"shop": "tea"}}').decode()

KINDS: Final = (
    Kind(
        name="echo, Python", weight=55, status=200, request=_to("Echo"), payload=_event, body=_same
    ),
    Kind(
        name="echo, Node.js",
        weight=14,
        status=200,
        request=_to("NodeEcho"),
        payload=_event,
        body=_same,
    ),
    Kind(
        name="by ARN and alias, with client context",
        weight=4,
        status=200,
        request=_to(
            "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Ashop-context%3Alive",
            {"X-Amz-Client-Context": _CLIENT_CONTEXT},
        ),
        body=_context,
    ),
    Kind(
        name="log tail",
        weight=3,
        status=200,
        request=_to("Echo", {"X-Amz-Log-Type": "Tail"}),
        payload=_event,
        body=lambda payload, answer: (
            _same(payload, answer) and bool(answer.header("x-amz-log-result"))
        ),
    ),
    Kind(
        name="fails",
        weight=4,
        status=200,
        request=_to("Fails"),
        function_error=True,
        body=_type("ValueError"),
    ),
    Kind(
        name="exits",
        weight=0.2,
        status=200,
        request=_to("Exits"),
        function_error=True,
        body=_type("Runtime.ExitError"),
    ),
    Kind(
        name="times out",
        weight=0.05,
        status=200,
        request=_to("TimesOut"),
        function_error=True,
        body=_type("Sandbox.Timedout"),
    ),
    Kind(
        name="1 MiB of result",
        weight=0.5,
        status=200,
        request=_to("Sized"),
        payload=lambda _: json.dumps({"bytes": MIB}).encode(),
        body=lambda _, answer: len(answer.body) == MIB,
    ),
    Kind(
        name="6 MB of payload",
        weight=0.05,
        status=200,
        request=_to("Echo"),
        payload=lambda _: b'"%s"' % (b"x" * (_LARGEST - 2)),
        body=lambda payload, answer: answer.body == payload,
    ),
    Kind(
        name="7 MB of payload",
        weight=0.1,
        status=413,
        request=_to("Echo"),
        payload=lambda _: b'"%s"' % (b"x" * 7 * MIB),
        runs=False,
    ),
    Kind(
        name="stream",
        weight=2,
        status=200,
        request=lambda payload: request_of(
            "/2021-11-15/functions/Streams/response-streaming-invocations", payload
        ),
        payload=lambda _: b'{"milliseconds": 2}',
        body=_parts,
    ),
    Kind(
        name="Event",
        weight=2,
        status=202,
        request=_to("Echo", {"X-Amz-Invocation-Type": "Event"}),
        payload=_event,
        body=lambda _, answer: not answer.body,
        runs=False,
    ),
    Kind(
        name="DryRun",
        weight=2,
        status=204,
        request=_to("Echo", {"X-Amz-Invocation-Type": "DryRun"}),
        runs=False,
    ),
    Kind(
        name="reserved concurrency of 0",
        weight=1,
        status=429,
        request=_to("None"),
        body=_error("TooManyRequestsException"),
        runs=False,
    ),
    Kind(
        name="unknown function",
        weight=3,
        status=404,
        request=_to("Nobody"),
        body=_error("ResourceNotFoundException"),
        runs=False,
    ),
    Kind(
        name="unknown alias",
        weight=1,
        status=404,
        request=_to("Echo%3Anowhere"),
        body=_error("ResourceNotFoundException"),
        runs=False,
    ),
    Kind(
        name="malformed qualifier",
        weight=1,
        status=400,
        request=lambda payload: request_of(
            "/2015-03-31/functions/Echo/invocations?Qualifier=no%20such", payload
        ),
        body=_error("ValidationException"),
        runs=False,
    ),
    Kind(
        name="no JSON",
        weight=2,
        status=400,
        request=_to("Echo"),
        payload=lambda chance: chance.choice((b"{", b"stars", b"\xff\xfe", b'{"a": 1} 2')),
        body=_error("InvalidRequestContentException"),
        runs=False,
    ),
    Kind(
        name="malformed client context",
        weight=1,
        status=400,
        request=_to("Echo", {"X-Amz-Client-Context": "no base64!"}),
        body=_error("InvalidRequestContentException"),
        runs=False,
    ),
    Kind(
        name="ListFunctions",
        weight=1,
        status=200,
        request=lambda _: request_of("/2015-03-31/functions/", None),
        body=lambda _, answer: bool(json.loads(answer.body)["Functions"]),
        runs=False,
    ),
    Kind(
        name="GetFunction",
        weight=1,
        status=200,
        request=lambda _: request_of("/2015-03-31/functions/Echo", None),
        body=lambda _, answer: json.loads(answer.body)["Configuration"]["State"] == "Active",
        runs=False,
    ),
)
_WEIGHTS: Final = [kind.weight for kind in KINDS]
