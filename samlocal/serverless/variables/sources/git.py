"""`${git:sha1}`: what git knows of the service's directory.

Version 4 has it, and the plugin serverless-plugin-git-variables:
https://www.serverless.com/framework/docs/guides/variables/git
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.serverless.variables.sources.memory import memory_of
from samlocal.serverless.variables.sources.stored_values import unavailable
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.documents.node import Node
    from samlocal.serverless.variables.source import SourceRequest, Variables

_COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "describe": ("describe", "--always"),
    "describeLight": ("describe", "--always", "--tags"),
    "sha1": ("rev-parse", "--short", "HEAD"),
    "commit": ("rev-parse", "HEAD"),
    "branch": ("rev-parse", "--abbrev-ref", "HEAD"),
    "message": ("log", "-1", "--pretty=%B"),
    "messageSubject": ("log", "-1", "--pretty=%s"),
    "messageBody": ("log", "-1", "--pretty=%b"),
    "user": ("config", "user.name"),
    "email": ("config", "user.email"),
    "isDirty": ("diff", "--stat"),
    "repository": ("rev-parse", "--show-toplevel"),
    "tags": ("tag", "--points-at", "HEAD"),
}


def read_git(request: SourceRequest, variables: Variables) -> Node | None:
    """Return a value as text; `isDirty` is `true` or `false`.

    Raises:
        UnavailableValueError: There is no git, no repository, or no commit.
    """
    name = request.required_name("git:sha1")
    if name not in _COMMANDS:
        known = ", ".join(_COMMANDS)
        raise request.error(
            f"`{name}` is not a value of `git`",
            hint=did_you_mean(name, _COMMANDS) or f"it has {known}",
        )
    text = _run(_COMMANDS[name], request, variables)
    match name:
        case "isDirty":
            text = "true" if text else "false"
        case "repository":
            text = Path(text).name
        case "tags":
            text = "::".join(text.split("\n")) or _run(_COMMANDS["sha1"], request, variables)
    return request.node.with_value(text)


def _run(arguments: tuple[str, ...], request: SourceRequest, variables: Variables) -> str:
    known = memory_of(variables).commands
    if arguments not in known:
        try:
            done = subprocess.run(
                ["git", *arguments],
                cwd=variables.configuration.directory,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except OSError as exc:
            raise unavailable(request, f"git cannot be run: {exc.strerror}") from exc
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().split("\n")[0]
            reason = said or f"`git {' '.join(arguments)}` gives nothing"
            raise unavailable(request, reason)
        known[arguments] = done.stdout.decode(errors="replace").strip()
    return known[arguments]
