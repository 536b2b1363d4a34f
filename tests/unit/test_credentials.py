from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from samlocal.aws_config import read_aws_config
from samlocal.credentials import Credentials, find_account, find_credentials, find_region
from samlocal.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

SHELL = {"AWS_ACCESS_KEY_ID": "AKIASHELL", "AWS_SECRET_ACCESS_KEY": "shellsecret"}
CONFIG = """
[default]
region = eu-west-1
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = defaultsecret

[profile dev]
region = eu-central-1
s3 =
    addressing_style = path

[profile "two words"]
region = ap-south-1

[profile sso]
sso_session = corp
region = us-west-2

[sso-session corp]
sso_start_url = https://corp.awsapps.com/start

[services local]
"""
CREDENTIALS = """
[dev]
aws_access_key_id = AKIADEV
aws_secret_access_key = dev%secret
aws_session_token = devtoken

[half]
aws_access_key_id = AKIAHALF
"""
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Create a home directory with AWS's two files."""
    folder = tmp_path / ".aws"
    folder.mkdir()
    (folder / "config").write_text(CONFIG)
    (folder / "credentials").write_text(CREDENTIALS)
    return tmp_path


def keys(credentials: Credentials | None) -> tuple[str, str, str | None, str] | None:
    if credentials is None:
        return None
    return (
        credentials.access_key_id,
        credentials.secret_access_key,
        credentials.session_token,
        credentials.origin,
    )


def test_credentials_do_not_show_in_repr() -> None:
    """The repr of credentials shows only their origin."""
    credentials = Credentials(
        access_key_id="AKIAX", secret_access_key="hunter2", session_token="tok", origin="shell"
    )
    assert repr(credentials) == "Credentials(expires=None, origin='shell')"


def test_profiles_do_not_show_in_repr(home: Path) -> None:
    """The repr of a profile shows none of its settings."""
    assert repr(read_aws_config({}, home=home).profiles["dev"]) == "Profile(name='dev')"


def test_the_shell_comes_first(home: Path) -> None:
    """Credentials in the shell override the profile that the shell chooses."""
    shell = {**SHELL, "AWS_PROFILE": "dev", "AWS_SESSION_TOKEN": "shelltoken"}
    found = find_credentials(None, shell=shell, home=home)
    assert keys(found.credentials) == ("AKIASHELL", "shellsecret", "shelltoken", "shell")
    assert found.diagnostics == ()


@pytest.mark.parametrize("token", [{}, {"AWS_SESSION_TOKEN": ""}])
def test_an_empty_session_token_is_omitted(token: dict[str, str], home: Path) -> None:
    """An empty session token is omitted: SDKs would sign with it."""
    found = find_credentials(None, shell={**SHELL, **token}, home=home)
    assert found.credentials
    assert found.credentials.session_token is None


def test_a_profile_on_the_command_line_overrides_the_shell(home: Path) -> None:
    """`--profile` overrides credentials in the shell."""
    found = find_credentials("dev", shell=SHELL, home=home)
    assert keys(found.credentials) == ("AKIADEV", "dev%secret", "devtoken", "profile dev")


@pytest.mark.parametrize(
    ("shell", "origin"),
    [
        pytest.param({"AWS_PROFILE": "dev"}, "profile dev", id="AWS_PROFILE"),
        pytest.param({"AWS_DEFAULT_PROFILE": "dev"}, "profile dev", id="AWS_DEFAULT_PROFILE"),
        pytest.param({"AWS_PROFILE": ""}, "profile default", id="empty"),
        pytest.param({}, "profile default", id="default"),
    ],
)
def test_the_shell_chooses_a_profile(shell: dict[str, str], origin: str, home: Path) -> None:
    """Without credentials, the shell may choose a profile; the default is `default`."""
    found = find_credentials(None, shell=shell, home=home)
    assert found.credentials
    assert found.credentials.origin == origin
    assert found.diagnostics == ()


def test_the_shell_may_choose_the_files(tmp_path: Path) -> None:
    """`AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE` replace the files in the home directory."""
    config, credentials = tmp_path / "c", tmp_path / "s"
    config.write_text("[profile x]\nregion = eu-north-1\n")
    credentials.write_text("[x]\naws_access_key_id = AKIAX\naws_secret_access_key = s\n")
    shell = {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}
    found = find_credentials("x", shell=shell, home=tmp_path / "nobody")
    assert keys(found.credentials) == ("AKIAX", "s", None, "profile x")
    assert find_region(None, "x", shell=shell, home=tmp_path / "nobody") == "eu-north-1"


@pytest.mark.parametrize(
    ("profile", "hint"),
    [("deev", "did you mean `dev`?"), ("zzz", "profiles: `default`, `dev`, `half`, `sso`")],
)
def test_an_unknown_profile_is_an_error(profile: str, hint: str, home: Path) -> None:
    """A `--profile` that does not exist is an error with the profile's name and a suggestion."""
    with pytest.raises(UsageError) as caught:
        find_credentials(profile, shell=SHELL, home=home)
    assert caught.value.message == f"no profile `{profile}` in AWS's configuration files"
    assert (caught.value.hint or "").startswith(hint)


def test_a_profile_without_any_files(tmp_path: Path) -> None:
    """Without any profiles, the error says so."""
    with pytest.raises(UsageError) as caught:
        find_credentials("dev", shell={}, home=tmp_path)
    assert caught.value.hint == "there are no profiles in ~/.aws"


@pytest.mark.parametrize(
    ("shell", "message"),
    [
        pytest.param(
            {"AWS_PROFILE": "nope"}, "no profile `nope` in AWS's configuration files", id="profile"
        ),
        pytest.param(
            {"AWS_PROFILE": "half"},
            "the profile `half` has no `aws_secret_access_key`",
            id="no secret",
        ),
        pytest.param(
            {"AWS_PROFILE": "two words"},
            "the profile `two words` has no `aws_access_key_id`",
            id="no key",
        ),
        pytest.param(
            {"AWS_ACCESS_KEY_ID": "A"},
            "the shell sets AWS_ACCESS_KEY_ID, but not AWS_SECRET_ACCESS_KEY",
            id="half of the shell's",
        ),
    ],
)
def test_missing_credentials_are_a_diagnostic(
    shell: dict[str, str], message: str, home: Path
) -> None:
    """Missing credentials are a diagnostic with the reason; the function gets placeholders."""
    found = find_credentials(None, shell=shell, home=home)
    assert found.credentials is None
    [diagnostic] = found.diagnostics
    assert diagnostic.message == f"{message}: the function gets placeholders"
    assert "`--no-credentials`" in (diagnostic.hint or "")


def test_no_credentials_at_all(tmp_path: Path) -> None:
    """A machine without any credentials causes one diagnostic."""
    found = find_credentials(None, shell={}, home=tmp_path)
    assert found.credentials is None
    assert [diagnostic.message for diagnostic in found.diagnostics] == [
        "no AWS credentials found: the function gets placeholders"
    ]


@pytest.mark.parametrize(
    ("expiry", "is_expired"),
    [
        pytest.param("2026-01-31T11:59:59Z", True, id="expired"),
        pytest.param("2026-01-31T12:59:59+01:00", True, id="expired, another offset"),
        pytest.param("2026-01-31 11:59:59", True, id="expired, no offset"),
        pytest.param("2026-01-31T12:00:01Z", False, id="valid"),
        pytest.param("soon", False, id="no time"),
    ],
)
def test_expired_credentials_are_passed_with_a_warning(
    expiry: str, home: Path, *, is_expired: bool
) -> None:
    """Expired credentials still reach the function, and a diagnostic has the time of expiry."""
    shell = {**SHELL, "AWS_CREDENTIAL_EXPIRATION": expiry}
    found = find_credentials(None, shell=shell, home=home, now=NOW)
    assert found.credentials
    assert len(found.diagnostics) == is_expired
    if is_expired:
        assert found.diagnostics[0].message.startswith(
            "the AWS credentials (shell) expired at 2026"
        )


def test_the_expiry_of_a_profile(tmp_path: Path) -> None:
    """The expiry is read from the settings that tools write into a profile."""
    path = tmp_path / "credentials"
    path.write_text(
        "[default]\naws_access_key_id=A\naws_secret_access_key=s\n"
        "x_security_token_expires=2026-01-31T10:00:00+00:00\n"
    )
    shell = {"AWS_SHARED_CREDENTIALS_FILE": str(path)}
    found = find_credentials(None, shell=shell, home=tmp_path, now=NOW)
    assert [f.message for f in found.diagnostics] == [
        "the AWS credentials (profile default) expired at 2026-01-31 10:00:00+00:00"
    ]


@pytest.mark.parametrize(
    "content", [b"[default\nhunter2", b"hunter2", b"[x]\nhunter2", b"[x]\na = \xff"]
)
def test_a_broken_file_is_a_diagnostic_that_quotes_nothing(content: bytes, tmp_path: Path) -> None:
    """The diagnostic of a malformed file names the file and quotes no line, which may be a secret."""
    path = tmp_path / "credentials"
    path.write_bytes(content)
    shell = {"AWS_SHARED_CREDENTIALS_FILE": str(path)}
    found = find_credentials(None, shell=shell, home=tmp_path)
    assert found.diagnostics[0].message.startswith(f"`{path}` cannot be read: ")
    assert "hunter2" not in repr(found)


def test_a_role_overrides_static_credentials(home: Path) -> None:
    """A profile with a role signs in even if it has keys of its own, as in the SDKs."""
    with (home / ".aws" / "config").open("a") as file:
        file.write(
            "[profile role]\nrole_arn = x\naws_access_key_id = A\naws_secret_access_key = s\n"
        )
    found = find_credentials(
        "role", shell={"AWS_CONFIG_FILE": str(home / ".aws" / "config")}, home=home
    )
    assert found.credentials is None
    assert "`role`" in found.diagnostics[0].message


def test_static_credentials_override_a_process(home: Path) -> None:
    """A `credential_process` runs only if the profile has no keys, as in the SDKs."""
    with (home / ".aws" / "config").open("a") as file:
        file.write(
            "[profile p]\ncredential_process = false\naws_access_key_id = A\naws_secret_access_key = s\n"
        )
    found = find_credentials("p", shell={}, home=home)
    assert keys(found.credentials) == ("A", "s", None, "profile p")


@pytest.mark.parametrize(
    ("region", "profile", "shell", "expected"),
    [
        pytest.param("us-west-1", "dev", {"AWS_REGION": "x"}, "us-west-1", id="option"),
        pytest.param(
            None, "dev", {"AWS_REGION": "a-1", "AWS_DEFAULT_REGION": "b-1"}, "a-1", id="AWS_REGION"
        ),
        pytest.param(None, "dev", {"AWS_DEFAULT_REGION": "b-1"}, "b-1", id="AWS_DEFAULT_REGION"),
        pytest.param(None, "dev", {"AWS_PROFILE": "sso"}, "eu-central-1", id="profile"),
        pytest.param(None, None, {"AWS_PROFILE": "sso"}, "us-west-2", id="profile of the shell"),
        pytest.param(None, None, {}, "eu-west-1", id="default profile"),
        pytest.param(None, "two words", {}, "ap-south-1", id="quoted profile"),
        pytest.param(None, "half", {}, "us-east-1", id="profile without a region"),
        pytest.param(None, "nope", {}, "us-east-1", id="no such profile"),
    ],
)
def test_the_region(
    region: str | None, profile: str | None, shell: dict[str, str], expected: str, home: Path
) -> None:
    """The Region is the option's, else the shell's, else the profile's, else us-east-1."""
    assert find_region(region, profile, shell=shell, home=home) == expected


@pytest.mark.parametrize("region", ["", "eu west", "-eu-west-1", "x" * 64, "eu_west_1"])
def test_a_malformed_region(region: str, home: Path) -> None:
    """A malformed `--region` is a usage error."""
    with pytest.raises(UsageError) as caught:
        find_region(region, None, shell={}, home=home)
    assert caught.value.message == f"`{region}` is not an AWS Region"


ACCOUNTS = """
[profile role]
role_arn = arn:aws-cn:iam::111111111111:role/deploy
source_profile = keys
aws_access_key_id = AKIAOTHER

[profile keys]
aws_access_key_id = AKIAKEYS
aws_secret_access_key = secret

[profile named]
aws_access_key_id = AKIANAMED
aws_secret_access_key = secret
aws_account_id = 222222222222

[profile sso]
sso_session = corp
sso_account_id = 333333333333

[profile old-sso]
sso_start_url = https://corp.awsapps.com/start
sso_account_id = 444444444444

[profile login]
login_session = arn:aws:iam::555555555555:user/dev

[default]
aws_account_id = 666666666666
"""


@pytest.mark.parametrize(
    ("profile", "account"),
    [
        ("role", "111111111111"),
        ("keys", None),
        ("named", "222222222222"),
        ("sso", "333333333333"),
        ("old-sso", "444444444444"),
        ("login", "555555555555"),
        ("none", None),
        (None, "666666666666"),
    ],
)
def test_the_account_that_a_profile_names(
    home: Path, profile: str | None, account: str | None
) -> None:
    """The settings of a profile that signs in name its account, without a call to AWS."""
    (home / ".aws" / "config").write_text(ACCOUNTS)
    found = find_account(None, profile, shell={}, home=home)
    assert (found.given, found.of_credentials) == (None, account)
    if account:
        shell = {"AWS_PROFILE": profile or "default"}
        assert find_account(None, None, shell=shell, home=home).of_credentials == account


def test_keys_in_the_shell_have_no_profile(home: Path) -> None:
    """With keys in the shell, the default profile's account does not apply."""
    (home / ".aws" / "config").write_text(ACCOUNTS)
    assert find_account(None, None, shell=SHELL, home=home).known is None
    assert find_account(None, "sso", shell=SHELL, home=home).known == "333333333333"


def test_an_account_that_is_given(home: Path) -> None:
    """The option overrides the variable, and both override the profile."""
    (home / ".aws" / "config").write_text(ACCOUNTS)
    shell = {"AWS_ACCOUNT_ID": "777777777777"}
    assert find_account("888888888888", "sso", shell=shell, home=home).given == "888888888888"
    assert find_account(None, "sso", shell=shell, home=home).given == "777777777777"
    with pytest.raises(UsageError, match=r"^`12` is not an AWS account ID$"):
        find_account("12", None, shell={}, home=home)
    with pytest.raises(UsageError, match=r"^AWS_ACCOUNT_ID: `x` is not an AWS account ID$"):
        find_account(None, None, shell={"AWS_ACCOUNT_ID": "x"}, home=home)
