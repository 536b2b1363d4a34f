"""The user's AWS credentials, account and Region, found as in AWS's own tools.

https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

from __future__ import annotations

import re
from dataclasses import field, replace
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING

from samlocal.aws_account import DEFAULT_REGION, Account
from samlocal.aws_config import profile_name, read_aws_config
from samlocal.diagnostics import Diagnostic
from samlocal.errors import UsageError
from samlocal.frozen_dataclass import frozen
from samlocal.suggestions import did_you_mean, installation_of_extra, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from samlocal.aws_config import AwsConfig, Profile

_PLACEHOLDERS = "the function gets placeholders"

# Settings with which a profile signs in: those before static credentials, and those after them.
# https://docs.aws.amazon.com/boto3/latest/guide/credentials.html
_ROLE_SETTINGS = ("role_arn", "web_identity_token_file", "sso_session", "sso_start_url")
_OTHER_SETTINGS = ("login_session", "credential_process")

# Not standardised: set by `aws configure export-credentials`, aws-vault and saml2aws.
_EXPIRY_VARIABLES = ("AWS_CREDENTIAL_EXPIRATION", "AWS_SESSION_EXPIRATION")
_EXPIRY_SETTINGS = ("expiration", "aws_expiration", "x_security_token_expires")

# https://docs.aws.amazon.com/general/latest/gr/rande.html; the rule is that of a host name's label.
_REGION = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")


_ACCOUNT_ID = re.compile(r"[0-9]{12}")
_ACCOUNT_PART = 4  # of an ARN


@frozen
class Credentials:
    """One set of AWS credentials; its `repr` shows none of them.

    `origin` is their source: `shell` or `profile dev`. `account_id` is None if it is not known locally.
    """

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires: datetime | None = None
    account_id: str | None = field(default=None, repr=False)
    origin: str


@frozen
class FoundCredentials:
    """The credentials, if any, and diagnostics about them."""

    credentials: Credentials | None
    diagnostics: tuple[Diagnostic, ...] = ()


def find_credentials(
    profile: str | None, *, shell: Mapping[str, str], home: Path, now: datetime | None = None
) -> FoundCredentials:
    """Return the credentials of `profile`, else those of the shell, else of the shell's profile.

    A profile that signs in (SSO, a role, a process) needs botocore, which reads the process's own
    environment; everything else needs the standard library only. The metadata service of an EC2 instance
    is not used. Missing, malformed and expired credentials are diagnostics, not errors.

    Raises:
        UsageError: `profile` does not exist.
    """
    found = _from_shell(shell) if profile is None else None
    if found is None:
        config = read_aws_config(shell, home=home)
        found = _from_config(profile, profile_name(shell), config)
        found = replace(found, diagnostics=(*config.diagnostics, *found.diagnostics))
    return _with_expiry(found, now or datetime.now(UTC))


def find_region(
    region: str | None, profile: str | None, *, shell: Mapping[str, str], home: Path
) -> str:
    """Return the Region of `--region`, else of the shell, else of the profile, else `us-east-1`.

    Raises:
        UsageError: `region` is not a valid Region.
    """
    if region is not None and not _REGION.fullmatch(region):
        raise UsageError(
            f"`{region}` is not an AWS Region",
            hint="a Region looks like `eu-central-1`",
        )
    chosen = region or shell.get("AWS_REGION") or shell.get("AWS_DEFAULT_REGION")
    if chosen:
        return chosen
    profiles = read_aws_config(shell, home=home).profiles
    selected = profiles.get(profile or profile_name(shell) or "default")
    return (selected and selected.settings.get("region")) or DEFAULT_REGION


def find_account(
    account_id: str | None, profile: str | None, *, shell: Mapping[str, str], home: Path
) -> Account:
    """Return the account of `--account-id`, else of the shell, and the account of the credentials.

    The latter comes from the profile's settings; AWS is not called.

    Raises:
        UsageError: `account_id`, or the account in the shell, is malformed.
    """
    for name, given in (("", account_id), ("AWS_ACCOUNT_ID: ", shell.get("AWS_ACCOUNT_ID"))):
        if given and not _ACCOUNT_ID.fullmatch(given):
            raise UsageError(
                f"{name}`{given}` is not an AWS account ID",
                hint="an account ID has 12 digits; quote it in samconfig",
            )
        if given:
            return Account(given=given)
    if profile is None and shell.get("AWS_ACCESS_KEY_ID"):
        return Account()
    profiles = read_aws_config(shell, home=home).profiles
    selected = profiles.get(profile or profile_name(shell) or "default")
    return Account(of_credentials=_account_of(selected.settings) if selected else None)


def _account_of(settings: Mapping[str, str]) -> str | None:
    """Return the account of a profile's credentials, if its settings tell it.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-account-endpoints.html
    """
    if settings.get("aws_account_id"):
        return settings["aws_account_id"]
    if settings.get("role_arn"):
        return _account_in(settings["role_arn"])
    if settings.get("sso_session") or settings.get("sso_start_url"):
        return settings.get("sso_account_id") or None
    signs_in = not settings.get("aws_access_key_id")
    return _account_in(settings.get("login_session", "")) if signs_in else None


def _account_in(arn: str) -> str | None:
    parts = arn.split(":")
    return parts[_ACCOUNT_PART] or None if len(parts) > _ACCOUNT_PART else None


def _from_shell(shell: Mapping[str, str]) -> FoundCredentials | None:
    """Return the shell's own credentials, or None without an access key."""
    key, secret = shell.get("AWS_ACCESS_KEY_ID"), shell.get("AWS_SECRET_ACCESS_KEY")
    if not key:
        return None
    if not secret:
        return _missing("the shell sets AWS_ACCESS_KEY_ID, but not AWS_SECRET_ACCESS_KEY")
    return FoundCredentials(
        credentials=Credentials(
            access_key_id=key,
            secret_access_key=secret,
            session_token=shell.get("AWS_SESSION_TOKEN") or shell.get("AWS_SECURITY_TOKEN") or None,
            expires=_first_time(shell, _EXPIRY_VARIABLES),
            origin="shell",
        )
    )


def _from_config(explicit: str | None, chosen: str | None, config: AwsConfig) -> FoundCredentials:
    name = explicit or chosen or "default"
    profile = config.profiles.get(name)
    if profile is not None:
        return _from_profile(profile)
    not_found = f"no profile `{name}` in AWS's configuration files"
    if explicit is not None:
        raise UsageError(not_found, hint=_profile_hint(name, config))
    return _missing(not_found if chosen else "no AWS credentials found")


def _from_profile(profile: Profile) -> FoundCredentials:
    settings = profile.settings
    signs_in = [name for name in (*_ROLE_SETTINGS, *_OTHER_SETTINGS) if settings.get(name)]
    key, secret = settings.get("aws_access_key_id"), settings.get("aws_secret_access_key")
    if signs_in and (signs_in[0] in _ROLE_SETTINGS or not key):
        return _signed_in(profile, signs_in[0])
    if not key or not secret:
        name = "aws_secret_access_key" if key else "aws_access_key_id"
        return _missing(f"the profile `{profile.name}` has no `{name}`")
    return FoundCredentials(
        credentials=Credentials(
            access_key_id=key,
            secret_access_key=secret,
            session_token=settings.get("aws_session_token") or settings.get("aws_security_token"),
            expires=_first_time(settings, _EXPIRY_SETTINGS),
            account_id=_account_of(settings),
            origin=f"profile {profile.name}",
        )
    )


def _signed_in(profile: Profile, setting: str) -> FoundCredentials:
    """Return the credentials that botocore gets for a profile."""
    try:
        session = import_module("botocore.session").Session(profile=profile.name)
        config = import_module("botocore.config").Config
    except ImportError:
        return _missing(
            f"the profile `{profile.name}` signs in with `{setting}`, which needs boto3",
            hint=f"{installation_of_extra('aws')}, or `{_exported(profile.name)}`",
        )
    session.set_default_client_config(
        config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1})
    )
    try:
        credentials = session.get_credentials()
        frozen = credentials.get_frozen_credentials() if credentials else None
    except Exception as exc:  # noqa: BLE001  # no error stops a local run
        return _missing(
            f"the profile `{profile.name}` cannot sign in: {exc}",
            hint=f"`{_login(profile.name, setting)}`",
        )
    if frozen is None or not frozen.access_key:
        return _missing(f"the profile `{profile.name}` has no credentials")
    return FoundCredentials(
        credentials=Credentials(
            access_key_id=frozen.access_key,
            secret_access_key=frozen.secret_key,
            session_token=frozen.token,
            account_id=getattr(frozen, "account_id", None) or _account_of(profile.settings),
            origin=f"profile {profile.name}",
        )
    )


def _login(profile: str, setting: str) -> str:
    command = {"sso_session": "sso login", "sso_start_url": "sso login", "login_session": "login"}
    if setting not in command:
        return f"aws sts get-caller-identity --profile {profile}"
    return f"aws {command[setting]} --profile {profile}"


def _exported(profile: str) -> str:
    return f'eval "$(aws configure export-credentials --profile {profile} --format env)"'


def _missing(reason: str, *, hint: str | None = None) -> FoundCredentials:
    diagnostic = Diagnostic(
        message=f"{reason}: {_PLACEHOLDERS}",
        hint=hint or "`--no-credentials` says that none are needed",
    )
    return FoundCredentials(credentials=None, diagnostics=(diagnostic,))


def _profile_hint(name: str, config: AwsConfig) -> str:
    if hint := did_you_mean(name, config.profiles):
        return hint
    if not config.profiles:
        return "there are no profiles in ~/.aws"
    return f"profiles: {quoted(config.profiles)}"


def _first_time(settings: Mapping[str, str], names: Sequence[str]) -> datetime | None:
    """Return the first setting that is a time; a time without an offset is UTC."""
    for name in names:
        try:
            time = datetime.fromisoformat(settings.get(name, ""))
        except ValueError:
            continue
        return time if time.tzinfo else time.replace(tzinfo=UTC)
    return None


def _with_expiry(found: FoundCredentials, now: datetime) -> FoundCredentials:
    credentials = found.credentials
    if credentials is None or credentials.expires is None or credentials.expires > now:
        return found
    diagnostic = Diagnostic(
        message=f"the AWS credentials ({credentials.origin}) expired at {credentials.expires}",
        hint="the function gets them anyway; AWS will reject its calls",
    )
    return replace(found, diagnostics=(*found.diagnostics, diagnostic))
