from __future__ import annotations

import pytest

from samlocal.cli.arguments import move_leading_options, repeat_parameter_overrides


@pytest.mark.parametrize(
    ("arguments", "rewritten"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("invoke Ratings", "invoke Ratings", id="without the option"),
        pytest.param("-po A=1", "-po A=1", id="another option"),
        pytest.param("--parameter-overrides A=1", "--parameter-overrides A=1", id="one"),
        pytest.param(
            "--parameter-overrides A=1 B=2 --no-event",
            "--parameter-overrides A=1 --parameter-overrides B=2 --no-event",
            id="several",
        ),
        pytest.param(
            "--parameter-overrides A=1 Ratings", "--parameter-overrides A=1 Ratings", id="function"
        ),
        pytest.param(
            "--parameter-overrides file://prod.yaml",
            "--parameter-overrides file://prod.yaml",
            id="file",
        ),
        pytest.param(
            "--parameter-overrides A=1 --parameter-overrides B=2",
            "--parameter-overrides A=1 --parameter-overrides B=2",
            id="repeated",
        ),
        pytest.param("--parameter-overrides=A=1", "--parameter-overrides=A=1", id="equals"),
    ],
)
def test_every_override_gets_its_option(arguments: str, rewritten: str) -> None:
    """The option is repeated before each override, because the parser takes one value for each."""
    assert repeat_parameter_overrides(arguments.split()) == rewritten.split()


def test_a_word_with_spaces_stays_one_word() -> None:
    """A word with spaces, quoted in the shell, stays one value."""
    words = ["--parameter-overrides", "ParameterKey=A,ParameterValue=x y B=2"]
    assert repeat_parameter_overrides(words) == words


@pytest.mark.parametrize(
    ("arguments", "moved"),
    [
        pytest.param(["-f=a", "-d", "{}"], ["-f", "a", "-d", "{}"], id="short option"),
        pytest.param(["-d=", "-e=a=b"], ["-d", "", "-e", "a=b"], id="values"),
        pytest.param(["--debug=*"], ["--debug"], id="debug"),
        pytest.param(["--debug", "*", "-f", "a"], ["--debug", "-f", "a"], id="debug word"),
        pytest.param(["--debug", "-f", "a"], ["--debug", "-f", "a"], id="debug flag"),
        pytest.param(["--data=-x=1"], ["--data=-x=1"], id="long option"),
    ],
)
def test_options_as_serverless_has_them(arguments: list[str], moved: list[str]) -> None:
    """`-f=NAME` and `--debug=NAMESPACE` are options of `invoke` only."""
    assert move_leading_options(["invoke", "local", *arguments]) == ["invoke", "local", *moved]
    assert move_leading_options(["local", "invoke", *arguments]) == ["local", "invoke", *arguments]
