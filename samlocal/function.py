"""Lambda functions as frozen data: code, layers, environment, configuration.

Names and defaults are CloudFormation's:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final, Literal

from samlocal.aws_account import DEFAULT_ACCOUNT_ID, DEFAULT_REGION
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from samlocal.diagnostics import Diagnostic
    from samlocal.errors import Place

DEFAULT_MEMORY_MB = 128
DEFAULT_TIMEOUT_SECONDS = 3
DEFAULT_EPHEMERAL_STORAGE_MB = 512
DEFAULT_GIB_PER_VCPU = 2.0
# https://docs.aws.amazon.com/lambda/latest/api/API_LambdaManagedInstancesCapacityProviderConfig.html
MAX_CONCURRENCY: Final = 1600
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: unzipped, with all layers
MAX_UNPACKED_BYTES: Final = 250 * 1024 * 1024
# https://docs.aws.amazon.com/lambda/latest/api/API_FileSystemConfig.html
MOUNT_PATH_PATTERN: Final = r"/mnt/[a-zA-Z0-9-_.]+"


@frozen
class LocalCode:
    """A directory or an archive on this machine; the path is absolute and may not exist."""

    path: Path
    place: Place


@frozen
class InlineCode:
    """Source text in the template itself (`InlineCode`, `ZipFile`)."""

    source: str
    place: Place


@frozen
class S3Code:
    """An archive in S3."""

    bucket: str
    key: str
    version: str | None
    place: Place


@frozen
class ImageBuild:
    """How to build a function's image (`Metadata`: Dockerfile, DockerContext, …)."""

    context: Path
    dockerfile: str = "Dockerfile"
    tag: str | None = None
    target: str | None = None
    build_args: Mapping[str, str] = field(default_factory=dict)


@frozen
class ImageCode:
    """A container image that is the function (`PackageType: Image`)."""

    uri: str | None
    entry_point: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_directory: str | None = None
    build: ImageBuild | None = None
    place: Place


Code = LocalCode | InlineCode | S3Code | ImageCode

# The kind of project that a function comes from.
Framework = Literal["cloudformation", "serverless"]


@frozen
class Layer:
    """A layer of a function: content on this machine, or the ARN of a layer version.

    `runtimes` and `architectures` are those that it declares; empty if it declares none.
    """

    name: str
    code: LocalCode | S3Code | None
    arn: str | None
    place: Place
    runtimes: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()


@frozen
class FileSystem:
    """An EFS file system of a function: where it is mounted, `/mnt/NAME`."""

    mount_path: str
    place: Place


@frozen
class EnvironmentVariable:
    """A variable that the template declares.

    `value` is None if it cannot be resolved locally; a `Diagnostic` of the function says why. `sources`
    are the parameters and AWS values that it comes from.
    """

    value: str | None
    place: Place
    sources: tuple[str, ...] = ()


@frozen
class LoggingConfig:
    """`LoggingConfig` of a function."""

    log_format: Literal["Text", "JSON"] = "Text"
    application_log_level: str | None = None
    system_log_level: str | None = None
    log_group: str | None = None


@frozen
class CapacityProvider:
    """`CapacityProviderConfig` of a function, which runs on Lambda Managed Instances.

    Up to `max_concurrency` invocations run at once in one environment; None means the default of the runtime,
    for each vCPU. A vCPU comes with `gib_per_vcpu` of memory.
    """

    place: Place
    max_concurrency: int | None = None
    gib_per_vcpu: float = DEFAULT_GIB_PER_VCPU


@frozen
class EventInvokeConfig:
    """How asynchronous invocations of a function, or of one of its versions or aliases, are handled.

    After an error, an event is tried again up to `max_retries` times, until it is `max_age_seconds` old. The
    destinations are ARNs, None if there is none: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html
    """

    max_retries: int = 2
    max_age_seconds: int = 21_600
    on_success: str | None = None
    on_failure: str | None = None
    place: Place | None = None


def is_named(full_path: str, names: Collection[str]) -> bool:
    """Return whether one of the names is a function's full path, or the logical ID at its end."""
    return full_path in names or full_path.rpartition("/")[2] in names


@frozen
class FunctionEntry:
    """The identifiers of a function, known before anything else about it is resolved.

    `condition` is the name of the condition that decides whether the function is part of its stack.
    """

    logical_id: str
    full_path: str
    place: Place
    resource_type: str = "AWS::Serverless::Function"
    function_id: str | None = None
    function_name: str | None = None
    construct_path: str | None = None
    condition: str | None = None

    @property
    def exclusion(self) -> str:
        """Why the function is not part of its stack; only if it is not."""
        return f"its condition `{self.condition}` is false"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """All identifiers of the function; only the full path is unique."""
        path = self.construct_path
        below_stack = path.partition("/")[2] if path else None
        names = (self.full_path, self.logical_id, self.function_id, self.function_name)
        return tuple(name for name in (*names, path, below_stack) if name)


@frozen
class Function:
    """One Lambda function, resolved: it needs the template no longer.

    `name` is its name in AWS: `FunctionName` if the template sets one, else the logical ID.
    `build_method` is `Metadata.BuildMethod`, for `sam build`. `full_path` is the path through the nested stacks: `Stack/Nested/Function`. `function_id` is
    `Metadata.SamResourceId` or the CDK construct id.

    `reserved_concurrency` is `ReservedConcurrentExecutions`, None if it is not set. `event_invoke` has the
    handling of asynchronous invocations by qualifier, `$LATEST` for those without; `dead_letter` is the ARN of
    the queue or topic for events that fail. `allows_recursion` is whether `RecursiveLoop` is `Allow`. These,
    and `description`, `role`, `tags` and `tracing`, are read for Lambda's API only.

    `framework` is the kind of its project, whose rules apply to its environment.

    `snap_start` is the place of a `SnapStart` that applies to published versions, `tenancy` that of a
    `TenancyConfig`; None if the function has none. Only a function on managed instances has a
    `capacity_provider`.
    """

    logical_id: str
    full_path: str
    name: str
    code: Code
    place: Place
    function_id: str | None = None
    function_name: str | None = None
    build_method: str | None = None
    runtime: str | None = None
    handler: str | None = None
    memory_mb: int = DEFAULT_MEMORY_MB
    timeout_seconds: int = DEFAULT_TIMEOUT_SECONDS
    ephemeral_storage_mb: int = DEFAULT_EPHEMERAL_STORAGE_MB
    architecture: Literal["x86_64", "arm64"] = "x86_64"
    environment: Mapping[str, EnvironmentVariable] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    file_systems: tuple[FileSystem, ...] = ()
    logging: LoggingConfig = LoggingConfig()
    snap_start: Place | None = None
    tenancy: Place | None = None
    capacity_provider: CapacityProvider | None = None
    qualifiers: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    role: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    tracing: Literal["Active", "PassThrough"] = "PassThrough"
    reserved_concurrency: int | None = None
    event_invoke: Mapping[str, EventInvokeConfig] = field(default_factory=dict)
    dead_letter: str | None = None
    allows_recursion: bool = False
    region: str = DEFAULT_REGION
    account_id: str = DEFAULT_ACCOUNT_ID
    framework: Framework = "cloudformation"
    diagnostics: tuple[Diagnostic, ...] = ()
