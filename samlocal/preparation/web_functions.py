"""Web functions as functions that can be prepared: their program runs instead of a handler.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-webfunction.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.aws_account import resource_arn
from samlocal.diagnostics import relevant_diagnostics
from samlocal.env_vars.lambda_variables import Execution
from samlocal.function import Function
from samlocal.preparation.execution_role import find_credentials_for
from samlocal.preparation.resolution import ResolvedFunction, read_environment
from samlocal.qualifier import LATEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.diagnostics import Diagnostic
    from samlocal.host import Host
    from samlocal.preparation.content import Content
    from samlocal.preparation.options import FunctionOptions
    from samlocal.project.project import Project
    from samlocal.project.web_functions import WebFunction
    from samlocal.sandbox.plan import SandboxSettings
    from samlocal.sandbox.spec import Spec

# https://docs.aws.amazon.com/boto3/latest/reference/services/lambda-web.html
_MEMORY_MB: Final = 2048


def resolve_web_function(
    project: Project, web: WebFunction, options: FunctionOptions, host: Host
) -> ResolvedFunction:
    """Resolve a web function of a project and its environment; it has no debugger, layers or versions.

    Raises:
        SamlocalError: A file cannot be read, or options contradict each other.
    """
    function = Function(
        logical_id=web.logical_id,
        full_path=web.api.full_path,
        name=web.name,
        code=web.code,
        place=web.place,
        runtime=web.runtime,
        memory_mb=_MEMORY_MB,
        timeout_seconds=web.timeout_seconds,
        environment=web.environment,
        region=web.region,
        account_id=web.account_id,
        diagnostics=web.diagnostics,
    )
    credentials, told = find_credentials_for(project, options, host)
    environment = read_environment(
        options,
        project,
        function,
        credentials=credentials,
        execution=Execution(initialization_type="native-http"),
        host=host,
    )
    diagnostics = (
        *relevant_diagnostics(function.diagnostics, given=environment.not_from_template()),
        *told,
        *environment.diagnostics,
    )
    return ResolvedFunction(
        project=project.path,
        function=function,
        arn=resource_arn(
            "lambda", f"web-function/{web.name}", region=web.region, account_id=web.account_id
        ),
        version=LATEST,
        environment=environment,
        diagnostics=tuple(dict.fromkeys(diagnostics)),
        image=options.images.get(""),
        profile=options.profile,
        ca_bundle=options.ca_bundle,
        initialization_type="native-http",
        max_concurrency=web.concurrency,
        entry_point=web.entry_point,
    )


def plan_web_function(
    resolved: ResolvedFunction,
    entry_point: str,
    content: Content,
    environment: Mapping[str, str],
    settings: SandboxSettings,
    host: Host,
) -> tuple[Spec, tuple[Diagnostic, ...]]:
    """Return the sandbox in which the program of a web function runs, and how it differs from AWS.

    Raises:
        SamlocalError: There is no such program, or nothing here can run it.
    """
    if settings.kind == "process":
        from samlocal.sandbox.process.web_program import plan_web_process

        return plan_web_process(
            resolved.function,
            entry_point,
            environment,
            project=resolved.project,
            code=content.code,
            settings=settings,
            host=host,
            links=content.links,
        )
    from samlocal.sandbox.web_programs import plan_web_container

    return plan_web_container(
        resolved.function,
        entry_point,
        environment,
        project=resolved.project,
        code=content.code,
        settings=settings,
        links=content.links,
    )
