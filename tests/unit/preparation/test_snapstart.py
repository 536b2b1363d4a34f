"""A function with SnapStart, as options want it: its type, its credentials and what is planned for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from samlocal.cloudformation.project import CloudFormationProject, open_project
from samlocal.preparation.options import FunctionOptions
from samlocal.preparation.preparation import prepare
from samlocal.preparation.resolution import resolve_function
from samlocal.sandbox.plan import SandboxSettings
from tests.unit.preparation.host import RecordingObserver, host

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Ratings:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: .
      AutoPublishAlias: live
      SnapStart: {ApplyOn: PublishedVersions}
"""
KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}
LIVE = FunctionOptions(qualifier="live")


@pytest.fixture
def project(tmp_path: Path) -> CloudFormationProject:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    return open_project(tmp_path / "template.yaml")


def test_a_published_version(project: CloudFormationProject, tmp_path: Path) -> None:
    """An alias is run with SnapStart: credentials are kept for the endpoint, with their end."""
    end = datetime.now(UTC) + timedelta(hours=1)
    shell = {**KEYS, "AWS_SESSION_TOKEN": "t", "AWS_CREDENTIAL_EXPIRATION": end.isoformat()}
    resolved = resolve_function(project, "Ratings", LIVE, host(tmp_path, **shell))
    seen = resolved.environment.as_dict()
    assert seen["AWS_LAMBDA_INITIALIZATION_TYPE"] == resolved.initialization_type == "snap-start"
    assert seen.keys().isdisjoint(shell)
    kept = resolved.credentials
    assert kept
    assert kept.variables == {**KEYS, "AWS_SESSION_TOKEN": "t"}
    assert (kept.expires, len(kept.token)) == (end, 32)


def test_the_unpublished_version(project: CloudFormationProject, tmp_path: Path) -> None:
    """`$LATEST` is initialised on demand, unless SnapStart is chosen."""
    machine = host(tmp_path, **KEYS)
    latest = resolve_function(project, "Ratings", FunctionOptions(), machine)
    chosen = resolve_function(project, "Ratings", FunctionOptions(snap_start=True), machine)
    assert (latest.initialization_type, latest.credentials) == ("on-demand", None)
    assert (chosen.initialization_type, chosen.version) == ("snap-start", "$LATEST")


def test_placeholders(project: CloudFormationProject, tmp_path: Path) -> None:
    """A function without credentials gets placeholders from the endpoint."""
    options = FunctionOptions(qualifier="live", reads_credentials=False)
    kept = resolve_function(project, "Ratings", options, host(tmp_path)).credentials
    assert kept
    assert kept.access_key_id == "defaultkey"


def test_credentials_of_the_command_line(project: CloudFormationProject, tmp_path: Path) -> None:
    """Credentials that `--env` sets are variables, and there is no endpoint beside them."""
    options = FunctionOptions(qualifier="live", variables=KEYS)
    resolved = resolve_function(project, "Ratings", options, host(tmp_path))
    assert KEYS.items() <= resolved.environment.as_dict().items()
    assert resolved.credentials is None


def test_what_is_planned(project: CloudFormationProject, tmp_path: Path) -> None:
    """Sandbox and API know the same credentials; logs have the names that no variable tells."""
    (tmp_path / "app.py").touch()
    resolved = resolve_function(project, "Ratings", LIVE, host(tmp_path, **KEYS))
    prepared = prepare(resolved, SandboxSettings(), host(tmp_path), RecordingObserver())
    configuration = prepared.configuration
    assert prepared.spec.sandbox.credentials == configuration.credentials == resolved.credentials
    assert configuration.initialization_type == "snap-start"
    assert (configuration.log_group, configuration.log_stream) == ("/aws/lambda/Ratings", "1")
