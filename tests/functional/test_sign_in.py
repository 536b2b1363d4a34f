"""Profiles that sign in, through botocore where it is installed."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from samlocal.credentials import find_credentials

if TYPE_CHECKING:
    from pathlib import Path

PROCESS = """
import json, sys
if "fail" in sys.argv:
    sys.exit("the vault is closed")
print(json.dumps({
    "Version": 1,
    "AccessKeyId": "AKIAPROCESS",
    "SecretAccessKey": "processsecret",
    "SessionToken": "processtoken",
    "Expiration": "2100-01-01T00:00:00Z",
}))
"""
CONFIG = """
[profile process]
credential_process = {python} {script}

[profile failing]
credential_process = {python} {script} fail

[profile sso]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Developer

[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-1
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Create a home directory with profiles that sign in, also for botocore."""
    script = tmp_path / "process.py"
    script.write_text(PROCESS)
    (tmp_path / ".aws").mkdir()
    config = tmp_path / ".aws" / "config"
    config.write_text(CONFIG.format(python=sys.executable, script=script))
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_without_boto3_a_profile_that_signs_in_is_a_diagnostic(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without boto3, a diagnostic names the setting that needs it and an alternative."""
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    found = find_credentials("sso", shell=os.environ, home=home)
    assert found.credentials is None
    [diagnostic] = found.diagnostics
    assert diagnostic.message == (
        "the profile `sso` signs in with `sso_session`, which needs boto3: "
        "the function gets placeholders"
    )
    assert diagnostic.hint == (
        "`pip install '.[aws]'` in a checkout of samlocal, or "
        '`eval "$(aws configure export-credentials --profile sso --format env)"`'
    )


def test_a_process_gives_credentials(home: Path) -> None:
    """A profile's `credential_process` runs, and its credentials are used."""
    pytest.importorskip("botocore")
    credentials = find_credentials("process", shell=os.environ, home=home).credentials
    assert credentials
    assert credentials.access_key_id == "AKIAPROCESS"
    assert credentials.secret_access_key == "processsecret"
    assert credentials.session_token == "processtoken"
    assert credentials.origin == "profile process"


def test_a_process_that_fails_is_a_diagnostic(home: Path) -> None:
    """A `credential_process` that fails is a diagnostic with its output, not an error."""
    pytest.importorskip("botocore")
    found = find_credentials("failing", shell=os.environ, home=home)
    assert found.credentials is None
    assert found.diagnostics[0].message.startswith("the profile `failing` cannot sign in: ")
    assert "the vault is closed" in found.diagnostics[0].message


def test_an_sso_session_without_a_login_is_a_diagnostic(home: Path) -> None:
    """The diagnostic for an expired SSO session has the login command."""
    pytest.importorskip("botocore")
    found = find_credentials("sso", shell=os.environ, home=home)
    assert found.credentials is None
    assert found.diagnostics[0].message.startswith("the profile `sso` cannot sign in: ")
    assert found.diagnostics[0].hint == "`aws sso login --profile sso`"
