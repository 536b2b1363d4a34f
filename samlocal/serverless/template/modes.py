"""Settings of a function that switch a feature of Lambda on: logging, SnapStart, tenants, managed instances.

https://www.serverless.com/framework/docs/providers/aws/guide/functions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.intrinsics.resolver import intrinsic_call
from samlocal.serverless.template.sections import is_set

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.template.resource_nodes import ResourceBuilder
    from samlocal.serverless.template.service import Service

_LOGS: Final = {
    "logFormat": "LogFormat",
    "applicationLogLevel": "ApplicationLogLevel",
    "systemLogLevel": "SystemLogLevel",
    "logGroup": "LogGroup",
}
_CAPACITY: Final = {
    "maxConcurrency": "PerExecutionEnvironmentMaxConcurrency",
    "memoryPerVCpu": "ExecutionEnvironmentMemoryGiBPerVCpu",
}


def add_modes(service: Service, key: str, resource: ResourceBuilder) -> None:
    """Add these settings to the resource of a function.

    Raises:
        TemplateError: one of them is not what Serverless takes.
    """
    snap_start = service.functions.value(key, "snapStart")
    if is_set(snap_start):
        resource.add("SnapStart", snap_start.with_data({"ApplyOn": "PublishedVersions"}))
    if config := _logging(service, key):
        resource.add_data("LoggingConfig", config)
    tenancy = service.functions.value(key, "tenancy")
    mode = tenancy.entries("`tenancy`").get("mode") if tenancy else None
    if is_set(mode):
        isolation = mode.with_value(mode.text("`tenancy.mode`").upper())
        resource.add_data("TenancyConfig", {"TenantIsolationMode": isolation})
    resource.add("DurableConfig", service.functions.value(key, "durableConfig"))
    provider = service.functions.value(key, "capacityProvider")
    if is_set(provider):
        config = {"LambdaManagedInstancesCapacityProviderConfig": _capacity(provider)}
        resource.add_data("CapacityProviderConfig", config)


def _logging(service: Service, key: str) -> dict[str, object]:
    """Return the function's logging, else the provider's for all functions."""
    own = service.functions.value(key, "logs")
    logs = own if is_set(own) else service.value("provider", "logs", "lambda")
    entries = logs.entries("`logs`") if logs else {}
    return {target: entries[name] for name, target in _LOGS.items() if is_set(entries.get(name))}


def _capacity(provider: Node) -> dict[str, object]:
    if provider.optional_text() is not None or intrinsic_call(provider):
        return {"CapacityProviderArn": provider}
    entries = provider.entries("`capacityProvider`")
    return {target: entries[name] for name, target in _CAPACITY.items() if name in entries}
