"""Options that commands share, under the names and with the meanings that `sam` gives them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # typer reads the annotations as the program runs
from typing import Annotated

import typer

from samlocal.engine.images.policy import ImagePolicy
from samlocal.sandbox.sandbox import ApiConnection


class OutputFormat(StrEnum):
    """How a command writes what it found."""

    TEXT = "text"
    JSON = "json"


FunctionIdentifier = Annotated[
    str | None,
    typer.Argument(
        metavar="[FUNCTION_IDENTIFIER]",
        help="Logical id, function id, function name, full path (Stack/Function) or ARN; may end in"
        " :VERSION or :ALIAS. Needed where the template has several functions.",
        show_default=False,
    ),
]
Template = Annotated[
    Path | None,
    typer.Option(
        "-t",
        "--template",
        "--template-file",
        metavar="PATH",
        help="The template. [default: what `sam build` made, else template.yaml, .yml or .json]",
        show_default=False,
    ),
]
ParameterOverrides = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter-overrides",
        metavar="KEY=VALUE ...",
        help="Values of template parameters: `Key=Value …`,"
        " `ParameterKey=Key,ParameterValue=Value …` or file://PATH.",
        show_default=False,
    ),
]
ResolveFile = Annotated[
    Path | None,
    typer.Option(
        "--resolve-file",
        metavar="PATH",
        help="Values that live in AWS, as YAML or JSON: `ssm`, `secretsmanager`, `exports`.",
        show_default=False,
    ),
]
ResolveRemote = Annotated[
    bool,
    typer.Option(
        "--resolve-remote",
        help="Read values that live in AWS (SSM parameters, secrets, exports, includes) from the account.",
    ),
]
EnvVars = Annotated[
    list[str] | None,
    typer.Option(
        "-n",
        "--env-vars",
        metavar="PATH",
        help="Values of environment variables: JSON, YAML or .env, `-` for stdin; repeatable.",
        show_default=False,
    ),
]
Event = Annotated[
    str | None,
    typer.Option(
        "-e",
        "--event",
        metavar="PATH",
        help="The event: a JSON or YAML file, or `-` for stdin.",
        show_default=False,
    ),
]
NoEvent = Annotated[
    bool,
    typer.Option(
        "--no-event",
        help="Invoke with an empty event, {}: the default, unless samconfig names an event.",
    ),
]
Data = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="TEXT",
        help="The event itself, as Serverless has it.",
        show_default=False,
    ),
]
EventPath = Annotated[
    str | None,
    typer.Option(
        "-p",
        "--path",
        metavar="PATH",
        help="A file with the event, as Serverless has it; it overrules --data.",
        show_default=False,
    ),
]
Raw = Annotated[
    bool, typer.Option("--raw", help="Pass the event on as a string, even if it is JSON.")
]
Context = Annotated[
    str | None,
    typer.Option(
        "-c",
        "--context",
        metavar="JSON",
        help="What the function sees in `context`: clientContext, identity, awsRequestId, …",
        show_default=False,
    ),
]
ContextPath = Annotated[
    str | None,
    typer.Option(
        "-x",
        "--context-path",
        "--contextPath",
        metavar="PATH",
        help="A file with that; it overrules --context.",
        show_default=False,
    ),
]
Qualifier = Annotated[
    str | None,
    typer.Option(
        "--qualifier",
        metavar="VERSION|ALIAS",
        help="The version or alias to invoke. [default: $LATEST]",
        show_default=False,
    ),
]
Env = Annotated[
    list[str] | None,
    typer.Option(
        "--env",
        metavar="KEY=VALUE",
        help="The value of one environment variable; repeatable.",
        show_default=False,
    ),
]
NoShellEnv = Annotated[
    bool,
    typer.Option(
        "--no-shell-env", help="Don't let the shell override variables that the template declares."
    ),
]
NoCredentials = Annotated[
    bool, typer.Option("--no-credentials", help="Give the function no AWS credentials.")
]
PrintEnv = Annotated[
    bool,
    typer.Option(
        "--print-env",
        help="Show the function's environment and where each value comes from, and run nothing.",
    ),
]
PrintEnvOutput = Annotated[
    OutputFormat,
    typer.Option("--output", help="The format of what --print-env shows."),
]
Output = Annotated[
    OutputFormat,
    typer.Option("--output", help="Write text for people or JSON for scripts."),
]
LogFile = Annotated[
    Path | None,
    typer.Option(
        "-l",
        "--log-file",
        metavar="PATH",
        help="Write the function's logs to this file as well.",
        show_default=False,
    ),
]
DebugPort = Annotated[
    list[int] | None,
    typer.Option(
        "-d",
        "--debug-port",
        metavar="PORT",
        min=1,
        max=65535,
        help="Start the function for a debugger that attaches to this port; repeatable where it needs"
        " several.",
        show_default=False,
    ),
]
DebuggerPath = Annotated[
    Path | None,
    typer.Option(
        "--debugger-path",
        metavar="DIR",
        help="A directory with a debugger for the container: dlv, gdbserver, lldb-server, vsdbg.",
        show_default=False,
    ),
]
DebugArgs = Annotated[
    str | None,
    typer.Option(
        "--debug-args",
        metavar="TEXT",
        help="Arguments for the debugger, or for the runtime's program if it brings its own debugger.",
        show_default=False,
    ),
]
DebugFunction = Annotated[
    str | None,
    typer.Option(
        "--debug-function",
        metavar="FUNCTION_IDENTIFIER",
        help="Debug only this function. [default: the one that is invoked]",
        show_default=False,
    ),
]
DebugRuntime = Annotated[
    str | None,
    typer.Option(
        "--debug-runtime",
        metavar="RUNTIME",
        help="What a container image runs (python3.13, provided.al2023, …), where that can't be told.",
        show_default=False,
    ),
]
ContainerEnvVars = Annotated[
    str | None,
    typer.Option(
        "--container-env-vars",
        metavar="PATH",
        help="Variables for the container, over all others: flat JSON, YAML or .env.",
        show_default=False,
    ),
]
DockerNetwork = Annotated[
    str | None,
    typer.Option(
        "--docker-network",
        metavar="NAME",
        help="A Docker network to connect the container to, besides the default one; or `host`.",
        show_default=False,
    ),
]


Engine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="NAME|ADDRESS",
        help="The container engine: docker, podman, finch, colima, desktop, rancher, orbstack, a Docker"
        " context or an address. [default: DOCKER_HOST, the current context, or what answers]",
        show_default=False,
    ),
]
ApiConnectionOption = Annotated[
    ApiConnection,
    typer.Option(
        "--api-connection",
        help="How the container reaches samlocal: directly, or through a relay container, which needs"
        " no connection to this machine.",
    ),
]
SkipPullImage = Annotated[
    bool,
    typer.Option(
        "--skip-pull-image",
        help="Never pull an image: fail where it is missing. The same as --pull never.",
    ),
]
Pull = Annotated[
    ImagePolicy | None,
    typer.Option(
        "--pull",
        help="When to pull an image from its registry. [default: missing]",
        show_default=False,
    ),
]
ImageRepository = Annotated[
    str | None,
    typer.Option(
        "--image-repository",
        metavar="PREFIX",
        envvar="SAMLOCAL_IMAGE_REPOSITORY",
        help="Take runtime images from PREFIX/python:3.11 and so on. [default: public.ecr.aws/lambda]",
        show_default=False,
    ),
]


class MountMode(StrEnum):
    """How a function's files get to where it runs."""

    READ_ONLY = "read-only"
    DELEGATED = "delegated"
    COPY = "copy"


Mount = Annotated[
    MountMode | None,
    typer.Option(
        "--mount",
        help="Mount code and layers (`delegated` is the same), or copy them."
        " [default: mount, and copy to an engine that doesn't see this machine's files]",
        show_default=False,
    ),
]
MountSymlinks = Annotated[
    bool,
    typer.Option(
        "--mount-symlinks/--no-mount-symlinks",
        help="Mount what links lead to that leave the code or a layer.",
    ),
]
DockerVolumeBasedir = Annotated[
    str | None,
    typer.Option(
        "-v",
        "--docker-volume-basedir",
        metavar="PATH",
        help="Where the engine has the directory of the template, if it sees it at another path.",
        show_default=False,
    ),
]
LayerCacheBasedir = Annotated[
    Path | None,
    typer.Option(
        "--layer-cache-basedir",
        metavar="DIR",
        help="Where layers are kept: downloaded, unpacked and merged. [default: the platform's cache]",
        show_default=False,
    ),
]
ForceImageBuild = Annotated[
    bool,
    typer.Option(
        "--force-image-build",
        help="Download layers again. No image is built: layers are mounted.",
    ),
]
InvokeImage = Annotated[
    list[str] | None,
    typer.Option(
        "-ii",
        "--invoke-image",
        metavar="[FUNCTION=]URI",
        help="The image to run instead of the runtime's, or of the image function's own; repeatable.",
        show_default=False,
    ),
]
Build = Annotated[
    ImagePolicy,
    typer.Option(
        "--build",
        help="When to build the image of an image function whose `Metadata` names a Dockerfile.",
    ),
]
Runtime = Annotated[
    str | None,
    typer.Option(
        "-r",
        "--runtime",
        metavar="RUNTIME",
        help="The runtime to run the function in, such as python3.13, instead of its own.",
        show_default=False,
    ),
]


class ArchitectureName(StrEnum):
    """What Lambda calls an architecture."""

    X86_64 = "x86_64"
    ARM64 = "arm64"


Architecture = Annotated[
    ArchitectureName | None,
    typer.Option(
        "--architecture",
        help="The architecture to run the function for, instead of its own (`Architectures`).",
        show_default=False,
    ),
]
Region = Annotated[
    str | None,
    typer.Option("--region", metavar="REGION", help="The AWS Region.", show_default=False),
]
AccountId = Annotated[
    str | None,
    typer.Option(
        "--account-id",
        metavar="ID",
        help="The AWS account. [default: AWS_ACCOUNT_ID, else that of the credentials, where a profile"
        " names it or --resolve-remote asks for it]",
        show_default=False,
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="The profile with the AWS credentials, for the function and for --resolve-remote.",
        show_default=False,
    ),
]
ExitZero = Annotated[
    bool,
    typer.Option(
        "--exit-zero-on-function-error",
        help="Exit with 0 also when the function failed or timed out, as sam does.",
    ),
]
ConfigFile = Annotated[
    str | None,
    typer.Option(
        "--config-file",
        metavar="NAME",
        help="The file with default values of options, beside the template or in the current directory."
        " [default: samconfig.toml, .yaml or .yml]",
        show_default=False,
    ),
]
ConfigEnv = Annotated[
    str | None,
    typer.Option(
        "--config-env",
        metavar="NAME",
        help="The environment in that file. [default: default]",
        show_default=False,
    ),
]
SaveParams = Annotated[
    bool,
    typer.Option(
        "--save-params",
        help="Save the options of this command line in that file, and run.",
    ),
]
BetaFeatures = Annotated[
    bool | None,
    typer.Option(
        "--beta-features/--no-beta-features",
        help="Accepted as in sam; samlocal has no beta features.",
        show_default=False,
    ),
]
LanguageExtensions = Annotated[
    bool | None,
    typer.Option(
        "--language-extensions/--no-language-extensions",
        help="Accepted as in sam; samlocal always resolves language extensions such as Fn::ForEach.",
        show_default=False,
    ),
]
Debug = Annotated[
    bool,
    typer.Option("--debug", help="Show what samlocal itself does."),
]
