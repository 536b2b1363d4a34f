"""Recursive loops: functions that invoke themselves, directly or through others.

As on Lambda, the trace header of an invocation counts how often each function ran in the same chain of
requests: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html

AWS writes `Lineage=1:36680206:0`, a hash and a count, and once wrote several of them, separated by `|`:
https://github.com/open-telemetry/opentelemetry-java-contrib/blob/main/aws-xray-propagator/src/main/java/io/opentelemetry/contrib/awsxray/propagator/AwsXrayPropagator.java
https://github.com/open-telemetry/opentelemetry-erlang-contrib/tree/main/propagators/opentelemetry_xray_propagator
Here each function of the chain has its own, so that a loop is found however it begins.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from samlocal.errors import SamlocalError
from samlocal.trace_header import format_trace_header, usable_fields

MAX_ROUNDS: Final = 16
_FIELD: Final = "Lineage"
_SEPARATOR: Final = "|"
_ESCAPED_SEPARATOR: Final = "%7C"  # botocore quotes the header that it passes on
_ENTRY: Final = re.compile(r"(?:\d{1,3}:)?([0-9a-f]{8}):(\d{1,5})")
_HASH_LENGTH: Final = 8
_MAX_COUNT: Final = 32_767
_MAX_FUNCTIONS: Final = 32


class RecursiveInvocationError(SamlocalError):
    """`RecursiveInvocationException` of Lambda's API."""


def continue_lineage(
    trace_header: str | None, function_arn: str, *, is_allowed: bool = False
) -> str:
    """Return the trace header for an invocation of a function, which counts that invocation.

    `trace_header` is the caller's, None for a new trace; what is malformed in it is dropped. `function_arn`
    has no qualifier. `is_allowed` is for functions whose `RecursiveLoop` is `Allow`.

    Raises:
        RecursiveInvocationError: the function ran 16 times already in this chain of requests.
    """
    fields = usable_fields(trace_header)
    counts = _read(fields.get(_FIELD, ""))
    key = hashlib.sha256(function_arn.encode()).hexdigest()[:_HASH_LENGTH]
    rounds = counts.pop(key, -1) + 1
    if rounds >= MAX_ROUNDS and not is_allowed:
        raise RecursiveInvocationError(
            "Lambda has detected your function being invoked in a recursive loop and stopped your"
            " function's invocation.",
            hint=f"{function_arn} ran {rounds} times in one chain of requests; a function with"
            " `RecursiveLoop: Allow` is not stopped",
        )
    counts[key] = min(rounds, _MAX_COUNT)
    newest = list(counts.items())[-_MAX_FUNCTIONS:]
    fields[_FIELD] = _SEPARATOR.join(f"1:{name}:{count}" for name, count in newest)
    return format_trace_header(fields)


def _read(lineage: str) -> dict[str, int]:
    """Return how often the functions of a chain ran after their first time, by hash."""
    entries = lineage.replace(_ESCAPED_SEPARATOR, _SEPARATOR).split(_SEPARATOR)
    matches = (_ENTRY.fullmatch(entry) for entry in entries)
    return {match[1]: int(match[2]) for match in matches if match}
