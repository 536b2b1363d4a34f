"""Diagnostics of an environment: variables without effect, and what Lambda would refuse."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from samlocal.diagnostics import Diagnostic
from samlocal.env_vars.lambda_variables import ADJUSTABLE
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from samlocal.env_vars.env_file import GivenVariable
    from samlocal.env_vars.environment import Origin
    from samlocal.errors import Place
    from samlocal.function import Function

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_VARIABLES_BYTES = 4096

# https://docs.aws.amazon.com/lambda/latest/api/API_Environment.html
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")

USABLE_HINT = "a name is not empty and contains no `=`; neither name nor value contains a NUL byte"

_NOT_CONFIGURED = (
    "Lambda was unable to configure your environment variables because the environment variables "
    "you have provided"
)
_WAYS = {
    "_HANDLER": "the template's `Handler` sets it",
    "AWS_ACCESS_KEY_ID": "`--profile` or the shell's AWS variables choose the credentials",
    "AWS_DEFAULT_REGION": "`--region` sets it",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "the template's `MemorySize` sets it",
    "AWS_LAMBDA_FUNCTION_NAME": "the template's `FunctionName` sets it",
    "AWS_LAMBDA_FUNCTION_VERSION": "`--qualifier` sets it",
    "AWS_LAMBDA_LOG_GROUP_NAME": "the template's `LoggingConfig` sets it",
    "AWS_LAMBDA_MAX_CONCURRENCY": "the template's `CapacityProviderConfig` sets it",
    "AWS_REGION": "`--region` sets it",
    "AWS_SECRET_ACCESS_KEY": "`--profile` or the shell's AWS variables choose the credentials",
    "AWS_SESSION_TOKEN": "`--profile` or the shell's AWS variables choose the credentials",
}


def reserved_message(names: Iterable[str]) -> str:
    """Return Lambda's error for a configuration that sets reserved names."""
    return (
        f"{_NOT_CONFIGURED} contains reserved keys that are currently not supported for "
        f"modification. Reserved keys used in this request: {', '.join(names)}"
    )


def reserved_hint(name: str) -> str:
    return _WAYS.get(name, "Lambda sets it; choose another name for your variable")


def reserved(name: str, origins: Sequence[Origin], function: Function) -> Diagnostic:
    hint = reserved_hint(name)
    if name in ADJUSTABLE:
        hint += f"; `--env {name}=…` and the env file's section `{function.logical_id}` override it"
    return Diagnostic(message=reserved_message([name]), place=origins[-1].place, hint=hint)


def undeclared(given: Mapping[str, GivenVariable], function: Function) -> Diagnostic:
    """Name the variables in a file's `Parameters` that do not reach the function."""
    names = ", ".join(f"`{name}`" for name in given)
    does = "does not" if len(given) == 1 else "do not"
    return Diagnostic(
        message=f"{names} {does} reach `{function.name}`: its template declares no such variable",
        place=next(iter(given.values())).place,
        hint=f"add it to the section `{function.logical_id}` of a JSON env file, pass "
        f"`--env {next(iter(given))}=…`, or declare it in the template",
    )


def unknown_sections(given: Mapping[str, Place], known: Collection[str]) -> Iterator[Diagnostic]:
    """Name the sections that belong to no function: first those that resemble one, then the rest."""
    alike = {name: hint for name in given if (hint := did_you_mean(name, known))}
    for name, hint in alike.items():
        yield Diagnostic(
            message=f"`{name}` is not a function of this template: its variables have no effect",
            place=given[name],
            hint=hint,
        )
    others = [name for name in given if name not in alike]
    if others:
        names = ", ".join(f"`{name}`" for name in others)
        are = "is not a function" if len(others) == 1 else "are not functions"
        yield Diagnostic(
            message=f"{names} {are} of this template: variables for them have no effect",
            place=given[others[0]],
        )


def section_without_effect(name: str, used: str, place: Place) -> Diagnostic:
    return Diagnostic(
        message=f"the section `{name}` does not apply: `{used}` names the same function",
        place=place,
        hint=f"move its variables to `{used}`",
    )


def overridden_by_shell(names: Sequence[str], place: Place) -> Diagnostic:
    listed = ", ".join(f"`{name}`" for name in names)
    comes = "comes" if len(names) == 1 else "come"
    return Diagnostic(
        message=f"{listed} {comes} from your shell, which overrides the template",
        place=place,
        hint="`--no-shell-env` keeps the template's values",
    )


def is_usable(name: str, value: str) -> bool:
    """Tell whether a process can have the variable."""
    return bool(name) and "=" not in name and "\0" not in name + value


def unusable(name: str, place: Place) -> Diagnostic:
    return Diagnostic(
        message=f"skipping {json.dumps(name)}: not a valid environment variable name or value",
        place=place,
        hint=USABLE_HINT,
    )


def refused_names(given: Mapping[str, Origin]) -> Diagnostic | None:
    """Name the variables whose names Lambda refuses, although they work locally."""
    refused = [name for name in given if not _NAME.fullmatch(name)]
    if not refused:
        return None
    names = ", ".join(f"`{name}`" for name in refused)
    return Diagnostic(
        message=f"Lambda would refuse the name{'s' if len(refused) > 1 else ''} {names}",
        place=given[refused[0]].place,
        hint="a name has two or more letters, digits and underscores, a letter first",
    )


def too_large(variables: Mapping[str, str]) -> Diagnostic | None:
    """Report variables that are too large together; Lambda measures them as JSON."""
    text = json.dumps(variables, ensure_ascii=False, separators=(",", ":"))
    size = len(text.encode(errors="replace"))
    if size <= MAX_VARIABLES_BYTES:
        return None
    return Diagnostic(
        message=f"{_NOT_CONFIGURED} exceeded the 4KB limit: {size:,} bytes",
        hint="the function gets all of them locally; AWS refuses to deploy it",
    )
