"""Application load balancers whose target groups are functions.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ElasticLoadBalancingV2.html
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from ipaddress import ip_network
from itertools import product
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.api_names import api_identifier, full_path
from samlocal.cloudformation.apis.api_resources import ApiResources, declared_property, settings_of
from samlocal.cloudformation.apis.definition import closed_route
from samlocal.cloudformation.apis.integrations import unsupported
from samlocal.cloudformation.apis.listener_actions import read_fixed_response, read_redirect
from samlocal.cloudformation.apis.settings import guarding, known, refused, required_text
from samlocal.cloudformation.intrinsics.missing_values import MissingValues
from samlocal.diagnostics import Diagnostic
from samlocal.errors import ProjectError, TemplateError
from samlocal.project.apis import (
    ANY_METHOD,
    DEFAULT_ROUTE,
    DEFAULT_STAGE,
    Api,
    ApiKind,
    Apis,
    FunctionIntegration,
    Route,
    RuleCondition,
    UnsupportedAuthorizer,
    UnsupportedIntegration,
)
from samlocal.regular_expressions import ExpressionError, compile_expression
from samlocal.suggestions import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from samlocal.cloudformation.apis.function_targets import FunctionTargets
    from samlocal.cloudformation.apis.marked_text import Resource
    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.documents.node import Node
    from samlocal.project.apis import Integration

_BALANCER: Final = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_GROUP: Final = "AWS::ElasticLoadBalancingV2::TargetGroup"
_LISTENER: Final = "AWS::ElasticLoadBalancingV2::Listener"
_RULE: Final = "AWS::ElasticLoadBalancingV2::ListenerRule"
_OF_LISTENER: Final = "ListenerArn"
_FUNCTION_TYPE: Final = "lambda"
_MULTI_VALUE: Final = "lambda.multi_value_headers.enabled"
# The settings of actions that authenticate clients.
_AUTHENTICATIONS: Final = {
    "authenticate-cognito": "AuthenticateCognitoConfig",
    "authenticate-oidc": "AuthenticateOidcConfig",
}
_FORWARD: Final = "forward"
_FIXED: Final = "fixed-response"
_REDIRECT: Final = "redirect"
_MOST_PRIORITY: Final = 50_000
# A load balancer waits for as long as a function may run: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_TIMEOUT_MS: Final = 900_000
_METHODS: Final = "http-request-method"
_PATHS: Final = "path-pattern"
_HEADERS: Final = "http-header"
_QUERY: Final = "query-string"
_SOURCES: Final = "source-ip"
# The setting of each kind of condition that has its values.
_CONFIGS: Final = {
    "host-header": "HostHeaderConfig",
    _HEADERS: "HttpHeaderConfig",
    _METHODS: "HttpRequestMethodConfig",
    _PATHS: "PathPatternConfig",
    _QUERY: "QueryStringConfig",
    _SOURCES: "SourceIpConfig",
}

_EXPRESSIONS: Final = "RegexValues"
_WITH_EXPRESSIONS: Final = ("host-header", _PATHS, _HEADERS)
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RuleCondition.html
_MOST_EXPRESSION_CHARACTERS: Final = 128


def read_load_balancers(stacks: Sequence[Stack], targets: FunctionTargets) -> Apis:
    """Return the listeners of load balancers that lead to functions, each as an API.

    Rules whose listener is not in the project are an API together.
    """
    resources = ApiResources(stacks)
    found: list[Api | Diagnostic] = []
    for listener in resources.of_type(_LISTENER):
        rules = resources.owned(_RULE, _OF_LISTENER, listener)
        found.extend(_read(resources, listener, rules, targets, listener=listener))
    foreign: dict[str, list[Resource]] = {}
    for rule in resources.of_type(_RULE):
        node = declared_property(rule, _OF_LISTENER)
        if resources.referred(rule.stack, node, _LISTENER) is None:
            foreign.setdefault(repr(node.plain()) if node else "", []).append(rule)
    for rules in foreign.values():
        found.extend(_read(resources, rules[0], rules, targets))
    return Apis(
        apis=tuple(each for each in found if isinstance(each, Api)),
        diagnostics=tuple(each for each in found if isinstance(each, Diagnostic)),
    )


def _read(
    resources: ApiResources,
    named: Resource,
    rules: Sequence[Resource],
    targets: FunctionTargets,
    *,
    listener: Resource | None = None,
) -> Iterator[Api | Diagnostic]:
    """Yield the API of a listener's rules, if one of them leads to functions; `named` gives it its name."""
    missing = MissingValues()
    reader = _RuleReader(resources, targets, missing)
    routes: list[Route] = []
    failures: list[Diagnostic] = []
    for rule in (*rules, *([listener] if listener else ())):
        try:
            routes.extend(reader.read(rule, is_default=rule == listener))
        except ProjectError as error:
            failures.append(refused(f"`{rule.logical_id}`", error))
            routes.extend(reader.close(rule, failures[-1], is_default=rule == listener))
    if not reader.has_functions:
        return
    path = full_path(named.stack, named.logical_id)
    yield Api(
        kind=ApiKind.LOAD_BALANCER,
        full_path=path,
        identifier=api_identifier(path),
        stage=DEFAULT_STAGE,
        routes=tuple(routes),
        name=_balancer_name(resources, listener) if listener else None,
        failures=tuple(dict.fromkeys((*failures, *reader.said, *missing.diagnostics))),
        place=named.stack.place_of(named.logical_id),
    )


def _actions(settings: Properties, name: str) -> tuple[Properties, ...]:
    """Return the actions of a rule in their order, that of the list unless `Order` tells another.

    Raises:
        TemplateError: One of them is unknown.
    """
    node = settings.entries.get(name)
    reduced = known(settings.resolver.reduce(node)) if node else None
    for item in reduced.value if reduced and isinstance(reduced.value, tuple) else ():
        known(settings.resolver.reduce(item))
    return tuple(sorted(settings.mappings(name, "an action"), key=_order))


def _order(action: Properties) -> int:
    return guarding(action, "Order").integer("Order", 0, least=1, most=_MOST_PRIORITY)


def _lets_in(action: Properties, kind: str) -> bool:
    """Return whether an action that authenticates clients lets those in who are not authenticated."""
    name = _AUTHENTICATIONS.get(kind)
    config = action.mapping(name) if name else None
    return config is not None and config.text("OnUnauthenticatedRequest") == "allow"


def _readable_conditions(settings: Properties) -> Iterator[tuple[RuleCondition, ...]]:
    for condition in settings.mappings("Conditions", "a condition"):
        try:
            for name in condition.entries:
                known(settings.resolver.resolve(condition.entries[name]))
            read = tuple(_read_condition(condition))
        except ProjectError:
            continue
        if read:
            yield read


def _balancer_name(resources: ApiResources, listener: Resource) -> str | None:
    node = declared_property(listener, "LoadBalancerArn")
    balancer = resources.referred(listener.stack, node, _BALANCER)
    if balancer is None:
        return None
    name = declared_property(balancer, "Name")
    return balancer.stack.optional_text(name) or balancer.logical_id


class _RuleReader:
    """Reads rules and default actions.

    `has_functions` is true after one that leads to a target group of a function. `said` is about clients that are let
    in, and requests that are not rewritten.
    """

    def __init__(
        self, resources: ApiResources, targets: FunctionTargets, missing: MissingValues
    ) -> None:
        self.has_functions = False
        self.said: list[Diagnostic] = []
        self._resources = resources
        self._targets = targets
        self._missing = missing

    def read(self, rule: Resource, *, is_default: bool) -> Iterator[Route]:
        """Yield the routes of a rule: one, or several if any one of several conditions is enough.

        Raises:
            ProjectError: A setting of the rule has an error.
        """
        settings = guarding(settings_of(rule, self._missing), "Conditions", "Priority")
        actions = _actions(settings, "DefaultActions" if is_default else "Actions")
        if not actions:
            return
        integration = self._integration(rule, actions[-1])
        authorizer = self._authorizer(rule, actions[:-1])
        alternatives: list[tuple[RuleCondition, ...]] = []
        priority = None
        if not is_default:
            self._name_transforms(rule, settings)
            priority = settings.optional_integer("Priority", least=1, most=_MOST_PRIORITY)
            conditions = settings.mappings("Conditions", "a condition")
            alternatives = [tuple(_read_condition(each)) for each in conditions]
        for conditions_of_route in product(*alternatives):
            yield Route(
                method=_method(conditions_of_route),
                path=_only(conditions_of_route, _PATHS) or DEFAULT_ROUTE,
                integration=integration,
                authorizer=authorizer,
                conditions=conditions_of_route,
                priority=priority,
                place=rule.stack.place_of(rule.logical_id),
            )

    def _name_transforms(self, rule: Resource, settings: Properties) -> None:
        """Say that a function gets paths and hosts that a load balancer rewrites as they were sent."""
        if settings.mappings("Transforms", "a transform"):
            message = f"`{rule.logical_id}` has `Transforms`, which are not emulated: its requests are not rewritten"
            place = settings.node.place_of("Transforms")
            self.said.append(Diagnostic(message=message, place=place))

    def close(self, rule: Resource, diagnostic: Diagnostic, *, is_default: bool) -> Iterator[Route]:
        """Yield routes that refuse the requests of a rule with an error.

        A condition that cannot be read is met by all requests, and an unknown priority is the highest.
        """
        alternatives: list[tuple[RuleCondition, ...]] = []
        priority = None
        if not is_default:
            try:
                settings = settings_of(rule, MissingValues())
                alternatives = list(_readable_conditions(settings))
                priority = settings.optional_integer("Priority", least=1, most=_MOST_PRIORITY) or 0
            except ProjectError:
                priority = 0
        for conditions in product(*alternatives):
            route = closed_route(
                _method(conditions),
                _only(conditions, _PATHS) or DEFAULT_ROUTE,
                diagnostic,
            )
            yield replace(route, conditions=conditions, priority=priority)

    def _authorizer(
        self, rule: Resource, actions: Sequence[Properties]
    ) -> UnsupportedAuthorizer | None:
        """Return what refuses requests in place of the actions before the last one, which authenticate clients.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
        """
        for action in actions:
            kind = required_text(action, "Type", "an action")
            message = f"`{rule.logical_id}` has the action `{kind}`, which is not emulated"
            place = action.node.place
            if _lets_in(action, kind):
                said = f"{message}: requests are let in, as `OnUnauthenticatedRequest` is `allow`"
                self.said.append(Diagnostic(message=said, place=place))
                continue
            refusal = Diagnostic(message=f"{message}: its requests are refused", place=place)
            return UnsupportedAuthorizer(name=kind, diagnostic=refusal)
        return None

    def _integration(self, rule: Resource, action: Properties) -> Integration:
        """Return what the last action of a rule does."""
        place = rule.stack.place_of(rule.logical_id)
        kind = required_text(action, "Type", "an action")
        if kind == _FIXED:
            return read_fixed_response(action)
        if kind == _REDIRECT:
            return read_redirect(action)
        if kind != _FORWARD:
            return unsupported(
                f"`{rule.logical_id}` has the action `{kind}`, which is not emulated", place
            )
        node = action.entries.get("TargetGroupArn")
        if node is None and (config := action.mapping("ForwardConfig")) is not None:
            groups = config.mappings("TargetGroups", "a target group")
            heaviest = max(groups, key=_weight, default=None)
            node = heaviest.entries.get("TargetGroupArn") if heaviest else None
        group = self._resources.referred(rule.stack, node, _GROUP)
        if group is None:
            return unsupported(
                f"the target group of `{rule.logical_id}` is not a resource of this project", place
            )
        return self._target(group)

    def _target(self, group: Resource) -> Integration:
        """Return the function of a target group."""
        stack, place = group.stack, group.stack.place_of(group.logical_id)
        settings = settings_of(group, self._missing)
        if settings.text("TargetType") != _FUNCTION_TYPE:
            return unsupported(f"the targets of `{group.logical_id}` are not functions", place)
        self.has_functions = True
        first = next(iter(settings.mappings("Targets", "a target")), None)
        node = first.entries.get("Id") if first else None
        if node is None:
            return unsupported(f"`{group.logical_id}` has no `Targets`", place)
        target = self._targets.of_reference(stack, node)
        if isinstance(target, Diagnostic):
            return UnsupportedIntegration(diagnostic=target)
        attributes = {
            each.text("Key"): each.text("Value")
            for each in settings.mappings("TargetGroupAttributes", "an attribute")
        }
        name = settings.text("Name") or group.logical_id
        digest = hashlib.sha256(full_path(stack, group.logical_id).encode()).hexdigest()
        return FunctionIntegration(
            target=target,
            payload="1.0",
            timeout_ms=_TIMEOUT_MS,
            multi_value_headers=(attributes.get(_MULTI_VALUE) or "").lower() == "true",
            target_group=stack.context.arn(
                "elasticloadbalancing", f"targetgroup/{name}/{digest[:16]}"
            ),
        )


def _weight(group: Properties) -> int:
    return group.integer("Weight", 1, least=0, most=999)


def _method(conditions: Iterable[RuleCondition]) -> str:
    """Return the method that a rule asks for, for people; `ANY` stands for several, too."""
    values = next((each.values for each in conditions if each.field == _METHODS), ())
    return values[0] if len(values) == 1 else ANY_METHOD


def _only(conditions: Iterable[RuleCondition], kind: str) -> str | None:
    """Return the first value of a kind of condition, for people."""
    return next((each.values[0] for each in conditions if each.field == kind and each.values), None)


def _read_condition(settings: Properties) -> Iterator[RuleCondition]:
    """Yield the alternatives of a condition: one for each parameter of a query, else one.

    Raises:
        TemplateError: It is malformed.
    """
    kind = required_text(settings, "Field", "a condition")
    if kind not in _CONFIGS:
        raise TemplateError(
            f"`Field` must be one of {', '.join(_CONFIGS)}, not `{kind}`",
            place=settings.node.place_of("Field"),
        )
    config = settings.mapping(_CONFIGS[kind]) or settings
    expressions = _read_expressions(kind, (config, settings))
    if kind == _QUERY:
        yield from _query_conditions(config)
        return
    values = config.texts("Values")
    if expressions and values:
        raise TemplateError(
            "a condition has either `Values` or `RegexValues`", place=config.node.place_of("Values")
        )
    if kind == _SOURCES:
        _check_networks(values, config)
    name = required_text(config, "HttpHeaderName", "a condition") if kind == _HEADERS else None
    yield RuleCondition(field=kind, values=values, name=name, expressions=expressions)


def _read_expressions(kind: str, places: Iterable[Properties]) -> tuple[str, ...]:
    """Return the regular expressions of a condition, in its configuration or beside it; none if it has values.

    Raises:
        TemplateError: The condition takes none, or one of them is one that a load balancer refuses.
    """
    for settings in places:
        if _EXPRESSIONS not in settings.entries:
            continue
        if kind not in _WITH_EXPRESSIONS:
            raise TemplateError(
                f"`{kind}` has no `{_EXPRESSIONS}`; {quoted(_WITH_EXPRESSIONS)} do",
                place=settings.node.place_of(_EXPRESSIONS),
            )
        return tuple(map(_read_expression, settings.known_items(_EXPRESSIONS)))
    return ()


def _read_expression(node: Node) -> str:
    text = node.text(f"an item of `{_EXPRESSIONS}`")
    if len(text) > _MOST_EXPRESSION_CHARACTERS:
        raise TemplateError(
            f"a regular expression has {len(text)} characters; a load balancer takes"
            f" {_MOST_EXPRESSION_CHARACTERS}",
            place=node.place,
        )
    try:
        compile_expression(text)
    except ExpressionError as error:
        raise TemplateError(
            f"`{text}` is not a regular expression of a load balancer: {error}", place=node.place
        ) from error
    return text


def _query_conditions(config: Properties) -> Iterator[RuleCondition]:
    """Yield a condition for each parameter of a query; the one without a name is for any parameter."""
    by_name: dict[str | None, list[str]] = {}
    for each in config.mappings("Values", "a parameter"):
        by_name.setdefault(each.text("Key"), []).append(each.text("Value") or "")
    for name, values in by_name.items():
        yield RuleCondition(field=_QUERY, values=tuple(values), name=name)


def _check_networks(values: Iterable[str], config: Properties) -> None:
    for value in values:
        try:
            ip_network(value, strict=False)
        except ValueError as exc:
            raise TemplateError(
                f"`{value}` is not a range of addresses", place=config.node.place_of("Values")
            ) from exc
