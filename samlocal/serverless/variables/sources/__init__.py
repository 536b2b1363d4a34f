"""The sources of variables by the type that variables begin with: `env` in `${env:NAME}`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.serverless.variables.source import Source

_HERE: Final = "samlocal.serverless.variables.sources"

# Each is imported when a variable needs it.
SOURCES: Final[Mapping[str, str]] = {
    "aws": f"{_HERE}.aws:read_account",
    "cf": f"{_HERE}.cf:read_output",
    "env": f"{_HERE}.env:read_environment",
    "file": f"{_HERE}.file:read_file",
    "git": f"{_HERE}.git:read_git",
    "opt": f"{_HERE}.opt:read_option",
    "param": f"{_HERE}.param:read_parameter",
    "s3": f"{_HERE}.s3:read_object",
    "self": f"{_HERE}.self_:read_configuration",
    "sls": f"{_HERE}.sls:read_instance",
    "ssm": f"{_HERE}.ssm:read_parameter",
    "strToBool": f"{_HERE}.str_to_bool:convert_text",
}
OTHERS: Final = f"{_HERE}.others:read_other"  # the types of plugins

_found: Final[dict[str, Source]] = {}


def find_source(kind: str) -> Source:
    """Return the source of a type; one that has no entry is a plugin's."""
    if kind not in _found:
        module, function = SOURCES.get(kind, OTHERS).split(":")
        _found[kind] = cast("Source", getattr(import_module(module), function))
    return _found[kind]
