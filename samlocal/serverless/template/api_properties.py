"""Settings of a function that only callers of Lambda's API notice.

https://www.serverless.com/framework/docs/providers/aws/guide/functions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.intrinsics.resolver import intrinsic_call
from samlocal.errors import ProjectError
from samlocal.serverless.template.logical_ids import EXECUTION_ROLE
from samlocal.serverless.template.sections import is_set

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.template.resource_nodes import ResourceBuilder
    from samlocal.serverless.template.service import Service

_ACTIVE: Final = "Active"


def add_api_properties(service: Service, key: str, resource: ResourceBuilder) -> None:
    """Add these settings to the resource of a function.

    Description, role and tags that cannot be resolved are left out without a word, as they change nothing that runs.

    Raises:
        ProjectError: one of the others cannot be resolved.
    """
    for add in (_add_description, _add_role, _add_tags):
        try:
            add(service, key, resource)
        except ProjectError:
            continue
    own = service.functions.value(key, "tracing")
    tracing = own if is_set(own) else service.value("provider", "tracing", "lambda")
    if is_set(tracing):
        mode = tracing.with_value(_ACTIVE) if tracing.value is True else tracing
        resource.add_data("TracingConfig", {"Mode": mode})
    resource.add(
        "ReservedConcurrentExecutions", service.functions.value(key, "reservedConcurrency")
    )
    on_error = service.functions.value(key, "onError")
    if is_set(on_error):
        resource.add_data("DeadLetterConfig", {"TargetArn": on_error})
    loop = service.functions.value(key, "recursiveLoop")
    if is_set(loop):
        text = loop.text("`recursiveLoop`").capitalize()
        resource.add("RecursiveLoop", loop.with_value(text))


def _add_description(service: Service, key: str, resource: ResourceBuilder) -> None:
    resource.add("Description", service.functions.value(key, "description"))


def _add_role(service: Service, key: str, resource: ResourceBuilder) -> None:
    """Add the role: an ARN, the logical id of a role, or a function of CloudFormation."""
    role = service.functions.value(key, "role")
    for path in (("iam", "role"), ("role",)):
        role = role or service.value("provider", *path)
    if role is None or not (role.optional_text() or intrinsic_call(role)):
        role = service.root.with_value(EXECUTION_ROLE)  # Serverless makes one
    if isinstance(role.value, str) and not role.value.startswith("arn:"):
        role = role.with_data({"Fn::GetAtt": [role.value, "Arn"]})
    resource.add("Role", role)


def _add_tags(service: Service, key: str, resource: ResourceBuilder) -> None:
    tags: dict[str, Node] = {}
    for node in (service.value("provider", "tags"), service.functions.value(key, "tags")):
        tags |= node.entries("`tags`") if node else {}
    if tags:
        items = [{"Key": name, "Value": node} for name, node in tags.items()]
        resource.add_data("Tags", items)
