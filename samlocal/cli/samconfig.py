"""Reads options from `samconfig.toml` and `samconfig.yaml`.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

from __future__ import annotations

import re
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.errors import ConfigError, Place, TemplateError
from samlocal.frozen_dataclass import frozen
from samlocal.path_kinds import is_encodable, is_file

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from samlocal.diagnostics import Diagnostic


ConfigValue = str | int | float | bool | None | list["ConfigValue"] | dict[str, "ConfigValue"]
ConfigTable = dict[str, ConfigValue]

CONFIG_NAMES: Final = ("samconfig.toml", "samconfig.yaml", "samconfig.yml")
DEFAULT_ENVIRONMENT: Final = "default"
GLOBAL: Final = "global"
PARAMETERS: Final = "parameters"
CONTEXT_KEY: Final = "samlocal.config"  # of the `Config` in the context of a command

# The variables that sam reads: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-cli-command-reference-sam-local-invoke.html
_SAM_VARIABLES: Final[Mapping[str, str]] = {
    "beta_features": "SAM_CLI_BETA_FEATURES",
    "debug": "SAM_DEBUG",
    "debug_args": "DEBUGGER_ARGS",
    "debug_port": "SAM_DEBUG_PORT",
    "docker_network": "SAM_DOCKER_NETWORK",
    "docker_volume_basedir": "SAM_DOCKER_VOLUME_BASEDIR",
    "force_image_build": "SAM_FORCE_IMAGE_BUILD",
    "language_extensions": "SAM_CLI_ENABLE_LANGUAGE_EXTENSIONS",
    "layer_cache_basedir": "SAM_LAYER_CACHE_BASEDIR",
    "skip_pull_image": "SAM_SKIP_PULL_IMAGE",
    "template": "SAM_TEMPLATE_FILE",
}
# Other spellings of options.
_SPELLINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "function_identifier": ("function",),
    "profile": ("aws_profile",),
    "template": ("template_file", "config"),
}


@frozen
class Config:
    """The options of one command in one environment, by name.

    `shared` are the names of those from the table for all commands. `keys` are the tables and the key of
    each option.
    """

    path: Path
    values: Mapping[str, ConfigValue]
    shared: frozenset[str] = frozenset()
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()

    def place_of(self, option: str) -> Place | None:
        """Return the place of an option; None if the file does not set it."""
        if option not in self.keys:
            return None
        *table, key = self.keys[option]
        return _place_of(self.path, tuple(table), key)


def environment_variables(option: str) -> list[str]:
    """Return the variables that set an option, in order: samlocal's own, then sam's."""
    own = [f"SAMLOCAL_{name.upper()}" for name in (option, *_SPELLINGS.get(option, ()))]
    return [*own, _SAM_VARIABLES[option]] if option in _SAM_VARIABLES else own


def table_of(command: Sequence[str]) -> str:
    """Return the name of a command's table."""
    return "_".join(command).replace("-", "_")


def config_files(directories: Sequence[Path], explicit: Path | None = None) -> list[Path]:
    """Return the configuration files that there may be in the directories, the one to use first."""
    names = [Path(name) for name in CONFIG_NAMES] if explicit is None else [explicit]
    return [directory / name for directory in directories for name in names]


def find_config(directories: Sequence[Path], explicit: Path | None = None) -> Path | None:
    """Return the first configuration file in the directories; None if there is none.

    Raises:
        ConfigError: the file of `--config-file` does not exist.
    """
    candidates = config_files(directories, explicit)
    found = next((path for path in candidates if is_file(path)), None)
    if found is None and explicit is not None:
        raise ConfigError(f"no configuration file at `{candidates[0]}`")
    return found


def read_config(
    path: Path, environment: str, command: Sequence[str], *, known: Mapping[str, str]
) -> Config:
    """Return the options of a file for a command (`["local", "invoke"]`) in an environment.

    The tables are sam's: `[ENVIRONMENT.local_invoke.parameters]` over `[ENVIRONMENT.global.parameters]`.
    Keys may have dashes. `known` has the option for each key. Unknown keys are skipped; those in the
    command's own table are a diagnostic. In the global table they may belong to another command.

    Raises:
        ConfigError: the file cannot be read, or a value has the wrong shape.
    """
    document = load_config(path)
    name = table_of(command)
    if environment not in document:
        return Config(
            path=path, values={}, diagnostics=_no_environment(path, environment, document)
        )
    tables = _table(path, document, environment)
    shared = _parameters(path, tables, environment, GLOBAL)
    own = _parameters(path, tables, environment, name)
    unknown = [key for key in own if option_of(key) not in known]
    values = _known(own, known)
    merged = {**_known(shared, known), **values}
    config = Config(
        path=path,
        values={option: value for option, value in merged.items() if value is not None},
        shared=frozenset(_known(shared, known).keys() - values.keys()),
        keys={
            option: (environment, table, PARAMETERS, key)
            for table, parameters in ((GLOBAL, shared), (name, own))
            for key in parameters
            if (option := known.get(option_of(key)))
        },
        diagnostics=tuple(
            _unknown_key(path, (environment, name, PARAMETERS), key, " ".join(command), known)
            for key in unknown
        ),
    )
    for option, value in config.values.items():
        if not is_encodable(str(value)):
            raise ConfigError(
                f"`{option}` has a character that no option can have",
                place=config.place_of(option),
                hint="such as NUL",
            )
    return config


def _known(table: ConfigTable, known: Mapping[str, str]) -> ConfigTable:
    named = ((known.get(option_of(key)), value) for key, value in table.items())
    return {option: value for option, value in named if option}


def parameter_overrides(value: ConfigValue) -> dict[str, str]:
    """Return the parameter values in `parameter_overrides`: text, a list of texts, or a table.

    Null is the empty string in a table, and no value elsewhere.

    Raises:
        ConfigError: the value has another shape.
        UsageError: a text is not an override.
    """
    from samlocal.project.parameter_overrides import parse_parameter_overrides

    match value:
        case str():
            return parse_parameter_overrides([value])
        case list():
            return {n: v for item in value for n, v in parameter_overrides(item).items()}
        case dict():
            return {name: _text(item) for name, item in value.items()}
        case None:
            return {}
        case _:
            raise ConfigError(
                f"`parameter_overrides` cannot be `{value}`", hint='write "Key=Value"'
            )


def texts(option: str, value: ConfigValue) -> list[str]:
    """Return the texts of a repeatable option: from one text, a list or a table.

    sam writes `--add-host` as a table; other options with a name and a value may be tables too.
    """
    if isinstance(value, dict):
        between = ":" if option == "add_host" else "="
        return [f"{name}{between}{_text(item)}" for name, item in value.items()]
    return [_text(item) for item in _items(value) if item is not None]


def _items(value: ConfigValue) -> list[ConfigValue]:
    return value if isinstance(value, list) else [value]


def _text(value: ConfigValue) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(_text(item) for item in value if item is not None)
    return str(value).lower() if isinstance(value, bool) else str(value)


def option_of(key: str) -> str:
    """Return the option of a key, which may have dashes."""
    return key.replace("-", "_")


def load_config(path: Path) -> ConfigTable:
    """Return the content of a configuration file.

    Raises:
        ConfigError: The file cannot be read.
    """
    if path.suffix == ".toml":
        return _load_toml(path)
    if path.suffix not in {".yaml", ".yml"}:
        raise ConfigError(
            f"`{path.name}` is not a configuration file",
            hint="use a name that ends in .toml, .yaml or .yml",
        )
    from samlocal.documents.document import load
    from samlocal.documents.scalars import parse_core_scalar

    try:
        plain = load(path, schema=parse_core_scalar).root.plain()
    except TemplateError as exc:
        raise ConfigError(exc.message, place=exc.place, hint=exc.hint) from exc
    if not isinstance(plain, dict):
        raise ConfigError("the file must be a mapping", place=Place(path, 1, 1))
    return plain


def _load_toml(path: Path) -> ConfigTable:
    import tomllib

    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except tomllib.TOMLDecodeError as exc:
        found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", str(exc))
        line, column = (int(found[1]), int(found[2])) if found and found[1] else (1, 1)
        message = str(exc)[: found.start()] if found else str(exc)
        raise ConfigError(f"not valid TOML: {message}", place=Place(path, line, column)) from exc
    except UnicodeDecodeError as exc:
        raise ConfigError("the file is not UTF-8", place=Place(path, 1, 1)) from exc
    except OSError as exc:
        raise ConfigError(f"cannot read `{path}`: {exc.strerror}") from exc


def _parameters(path: Path, tables: ConfigTable, environment: str, command: str) -> ConfigTable:
    if command not in tables:
        return {}
    table = _table(path, tables, command, environment)
    return _table(path, table, PARAMETERS, environment, command) if PARAMETERS in table else {}


def _table(path: Path, parent: ConfigTable, name: str, *above: str) -> ConfigTable:
    table = parent[name]
    if not isinstance(table, dict):
        raise ConfigError(f"`{'.'.join((*above, name))}` must be a table", place=Place(path, 1, 1))
    return table


def _no_environment(path: Path, environment: str, document: ConfigTable) -> tuple[Diagnostic, ...]:
    if environment == DEFAULT_ENVIRONMENT:
        return ()
    names = [name for name, value in document.items() if isinstance(value, dict)]
    hint = _did_you_mean(environment, names)
    message = f"`{path.name}` has no environment `{environment}`"
    from samlocal.diagnostics import Diagnostic

    return (Diagnostic(message=message, place=Place(path, 1, 1), hint=hint),)


def _unknown_key(
    path: Path, table: tuple[str, ...], key: str, command: str, known: Collection[str]
) -> Diagnostic:
    from samlocal.diagnostics import Diagnostic

    return Diagnostic(
        message=f"`{key}` is not an option of `{command}`",
        place=_place_of(path, table, key),
        hint=_did_you_mean(option_of(key), known),
    )


def _did_you_mean(name: str, names: Collection[str]) -> str | None:
    from samlocal.suggestions import did_you_mean

    return did_you_mean(name, names)


def _place_of(path: Path, table: tuple[str, ...], key: str) -> Place:
    """Return the place of a key of a table, which neither of Python's TOML readers provides.

    A table without its own header has the place of the start of the file.
    """
    if path.suffix != ".toml":
        from samlocal.documents.document import load

        node = load(path).root
        for name in table:
            node = node.get(name) or node
        return node.place_of(key)
    header = re.compile(
        r"\s*\[\s*" + r"\s*\.\s*".join(_toml_key(name) for name in table) + r"\s*\]"
    )
    wanted = re.compile(rf"\s*({_toml_key(key)})\s*=")
    inside = False
    for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), start=1):
        if line.lstrip().startswith("["):
            inside = header.match(line) is not None
        elif inside and (match := wanted.match(line)):
            return Place(path, number, match.start(1) + 1)
    return Place(path, 1, 1)


def _toml_key(name: str) -> str:
    return rf"[\"']?{re.escape(name)}[\"']?"
