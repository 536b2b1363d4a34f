"""A function as Lambda's API shows it.

https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from samlocal.aws_account import partition_of, resource_arn
from samlocal.frozen_dataclass import frozen
from samlocal.function import ImageCode, InlineCode, LocalCode
from samlocal.lambda_api.function_lookup import with_qualifier
from samlocal.qualifier import LATEST, function_arn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from samlocal.function import Function, Layer
    from samlocal.serving.function_call import CodeFacts

Json = dict[str, object]

_REVISIONS: Final = uuid.UUID("5b8ac8a1-4e6d-4a4d-a7c5-9d4c1c3c8f3e")


@frozen
class ShownFunction:
    """A version of a function; `qualifier` is what its ARN ends in, if anything.

    `code` is None if there is no code, for the reason in `failure`.
    """

    function: Function
    version: str = LATEST
    qualifier: str | None = None
    code: CodeFacts | None = None
    failure: str | None = None

    @property
    def arn(self) -> str:
        return with_qualifier(function_arn(self.function), self.qualifier)


def configuration(shown: ShownFunction) -> Json:
    """Return the configuration with its state: `Active`, or `Failed` without code."""
    state: Json = {"State": "Active", "LastUpdateStatus": "Successful"}
    if shown.failure:
        state |= {
            "State": "Failed",
            "StateReason": shown.failure,
            "StateReasonCode": "InvalidZipFileException",
        }
    return listed_configuration(shown) | state


def listed_configuration(shown: ShownFunction) -> Json:
    """Return the configuration as lists have it, without a state."""
    function, code = shown.function, shown.code
    configuration: Json = {
        "FunctionName": function.name,
        "FunctionArn": shown.arn,
        "Role": function.role or _role(function),
        "CodeSize": code.size_bytes if code else 0,
        "CodeSha256": code.sha256 if code else "",
        "Description": function.description,
        "Timeout": function.timeout_seconds,
        "MemorySize": function.memory_mb,
        "LastModified": timestamp(code.last_modified) if code else None,
        "Version": shown.version,
        "TracingConfig": {"Mode": function.tracing},
        "RevisionId": revision_id(shown),
        "Architectures": [function.architecture],
        "EphemeralStorage": {"Size": function.ephemeral_storage_mb},
        "SnapStart": _snap_start(shown),
        "LoggingConfig": _logging(function),
    }
    configuration |= _package(function) | _optional(function)
    return {name: value for name, value in configuration.items() if value is not None}


def code_location(function: Function) -> Json:
    """Return where the code is: a URL of a file, where AWS has one of a download."""
    code = function.code
    if isinstance(code, ImageCode):
        location: Json = {"RepositoryType": "ECR", "ImageUri": code.uri}
        return {name: value for name, value in location.items() if value is not None}
    if isinstance(code, LocalCode):
        url = code.path.as_uri()
    elif isinstance(code, InlineCode):
        url = code.place.path.absolute().as_uri()
    else:
        _, suffix = partition_of(function.region)
        url = f"https://{code.bucket}.s3.{function.region}.{suffix}/{code.key}"
    return {"RepositoryType": "S3", "Location": url}


def alias(function: Function, name: str, version: str) -> Json:
    """Return an alias: https://docs.aws.amazon.com/lambda/latest/api/API_AliasConfiguration.html."""
    arn = with_qualifier(function_arn(function), name)
    return {
        "AliasArn": arn,
        "Name": name,
        "FunctionVersion": version,
        "Description": "",
        "RevisionId": str(uuid.uuid5(_REVISIONS, f"{arn} {version}")),
    }


def timestamp(time: datetime) -> str:
    """Return an aware time as Lambda writes it: `2025-11-26T10:11:12.123+0000`."""
    milliseconds = f"{time.microsecond // 1000:03}"
    return time.strftime(f"%Y-%m-%dT%H:%M:%S.{milliseconds}%z")


def revision_id(shown: ShownFunction) -> str:
    """Return an ID that changes with the configuration and the code."""
    code = (shown.code.sha256, shown.code.last_modified) if shown.code else None
    return str(uuid.uuid5(_REVISIONS, f"{shown.function!r} {shown.version} {code}"))


def _role(function: Function) -> str:
    """Return the ARN of a role, as SAM creates it for a function without one."""
    partition, _ = partition_of(function.region)
    return f"arn:{partition}:iam::{function.account_id}:role/{function.logical_id}Role"


def _snap_start(shown: ShownFunction) -> Json:
    applies = shown.function.snap_start is not None
    return {
        "ApplyOn": "PublishedVersions" if applies else "None",
        "OptimizationStatus": "On" if applies and shown.version != LATEST else "Off",
    }


def _logging(function: Function) -> Json:
    logging = function.logging
    content: Mapping[str, str | None] = {
        "LogFormat": logging.log_format,
        "ApplicationLogLevel": logging.application_log_level,
        "SystemLogLevel": logging.system_log_level,
        "LogGroup": logging.log_group or f"/aws/lambda/{function.name}",
    }
    return {name: value for name, value in content.items() if value is not None}


def _package(function: Function) -> Json:
    code = function.code
    if not isinstance(code, ImageCode):
        return {"PackageType": "Zip", "Runtime": function.runtime, "Handler": function.handler}
    image: Mapping[str, object] = {
        "EntryPoint": list(code.entry_point),
        "Command": list(code.command),
        "WorkingDirectory": code.working_directory,
    }
    config = {name: value for name, value in image.items() if value}
    return {
        "PackageType": "Image",
        "ImageConfigResponse": {"ImageConfig": config} if config else None,
    }


def _optional(function: Function) -> Json:
    variables = {n: v.value for n, v in function.environment.items() if v.value is not None}
    tenancy = {"TenantIsolationMode": "PER_TENANT"} if function.tenancy else None
    return {
        "Environment": {"Variables": variables} if variables else None,
        "Layers": [_layer(function, each) for each in function.layers] or None,
        "DeadLetterConfig": {"TargetArn": function.dead_letter} if function.dead_letter else None,
        "TenancyConfig": tenancy,
    }


def _layer(function: Function, layer: Layer) -> Json:
    local = resource_arn(
        "lambda",
        f"layer:{layer.name}:1",
        region=function.region,
        account_id=function.account_id,
    )
    return {"Arn": layer.arn or local, "CodeSize": 0}
