"""Lambda authorizers: functions that allow or deny requests.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
"""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.errors import SamlocalError
from samlocal.frozen_dataclass import frozen
from samlocal.http_api.authorization import Allowed, Refused
from samlocal.http_api.authorizers.authorizer_events import (
    http_request_event,
    old_http_request_event,
    request_event,
    token_event,
)
from samlocal.http_api.authorizers.authorizer_result import (
    AuthorizerResult,
    read_http_result,
    read_rest_result,
    read_simple_result,
)
from samlocal.http_api.authorizers.identity_sources import compile_source
from samlocal.http_api.authorizers.policy import MalformedResultError, Policy, name_operators
from samlocal.http_api.authorizers.result_cache import ResultCache
from samlocal.project.apis import ApiKind
from samlocal.serving.function_call import FunctionCall

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from samlocal.http_api.authorization import Event
    from samlocal.http_api.exchange import HttpRequest
    from samlocal.http_api.functions import Functions
    from samlocal.invocation import FunctionError
    from samlocal.project.apis import Api, LambdaAuthorizer, Route

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
_HTTP_LIMIT_SECONDS: Final = 10.0
# That of integrations: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
_REST_LIMIT_SECONDS: Final = 29.0
_UNAUTHORIZED: Final = "Unauthorized"
_SHOWN_CHARACTERS: Final = 200
# API Gateway's expressions are Java's, which name groups without `P`.
_JAVA_GROUP: Final = re.compile(r"\(\?<(?=[A-Za-z])")


def _domain_name(event: Event) -> str | None:
    context = event.get("requestContext") or {}
    return context.get("domainName")


@frozen
class Answer:
    """What an authorizer has answered: a result, or why there is none, and the milliseconds it took."""

    result: AuthorizerResult | Refused
    latency_ms: int


@frozen
class _Prepared:
    """What is known of an authorizer before a request: its sources, and its validation expression."""

    sources: tuple[Callable[[HttpRequest, Event], str | None], ...]
    names: tuple[str, ...]
    validation: re.Pattern[str] | None
    problem: str | None = None


class LambdaAuthorizers:
    """Runs authorizers and keeps their results as long as their templates say.

    `report` gets what people should know about results, once each. `clock` returns seconds.
    """

    def __init__(
        self,
        functions: Functions,
        *,
        report: Callable[[Diagnostic], None],
        clock: Callable[[], float] = time.monotonic,
        limit_seconds: float | None = None,
    ) -> None:
        self._functions = functions
        self._report = report
        self._limit_seconds = limit_seconds
        self._cache: ResultCache[Answer] = ResultCache(clock=clock, is_kept=_is_kept)
        self._reported: set[tuple[str, str]] = set()

    async def check(
        self,
        api: Api,
        route: Route,
        authorizer: LambdaAuthorizer,
        request: HttpRequest,
        event: Event,
        method_arn: str,
    ) -> Allowed | Refused:
        """Return whether the authorizer allows a request, as `Authorizers.check`."""
        prepared = prepare(authorizer)
        if prepared.problem is not None:
            return _failure(authorizer, prepared.problem)
        identity = []
        for name, read in zip(prepared.names, prepared.sources, strict=True):
            value = read(request, event)
            if value is None:
                return Refused(
                    kind="UNAUTHORIZED",
                    reason=f"the request lacks `{name}`, an identity source of the authorizer"
                    f" `{authorizer.name}`",
                )
            identity.append(value)
        if prepared.validation and not prepared.validation.fullmatch(identity[0]):
            return Refused(
                kind="UNAUTHORIZED",
                reason=f"the token does not match `{authorizer.validation}`, the validation expression"
                f" of the authorizer `{authorizer.name}`",
            )

        async def make() -> Answer:
            own = _authorizer_event(api, route, authorizer, request, event, method_arn, identity)
            domain_name = _domain_name(event) if api.kind is ApiKind.WEBSOCKET else None
            return await self._run(api, authorizer, own, request.trace_header, domain_name)

        answer = await self._answer(api, authorizer, tuple(identity), make)
        if isinstance(answer.result, Refused):
            return answer.result
        return self._decide(api, authorizer, answer, answer.result, method_arn)

    async def find_problem(self, authorizer: LambdaAuthorizer) -> str | None:
        """Return why an authorizer will refuse all requests; None if it will not."""
        try:
            await self._functions.find(authorizer.target.function)
        except SamlocalError as error:
            return f"its function cannot run: {error}"
        return prepare(authorizer).problem

    def forget(self) -> None:
        """Drop cached results, such as after a change of the functions' code."""
        self._cache.forget()

    async def close(self) -> None:
        """Cancel authorizers that run."""
        await self._cache.close()

    async def _answer(
        self,
        api: Api,
        authorizer: LambdaAuthorizer,
        identity: tuple[str, ...],
        make: Callable[[], Coroutine[object, object, Answer]],
    ) -> Answer:
        """Return a cached answer, or a new one within the time limit."""
        is_cached = authorizer.cache_seconds > 0 and bool(identity)
        key = (api.label, authorizer, identity)
        if is_cached and (found := self._cache.find(key)):
            return Answer(result=found.result, latency_ms=0)
        default = _HTTP_LIMIT_SECONDS if api.kind is ApiKind.HTTP else _REST_LIMIT_SECONDS
        limit = self._limit_seconds or default
        try:
            async with asyncio.timeout(limit):
                if is_cached:
                    return await self._cache.make(key, authorizer.cache_seconds, make)
                return await self._cache.make_unkept(make)
        except TimeoutError:
            reason = f"its function takes longer than {limit:g} seconds"
            return Answer(result=_failure(authorizer, reason), latency_ms=round(limit * 1000))

    async def _run(
        self,
        api: Api,
        authorizer: LambdaAuthorizer,
        event: Event,
        trace_header: str,
        domain_name: str | None,
    ) -> Answer:
        """Call the function with its own event; `domain_name` is where it reaches clients of a WebSocket API."""
        started = time.perf_counter()
        call = FunctionCall(
            function=authorizer.target.function,
            qualifier=authorizer.target.qualifier,
            payload=json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode(
                errors="replace"
            ),
            request_id=str(uuid.uuid4()),
            trace_id=trace_header,
            domain_name=domain_name,
        )
        result = await self._call(api, authorizer, call)
        return Answer(result=result, latency_ms=round((time.perf_counter() - started) * 1000))

    async def _call(
        self, api: Api, authorizer: LambdaAuthorizer, call: FunctionCall
    ) -> AuthorizerResult | Refused:
        try:
            result = await self._functions.invoke(call)
        except SamlocalError as error:
            hint = f" ({error.hint})" if error.hint else ""
            return _failure(authorizer, f"its function cannot run: {error}{hint}")
        if result.error is not None:
            return _after_error(authorizer, result.error)
        read = read_rest_result
        if api.kind is ApiKind.HTTP:
            read = read_simple_result if authorizer.is_simple else read_http_result
        try:
            return read(result.payload)
        except MalformedResultError as error:
            return _failure(authorizer, f"its result {error}")

    def _decide(
        self,
        api: Api,
        authorizer: LambdaAuthorizer,
        answer: Answer,
        result: AuthorizerResult,
        method_arn: str,
    ) -> Allowed | Refused:
        if isinstance(result.decision, Policy):
            self._report_conditions(api, authorizer, result.decision)
            decision = result.decision.decide(method_arn)
        else:
            decision = "allow" if result.decision else "explicit deny"
        if decision == "allow":
            return Allowed(context=_context(api, answer, result), api_key=result.usage_key)
        return Refused(
            kind="ACCESS_DENIED",
            is_explicit_deny=decision == "explicit deny",
            reason=_denial(authorizer, result, method_arn, is_explicit=decision == "explicit deny"),
            context=_context(api, answer, result),
        )

    def _report_conditions(self, api: Api, authorizer: LambdaAuthorizer, policy: Policy) -> None:
        key = (api.full_path, authorizer.name)
        if policy.conditions and key not in self._reported:
            self._reported.add(key)
            message = (
                f"the policy of the authorizer `{authorizer.name}` has conditions"
                f" ({name_operators(policy.conditions)}), which count as met here"
            )
            self._report(Diagnostic(message=message))


@lru_cache(maxsize=1024)
def prepare(authorizer: LambdaAuthorizer) -> _Prepared:
    """Return what is known of an authorizer before a request; `problem` says why it cannot be used."""
    sources = []
    problem = None
    for source in authorizer.identity_sources:
        try:
            sources.append(compile_source(source))
        except ValueError as error:
            problem = str(error)
    if authorizer.kind == "TOKEN" and len(authorizer.identity_sources) != 1:
        problem = "a TOKEN authorizer needs one identity source, a header"
    validation = None
    if authorizer.validation and authorizer.kind == "TOKEN":
        try:
            validation = re.compile(_JAVA_GROUP.sub("(?P<", authorizer.validation))
        except re.error as error:
            problem = f"the validation expression `{authorizer.validation}` cannot be read: {error}"
    return _Prepared(
        sources=tuple(sources),
        names=authorizer.identity_sources,
        validation=validation,
        problem=problem,
    )


def _authorizer_event(
    api: Api,
    route: Route,
    authorizer: LambdaAuthorizer,
    request: HttpRequest,
    event: Event,
    method_arn: str,
    identity: list[str],
) -> Event:
    if api.kind is ApiKind.HTTP:
        if authorizer.payload == "1.0":
            return old_http_request_event(event, method_arn, identity, request, route.path)
        return http_request_event(event, method_arn, identity)
    if authorizer.kind == "TOKEN":
        return token_event(identity[0], method_arn)
    return request_event(event, method_arn)


def _context(api: Api, answer: Answer, result: AuthorizerResult) -> dict[str, object]:
    if api.kind is ApiKind.HTTP:
        # null if the result has no context
        return {"lambda": result.context}
    return {
        **(result.context or {}),
        "principalId": result.principal,
        "integrationLatency": answer.latency_ms,
    }


def _after_error(authorizer: LambdaAuthorizer, error: FunctionError) -> Refused:
    if error.message == _UNAUTHORIZED:
        return Refused(
            kind="UNAUTHORIZED",
            reason=f"the authorizer `{authorizer.name}` raised `{_UNAUTHORIZED}`",
        )
    message = error.message[:_SHOWN_CHARACTERS]
    return _failure(authorizer, f"its function failed: {error.type}: {message}")


def _failure(authorizer: LambdaAuthorizer, problem: str) -> Refused:
    return Refused(
        kind="AUTHORIZER_CONFIGURATION_ERROR",
        reason=f"the authorizer `{authorizer.name}` is not usable: {problem}",
    )


def _denial(
    authorizer: LambdaAuthorizer, result: AuthorizerResult, method_arn: str, *, is_explicit: bool
) -> str:
    if not isinstance(result.decision, Policy):
        return f"the authorizer `{authorizer.name}` returned `isAuthorized: false`"
    if is_explicit:
        return (
            f"a statement in the policy of the authorizer `{authorizer.name}` denies `{method_arn}`"
        )
    cached = (
        "; its result is used again for"
        f" {authorizer.cache_seconds} s, for other methods and paths as well"
        if authorizer.cache_seconds > 0
        else ""
    )
    return (
        f"no statement in the policy of the authorizer `{authorizer.name}` allows"
        f" `{method_arn}`{cached}"
    )


def _is_kept(answer: Answer) -> bool:
    return isinstance(answer.result, AuthorizerResult)
