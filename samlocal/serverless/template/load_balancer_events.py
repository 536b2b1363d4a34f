"""Events `alb` as resources: rules of a load balancer's listener.

https://www.serverless.com/framework/docs/providers/aws/events/alb
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from samlocal.errors import ProjectError, TemplateError
from samlocal.serverless.template.event_resources import list_of, setting, text_of
from samlocal.serverless.template.logical_ids import function_part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.documents.node import Node
    from samlocal.serverless.template.event_resources import EventResources, FunctionEvent

_KIND: Final = "alb"
_ELB: Final = "AWS::ElasticLoadBalancingV2::"
# The name of each condition, its field in CloudFormation, and the setting that has its values.
_CONDITIONS: Final = {
    "path": ("path-pattern", "PathPatternConfig"),
    "host": ("host-header", "HostHeaderConfig"),
    "method": ("http-request-method", "HttpRequestMethodConfig"),
    "ip": ("source-ip", "SourceIpConfig"),
}
# The setting of each kind of authorizer.
_AUTHENTICATIONS: Final = {
    "cognito": "AuthenticateCognitoConfig",
    "oidc": "AuthenticateOidcConfig",
}


def compile_load_balancer_events(made: EventResources) -> None:
    """Add the target groups and the rules of a service's functions."""
    for event in made.events(_KIND):
        try:
            _add_rule(made, event)
        except ProjectError as error:
            made.fail(event, _KIND, error)


def _add_rule(made: EventResources, event: FunctionEvent) -> None:
    settings, function = event.settings, function_part(event.key)
    listener, priority = setting(settings, "listenerArn"), setting(settings, "priority")
    if listener is None or priority is None:
        raise TemplateError("the event needs `listenerArn` and `priority`", place=settings.place)
    multi_value = setting(settings, "multiValueHeaders") is not None
    kind = "MultiValue" if multi_value else ""
    group = f"{function}Alb{kind}TargetGroup{_balancer_id(listener)}"
    made.add(
        group,
        f"{_ELB}TargetGroup",
        settings,
        {
            "Name": setting(settings, "targetGroupName"),
            "TargetType": "lambda",
            "Targets": [{"Id": made.target(event.key)}],
            "TargetGroupAttributes": [
                {"Key": "lambda.multi_value_headers.enabled", "Value": multi_value}
            ],
        },
    )
    made.add(
        f"{function}AlbListenerRule{priority.text('`priority`')}",
        f"{_ELB}ListenerRule",
        settings,
        {
            "ListenerArn": listener,
            "Priority": priority,
            "Conditions": list(_conditions(settings)),
            "Actions": [
                *_authentications(made, settings),
                {"Type": "forward", "TargetGroupArn": {"Ref": group}},
            ],
        },
    )


def _authentications(made: EventResources, settings: Node) -> Iterator[dict[str, object]]:
    """Yield the actions of an event's authorizers, which come before its function."""
    declared = made.service.value("provider", "alb", "authorizers")
    for node in list_of(settings, "authorizer") or ():
        name = node.text("`authorizer`")
        authorizer = setting(declared, name)
        if authorizer is None:
            raise TemplateError(f"`provider.alb.authorizers` has no `{name}`", place=node.place)
        kind = text_of(authorizer, "type") or ""
        if kind not in _AUTHENTICATIONS:
            raise TemplateError(
                f"`type` must be {' or '.join(_AUTHENTICATIONS)}, not `{kind}`",
                place=authorizer.place_of("type"),
            )
        # "deny" is the framework's default, not the service's.
        otherwise = text_of(authorizer, "onUnauthenticatedRequest") or "deny"
        config = {"OnUnauthenticatedRequest": otherwise}
        yield {"Type": f"authenticate-{kind}", _AUTHENTICATIONS[kind]: config}


def _balancer_id(listener: Node) -> str:
    """Return what logical ids have for a load balancer: its id in the listener's ARN, or the listener's logical id."""
    text = listener.optional_text() or text_of(listener, "Ref") or ""
    match = re.search(r":listener/app/[\w-]+/([\w-]+)/", text)
    return re.sub(r"[^0-9A-Za-z]", "", match[1] if match else text)


def _conditions(settings: Node) -> Iterator[dict[str, object]]:
    conditions = setting(settings, "conditions")
    if conditions is None:
        raise TemplateError("the event needs `conditions`", place=settings.place)
    for name, (field, config) in _CONDITIONS.items():
        if values := list_of(conditions, name):
            yield {"Field": field, config: {"Values": values}}
    for header in list_of(conditions, "header") or ():
        names = {"HttpHeaderName": header.get("name"), "Values": list_of(header, "values") or []}
        yield {"Field": "http-header", "HttpHeaderConfig": names}
    if query := setting(conditions, "query"):
        pairs = [{"Key": key, "Value": value} for key, value in query.entries("`query`").items()]
        yield {"Field": "query-string", "QueryStringConfig": {"Values": pairs}}
