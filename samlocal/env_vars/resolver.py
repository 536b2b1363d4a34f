"""The resolver: a pure function from all sources of variables to the environment of a function."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING

from samlocal.env_vars import diagnostics
from samlocal.env_vars.environment import Environment, Origin, ResolvedVariable
from samlocal.env_vars.lambda_variables import (
    ADJUSTABLE,
    MAX_CONCURRENCY_NAME,
    RESERVED,
    Execution,
    credential_variables,
    lambda_variables,
    local_variables,
)
from samlocal.env_vars.secrets import is_likely_secret
from samlocal.errors import UsageError
from samlocal.frozen_dataclass import frozen
from samlocal.function import MAX_CONCURRENCY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from samlocal.credentials import Credentials
    from samlocal.diagnostics import Diagnostic
    from samlocal.env_vars.env_file import EnvFile, GivenVariable
    from samlocal.env_vars.environment import SourceName
    from samlocal.function import Function, FunctionEntry

_NOT_ADJUSTABLE = RESERVED - ADJUSTABLE
# What no `--env` of a Serverless project sets either: the runtime would not start, or overwrites it.
_OF_THE_RUNTIME = frozenset({"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_LAMBDA_RUNTIME_API"})


@frozen
class _Given:
    """A value from one source."""

    value: str = field(repr=False)
    origin: Origin


_Layer = dict[str, _Given]


def resolve_environment(
    function: Function,
    *,
    shell: Mapping[str, str] | None,
    env_files: Sequence[EnvFile] = (),
    command_line: Mapping[str, str] | None = None,
    container_file: EnvFile | None = None,
    credentials: Credentials | None = None,
    account_id: str | None = None,
    execution: Execution = Execution(),  # noqa: B008  # frozen
) -> Environment:
    """Return the environment of `function`, from these sources alone: nothing is read here.

    A variable has the value of the highest source that sets it; the lowest source comes first:

    1. Lambda itself: see `lambda_variables`. Reserved names come from here only, except that 5 and 6
       may set the Region, the credentials and the concurrency of managed instances (`ADJUSTABLE`), which
       puts the function on them. A key set there removes the session token
       of this source, and its `AWS_ACCOUNT_ID` unless the user chose one (`account_id`). The account is
       the function's own only beside placeholders. With SnapStart it sets no credentials, which SDKs then
       get from an endpoint.
    2. The template: `Environment.Variables`, merged with `Globals`. A value that cannot be resolved
       locally counts as not set; the name stays declared.
    3. The shell that samlocal runs in (`None`: `--no-shell-env`), for names that the template
       declares.
    4. `Parameters` of the env files, for names that the template declares. All of a `.env` file
       counts as `Parameters`.
    5. The function's own section of each env file, whether the template declares the name or not.
       A section's name is a logical ID, function ID, function name or full path. The first of them
       with a section that is not empty applies; sections under the others do not.
    6. `--env KEY=VALUE`.
    7. `--container-env-vars`, including reserved names: they are for the container, not the function.

    In a Serverless project, 3 does not apply: its variables override the shell's. `IS_LOCAL` is `true` whatever
    the project says, and 5 and 6 may set most reserved names:
    https://github.com/serverless/serverless/blob/v3.40.0/lib/plugins/aws/invoke-local/index.js

    Later env files override earlier ones: all `Parameters` in the order of the files, then all sections.

    Diagnostics name what has no effect (names in `Parameters` that do not reach the function, reserved
    names, sections that do not apply), template values that the shell overrides, and what Lambda would
    refuse (more than 4 KB of variables, invalid names).

    Raises:
        UsageError: `command_line` sets a reserved name, or a source sets an impossible concurrency.
    """
    command_line = command_line or {}
    is_serverless = function.framework == "serverless"
    refused = _OF_THE_RUNTIME if is_serverless else _NOT_ADJUSTABLE
    _refuse_reserved(command_line, refused)
    template = _of_template(function)
    host = _of_serverless() if is_serverless else _of_shell(shell or {}, function)
    parameters = [_of_file(file.parameters, "parameters") for file in env_files]
    sections = [_of_section(file, function) for file in env_files]
    declared = [
        template,
        host,
        *({n: g for n, g in layer.items() if n in function.environment} for layer in parameters),
    ]
    own = [_without(refused, each) for each in (*sections, _of_command_line(command_line))]
    container = _of_file(container_file.parameters, "container") if container_file else {}
    brings_key = any("AWS_ACCESS_KEY_ID" in each for each in (*own, container))
    if account_id is None and not brings_key:
        account_id = credentials.account_id if credentials else function.account_id
    execution = _with_given_concurrency(execution, (*own, container))
    lambdas = _of_lambda(function, execution, credentials, account_id)
    given = _stack(
        [
            _without({"AWS_SESSION_TOKEN"}, lambdas) if brings_key else lambdas,
            *(_without(RESERVED, each) for each in declared),
            *own,
            container,
        ]
    )
    diagnostics = [
        *_check_reserved([template, *parameters, *sections], own, function),
        *_check_template(function),
        *_check_shell(given),
        *(diagnostic for file in env_files for diagnostic in _check_file(file, function, given)),
        *(container_file.diagnostics if container_file else ()),
        *_check_limits(given),
    ]
    return Environment(
        variables={name: _resolved(name, stack, credentials) for name, stack in given.items()},
        diagnostics=tuple(diagnostics),
    )


def identifiers(function: Function | FunctionEntry) -> tuple[str, ...]:
    """Return the names that a section may have, the one with the highest precedence first."""
    names = (function.logical_id, function.function_id, function.function_name, function.full_path)
    return tuple(dict.fromkeys(name for name in names if name))


def find_unknown_sections(
    files: Iterable[EnvFile], functions: Iterable[FunctionEntry]
) -> Iterator[Diagnostic]:
    """Name the sections of env files that belong to no function of the project: projects share files."""
    known = {name for function in functions for name in identifiers(function)}
    for file in files:
        unknown = {n: each.place for n, each in file.sections.items() if n not in known}
        yield from diagnostics.unknown_sections(unknown, known)


def _of_lambda(
    function: Function,
    execution: Execution,
    credentials: Credentials | None,
    account_id: str | None,
) -> _Layer:
    signed_in = Origin(source="credentials", label=credentials.origin) if credentials else None
    groups = [
        (lambda_variables(function, execution), Origin(source="lambda", label="Lambda")),
        (
            local_variables(function, execution, account_id),
            Origin(source="lambda", label="samlocal"),
        ),
    ]
    if execution.initialization_type != "snap-start":
        origin = signed_in or Origin(source="lambda", label="placeholder")
        groups.append((credential_variables(credentials), origin))
    return {
        name: _Given(value=value, origin=origin)
        for variables, origin in groups
        for name, value in variables.items()
    }


def _of_template(function: Function) -> _Layer:
    return {
        name: _Given(
            value=variable.value,
            origin=Origin(
                source="template", label="template", place=variable.place, via=variable.sources
            ),
        )
        for name, variable in function.environment.items()
        if variable.value is not None and diagnostics.is_usable(name, variable.value)
    }


def _of_shell(shell: Mapping[str, str], function: Function) -> _Layer:
    origin = Origin(source="shell", label="shell")
    return {
        name: _Given(value=shell[name], origin=origin)
        for name in function.environment
        if name in shell
    }


def _of_serverless() -> _Layer:
    """Return what Serverless sets beside Lambda's variables."""
    return {"IS_LOCAL": _Given(value="true", origin=Origin(source="lambda", label="Serverless"))}


def _of_file(variables: Mapping[str, GivenVariable], source: SourceName) -> _Layer:
    return {
        name: _Given(
            value=variable.value,
            origin=Origin(source=source, label=str(variable.place.path), place=variable.place),
        )
        for name, variable in variables.items()
    }


def _of_section(file: EnvFile, function: Function) -> _Layer:
    used = _applying_sections(file, function)
    return _of_file(file.sections[used[0]].variables, "section") if used else {}


def _applying_sections(file: EnvFile, function: Function) -> list[str]:
    """Return the sections of the function that are not empty; the first of them applies."""
    named = (name for name in identifiers(function) if name in file.sections)
    return [name for name in named if file.sections[name].variables]


def _of_command_line(variables: Mapping[str, str]) -> _Layer:
    origin = Origin(source="command-line", label="--env")
    return {name: _Given(value=value, origin=origin) for name, value in variables.items()}


def _with_given_concurrency(execution: Execution, layers: Iterable[_Layer]) -> Execution:
    """Return an execution on managed instances, if a source sets their concurrency."""
    given = [each[MAX_CONCURRENCY_NAME] for each in layers if MAX_CONCURRENCY_NAME in each]
    if not given:
        return execution
    text = given[-1].value
    if not (re.fullmatch(r"[0-9]{1,4}", text) and 1 <= int(text) <= MAX_CONCURRENCY):
        raise UsageError(
            f"`{MAX_CONCURRENCY_NAME}` must be a whole number from 1 to {MAX_CONCURRENCY},"
            f" not `{text}` ({given[-1].origin})"
        )
    return execution.with_concurrency(int(text))


def _refuse_reserved(command_line: Mapping[str, str], refused: Collection[str]) -> None:
    names = [name for name in command_line if name in refused]
    if names:
        raise UsageError(
            diagnostics.reserved_message(names), hint=diagnostics.reserved_hint(names[0])
        )


def _without(names: Collection[str], layer: _Layer) -> _Layer:
    return {name: given for name, given in layer.items() if name not in names}


def _stack(layers: Sequence[_Layer]) -> dict[str, list[_Given]]:
    """Return all values for each name; the last one applies."""
    stacks: dict[str, list[_Given]] = {}
    for layer in layers:
        for name, given in layer.items():
            stacks.setdefault(name, []).append(given)
    return stacks


def _resolved(
    name: str, stack: Sequence[_Given], credentials: Credentials | None
) -> ResolvedVariable:
    value, origin = stack[-1].value, stack[-1].origin
    keys = (credentials.secret_access_key, credentials.session_token) if credentials else ()
    return ResolvedVariable(
        value=value,
        origin=origin,
        secret=origin.source == "credentials"
        or (origin.source != "lambda" and is_likely_secret(name, value))
        or any(key and key in value for key in keys),
        overridden=tuple(given.origin for given in stack[:-1]),
    )


def _check_reserved(
    layers: Sequence[_Layer], own: Sequence[_Layer], function: Function
) -> Iterator[Diagnostic]:
    for name, stack in _stack(layers).items():
        if name in RESERVED and not any(name in each for each in own):
            yield diagnostics.reserved(name, [given.origin for given in stack], function)


def _check_template(function: Function) -> Iterator[Diagnostic]:
    for name, variable in function.environment.items():
        if not diagnostics.is_usable(name, variable.value or ""):
            yield diagnostics.unusable(name, variable.place)


def _check_shell(given: Mapping[str, Sequence[_Given]]) -> Iterator[Diagnostic]:
    """Name the template's values that the shell, and no higher source, overrides."""
    overridden = {
        name: template
        for name, (*_, template, last) in ((n, [*s]) for n, s in given.items() if len(s) > 1)
        if last.origin.source == "shell"
        and template.origin.source == "template"
        and last.value != template.value
    }
    places = [template.origin.place for template in overridden.values()]
    if places and places[0]:
        yield diagnostics.overridden_by_shell(list(overridden), places[0])


def _check_file(
    file: EnvFile, function: Function, given: Mapping[str, object]
) -> Iterator[Diagnostic]:
    yield from file.diagnostics
    lost = {n: v for n, v in file.parameters.items() if n not in given and n not in RESERVED}
    if lost:
        yield diagnostics.undeclared(lost, function)
    used, *unused = _applying_sections(file, function) or [""]
    for name in unused:
        yield diagnostics.section_without_effect(name, used, file.sections[name].place)


def _check_limits(given: Mapping[str, Sequence[_Given]]) -> Iterator[Diagnostic]:
    configured = {
        name: stack[-1]
        for name, stack in given.items()
        if name not in RESERVED and stack[-1].origin.source not in {"lambda", "container"}
    }
    for diagnostic in (
        diagnostics.refused_names({name: last.origin for name, last in configured.items()}),
        diagnostics.too_large({name: last.value for name, last in configured.items()}),
    ):
        if diagnostic is not None:
            yield diagnostic
