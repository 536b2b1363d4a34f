"""The configuration files of AWS's tools: `~/.aws/config` and `~/.aws/credentials`.

https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
"""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.diagnostics import Diagnostic
from samlocal.documents.read_files import note_file
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

_Section = dict[str, str]


@frozen
class Profile:
    """The settings of one profile; the credentials file overrides the config file. `repr` hides them."""

    name: str
    settings: Mapping[str, str] = field(repr=False)


@frozen
class AwsConfig:
    """All profiles by name, and diagnostics for files that cannot be read."""

    profiles: Mapping[str, Profile]
    diagnostics: tuple[Diagnostic, ...] = ()


def read_aws_config(shell: Mapping[str, str], *, home: Path) -> AwsConfig:
    """Return the profiles in the files of `home`, or in the files that the shell names."""
    config_path = shell.get("AWS_CONFIG_FILE") or str(home / ".aws" / "config")
    credentials_path = shell.get("AWS_SHARED_CREDENTIALS_FILE") or str(
        home / ".aws" / "credentials"
    )
    diagnostics: list[Diagnostic] = []
    config = _profiles_of_config(_read(Path(config_path).expanduser(), diagnostics))
    credentials = _read(Path(credentials_path).expanduser(), diagnostics)
    profiles = {
        name: Profile(name=name, settings={**config.get(name, {}), **credentials.get(name, {})})
        for name in {**config, **credentials}
    }
    return AwsConfig(profiles=profiles, diagnostics=tuple(diagnostics))


def profile_name(shell: Mapping[str, str]) -> str | None:
    """Return the profile that the shell chooses."""
    return shell.get("AWS_PROFILE") or shell.get("AWS_DEFAULT_PROFILE") or None


def _read(path: Path, diagnostics: list[Diagnostic]) -> dict[str, _Section]:
    note_file(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as exc:
        diagnostics.append(_unreadable(path, exc))
        return {}
    import configparser  # noqa: PLC0415  # not needed without such a file

    parser = configparser.RawConfigParser(strict=False, default_section="")
    try:
        parser.read_string(text, source=str(path))
    except configparser.Error as exc:
        diagnostics.append(_unreadable(path, exc))
        return {}
    return {name: dict(parser[name]) for name in parser.sections()}


def _unreadable(path: Path, error: Exception) -> Diagnostic:
    """Return a diagnostic without the parser's own message, which quotes a line and perhaps a secret."""
    reason = error.strerror if isinstance(error, OSError) else type(error).__name__
    return Diagnostic(message=f"`{path}` cannot be read: {reason}")


def _profiles_of_config(sections: Mapping[str, _Section]) -> dict[str, _Section]:
    """Return the profiles: sections `default` and `profile NAME`, where NAME may be quoted."""
    profiles = {}
    for title, section in sections.items():
        kind, _, name = title.partition(" ")
        if title == "default":
            profiles[title] = section
        elif kind == "profile" and name.strip():
            profiles[name.strip().strip("\"'")] = section
    return profiles
