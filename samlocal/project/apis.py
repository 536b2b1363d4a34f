"""The APIs in front of a project's functions: what its template declares, as frozen values.

Readers of templates make these values and the servers of `samlocal.http_api` use them. Neither imports the other.
Texts have no intrinsic functions left. Names and defaults are API Gateway's:
https://docs.aws.amazon.com/apigateway/latest/developerguide/welcome.html
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.diagnostics import Diagnostic
    from samlocal.errors import Place

PayloadVersion = Literal["1.0", "2.0"]
QuotaPeriod = Literal["DAY", "WEEK", "MONTH"]
Passthrough = Literal["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"]

# The method of a route for all methods, the path of one for all paths, and the stage that no path begins with.
ANY_METHOD: Final = "ANY"
DEFAULT_ROUTE: Final = "$default"
DEFAULT_STAGE: Final = "$default"


class ApiKind(StrEnum):
    """What answers requests, in words for people."""

    REST = "REST API"
    HTTP = "HTTP API"
    WEBSOCKET = "WebSocket API"
    FUNCTION_URL = "function URL"
    LOAD_BALANCER = "load balancer"
    WEB_FUNCTION = "web function"


@frozen
class FunctionTarget:
    """A function of the project, by its full path, and the version or alias that is called."""

    function: str
    qualifier: str | None = None


@frozen
class FunctionIntegration:
    """A function that gets the whole request as its event (`AWS_PROXY`).

    With `streams` its response is sent as it comes (`ResponseTransferMode: STREAM`, `InvokeMode: RESPONSE_STREAM`).
    `multi_value_headers` is an attribute of a load balancer's target group, whose ARN is `target_group`.
    `parameters` and `response_parameters` are those of an HTTP API, as in `HttpIntegration`.
    """

    target: FunctionTarget
    payload: PayloadVersion
    timeout_ms: int
    streams: bool = False
    multi_value_headers: bool = False
    target_group: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    response_parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@frozen
class IntegrationResponse:
    """A response of an integration that is not a proxy, for the statuses that a pattern matches; None: all others.

    `headers` have texts as they are sent, or references such as `integration.response.header.X`. `templates` are
    bodies by content type. `origins` are regular expressions: a client's `Origin` that matches one as a whole becomes
    the `Access-Control-Allow-Origin`.
    """

    status: int
    pattern: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    origins: tuple[str, ...] = ()


@frozen
class CustomFunctionIntegration:
    """A function whose event is the body of the request to a REST API (`AWS`), and whose result is that of the response.

    `templates` make the event by the content type of the request; `passthrough` says whether that of another type is
    used as it is. The pattern of one of the `responses` is for the message of an error that the function ends with.
    """

    target: FunctionTarget
    timeout_ms: int
    templates: Mapping[str, str] = field(default_factory=dict)
    passthrough: Passthrough = "WHEN_NO_MATCH"
    responses: tuple[IntegrationResponse, ...] = ()


@frozen
class MockIntegration:
    """A response without a back end; the request template of a content type gives `{"statusCode": 200}`.

    `passthrough` says whether the body of another type is used as it is.
    """

    request_templates: Mapping[str, str]
    responses: tuple[IntegrationResponse, ...]
    passthrough: Passthrough = "WHEN_NO_MATCH"


@frozen
class HttpIntegration:
    """Another HTTP server (`HTTP_PROXY`, `HTTP`).

    `parameters` are what its request gets, such as `integration.request.path.proxy`: `method.request.path.proxy`
    in a REST API, or `overwrite:path`: `$request.path.proxy` in an HTTP API. `templates` are bodies for it by the
    content type of the client's, if it is not a proxy; `passthrough` says whether that of another type is sent.
    `response_parameters` are what an HTTP API changes of a response, by its status: `append:header.x` or
    `overwrite:statuscode`.
    """

    url: str
    method: str
    timeout_ms: int
    parameters: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    passthrough: Passthrough = "WHEN_NO_MATCH"
    responses: tuple[IntegrationResponse, ...] = ()
    is_proxy: bool = True
    response_parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@frozen
class UnsupportedIntegration:
    """What samlocal does not do, such as mapping templates: requests are refused with the same words."""

    diagnostic: Diagnostic


Integration = (
    FunctionIntegration
    | CustomFunctionIntegration
    | MockIntegration
    | HttpIntegration
    | UnsupportedIntegration
)


@frozen
class LambdaAuthorizer:
    """A function that allows or denies a request.

    `kind` and `payload` choose its event, `is_simple` (`EnableSimpleResponses`) its response. `identity_sources`
    are as written: `method.request.header.Authorization` in REST APIs, `$request.header.Authorization` in HTTP APIs,
    `route.request.header.Auth` in WebSocket APIs. `validation` is a regular expression for the whole token.
    """

    name: str
    target: FunctionTarget
    kind: Literal["TOKEN", "REQUEST"]
    payload: PayloadVersion
    identity_sources: tuple[str, ...]
    cache_seconds: int
    is_simple: bool = False
    validation: str | None = None


@frozen
class JwtAuthorizer:
    """A JSON Web Token of an issuer, for HTTP APIs."""

    name: str
    issuer: str
    audience: tuple[str, ...]
    identity_source: str = "$request.header.Authorization"


@frozen
class CognitoAuthorizer:
    """A token of one of several Cognito user pools, by their ARNs, for REST APIs."""

    name: str
    user_pools: tuple[str, ...]
    identity_source: str = "method.request.header.Authorization"
    validation: str | None = None


@frozen
class IamAuthorizer:
    """A signature of AWS: every caller is let in."""

    name: str = "AWS_IAM"


@frozen
class UnsupportedAuthorizer:
    """An authorizer that cannot be resolved: requests are refused with the same words."""

    name: str
    diagnostic: Diagnostic


Authorizer = (
    LambdaAuthorizer | JwtAuthorizer | CognitoAuthorizer | IamAuthorizer | UnsupportedAuthorizer
)


@frozen
class RequestValidation:
    """What a request to a REST API must have.

    `parameters` are such as `method.request.querystring.q`; `bodies` are JSON schemas by content type.
    """

    parameters: tuple[str, ...] = ()
    bodies: Mapping[str, object] = field(default_factory=dict)


@frozen
class RateLimit:
    """How many requests may come: `rate` a second, and `burst` at once; None is as many as come in a second.

    A rate of 0 lets none in.
    """

    rate: float
    burst: int | None = None


@frozen
class RuleCondition:
    """A condition of a load balancer's rule.

    `field` is `path-pattern`, `host-header`, `http-header`, `http-request-method`, `query-string` or `source-ip`;
    `name` is that of a header or of a parameter of the query. `expressions` are regular expressions instead of values,
    for the first three: see `samlocal.regular_expressions`.
    """

    field: str
    values: tuple[str, ...] = ()
    name: str | None = None
    expressions: tuple[str, ...] = ()


@frozen
class Route:
    """One method of one path.

    `method` is in upper case, or `ANY`. `path` is as in the template: `/items/{id}`, `/{proxy+}`, `$default`, or the
    key of a WebSocket route. `scopes` are those of which a token needs one. `answers` is true for a WebSocket route
    with a route response. `conditions` and `priority` are those of a load balancer's rule. `limits` are how often a
    stage lets requests to it, by their method, or `ANY` for all together.
    """

    method: str
    path: str
    integration: Integration
    authorizer: Authorizer | None = None
    scopes: tuple[str, ...] = ()
    needs_api_key: bool = False
    operation_name: str | None = None
    validation: RequestValidation | None = None
    answers: bool = False
    conditions: tuple[RuleCondition, ...] = ()
    priority: int | None = None
    limits: Mapping[str, RateLimit] = field(default_factory=dict)
    place: Place | None = None


@frozen
class Cors:
    """The CORS configuration of an HTTP API or a function URL; a REST API has routes for OPTIONS instead."""

    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    exposed_headers: tuple[str, ...] = ()
    allows_credentials: bool = False
    max_age_seconds: int | None = None


@frozen
class GatewayResponse:
    """How a REST API answers a type of error; `status` None is the type's own. `templates` are by content type."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)


@frozen
class UsagePlan:
    """What those with one of a REST API's keys may do.

    `keys` are names and logical ids of keys. `methods` are limits by path and method, such as `/items/GET`, instead of
    `rate`. `quota` are requests in each `quota_period`. None: no limit.
    """

    name: str
    keys: tuple[str, ...]
    rate: RateLimit | None = None
    methods: Mapping[str, RateLimit] = field(default_factory=dict)
    quota: int | None = None
    quota_period: QuotaPeriod = "DAY"


@frozen
class Api:
    """One API with its routes.

    `full_path` is its logical id below the paths of nested stacks; a function URL has that of its function, with a
    colon before the qualifier. `identifier` stands for the id that AWS would give: ten lower-case letters and digits.
    `stage` is the stage's name, or `$default`. `base_paths` are those of custom
    domains. A REST API `is_edge_optimized` if its endpoint is one of CloudFront. With `has_other_stages` the same API is there once more for each of these. `gateway_responses` are by
    type, such as `DEFAULT_4XX`. `route_selection` is a WebSocket API's `$request.body.action`. `takes_any_caller` is
    false for a function URL of `AuthType: AWS_IAM`. `foreign_keys` are API keys that only usage plans of other APIs
    have. `failures` are the routes that cannot be resolved.
    """

    kind: ApiKind
    full_path: str
    identifier: str
    stage: str
    routes: tuple[Route, ...]
    name: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    binary_types: tuple[str, ...] = ()
    cors: Cors | None = None
    gateway_responses: Mapping[str, GatewayResponse] = field(default_factory=dict)
    route_selection: str | None = None
    base_paths: tuple[str, ...] = ()
    has_other_stages: bool = False
    is_edge_optimized: bool = False
    api_key_source: Literal["HEADER", "AUTHORIZER"] = "HEADER"
    usage_plans: tuple[UsagePlan, ...] = ()
    foreign_keys: tuple[str, ...] = ()
    minimum_compression_bytes: int | None = None
    takes_any_caller: bool = True
    failures: tuple[Diagnostic, ...] = ()
    place: Place | None = None

    @property
    def label(self) -> str:
        """The full path, and the stage if there are several: what tells the API from all others."""
        return f"{self.full_path} ({self.stage})" if self.has_other_stages else self.full_path


@frozen
class Apis:
    """All APIs of a project in the order of its templates, and what is said about those that cannot be read."""

    apis: tuple[Api, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
