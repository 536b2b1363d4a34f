"""The apps in `templates`, built and invoked as their READMEs say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docker.command import Samlocal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.docker.fixtures import SampleApp


@pytest.mark.parametrize(
    ("template", "result"),
    [
        pytest.param(
            "hello-nodejs", b'{"message":"Hello, Node.js!","function":"Hello"', id="nodejs"
        ),
        pytest.param("hello-go", b'{"message":"Hello, Go!","function":"Hello"', id="go"),
        pytest.param("hello-java", b'{"message":"Hello, Java!","function":"Hello"', id="java"),
        pytest.param("hello-provided", b'{"greeting": "Hello"', id="provided"),
        pytest.param("hello-ruby", b'{"message":"Hello, Ruby!","function":"Hello"', id="ruby"),
        pytest.param("hello-rust", b'{"message":"Hello, Rust!","function":"Hello"', id="rust"),
        pytest.param("ratings", b'{"message": "Great tea, thanks!"', id="python"),
    ],
)
def test_sample_apps_run(
    stand_in: Callable[[str], str],
    sample_app: SampleApp,
    environment: dict[str, str],
    template: str,
    result: bytes,
) -> None:
    """Every sample app, built as its README says, answers its sample event."""
    for image in ("java:21", "nodejs:22", "provided:al2023", "python:3.11", "ruby:3.3"):
        stand_in(image)
    app = Samlocal(directory=sample_app(template), environment=environment)

    ended = app("local", "invoke", "--no-credentials", "-e", "event.json")

    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.startswith(result)
