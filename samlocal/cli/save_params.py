"""`--save-params`: the options of a command line go into the configuration file, as in sam."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cli.config_file import GLOBAL, PARAMETERS, load_config, option_of
from samlocal.cli.console import say
from samlocal.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from samlocal.cli.config_file import ConfigTable, ConfigValue

    Changes = Mapping[tuple[str, ...], ConfigTable]

# What says where to save, and what is about a single run.
_NOT_SAVED: Final = frozenset(
    {"save_params", "config_file", "config_env", "print_env", "dry_run", "write"}
)
# What sam keeps for all commands.
_SHARED: Final = frozenset({"region"})
_VERSION: Final = 0.1


def save_params(
    path: Path,
    tables: tuple[str, str],
    typed: Mapping[str, object],
    *,
    overruled: Collection[str],
    names: Mapping[str, str],
) -> None:
    """Write options to a configuration file, and leave all else that is in it as it is.

    `tables` are the environment and the command, and `names` has the option for each key that the
    file may have. `overruled` are options that what is saved excludes: they go out.

    Raises:
        ConfigError: The file can't be written, or not be changed without being laid out anew.
    """
    environment, command = tables
    options = {name: _plain(value) for name, value in typed.items() if name not in _NOT_SAVED}
    if not options:
        return
    old = load_config(path) if path.exists() else {}
    shared_table, own_table = ((environment, name, PARAMETERS) for name in (GLOBAL, command))
    shared = {option_of(key): value for key, value in _inner(old, shared_table).items()}
    own: ConfigTable = dict.fromkeys(overruled)
    for name, value in options.items():
        own[name] = None if name in _SHARED or shared.get(name) == value else value
    changes = {
        shared_table: {name: options[name] for name in _SHARED if name in options},
        own_table: own,
    }
    keyed = {table: _keyed(each, _inner(old, table), names) for table, each in changes.items()}
    _write(path, old, {table: each for table, each in keyed.items() if each})
    say(f"Saved {', '.join(f'`{name}`' for name in options)} to {path.name}")


def _keyed(values: ConfigTable, table: ConfigTable, names: Mapping[str, str]) -> ConfigTable:
    """Return values by the keys that they have in a table, else by those that sam would give them.

    What is to go out and isn't there is left out.
    """
    there = {names.get(option_of(key)): key for key in table}
    usual = {option: key for key, option in names.items()}
    return {
        there.get(option) or usual.get(option, option): value
        for option, value in values.items()
        if value is not None or option in there
    }


def _write(path: Path, old: ConfigTable, changes: Changes) -> None:
    content = path.read_bytes().decode("utf-8-sig") if path.exists() else ""
    text = content.replace("\r\n", "\n") or _version(path)
    edited = _edited(path, text, changes)
    expected = _changed(old or {"version": _VERSION}, changes)
    if not _says(path.name, edited, expected):
        tables = " and ".join(f"`{'.'.join(table)}`" for table in changes)
        raise ConfigError(
            f"`--save-params` can't change `{path}` and keep its layout",
            hint=f"give {tables} a place of their own in it, or change it by hand",
        )
    try:
        path.write_text(edited, encoding="utf-8", newline="\r\n" if "\r\n" in content else "\n")
    except OSError as error:
        raise ConfigError(f"`{path}` can't be written: {error.strerror}") from error


def _version(path: Path) -> str:
    return f"version = {_VERSION}\n" if path.suffix == ".toml" else f"version: {_VERSION}\n"


def _edited(path: Path, text: str, changes: Changes) -> str:
    if path.suffix == ".toml":
        from samlocal.cli.edit_toml import edit_toml as edit
    else:
        from samlocal.cli.edit_yaml import edit_yaml as edit
    for table, values in changes.items():
        text = edit(text, table, values)
    return text


def _says(name: str, text: str, expected: ConfigTable) -> bool:
    """Tell whether a text is what was meant: what was there, with the changes, and nothing else."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as directory:
        trial = Path(directory) / name
        try:
            trial.write_text(text, encoding="utf-8")
            return _without_empty(load_config(trial)) == _without_empty(expected)
        except (ConfigError, UnicodeEncodeError):
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
    """Return a document without what says nothing: null and empty tables."""
    kept = {
        name: _without_empty(value) if isinstance(value, dict) else value
        for name, value in document.items()
    }
    return {name: value for name, value in kept.items() if value is not None and value != {}}


def _plain(value: object) -> ConfigValue:
    """Return a value as the file has it: one of several possible ones alone, as sam may want it."""
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value] if len(value) != 1 else _plain(value[0])
    return value if isinstance(value, (bool, int, float)) else str(value)
