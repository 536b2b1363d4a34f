"""Settings that switch features of Lambda on, versions and aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.errors import TemplateError
from samlocal.function import LoggingConfig
from tests.unit.serverless.services import resolved, write_service

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.function import Function

TEXT = """
service: shop
provider:
  name: aws
  runtime: python3.13
  logs: {lambda: {logFormat: JSON, logGroup: all}}
"""
ROLE = "arn:aws:iam::111122223333:role"


def function(directory: Path, settings: str, *, provider: str = "", more: str = "") -> Function:
    """Return a function with these settings."""
    text = f"{TEXT}  {provider}\nfunctions: {{hello: {{handler: app.handler, {settings}}}}}\n{more}"
    return resolved(write_service(directory, text, app=""), "hello", for_api=True)


def test_logging_of_the_function_replaces_the_providers(tmp_path: Path) -> None:
    """The settings are those of Lambda's logging controls."""
    assert function(tmp_path, "").logging == LoggingConfig(log_format="JSON", log_group="all")
    own = "logs: {logFormat: JSON, applicationLogLevel: DEBUG, systemLogLevel: WARN}"
    assert function(tmp_path, own).logging == LoggingConfig(
        log_format="JSON", application_log_level="DEBUG", system_log_level="WARN"
    )
    with pytest.raises(TemplateError, match=r"`logs.logFormat` must be Text or JSON, not `XML`"):
        function(tmp_path, "logs: {logFormat: XML}")


def test_features_of_lambda_are_switched_on(tmp_path: Path) -> None:
    """SnapStart, tenants and managed instances are settings of the function."""
    plain = function(tmp_path, "")
    assert (plain.snap_start, plain.tenancy, plain.capacity_provider) == (None, None, None)
    assert function(tmp_path, "snapStart: true").snap_start is not None
    assert function(tmp_path, "tenancy: {mode: per_tenant}").tenancy is not None
    managed = function(
        tmp_path, "capacityProvider: {name: mine, maxConcurrency: 4}, memorySize: 4096"
    )
    assert managed.capacity_provider is not None
    assert managed.capacity_provider.max_concurrency == 4
    assert function(tmp_path, "recursiveLoop: allow").allows_recursion
    (said,) = function(tmp_path, "durableConfig: {executionTimeout: 5}").diagnostics
    assert "is not emulated" in said.message


@pytest.mark.parametrize(
    ("settings", "qualifiers"),
    [
        ("", {"1": "1"}),
        ("versionFunction: false", {}),
        ("provisionedConcurrency: 1", {"1": "1", "provisioned": "1"}),
        ("provisionedConcurrency: {executions: 1, alias: live}", {"1": "1", "live": "1"}),
        ("snapStart: true", {"1": "1", "snapstart": "1"}),
    ],
)
def test_versions_and_aliases_are_those_that_serverless_makes(
    tmp_path: Path, settings: str, qualifiers: dict[str, str]
) -> None:
    """Each function has a version, unless it asks for none."""
    assert function(tmp_path, settings).qualifiers == qualifiers


@pytest.mark.parametrize(
    ("settings", "provider", "role"),
    [
        (f"role: '{ROLE}/own'", f"role: '{ROLE}/all'", f"{ROLE}/own"),
        ("", f"iam: {{role: '{ROLE}/all'}}", f"{ROLE}/all"),
        ("role: Worker", "", f"{ROLE}/worker"),
        ("role: {Fn::GetAtt: [Worker, Arn]}", "", f"{ROLE}/worker"),
        ("", "", f"{ROLE}/shop-dev-us-east-1-lambdaRole"),
        ("", "iam: {role: {statements: []}}", f"{ROLE}/shop-dev-us-east-1-lambdaRole"),
        ("", "iam: {role: {name: mine}}", f"{ROLE}/mine"),
        ("role: '${ssm:/role}'", "", None),
    ],
)
def test_a_role_is_an_arn_or_a_resource(
    tmp_path: Path, settings: str, provider: str, role: str | None
) -> None:
    """One that cannot be resolved does not matter."""
    more = (
        "resources: {Resources: {Worker: {Type: AWS::IAM::Role, Properties: {RoleName: worker}}}}"
    )
    assert function(tmp_path, settings, provider=provider, more=more).role == role


def test_asynchronous_invocations_go_to_destinations(tmp_path: Path) -> None:
    """A destination is an ARN, a mapping with one, or the key of a function."""
    topic = "arn:aws:sns:us-east-1:111122223333:alarms"
    settings = f"""destinations: {{onSuccess: '{topic}', onFailure: {{type: sns, arn: '{topic}'}}}},
      maximumEventAge: 60, maximumRetryAttempts: 0, provisionedConcurrency: 1"""
    function_ = function(tmp_path, settings)
    config = function_.event_invoke["provisioned"]
    assert (config.on_success, config.on_failure) == (topic, topic)
    assert (config.max_age_seconds, config.max_retries) == (60, 0)
    assert list(function_.event_invoke) == ["provisioned"]
