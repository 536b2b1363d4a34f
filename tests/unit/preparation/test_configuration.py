"""The configuration of a resolved function."""

from __future__ import annotations

from dataclasses import replace

import pytest

from samlocal.function import LoggingConfig
from samlocal.preparation.configuration import configuration_of
from tests.unit.preparation.test_new_invocation import RESOLVED


@pytest.mark.parametrize(
    ("runtime", "version"),
    [
        ("python3.13", "python:3.13"),
        ("nodejs22.x", "nodejs:22"),
        ("java8.al2", "java:8.al2"),
        ("provided.al2023", "provided:al2023"),
        ("dotnet8", "dotnet:8"),
        (None, None),
    ],
)
def test_runtime_version(runtime: str | None, version: str | None) -> None:
    """The version of the runtime is named as in Lambda's logs."""
    function = replace(RESOLVED.function, runtime=runtime)
    assert configuration_of(replace(RESOLVED, function=function)).runtime_version == version


def test_what_the_function_states() -> None:
    """The configuration has the version that is invoked, and the function's limits and log levels."""
    logging = LoggingConfig(
        log_format="JSON", application_log_level="WARN", system_log_level="INFO"
    )
    function = replace(RESOLVED.function, memory_mb=512, timeout_seconds=7, logging=logging)
    found = configuration_of(replace(RESOLVED, function=function))
    assert (found.version, found.memory_mb, found.timeout_seconds) == ("7", 512, 7)
    assert (found.log_format, found.application_log_level) == ("JSON", "WARN")
    assert (found.system_log_level, found.unlimited) == ("INFO", False)


def test_each_preparation_has_its_own_token() -> None:
    """The token of the metadata endpoint is a secret of the function's environments."""
    tokens = {configuration_of(RESOLVED).metadata_token for _ in range(2)}
    assert len(tokens) == 2
    assert not any(token in repr(configuration_of(RESOLVED)) for token in tokens)
