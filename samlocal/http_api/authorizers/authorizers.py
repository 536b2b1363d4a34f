"""The authorizers of a project's APIs, of all kinds."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Self

from samlocal.diagnostics import Diagnostic
from samlocal.errors import UsageError
from samlocal.function_log import printable
from samlocal.http_api.authorization import Allowed, Refused
from samlocal.http_api.authorizers.iam_callers import (
    find_caller,
    iam_context,
    iam_identity,
)
from samlocal.http_api.authorizers.lambda_authorizers import LambdaAuthorizers
from samlocal.project.apis import (
    ApiKind,
    IamAuthorizer,
    JwtAuthorizer,
    LambdaAuthorizer,
    UnsupportedAuthorizer,
)
from samlocal.suggestions import installation_of_extra

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from samlocal.http_api.authorization import Event
    from samlocal.http_api.authorizers.jwks_file import LocalKeys
    from samlocal.http_api.authorizers.token_authorizers import TokenAuthorizers
    from samlocal.http_api.exchange import HttpRequest
    from samlocal.http_api.functions import Functions
    from samlocal.project.apis import Api, Authorizer, CognitoAuthorizer, Route

_DISABLED_HINT: Final = "`--disable-authorizer` lets every request in"
_IAM_TEXT: Final = "requests to routes and URLs with `AWS_IAM` are let in, whoever signed them"


class RouteAuthorizers:
    """Checks requests by the authorizers of their routes. All calls are in one event loop.

    `report` gets what people should know about the results of authorizers. `local_keys` are those of `--jwks`.
    Results are kept no longer than `revision` returns the same: it is another after a change of functions' code.
    With `is_disabled` every request may go on, and events have no context of an authorizer. Leaving the
    `async with` block cancels what runs.
    """

    def __init__(
        self,
        functions: Functions,
        *,
        report: Callable[[Diagnostic], None],
        local_keys: LocalKeys | None = None,
        revision: Callable[[], object] = lambda: None,
        is_disabled: bool = False,
    ) -> None:
        self._lambda = LambdaAuthorizers(functions, report=report)
        self._local_keys = local_keys
        self._revision = revision
        self._seen_revision = revision()
        self._is_disabled = is_disabled
        self._tokens: TokenAuthorizers | UsageError | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._lambda.close()
        if self._tokens is not None and not isinstance(self._tokens, UsageError):
            await self._tokens.close()

    async def check(
        self, api: Api, route: Route, request: HttpRequest, event: Event, method_arn: str
    ) -> Allowed | Refused:
        """Return whether a request may go on, as `Authorizers.check`."""
        verdict = await self._check(api, route, request, event, method_arn)
        if isinstance(verdict, Refused) and verdict.reason:
            # Parts of it may come from the client, and must not disturb the terminal.
            return replace(verdict, reason=printable(verdict.reason))
        return verdict

    async def find_problems(self, apis: Iterable[Api]) -> tuple[Diagnostic, ...]:
        """Return what people should know before the first request: authorizers that will refuse all of them.

        Issuers of tokens are asked for their keys, which takes some seconds if one does not answer.
        """
        if self._is_disabled:
            return ()
        guarded: dict[Authorizer, Api] = {}
        for api in apis:
            if not api.takes_any_caller:  # a function URL, whose route has no authorizer
                guarded.setdefault(IamAuthorizer(), api)
            for route in api.routes:
                if route.authorizer is not None:
                    guarded.setdefault(route.authorizer, api)
        found = await asyncio.gather(
            *(self._find_problem(api, authorizer) for authorizer, api in guarded.items())
        )
        return tuple(dict.fromkeys(each for each in found if each is not None))

    async def _check(
        self, api: Api, route: Route, request: HttpRequest, event: Event, method_arn: str
    ) -> Allowed | Refused:
        authorizer = route.authorizer
        if authorizer is None or self._is_disabled:
            return Allowed()
        if isinstance(authorizer, LambdaAuthorizer):
            if (revision := self._revision()) != self._seen_revision:
                self._seen_revision = revision
                self._lambda.forget()
            return await self._lambda.check(api, route, authorizer, request, event, method_arn)
        if isinstance(authorizer, IamAuthorizer):
            return _check_iam(api, request, method_arn)
        if isinstance(authorizer, UnsupportedAuthorizer):
            return Refused(
                kind="AUTHORIZER_CONFIGURATION_ERROR",
                reason=f"{_named(authorizer, 'is not usable')}; {_DISABLED_HINT}",
                place=authorizer.diagnostic.place,
            )
        return await self._check_token(route, authorizer, request, event)

    async def _check_token(
        self,
        route: Route,
        authorizer: JwtAuthorizer | CognitoAuthorizer,
        request: HttpRequest,
        event: Event,
    ) -> Allowed | Refused:
        tokens = self._load_tokens()
        if isinstance(tokens, UsageError):
            return Refused(
                kind="AUTHORIZER_CONFIGURATION_ERROR",
                reason=f"the authorizer `{authorizer.name}` is not usable: {tokens}; {tokens.hint}",
            )
        if isinstance(authorizer, JwtAuthorizer):
            return await tokens.check_jwt(route, authorizer, request, event)
        return await tokens.check_cognito(route, authorizer, request, event)

    async def _find_problem(self, api: Api, authorizer: Authorizer) -> Diagnostic | None:
        if isinstance(authorizer, IamAuthorizer):
            return Diagnostic(message=_IAM_TEXT)
        if isinstance(authorizer, UnsupportedAuthorizer):
            diagnostic = authorizer.diagnostic
            if diagnostic in api.failures:  # it is said with the API
                return None
            message = _named(authorizer, f"of `{api.full_path}` refuses every request")
            return replace(diagnostic, message=message)
        hint: str | None
        if isinstance(authorizer, LambdaAuthorizer):
            problem, hint = await self._lambda.find_problem(authorizer), _DISABLED_HINT
        else:
            tokens = self._load_tokens()
            if isinstance(tokens, UsageError):
                problem, hint = tokens.message, f"{tokens.hint}, and {_DISABLED_HINT}"
            else:
                problem, hint = await tokens.find_problem(authorizer)
        if problem is None:
            return None
        return Diagnostic(
            message=f"the authorizer `{authorizer.name}` of `{api.full_path}` refuses every request:"
            f" {problem}",
            hint=hint,
        )

    def _load_tokens(self) -> TokenAuthorizers | UsageError:
        """Return the checks of tokens, whose packages are imported only for them; an error without these."""
        if self._tokens is None:
            try:
                from samlocal.http_api.authorizers.issuer_keys import (  # noqa: PLC0415
                    IssuerKeys,
                )
                from samlocal.http_api.authorizers.token_authorizers import (  # noqa: PLC0415
                    TokenAuthorizers,
                )
            except ImportError:
                self._tokens = UsageError(
                    "checking tokens needs PyJWT and cryptography, which are not installed",
                    hint=f"{installation_of_extra('jwt')} installs them",
                )
            else:
                self._tokens = TokenAuthorizers(IssuerKeys(self._local_keys))
        return self._tokens


def _named(authorizer: UnsupportedAuthorizer, problem: str) -> str:
    """Return the message of its diagnostic, after the authorizer's name if it does not have that."""
    name, message = f"the authorizer `{authorizer.name}`", authorizer.diagnostic.message
    return message if f"`{authorizer.name}`" in message else f"{name} {problem}: {message}"


def _check_iam(api: Api, request: HttpRequest, method_arn: str) -> Allowed:
    """Let a request in; events of REST and WebSocket APIs have the caller in `identity`, not in `authorizer`."""
    account_id = (method_arn.split(":", 5)[4:5] or [""])[0]
    caller = find_caller(request, account_id=account_id)
    if api.kind in {ApiKind.REST, ApiKind.WEBSOCKET}:
        return Allowed(identity=iam_identity(caller))
    return Allowed(context={"iam": iam_context(caller)})
