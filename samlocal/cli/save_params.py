"""`--save-params`: saves the options of a command line in the configuration file, as in sam."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from samlocal.cli.console import print_status
from samlocal.cli.samconfig import GLOBAL, PARAMETERS, load_config, option_of
from samlocal.errors import ConfigError, Place

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from samlocal.cli.samconfig import ConfigTable, ConfigValue

    Changes = Mapping[tuple[str, ...], ConfigTable]

# Options about where to save, and about a single run.
_NOT_SAVED: Final = frozenset(
    {"save_params", "config_file", "config_env", "print_env", "dry_run", "write"}
)
# Options that sam saves for all commands.
_SHARED: Final = frozenset({"region"})
_VERSION: Final = 0.1


def save_params(
    path: Path,
    tables: tuple[str, str],
    typed: Mapping[str, object],
    *,
    overridden_options: Collection[str],
    names: Mapping[str, str],
) -> None:
    """Write options to a configuration file without changing its other content.

    `tables` are the environment and the command, and `names` has the option for each key of the file.
    `overridden_options` are options that the saved ones exclude; they are removed.

    Raises:
        ConfigError: The file cannot be written, or not without changing other parts of it.
    """
    environment, command = tables
    options = {name: _plain(value) for name, value in typed.items() if name not in _NOT_SAVED}
    if not options:
        return
    old = load_config(path) if path.exists() else {}
    shared_table, own_table = ((environment, name, PARAMETERS) for name in (GLOBAL, command))
    shared = {option_of(key): value for key, value in _inner(old, shared_table).items()}
    own: ConfigTable = dict.fromkeys(overridden_options)
    for name, value in options.items():
        own[name] = None if name in _SHARED or shared.get(name) == value else value
    changes = {
        shared_table: {name: options[name] for name in _SHARED if name in options},
        own_table: own,
    }
    keyed = {table: _keyed(each, _inner(old, table), names) for table, each in changes.items()}
    _write(path, old, {table: each for table, each in keyed.items() if each})
    keys = {option: key for key, option in names.items()}
    print_status(
        f"Saved {', '.join(f'`{keys.get(name, name)}`' for name in options)} to {path.name}"
    )


def _keyed(values: ConfigTable, table: ConfigTable, names: Mapping[str, str]) -> ConfigTable:
    """Return values by their keys in a table, else by sam's own keys.

    A value to remove that is not in the table is omitted.
    """
    there = {names.get(option_of(key)): key for key in table}
    usual = {option: key for key, option in names.items()}
    return {
        there.get(option) or usual.get(option, option): value
        for option, value in values.items()
        if value is not None or option in there
    }


def _write(path: Path, old: ConfigTable, changes: Changes) -> None:
    """Replace a file atomically, and only if the new content is correct."""
    content = path.read_bytes().decode("utf-8-sig") if path.exists() else ""
    text = content.replace("\r\n", "\n") or _version(path)
    edited = _edited(path, text, changes)
    target = path.resolve()
    part = target.with_name(f".{target.stem}.{os.getpid()}{path.suffix}")
    try:
        part.write_text(edited, encoding="utf-8", newline="\r\n" if "\r\n" in content else "\n")
        if not _says(part, _changed(old or {"version": _VERSION}, changes)):
            raise _cannot_change(path, changes)
        if target.exists():
            shutil.copymode(target, part)
        part.replace(target)
    except UnicodeEncodeError as error:  # bytes on the command line that are not text
        raise _cannot_change(path, changes) from error
    except OSError as error:
        raise ConfigError(f"`{path}` cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _version(path: Path) -> str:
    return f"version = {_VERSION}\n" if path.suffix == ".toml" else f"version: {_VERSION}\n"


def _edited(path: Path, text: str, changes: Changes) -> str:
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from tomlkit.exceptions import TOMLKitError

    from samlocal.cli.samconfig_edits import edit_toml, edit_yaml

    edit = edit_toml if path.suffix == ".toml" else edit_yaml
    try:
        for table, values in changes.items():
            text = edit(text, table, values)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(path, mark.line + 1, mark.column + 1) if mark else Place(path, 1, 1)
        message = f"`--save-params` cannot change the file: {error.problem}"
        raise ConfigError(message, place=place) from error
    except (TOMLKitError, YAMLError, ValueError) as error:
        raise _cannot_change(path, changes) from error
    return text


def _cannot_change(path: Path, changes: Changes) -> ConfigError:
    tables = " and ".join(f"`{'.'.join(table)}`" for table in changes)
    return ConfigError(
        f"`--save-params` cannot change `{path}` without changing other parts of it",
        hint=f"write {tables} as separate tables, or edit the file by hand",
    )


def _says(path: Path, expected: ConfigTable) -> bool:
    """Tell whether a file has exactly the expected content."""
    try:
        return _without_empty(load_config(path)) == _without_empty(expected)
    except ConfigError:
        return False


def _changed(document: ConfigTable, changes: Changes) -> ConfigTable:
    from copy import deepcopy

    changed = deepcopy(document)
    for table, values in changes.items():
        inner = changed
        for name in table:
            below = inner.setdefault(name, {})
            inner = below if isinstance(below, dict) else {}
        inner.update(values)
    return changed


def _inner(document: ConfigTable, table: tuple[str, ...]) -> ConfigTable:
    for name in table:
        below = document.get(name)
        document = below if isinstance(below, dict) else {}
    return document


def _without_empty(document: ConfigTable) -> ConfigTable:
    """Return a document without null values and empty tables."""
    kept = {
        name: _without_empty(value) if isinstance(value, dict) else value
        for name, value in document.items()
    }
    return {name: value for name, value in kept.items() if value is not None and value != {}}


def _plain(value: object) -> ConfigValue:
    """Return a value for the file: a list with one item becomes the item, as sam may require."""
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value] if len(value) != 1 else _plain(value[0])
    return value if isinstance(value, (bool, int, float)) else str(value)
