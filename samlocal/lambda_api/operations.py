"""The operations of Lambda's API, and which one a request is for.

https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
"""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

# An operation whose path differs in its query only is not listed: nobody is served with it.
_OPERATIONS: Final = """
POST /2014-11-13/functions/{FunctionName}/invoke-async InvokeAsync
GET /2015-03-31/event-source-mappings ListEventSourceMappings
POST /2015-03-31/event-source-mappings CreateEventSourceMapping
DELETE /2015-03-31/event-source-mappings/{UUID} DeleteEventSourceMapping
GET /2015-03-31/event-source-mappings/{UUID} GetEventSourceMapping
PUT /2015-03-31/event-source-mappings/{UUID} UpdateEventSourceMapping
GET /2015-03-31/functions ListFunctions
POST /2015-03-31/functions CreateFunction
DELETE /2015-03-31/functions/{FunctionName} DeleteFunction
GET /2015-03-31/functions/{FunctionName} GetFunction
GET /2015-03-31/functions/{FunctionName}/aliases ListAliases
POST /2015-03-31/functions/{FunctionName}/aliases CreateAlias
DELETE /2015-03-31/functions/{FunctionName}/aliases/{Name} DeleteAlias
GET /2015-03-31/functions/{FunctionName}/aliases/{Name} GetAlias
PUT /2015-03-31/functions/{FunctionName}/aliases/{Name} UpdateAlias
PUT /2015-03-31/functions/{FunctionName}/code UpdateFunctionCode
GET /2015-03-31/functions/{FunctionName}/configuration GetFunctionConfiguration
PUT /2015-03-31/functions/{FunctionName}/configuration UpdateFunctionConfiguration
POST /2015-03-31/functions/{FunctionName}/invocations Invoke
GET /2015-03-31/functions/{FunctionName}/policy GetPolicy
POST /2015-03-31/functions/{FunctionName}/policy AddPermission
DELETE /2015-03-31/functions/{FunctionName}/policy/{StatementId} RemovePermission
GET /2015-03-31/functions/{FunctionName}/versions ListVersionsByFunction
POST /2015-03-31/functions/{FunctionName}/versions PublishVersion
GET /2016-08-19/account-settings GetAccountSettings
DELETE /2017-03-31/tags/{Resource} UntagResource
GET /2017-03-31/tags/{Resource} ListTags
POST /2017-03-31/tags/{Resource} TagResource
DELETE /2017-10-31/functions/{FunctionName}/concurrency DeleteFunctionConcurrency
PUT /2017-10-31/functions/{FunctionName}/concurrency PutFunctionConcurrency
GET /2018-10-31/layers ListLayers
GET /2018-10-31/layers/{LayerName}/versions ListLayerVersions
POST /2018-10-31/layers/{LayerName}/versions PublishLayerVersion
DELETE /2018-10-31/layers/{LayerName}/versions/{VersionNumber} DeleteLayerVersion
GET /2018-10-31/layers/{LayerName}/versions/{VersionNumber} GetLayerVersion
GET /2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy GetLayerVersionPolicy
POST /2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy AddLayerVersionPermission
DELETE /2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy/{StatementId} RemoveLayerVersionPermission
DELETE /2019-09-25/functions/{FunctionName}/event-invoke-config DeleteFunctionEventInvokeConfig
GET /2019-09-25/functions/{FunctionName}/event-invoke-config GetFunctionEventInvokeConfig
POST /2019-09-25/functions/{FunctionName}/event-invoke-config UpdateFunctionEventInvokeConfig
PUT /2019-09-25/functions/{FunctionName}/event-invoke-config PutFunctionEventInvokeConfig
GET /2019-09-25/functions/{FunctionName}/event-invoke-config/list ListFunctionEventInvokeConfigs
GET /2019-09-30/functions/{FunctionName}/concurrency GetFunctionConcurrency
DELETE /2019-09-30/functions/{FunctionName}/provisioned-concurrency DeleteProvisionedConcurrencyConfig
GET /2019-09-30/functions/{FunctionName}/provisioned-concurrency GetProvisionedConcurrencyConfig
PUT /2019-09-30/functions/{FunctionName}/provisioned-concurrency PutProvisionedConcurrencyConfig
GET /2020-04-22/code-signing-configs ListCodeSigningConfigs
POST /2020-04-22/code-signing-configs CreateCodeSigningConfig
DELETE /2020-04-22/code-signing-configs/{CodeSigningConfigArn} DeleteCodeSigningConfig
GET /2020-04-22/code-signing-configs/{CodeSigningConfigArn} GetCodeSigningConfig
PUT /2020-04-22/code-signing-configs/{CodeSigningConfigArn} UpdateCodeSigningConfig
GET /2020-04-22/code-signing-configs/{CodeSigningConfigArn}/functions ListFunctionsByCodeSigningConfig
DELETE /2020-06-30/functions/{FunctionName}/code-signing-config DeleteFunctionCodeSigningConfig
GET /2020-06-30/functions/{FunctionName}/code-signing-config GetFunctionCodeSigningConfig
PUT /2020-06-30/functions/{FunctionName}/code-signing-config PutFunctionCodeSigningConfig
GET /2021-07-20/functions/{FunctionName}/runtime-management-config GetRuntimeManagementConfig
PUT /2021-07-20/functions/{FunctionName}/runtime-management-config PutRuntimeManagementConfig
DELETE /2021-10-31/functions/{FunctionName}/url DeleteFunctionUrlConfig
GET /2021-10-31/functions/{FunctionName}/url GetFunctionUrlConfig
POST /2021-10-31/functions/{FunctionName}/url CreateFunctionUrlConfig
PUT /2021-10-31/functions/{FunctionName}/url UpdateFunctionUrlConfig
GET /2021-10-31/functions/{FunctionName}/urls ListFunctionUrlConfigs
POST /2021-11-15/functions/{FunctionName}/response-streaming-invocations InvokeWithResponseStream
GET /2024-08-31/functions/{FunctionName}/recursion-config GetFunctionRecursionConfig
PUT /2024-08-31/functions/{FunctionName}/recursion-config PutFunctionRecursionConfig
GET /2025-11-30/capacity-providers ListCapacityProviders
POST /2025-11-30/capacity-providers CreateCapacityProvider
DELETE /2025-11-30/capacity-providers/{CapacityProviderName} DeleteCapacityProvider
GET /2025-11-30/capacity-providers/{CapacityProviderName} GetCapacityProvider
PUT /2025-11-30/capacity-providers/{CapacityProviderName} UpdateCapacityProvider
GET /2025-11-30/capacity-providers/{CapacityProviderName}/function-versions ListFunctionVersionsByCapacityProvider
GET /2025-11-30/functions/{FunctionName}/function-scaling-config GetFunctionScalingConfig
PUT /2025-11-30/functions/{FunctionName}/function-scaling-config PutFunctionScalingConfig
POST /2025-12-01/durable-execution-callbacks/{CallbackId}/fail SendDurableExecutionCallbackFailure
POST /2025-12-01/durable-execution-callbacks/{CallbackId}/heartbeat SendDurableExecutionCallbackHeartbeat
POST /2025-12-01/durable-execution-callbacks/{CallbackId}/succeed SendDurableExecutionCallbackSuccess
DELETE /2025-12-01/durable-executions/{DurableExecutionArn} DeleteDurableExecution
GET /2025-12-01/durable-executions/{DurableExecutionArn} GetDurableExecution
POST /2025-12-01/durable-executions/{DurableExecutionArn}/checkpoint CheckpointDurableExecution
GET /2025-12-01/durable-executions/{DurableExecutionArn}/history GetDurableExecutionHistory
POST /2025-12-01/durable-executions/{DurableExecutionArn}/pause PauseDurableExecution
POST /2025-12-01/durable-executions/{DurableExecutionArn}/resume ResumeDurableExecution
GET /2025-12-01/durable-executions/{DurableExecutionArn}/state GetDurableExecutionState
POST /2025-12-01/durable-executions/{DurableExecutionArn}/stop StopDurableExecution
GET /2025-12-01/functions/{FunctionName}/durable-executions ListDurableExecutionsByFunction
DELETE /2026-07-09/resource-policy/{ResourceArn} DeleteResourcePolicy
GET /2026-07-09/resource-policy/{ResourceArn} GetResourcePolicy
PUT /2026-07-09/resource-policy/{ResourceArn} PutResourcePolicy
"""

_PARAMETER: Final = b"{}"


class Operation(NamedTuple):
    """An operation of a request: its name in the API, and the decoded parameters of the path, in their order."""

    name: str
    parameters: tuple[str, ...]


class _Step:
    """What may follow the first segments of a path."""

    def __init__(self) -> None:
        self.next: dict[bytes, _Step] = {}
        self.names: dict[str, str] = {}


def find_operation(method: str, raw_path: bytes) -> Operation | None:
    """Return the operation with a method and a path, which is still percent-encoded; None if there is none.

    A slash at the end of the path does not matter.
    """
    step = _ROOT
    parameters = []
    for segment in _segments(raw_path):
        fixed = step.next.get(segment)
        if fixed is None:
            fixed = step.next.get(_PARAMETER)
            if fixed is None or not segment:
                return None
            parameters.append(unquote_to_bytes(segment).decode(errors="replace"))
        step = fixed
    name = step.names.get(method)
    return Operation(name, tuple(parameters)) if name else None


def all_operations() -> list[tuple[str, str, str]]:
    """Return method, path and name of each operation."""
    rows = [line.split() for line in _OPERATIONS.split("\n")[1:-1]]
    return [(method, path, name) for method, path, name in rows]


def _segments(path: bytes) -> list[bytes]:
    return path.removeprefix(b"/").removesuffix(b"/").split(b"/")


def _tree() -> _Step:
    root = _Step()
    for method, path, name in all_operations():
        step = root
        for segment in _segments(path.encode()):
            key = _PARAMETER if segment.startswith(b"{") else segment
            step = step.next.setdefault(key, _Step())
        step.names[method] = name
    return root


_ROOT: Final = _tree()
