"""The credentials of a stage of a Serverless project.

https://www.serverless.com/framework/docs/providers/aws/guide/credentials
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEYS: Final = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")
_SETTINGS: Final = (*_KEYS, "PROFILE")
_OTHERS: Final = ("AWS_SECURITY_TOKEN", "AWS_DEFAULT_PROFILE")


def shell_of_stage(shell: Mapping[str, str], *, stage: str, profile: str | None) -> dict[str, str]:
    """Return the shell's variables with the one source of credentials that Serverless would use.

    The highest comes first: the profile, then the keys of the stage (`AWS_PROD_PROFILE`, `AWS_PROD_ACCESS_KEY_ID`, …);
    `AWS_PROFILE`; the shell's keys; `profile`, which is `provider.profile`; the default profile.
    https://github.com/serverless/serverless/blob/v3.40.0/lib/plugins/aws/provider.js
    """
    known = {f"AWS_{name}" for name in _SETTINGS} | set(_OTHERS)
    rest = {name: value for name, value in shell.items() if name not in known}
    default = shell.get("AWS_DEFAULT_PROFILE")
    for chosen in (
        *_sources(shell, f"AWS_{stage.upper()}"),
        *_sources(shell, "AWS"),
        {"AWS_PROFILE": profile},
        {"AWS_PROFILE": default},
    ):
        given = {name: value for name, value in chosen.items() if value}
        if given:
            return rest | given
    return rest


def session_keys(shell: Mapping[str, str]) -> dict[str, str]:
    """Return the keys of the shell's variables as `open_session` takes them; it may have none."""
    return {
        f"aws_{name.lower()}": shell[f"AWS_{name}"] for name in _KEYS if shell.get(f"AWS_{name}")
    }


def _sources(shell: Mapping[str, str], prefix: str) -> tuple[dict[str, str | None], ...]:
    """Return the profile and the keys of variables with a prefix, as AWS's tools name them."""
    keys = {}
    if shell.get(f"{prefix}_ACCESS_KEY_ID"):
        keys = {f"AWS_{name}": shell.get(f"{prefix}_{name}") for name in _KEYS}
    return {"AWS_PROFILE": shell.get(f"{prefix}_PROFILE")}, keys
