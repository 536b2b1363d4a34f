from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from samlocal.credentials import Credentials
from samlocal.env_vars.lambda_variables import RESERVED, Execution
from samlocal.env_vars.resolver import resolve_environment
from samlocal.errors import Place
from samlocal.function import Function, ImageCode, InlineCode, LoggingConfig

PLACE = Place(Path("template.yaml"), 3, 3)
RATINGS = Function(
    logical_id="Ratings",
    full_path="Ratings",
    name="prod-ratings",
    code=InlineCode(source="", place=PLACE),
    place=PLACE,
    runtime="python3.11",
    handler="app.handler",
    memory_mb=512,
    timeout_seconds=7,
    region="eu-central-1",
    account_id="210987654321",
)
CREDENTIALS = Credentials(
    access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key="wJalrXUtnFEMI", origin="shell"
)


def test_everything_that_lambda_sets() -> None:
    """A Python function sees the variables of AWS's page, sam's additions and the one that marks samlocal."""
    assert resolve_environment(RATINGS, shell=None).as_dict() == {
        "AWS_ACCESS_KEY_ID": "defaultkey",
        "AWS_ACCOUNT_ID": "210987654321",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
        "AWS_LAMBDA_FUNCTION_HANDLER": "app.handler",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_NAME": "prod-ratings",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "7",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/prod-ratings",
        "AWS_LAMBDA_LOG_STREAM_NAME": "$LATEST",
        "AWS_REGION": "eu-central-1",
        "AWS_SAM_LOCAL": "true",
        "AWS_SECRET_ACCESS_KEY": "defaultsecret",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129:2000",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": "/var/task",
        "SAMLOCAL": "true",
        "TZ": ":UTC",
        "_HANDLER": "app.handler",
    }


def test_the_version_of_an_invocation() -> None:
    """A chosen version replaces `$LATEST`."""
    seen = resolve_environment(RATINGS, shell=None, execution=Execution(version="7")).as_dict()
    assert (seen["AWS_LAMBDA_FUNCTION_VERSION"], seen["AWS_LAMBDA_LOG_STREAM_NAME"]) == ("7", "7")


def test_snapstart() -> None:
    """With SnapStart there are no names of logs, and credentials are not in variables."""
    execution = Execution(version="1", initialization_type="snap-start")
    for credentials in (None, CREDENTIALS):
        seen = resolve_environment(
            RATINGS, shell=None, credentials=credentials, execution=execution
        ).as_dict()
        assert seen["AWS_LAMBDA_INITIALIZATION_TYPE"] == "snap-start"
        assert not [
            name for name in seen if name.startswith(("AWS_LAMBDA_LOG", "AWS_SE", "AWS_ACCESS"))
        ]


def test_snapstart_with_credentials_of_a_file() -> None:
    """Credentials that the command line sets are variables with SnapStart too."""
    execution = Execution(version="1", initialization_type="snap-start")
    chosen = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    seen = resolve_environment(RATINGS, shell=None, command_line=chosen, execution=execution)
    assert chosen.items() <= seen.as_dict().items()


def test_a_function_under_a_debugger_may_take_ten_hours() -> None:
    """A debugged function sees the timeout of sam, ten hours."""
    seen = resolve_environment(RATINGS, shell=None, execution=Execution(debugging=True)).as_dict()
    assert seen["AWS_LAMBDA_FUNCTION_TIMEOUT"] == "36000"


@pytest.mark.parametrize("runtime", ["provided", "provided.al2023"])
def test_os_only_runtimes_have_no_execution_environment(runtime: str) -> None:
    """AWS doesn't define AWS_EXECUTION_ENV for OS-only runtimes."""
    seen = resolve_environment(replace(RATINGS, runtime=runtime), shell=None).as_dict()
    assert "AWS_EXECUTION_ENV" not in seen
    assert seen["_HANDLER"] == "app.handler"


@pytest.mark.parametrize(
    ("command", "handler"),
    [pytest.param(("app.main", "x"), "app.main", id="command"), pytest.param((), None, id="none")],
)
def test_the_handler_of_an_image_is_its_command(
    command: tuple[str, ...], handler: str | None
) -> None:
    """The handler of an image function is the first word of its command, if it has one."""
    image = ImageCode(uri="ratings:1", command=command, place=PLACE)
    function = replace(RATINGS, code=image, runtime=None, handler=None)
    seen = resolve_environment(function, shell=None).as_dict()
    assert seen.get("_HANDLER") == handler
    assert seen.get("AWS_LAMBDA_FUNCTION_HANDLER") == handler
    assert "AWS_EXECUTION_ENV" not in seen


@pytest.mark.parametrize(
    ("logging", "seen"),
    [
        pytest.param(LoggingConfig(), (None, None), id="text"),
        pytest.param(LoggingConfig(log_format="JSON"), ("JSON", "INFO"), id="json"),
        pytest.param(
            LoggingConfig(log_format="JSON", application_log_level="DEBUG"),
            ("JSON", "DEBUG"),
            id="json with a level",
        ),
        pytest.param(
            LoggingConfig(application_log_level="DEBUG"), (None, None), id="text has no level"
        ),
    ],
)
def test_structured_logging(logging: LoggingConfig, seen: tuple[str | None, str | None]) -> None:
    """JSON logs set variables for format and level; text logs, the default, set none."""
    variables = resolve_environment(replace(RATINGS, logging=logging), shell=None).as_dict()
    assert (variables.get("AWS_LAMBDA_LOG_FORMAT"), variables.get("AWS_LAMBDA_LOG_LEVEL")) == seen


def test_a_custom_log_group() -> None:
    """`LoggingConfig.LogGroup` replaces the default group."""
    function = replace(RATINGS, logging=LoggingConfig(log_group="shop"))
    seen = resolve_environment(function, shell=None).as_dict()
    assert seen["AWS_LAMBDA_LOG_GROUP_NAME"] == "shop"


def test_credentials_reach_the_function_as_secrets() -> None:
    """Real credentials replace the placeholders, are marked secret and say where they come from."""
    environment = resolve_environment(
        RATINGS, shell=None, credentials=replace(CREDENTIALS, session_token="token")
    )
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI"),
        ("AWS_SESSION_TOKEN", "token"),
    ):
        variable = environment.variables[name]
        assert (variable.value, variable.secret, str(variable.origin)) == (value, True, "shell")


def test_long_lived_credentials_have_no_session_token() -> None:
    """AWS_SESSION_TOKEN is set only if the credentials have one: an empty one breaks SDKs."""
    environment = resolve_environment(RATINGS, shell=None, credentials=CREDENTIALS)
    assert "AWS_SESSION_TOKEN" not in environment.variables


def test_placeholders_are_not_secrets() -> None:
    """Placeholder credentials are shown, not masked."""
    variable = resolve_environment(RATINGS, shell=None).variables["AWS_SECRET_ACCESS_KEY"]
    assert (variable.secret, str(variable.origin)) == (False, "placeholder")


@pytest.mark.parametrize(
    ("value", "is_secret"),
    [
        pytest.param("key=wJalrXUtnFEMI;", True, id="the secret key"),
        pytest.param("FwoGZXIvYXdz", True, id="the session token"),
        pytest.param("harmless", False, id="neither"),
    ],
)
def test_a_copy_of_a_secret_is_a_secret_too(value: str, *, is_secret: bool) -> None:
    """A variable that contains the secret key or the session token is masked, whatever its name."""
    environment = resolve_environment(
        RATINGS,
        shell=None,
        credentials=replace(CREDENTIALS, session_token="FwoGZXIvYXdz"),
        command_line={"HARMLESS": value},
    )
    assert environment.variables["HARMLESS"].secret is is_secret


def test_everything_of_real_credentials_is_a_secret() -> None:
    """Also a key id that does not look like one of AWS's: it may be that of another service."""
    mine = replace(CREDENTIALS, access_key_id="minioadmin")
    environment = resolve_environment(RATINGS, shell=None, credentials=mine)
    assert environment.variables["AWS_ACCESS_KEY_ID"].secret


def test_the_reserved_names_are_those_that_cfn_lint_refuses() -> None:
    """The list of reserved names equals that of cfn-lint, which AWS maintains, with one of managed instances.

    The runtime interface emulator reserves it.
    """
    folder = files("cfnlint.data.schemas.extensions.aws_lambda_function")
    schema = json.loads((folder / "environment_variable_keys.json").read_text())
    assert {*schema["propertyNames"]["not"]["enum"], "AWS_LAMBDA_MAX_CONCURRENCY"} == RESERVED


def test_real_credentials_never_get_a_placeholder_account() -> None:
    """With real credentials the account is theirs or the one the user chose, else it is not set."""

    def account(credentials: Credentials | None, **options: str) -> str | None:
        given = options.pop("account_id", None)
        environment = resolve_environment(
            RATINGS, shell=None, credentials=credentials, account_id=given, command_line=options
        )
        return environment.as_dict().get("AWS_ACCOUNT_ID")

    known = replace(CREDENTIALS, account_id="333333333333")
    own = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    assert account(None) == "210987654321"
    assert account(CREDENTIALS) is None
    assert account(known) == "333333333333"
    assert account(known, account_id="444444444444") == "444444444444"
    assert account(known, **own) is None
    assert account(None, **own) is None
    assert account(None, account_id="444444444444", **own) == "444444444444"
    assert account(known, AWS_ACCOUNT_ID="555555555555") == "555555555555"
