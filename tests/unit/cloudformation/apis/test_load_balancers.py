"""Load balancers in front of functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.project.apis import (
    ApiKind,
    FunctionIntegration,
    FunctionTarget,
    IntegrationResponse,
    MockIntegration,
    RuleCondition,
    UnsupportedAuthorizer,
)
from tests.unit.cloudformation.apis.outlines import closed_routes, open_routes, outline

if TYPE_CHECKING:
    from tests.unit.cloudformation.apis.conftest import OneApi, ReadTemplate

KIND = "AWS::ElasticLoadBalancingV2"
TEMPLATE = f"""
Resources:
  F: {{Type: AWS::Lambda::Function}}
  G: {{Type: AWS::Lambda::Function}}
  Balancer: {{Type: {KIND}::LoadBalancer, Properties: {{Name: shop}}}}
  Group:
    Type: {KIND}::TargetGroup
    Properties:
      TargetType: lambda
      Targets: [{{Id: !GetAtt F.Arn}}]
      TargetGroupAttributes: [{{Key: lambda.multi_value_headers.enabled, Value: true}}]
  Other: {{Type: {KIND}::TargetGroup, Properties: {{TargetType: lambda, Targets: [{{Id: !Ref G}}]}}}}
  Machines: {{Type: {KIND}::TargetGroup, Properties: {{TargetType: ip}}}}
  Listener:
    Type: {KIND}::Listener
    Properties:
      LoadBalancerArn: !Ref Balancer
      DefaultActions: [{{Type: forward, TargetGroupArn: !Ref Group}}]
"""


def rule(
    name: str,
    conditions: str = "",
    *,
    action: str = "Type: forward, TargetGroupArn: !Ref Other",
    more: str = "Priority: 5",
    listener: str = "!Ref Listener",
) -> str:
    return (
        f"  {name}: {{Type: {KIND}::ListenerRule, Properties: {{ListenerArn: {listener}, {more},"
        f" Conditions: [{conditions}], Actions: [{{{action}}}]}}}}\n"
    )


def test_the_default_action(one_api: OneApi) -> None:
    """A listener is an API, and its default action the route without conditions."""
    api = one_api(TEMPLATE)
    assert (api.kind, api.full_path, api.name, api.stage) == (
        ApiKind.LOAD_BALANCER,
        "Listener",
        "shop",
        "$default",
    )
    (route,) = api.routes
    integration = route.integration
    assert isinstance(integration, FunctionIntegration)
    assert integration.target == FunctionTarget(function="F")
    assert integration.multi_value_headers
    assert (integration.target_group or "").startswith(
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/Group/"
    )
    assert (route.method, route.path, route.priority, route.conditions) == (
        "ANY",
        "$default",
        None,
        (),
    )


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (
            "{Field: path-pattern, Values: [/a*, /b]}",
            [RuleCondition(field="path-pattern", values=("/a*", "/b"))],
        ),
        (
            "{Field: path-pattern, PathPatternConfig: {Values: [/a]}}",
            [RuleCondition(field="path-pattern", values=("/a",))],
        ),
        (
            "{Field: host-header, HostHeaderConfig: {Values: ['*.example']}}",
            [RuleCondition(field="host-header", values=("*.example",))],
        ),
        (
            "{Field: http-header, HttpHeaderConfig: {HttpHeaderName: X, Values: ['1']}}",
            [RuleCondition(field="http-header", values=("1",), name="X")],
        ),
        (
            "{Field: source-ip, SourceIpConfig: {Values: [10.0.0.0/8, '::1/128']}}",
            [RuleCondition(field="source-ip", values=("10.0.0.0/8", "::1/128"))],
        ),
        (
            "{Field: query-string, QueryStringConfig: {Values: [{Key: a, Value: '1'}, {Value: b}, {Key: a, Value: '2'}]}}",
            [
                RuleCondition(field="query-string", values=("1", "2"), name="a"),
                RuleCondition(field="query-string", values=("b",)),
            ],
        ),
    ],
)
def test_conditions(one_api: OneApi, condition: str, expected: list[RuleCondition]) -> None:
    """A rule has its conditions; of several parameters of the query any one is enough, so each makes a route."""
    api = one_api(TEMPLATE + rule("Rule", condition))
    routes = [route for route in api.routes if route.priority == 5]
    assert [route.conditions for route in routes] == [(each,) for each in expected]
    assert api.failures == ()


def test_rules_in_words(one_api: OneApi) -> None:
    """A route shows the method and the path of its conditions; what is not a function refuses requests."""
    path, method = (
        "{Field: path-pattern, Values: [/a*]}",
        "{Field: http-request-method, HttpRequestMethodConfig: {Values: [POST]}}",
    )
    weighted = (
        "Type: forward, ForwardConfig: {TargetGroups: [{TargetGroupArn: !Ref Machines, Weight: 1},"
        " {TargetGroupArn: !Ref Other, Weight: 9}]}"
    )
    api = one_api(
        TEMPLATE
        + rule("A", f"{path}, {method}")
        + rule("B", path, action=weighted)
        + rule("C", path, action="Type: redirect, RedirectConfig: {StatusCode: HTTP_301}")
        + rule("D", path, action="Type: forward, TargetGroupArn: !Ref Machines")
        + rule("E", path, action="Type: forward, TargetGroupArn: arn:elsewhere")
    )
    assert outline(api) == [
        "POST /a* -> G",
        "ANY /a* -> G",
        "ANY /a* -> mock",
        "ANY /a* -> unsupported: the targets of `Machines` are not functions",
        "ANY /a* -> unsupported: the target group of `E` is not a resource of this project",
        "ANY $default -> F",
    ]


def test_rules_of_a_listener_that_is_elsewhere(read_template: ReadTemplate) -> None:
    """Rules for a shared listener are served too, each listener's together."""
    path = "{Field: path-pattern, Values: [/a]}"
    text = TEMPLATE.partition("  Listener:")[0]
    found = read_template(
        text
        + rule("A", path, listener="arn:one")
        + rule("B", path, listener="arn:two")
        + rule("C", path, listener="arn:one")
    )
    assert [(api.full_path, outline(api)) for api in found.apis] == [
        ("A", ["ANY /a -> G", "ANY /a -> G"]),
        ("B", ["ANY /a -> G"]),
    ]


def test_a_load_balancer_without_functions(read_template: ReadTemplate) -> None:
    """A load balancer in front of machines only is not an API."""
    found = read_template(TEMPLATE.replace("!Ref Group}", "!Ref Machines}"))
    assert found.apis == ()


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (
            "{Field: colour}",
            "requests to `Rule` are refused: `Field` must be one of host-header, http-header, http-request-method, path-pattern, query-string, source-ip, not `colour`",
        ),
        (
            "{Field: source-ip, SourceIpConfig: {Values: [x]}}",
            "requests to `Rule` are refused: `x` is not a range of addresses",
        ),
        (
            "{Field: path-pattern, PathPatternConfig: {RegexValues: [^/a, '^/(?!b)']}}",
            "requests to `Rule` are refused: `^/(?!b)` is not a regular expression of a load balancer: look-aheads are not supported: `(?!`",
        ),
        (
            "{Field: path-pattern, PathPatternConfig: {RegexValues: ['/(a)/\\1']}}",
            "requests to `Rule` are refused: `/(a)/\\1` is not a regular expression of a load balancer: back references are not supported: `\\1`",
        ),
        (
            f"{{Field: http-header, HttpHeaderConfig: {{HttpHeaderName: x, RegexValues: [{129 * 'a'}]}}}}",
            "requests to `Rule` are refused: a regular expression has 129 characters; a load balancer takes 128",
        ),
        (
            "{Field: path-pattern, PathPatternConfig: {Values: [/a], RegexValues: [/b]}}",
            "requests to `Rule` are refused: a condition has either `Values` or `RegexValues`",
        ),
        (
            "{Field: http-request-method, RegexValues: [x]}",
            "requests to `Rule` are refused: `http-request-method` has no `RegexValues`; `host-header`, `http-header`, `path-pattern` do",
        ),
    ],
)
def test_a_rule_that_has_an_error(one_api: OneApi, condition: str, message: str) -> None:
    """A rule that has an error refuses what it may get, is a failure with its place, and the others are served."""
    api = one_api(TEMPLATE + rule("Rule", f"{{Field: host-header, Values: [a]}}, {condition}"))
    assert open_routes(api) == ["ANY $default -> F"]
    (closed,) = (each for each in api.routes if each.conditions)
    assert closed.conditions == (RuleCondition(field="host-header", values=("a",)),)
    assert closed.priority == 5
    assert [failure.message for failure in api.failures] == [message]
    assert api.failures[0].place is not None


def test_regular_expressions(one_api: OneApi) -> None:
    """They are those of a condition's configuration, or beside it; their path is any."""
    conditions = (
        "{Field: host-header, HostHeaderConfig: {RegexValues: ['^(a|b)[.]test$']}}",
        "{Field: path-pattern, PathPatternConfig: {RegexValues: [^/a/, ^/b/]}}",
        "{Field: http-header, HttpHeaderConfig: {HttpHeaderName: X-Kind}, RegexValues: [^x]}",
    )
    api = one_api(TEMPLATE + rule("Rule", ", ".join(conditions)))
    first = api.routes[0]
    assert (first.path, first.conditions) == (
        "$default",
        (
            RuleCondition(field="host-header", expressions=("^(a|b)[.]test$",)),
            RuleCondition(field="path-pattern", expressions=("^/a/", "^/b/")),
            RuleCondition(field="http-header", name="X-Kind", expressions=("^x",)),
        ),
    )
    assert api.failures == ()


def test_transforms(one_api: OneApi) -> None:
    """Rewritten requests are served as they are, which is said with the place."""
    rewrite = "{Type: url-rewrite, UrlRewriteConfig: {Rewrites: [{Regex: a, Replace: b}]}}"
    more = f"Priority: 5, Transforms: [{rewrite}]"
    api = one_api(TEMPLATE + rule("Rule", "{Field: path-pattern, Values: [/a]}", more=more))
    assert open_routes(api) == ["ANY /a -> G", "ANY $default -> F"]
    (said,) = api.failures
    assert "`Rule` has `Transforms`, which are not emulated" in said.message
    assert said.place is not None


def test_a_condition_that_is_unknown(read_template: ReadTemplate) -> None:
    """A rule with an unknown condition refuses requests, which may not be for a later rule."""
    text = TEMPLATE + rule("Rule", "{Field: path-pattern, Values: [!Ref Secret]}")
    (api,) = read_template(text + "\nParameters: {Secret: {Type: String}}\n").apis
    assert open_routes(api) == ["ANY $default -> F"]
    assert [each.priority for each in api.routes] == [5, None]
    assert api.failures[0].message.startswith(
        "requests to `Rule` are refused: a value cannot be resolved locally"
    )


OIDC = "Type: authenticate-oidc, Order: 1, AuthenticateOidcConfig: {Issuer: https://a.example, OnUnauthenticatedRequest: REACTION}"
FORWARD = "Type: forward, Order: 2, TargetGroupArn: !Ref Other"


@pytest.mark.parametrize(
    "actions",
    [
        f"{OIDC.replace('REACTION', 'authenticate')}}}, {{{FORWARD}",
        f"{FORWARD}}}, {{{OIDC.replace('REACTION', 'deny')}",
        f"Type: authenticate-cognito, AuthenticateCognitoConfig: {{UserPoolDomain: a}}}}, {{{FORWARD}",
        f"Type: jwt-validation, Order: 1}}, {{{FORWARD}",
        f"{OIDC.replace('REACTION', '!ImportValue x')}}}, {{{FORWARD}",
    ],
)
def test_a_rule_that_authenticates_clients(read_template: ReadTemplate, actions: str) -> None:
    """Its requests are refused, as nobody checks them; the actions are in their own order."""
    (api,) = read_template(TEMPLATE + rule("Rule", action=actions)).apis
    closed = api.routes[0]
    assert isinstance(closed.integration, FunctionIntegration)
    assert isinstance(closed.authorizer, UnsupportedAuthorizer)
    diagnostic = closed.authorizer.diagnostic
    assert diagnostic.message.endswith("which is not emulated: its requests are refused")
    assert diagnostic.place is not None
    assert api.routes[1].authorizer is None


def test_a_rule_that_lets_everyone_in(one_api: OneApi) -> None:
    """With `allow`, clients that are not authenticated reach the function, which is told."""
    actions = f"{OIDC.replace('REACTION', 'allow')}}}, {{{FORWARD}"
    api = one_api(TEMPLATE + rule("Rule", action=actions))
    assert [each.authorizer for each in api.routes] == [None, None]
    (said,) = api.failures
    assert said.message == (
        "`Rule` has the action `authenticate-oidc`, which is not emulated: requests are let in,"
        " as `OnUnauthenticatedRequest` is `allow`"
    )
    assert said.place is not None


@pytest.mark.parametrize(
    "actions",
    ["!ImportValue x}, {Type: forward, TargetGroupArn: !Ref Other", "Type: !ImportValue x"],
)
def test_an_action_that_is_unknown(read_template: ReadTemplate, actions: str) -> None:
    """It may authenticate clients, so that the rule refuses requests."""
    text = TEMPLATE + rule("Rule", action=actions).replace("{!ImportValue x}", "!ImportValue x")
    (api,) = read_template(text).apis
    assert closed_routes(api) == ["ANY $default"]
    assert api.routes[0].priority == 5


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (
            "Type: fixed-response, FixedResponseConfig: {StatusCode: 404, ContentType: text/html, MessageBody: gone}",
            IntegrationResponse(
                status=404, headers={"Content-Type": "text/html"}, templates={"text/html": "gone"}
            ),
        ),
        (
            "Type: fixed-response, FixedResponseConfig: {StatusCode: '503'}",
            IntegrationResponse(
                status=503, headers={"Content-Type": "text/plain"}, templates={"text/plain": ""}
            ),
        ),
        (
            "Type: redirect, RedirectConfig: {StatusCode: HTTP_301, Protocol: HTTPS, Port: '443'}",
            IntegrationResponse(
                status=301, headers={"Location": "https://#{host}:443/#{path}?#{query}"}
            ),
        ),
        (
            "Type: redirect, RedirectConfig: {StatusCode: HTTP_302, Host: 'new.#{host}', Path: /x, Query: ''}",
            IntegrationResponse(
                status=302, headers={"Location": "#{protocol}://new.#{host}:#{port}/x"}
            ),
        ),
    ],
    ids=["page", "defaults", "to https", "elsewhere"],
)
def test_actions_without_target(
    one_api: OneApi, action: str, expected: IntegrationResponse
) -> None:
    """Fixed responses and redirects are responses of the load balancer itself."""
    route = one_api(
        TEMPLATE + rule("A", "{Field: path-pattern, Values: [/a]}", action=action)
    ).routes[0]
    assert route.integration == MockIntegration(request_templates={}, responses=(expected,))


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("Type: fixed-response", "the action needs `FixedResponseConfig`"),
        (
            "Type: fixed-response, FixedResponseConfig: {StatusCode: 302}",
            "`StatusCode` must be 2XX, 4XX or 5XX, not `302`",
        ),
        (
            "Type: redirect, RedirectConfig: {StatusCode: 301}",
            "`StatusCode` must be HTTP_301 or HTTP_302, not `301`",
        ),
        ("Type: redirect, RedirectConfig: {Host: a}", "`RedirectConfig` needs `StatusCode`"),
    ],
)
def test_wrong_actions_without_target(
    read_template: ReadTemplate, action: str, message: str
) -> None:
    """What the service would refuse is named."""
    found = read_template(
        TEMPLATE + rule("A", "{Field: path-pattern, Values: [/a]}", action=action)
    )
    assert f"requests to `A` are refused: {message}" in [
        each.message for each in found.apis[0].failures
    ]


def test_a_rule_for_several_methods_shows_none_of_them(one_api: OneApi) -> None:
    """A route has one method, so that of a rule for two is any."""
    methods = "{Field: http-request-method, HttpRequestMethodConfig: {Values: [GET, POST]}}"
    assert outline(one_api(TEMPLATE + rule("A", methods)))[0] == "ANY $default -> G"
