"""The command line comes before variables, and they before samconfig, also where options exclude each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from samlocal.cli.main import main
from samlocal.cli.options.code import CodeOptions
from samlocal.cli.options.limits import LimitOptions
from samlocal.cli.sandbox_settings import read_settings

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.cli.options.container import ContainerOptions
    from samlocal.cli.options.debugging import DebugOptions
    from samlocal.cli.options.environment import EnvironmentOptions
    from samlocal.cli.options.invocation import InvokeOptions
    from samlocal.cli.options.project import ProjectOptions
    from samlocal.host import Host


class Chosen(Protocol):
    """Return the options of `local invoke` after precedence, without unset ones."""

    def __call__(self, *arguments: str, own: str = "", shared: str = "") -> dict[str, object]: ...


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chosen:
    """Run a command line in a directory with a `samconfig.toml`."""
    monkeypatch.chdir(tmp_path)
    got: dict[str, object] = {}

    def read(
        options: InvokeOptions,
        environment: EnvironmentOptions,
        _project: ProjectOptions,
        debugging: DebugOptions,
        container: ContainerOptions,
        _host: Host,
    ) -> None:
        got.clear()
        got.update(vars(options), env_vars=environment.env_vars)
        got["container_env_vars"] = debugging.container_env_vars
        settings = read_settings(container, LimitOptions(), CodeOptions(), debugging)
        got["pull"] = settings.pull
        raise SystemExit

    monkeypatch.setattr("samlocal.cli.commands.local_invoke.read_request", read)

    def command(*arguments: str, own: str = "", shared: str = "") -> dict[str, object]:
        text = f"[default.local_invoke.parameters]\n{own}\n[default.global.parameters]\n{shared}\n"
        (tmp_path / "samconfig.toml").write_text(text)
        with pytest.raises(SystemExit):
            main(["local", "invoke", *arguments])
        del got["repeat"]  # always set
        return {name: value for name, value in got.items() if value not in (None, False, [])}

    return command


@pytest.mark.parametrize(
    ("arguments", "own", "expected"),
    [
        pytest.param("-e x.json", "no_event = true", {"event": "x.json"}, id="event, no_event"),
        pytest.param("--no-event", 'event = "x"', {"no_event": True}, id="no_event, event"),
        pytest.param("--data 5", 'event = "x"', {"data": "5"}, id="data, event"),
        pytest.param("--data 5", 'path = "x"', {"data": "5"}, id="data, path"),
        pytest.param("--data 5", "no_event = true", {"data": "5"}, id="data, no_event"),
        pytest.param("-c {}", 'context_path = "x"', {"context": "{}"}, id="context"),
        pytest.param("--pull missing", "skip_pull_image = true", {}, id="pull, skip_pull_image"),
        pytest.param("--skip-pull-image", 'pull = "always"', {"pull": "never"}, id="skip, pull"),
        pytest.param("-n -", 'event = "-"', {"env_vars": ["-"]}, id="stdin"),
        pytest.param(
            "-e -", 'env_vars = ["a", "-"]', {"event": "-", "env_vars": ["a"]}, id="half a list"
        ),
        pytest.param("F:live", 'qualifier = "1"', {"function_identifier": "F:live"}, id="alias"),
        pytest.param(
            "--qualifier 1",
            'function_logical_id = "F:live"',
            {"function_identifier": "F", "qualifier": "1"},
            id="qualifier",
        ),
    ],
)
def test_the_command_line_wins(
    chosen: Chosen, arguments: str, own: str, expected: dict[str, object]
) -> None:
    """An option on the command line replaces a contradicting one in samconfig without an error."""
    assert chosen(*arguments.split(), own=own) == {"pull": "missing"} | expected


def test_variables_come_between(chosen: Chosen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables override samconfig, and the command line overrides variables."""
    monkeypatch.setenv("SAM_SKIP_PULL_IMAGE", "1")
    monkeypatch.setenv("SAMLOCAL_EVENT", "of-variable.json")
    assert chosen(own='pull = "always"\ndata = "5"') == {
        "event": "of-variable.json",
        "pull": "never",
    }
    assert chosen("--pull", "always", "--path", "p") == {"path": "p", "pull": "always"}


def test_a_commands_own_table_comes_before_the_global_one(chosen: Chosen) -> None:
    """An option in a command's own table replaces a contradicting one in the global table."""
    found = chosen(own='data = "5"\npull = "missing"', shared='event = "x"\nskip_pull_image = true')
    assert found == {"data": "5", "pull": "missing"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--data", "5", "--event", "x"), "`--event` and `--data` both name an event"),
        (("--skip-pull-image", "--pull", "always"), "cannot be used together"),
    ],
)
def test_two_options_of_one_source_are_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    """Two contradicting options from one source are a usage error."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["local", "invoke", "--no-credentials", *arguments])
    assert ended.value.code == 2
    assert message in capfd.readouterr().err
